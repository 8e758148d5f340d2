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
  code_challenge?: string | undefined;
}

/** Names a file. */
export interface FileReference {
  /** The name of the user whose file it is. */
  owner: string;
  /** The id of the file. */
  id: string;
}

/** How much a user stores. */
export interface UsageRecord {
  /** The size of all files together. */
  bytes: number;
}

/**
 * The collections and their keys:
 *
 * - `files`: `owner/id`
 * - `tapes`: `owner/name`
 * - `taped`: `owner/name/id`, one for each file on a tape
 * - `public`: the code of the public URL
 * - `usage`: the owner
 * - `codes`, `tokens`, `refreshes`: the SHA-256 of the credential, so that a copy of the data does not let anyone sign in
 */
export interface Records {
  files: FileRecord;
  tapes: TapeRecord;
  taped: FileReference;
  public: FileReference;
  usage: UsageRecord;
  codes: CodeRecord;
  tokens: Grant;
  refreshes: Grant;
}

/** The name of a collection of records. */
export type Collection = keyof Records;

/** The key of what a user owns. With an empty last name, the folder of all such keys. */
export function keyOf(owner: string, ...names: string[]): string {
  return [owner, ...names].join('/');
}

/** The name of the owner's tape that a tag puts a file on: `x` for `#x`. `#owner/x` is somebody else's tape. */
export function tapeOfTag(tag: string): string | undefined {
  return /^#([^/]+)$/.exec(tag)?.[1];
}
