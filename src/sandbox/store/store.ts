import type { Collection, Records } from './records.js';

/** A range of bytes in a blob. Includes both `start` and `end`. */
export interface BlobRange {
  start: number;
  end: number;
}

/** Writes a new blob. */
export interface BlobWriter {
  /** Appends bytes. The caller may reuse the buffer once the promise resolves. */
  write(chunk: Uint8Array): Promise<void>;
  /** Completes the blob. It can then be read and kept by a commit. */
  finish(): Promise<void>;
  /** Deletes the blob, whether it is finished or not. */
  discard(): Promise<void>;
}

/**
 * One change to a store:
 *
 * - `put` adds a record to a collection. If the key exists, it replaces the record, which keeps its position in `list`
 * - `delete` deletes a record
 * - `keep` makes a finished blob permanent
 * - `drop` deletes a blob after the other changes are stored. A blob that does not exist is not an error
 */
export type Change =
  | { [C in Collection]: { put: C; key: string; record: Records[C] } }[Collection]
  | { delete: Collection; key: string }
  | { keep: string }
  | { drop: string };

/**
 * The storage of a sandbox: records, and blobs with the content of files. Implement it to keep the data elsewhere than
 * `memoryStore` and `diskStore` do.
 */
export interface Store {
  /** Returns the record, or undefined if there is none. */
  get<C extends Collection>(collection: C, key: string): Promise<Records[C] | undefined>;
  /**
   * Lists the records in a folder, in the order in which they were first put. The folder of a key is the part up to and including
   * its last slash: `list('files', 'alice/')` returns `alice/1`, but not `alice/1/2`.
   */
  list<C extends Collection>(collection: C, folder: string): AsyncIterable<Records[C]>;
  /**
   * Applies all of the changes, or none. If it resolves, a persistent store has written them to the disk. If it rejects, nothing
   * has changed, unless the error is a {@link StoreFailedError}.
   *
   * @returns false if a record to delete does not exist. Nothing has changed in that case. If two concurrent commits delete the
   * same record, one of them returns true.
   * @throws {StoreFullError} if the store is full
   * @throws {StoreFailedError} if it is not known whether the changes are stored, or after that has happened once
   */
  commit(changes: readonly Change[]): Promise<boolean>;

  /**
   * Creates a blob. Each name must be new. A blob that no commit has kept is deleted when the store is next opened.
   * @throws {StoreFullError} if the store is full. `write` and `finish` of the writer throw it too
   * @throws {StoreFailedError} if an earlier commit has thrown it
   */
  writeBlob(name: string): Promise<BlobWriter>;
  /**
   * Streams a range of a blob. If the blob does not exist, it throws, and the sandbox responds with 500. If the stream errors instead, the
   * response breaks off.
   */
  readBlob(name: string, range: BlobRange): ReadableStream<Uint8Array>;

  /** Deletes all records and all kept blobs. */
  clear(): Promise<void>;
  /** Closes the store and releases its resources. Calling it again has no effect. */
  close(): Promise<void>;
}

/** Thrown when a store is full, for example because the disk is. The sandbox responds with 507. */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}

/**
 * Thrown by the commit whose changes may or may not be stored, for example because the disk failed while it was synced, and by all
 * later attempts to change the store. Such a store deletes no blobs, because the record of a blob may be stored. Which changes are
 * stored is known when the store is next opened. The sandbox responds with 503.
 */
export class StoreFailedError extends Error {
  override readonly name = 'StoreFailedError';
}

/** Thrown when the content of a file is missing or damaged, for example because it was deleted in the data folder. The message is for the log. */
export class UnavailableBlobError extends Error {
  override readonly name = 'UnavailableBlobError';
}
