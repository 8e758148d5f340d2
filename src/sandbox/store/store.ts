import type { Collection, Records } from './records.js';

/** Part of a blob: bytes `start` to `end`, both included. */
export interface BlobRange {
  start: number;
  end: number;
}

/** A blob on its way into the store. It exists for readers after `commit()`, whole, or not at all. */
export interface BlobWriter {
  /** Adds bytes at the end. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes it what the name stands for. */
  commit(): Promise<void>;
  /** Forgets it. */
  discard(): Promise<void>;
}

/** Where a sandbox keeps its records and the bytes of its files. */
export interface Store {
  /** The record, where there is one. */
  get<C extends Collection>(collection: C, key: string): Promise<Records[C] | undefined>;
  /** Adds a record, or replaces it in its place. */
  put<C extends Collection>(collection: C, key: string, record: Records[C]): Promise<void>;
  /** Whether there was something to delete. Of two deletes at once, one is told so. */
  delete(collection: Collection, key: string): Promise<boolean>;
  /** The records whose keys begin with `prefix`, in the order in which they were first put. */
  list<C extends Collection>(collection: C, prefix: string): AsyncIterable<Records[C]>;

  /** Begins a blob, which replaces the one of this name when it is committed. */
  writeBlob(name: string): Promise<BlobWriter>;
  /** The bytes, as they are asked for. The stream fails when there is no such blob. */
  readBlob(name: string, range: BlobRange): ReadableStream<Uint8Array>;
  /** Deletes the blob, if there is one. */
  deleteBlob(name: string): Promise<void>;

  /** Forgets everything. */
  clear(): Promise<void>;
  /** Ends the use of the store. */
  close(): Promise<void>;
}
