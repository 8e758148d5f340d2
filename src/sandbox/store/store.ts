import type { Collection, Records } from './records.js';

/** Part of a blob: bytes `start` to `end`, both included. */
export interface BlobRange {
  start: number;
  end: number;
}

/** Writes a new blob. */
export interface BlobWriter {
  /** Appends bytes. The caller may reuse the buffer afterwards. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the blob. From now on it can be read, and a commit can keep it. */
  finish(): Promise<void>;
  /** Deletes what was written. */
  discard(): Promise<void>;
}

/**
 * One change to a store:
 *
 * - `put` adds a record to a collection, or replaces the one with this key without moving it
 * - `delete` deletes a record
 * - `keep` makes a finished blob permanent
 * - `drop` deletes a blob, if it exists, once the other changes are stored
 */
export type Change =
  | { [C in Collection]: { put: C; key: string; record: Records[C] } }[Collection]
  | { delete: Collection; key: string }
  | { keep: string }
  | { drop: string };

/** Where a sandbox keeps its records and the bytes of its files. */
export interface Store {
  /** Returns the record, or undefined if there is none. */
  get<C extends Collection>(collection: C, key: string): Promise<Records[C] | undefined>;
  /**
   * Lists the records in a folder, in the order in which they were first put. A folder is all of a key up to its last slash, so
   * `list('files', 'alice/')` has `alice/1`, but not `alice/1/2`.
   */
  list<C extends Collection>(collection: C, folder: string): AsyncIterable<Records[C]>;
  /**
   * Makes all of the changes, or none. When it resolves, they survive the end of the process; when it rejects, nothing has changed.
   *
   * @returns false if a record to be deleted does not exist; nothing has changed then. Of two commits that delete the same
   * record at once, one gets true.
   * @throws {StoreFullError} when there is no room for them
   */
  commit(changes: readonly Change[]): Promise<boolean>;

  /**
   * Begins a blob. A name is used once. A blob that no commit has kept is deleted when the store is next opened.
   * @throws {StoreFullError} when there is no room for it, as `write` and `finish` of the writer do
   */
  writeBlob(name: string): Promise<BlobWriter>;
  /** Reads a blob while it is consumed. The stream fails if there is no such blob. */
  readBlob(name: string, range: BlobRange): ReadableStream<Uint8Array>;

  /** Deletes all records and all blobs that were kept. */
  clear(): Promise<void>;
  /** Releases what the store holds open. */
  close(): Promise<void>;
}

/** A store has no room left, such as on a full disk. The sandbox answers with 507. */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}
