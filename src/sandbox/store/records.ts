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
  processing_status: 'ok' | 'failed' | 'processing';
  meta: Record<string, unknown>;
  /** The size in bytes of each rendition that another program made, by name. The blob has the id of the file, a dot and that name. */
  renditions?: Record<string, number> | undefined;
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
  /** The key of this record, so that a list of expired records tells which ones to delete. */
  key: string;
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

/** The record of a file that has to be converted. */
export interface ConversionRecord extends FileReference {
  /** How often the conversion was begun. */
  attempts: number;
}

/** The access of an application to a document that it uploaded by the View API. */
export interface LinkRecord {
  /** The id of the application. */
  client_id: string;
  /** The owner of the file, as in its record. */
  owner: string;
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
 * - `shared`: `owner/reader/id`, one record for each user that a file is shared with personally
 * - `public`: the code in the public URL
 * - `conversions`: the id of a file that has to be converted
 * - `links`: the file id
 * - `usage`: the username of the owner
 * - `codes`, `tokens`, `refreshes`: the SHA-256 hash of the credential, so that nobody can sign in with a copy of the data
 */
export interface Records {
  files: FileRecord;
  tapes: TapeRecord;
  taped: FileReference;
  shared: FileReference;
  public: FileReference;
  conversions: ConversionRecord;
  links: LinkRecord;
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

/** Returns the name of the user that a tag shares a file with: `bob` for `+bob`. */
export function readerOfTag(tag: string): string | undefined {
  return /^\+([\w.-]{1,64})$/.exec(tag)?.[1];
}
