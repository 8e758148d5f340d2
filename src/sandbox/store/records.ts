/** The record of a file. */
export interface FileRecord {
  id: string;
  owner: string;
  /** The file name without the extension. */
  name: string;
  extension: string;
  /** The Content-Type of the file. */
  type: string;
  size: number;
  /** When the file was added, in seconds since 1970. */
  time_added: number;
  media_type: string;
  tags: string[];
  origin: string;
  starred: boolean;
  /** The code in its public URL, or null if the file is private. */
  public_code: string | null;
  processing_status: 'ok' | 'failed';
  meta: Record<string, unknown>;
}

/** The record of a tape. */
export interface TapeRecord {
  id: string;
  owner: string;
  name: string;
  live: boolean;
  shared_with: string[];
}

/** The access that a user granted to an application. */
export interface Grant {
  username: string;
  client_id: string;
  scope: string[];
  /** When the access ends, in milliseconds since 1970. */
  expires: number;
}

/** The record of an authorization code: the grant, and the parameters of the request that the token request must repeat. */
export interface CodeRecord extends Grant {
  redirect_uri: string;
  code_challenge?: string | undefined;
}

/** A reference to a file. */
export interface FileReference {
  /** The username of the owner. */
  owner: string;
  /** The file id. */
  id: string;
}

/** The storage that a user has used. */
export interface UsageRecord {
  /** The total size of the user's files, in bytes. */
  bytes: number;
}

/**
 * The collections and their keys:
 *
 * - `files`: `owner/id`
 * - `tapes`: `owner/name`
 * - `taped`: `owner/name/id`, one record for each file on a tape
 * - `public`: the code in the public URL
 * - `usage`: the username of the owner
 * - `codes`, `tokens`, `refreshes`: the SHA-256 hash of the credential, so that nobody can sign in with a copy of the data
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

/** Returns the key of a record that a user owns. If the last name is empty, returns the folder of all such keys. */
export function keyOf(owner: string, ...names: string[]): string {
  return [owner, ...names].join('/');
}

/** Returns the name of the owner's tape that a tag refers to: `x` for `#x`. `#owner/x` refers to another user's tape. */
export function tapeOfTag(tag: string): string | undefined {
  return /^#([^/]+)$/.exec(tag)?.[1];
}
