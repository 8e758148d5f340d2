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
  /** The code of its public address, or null when it is private. */
  public_code: string | null;
  processing_status: 'ok' | 'failed';
  meta: Record<string, unknown>;
}

/** What the sandbox remembers of a tape. */
export interface TapeRecord {
  id: string;
  owner: string;
  name: string;
  live: boolean;
  shared_with: string[];
}

/** What a user allowed an application. */
export interface Grant {
  username: string;
  client_id: string;
  scope: string[];
  /** Milliseconds since 1970. */
  expires: number;
}

/** What an authorization code stands for. */
export interface CodeRecord extends Grant {
  redirect_uri: string;
  code_challenge?: string;
}

/** What a public address leads to. */
export interface PublicAddress {
  owner: string;
  id: string;
}

/**
 * The collections. Files have keys of the form `owner/id`, tapes `owner/name`, public addresses their codes. Codes and tokens have the SHA-256 of themselves for a key, so
 * that a copy of the data folder signs nobody in.
 */
export interface Records {
  files: FileRecord;
  tapes: TapeRecord;
  public: PublicAddress;
  codes: CodeRecord;
  tokens: Grant;
  refreshes: Grant;
}

/** The name of a collection of records. */
export type Collection = keyof Records;

/** The key of what a user owns. With an empty name, the prefix of all of it. */
export function keyOf(owner: string, name: string): string {
  return `${owner}/${name}`;
}
