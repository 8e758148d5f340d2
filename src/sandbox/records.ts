/** What the sandbox remembers: a file, whoever it belongs to. */
export interface FileRecord {
  id: string;
  owner: string;
  /** Without the extension. */
  name: string;
  extension: string;
  /** The media type it was uploaded with. */
  type: string;
  size: number;
  /** Unix seconds. */
  time_added: number;
  media_type: string;
  tags: string[];
  origin: string;
  starred: boolean;
  meta: Record<string, unknown>;
}

export interface Grant {
  username: string;
  client_id: string;
  scope: string[];
  /** Milliseconds since 1970. */
  expires: number;
}

export interface CodeRecord extends Grant {
  redirect_uri: string;
  code_challenge?: string;
}

/**
 * The collections. Files have keys of the form `owner/id`. Codes and tokens have the SHA-256 of themselves for a key, so
 * that a copy of the data folder signs nobody in.
 */
export interface Records {
  files: FileRecord;
  codes: CodeRecord;
  tokens: Grant;
}

export type Collection = keyof Records;
