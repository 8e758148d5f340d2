import type { Collection, Records } from './records.js';

/** Part of a blob: bytes `start` to `end`, both included. */
export interface BlobRange {
  start: number;
  end: number;
}

/** A blob on its way into the store. It exists for readers after `commit()`, whole, or not at all. */
export interface BlobWriter {
  write(chunk: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Where a sandbox keeps its records and the bytes of its files. */
export interface Store {
  get<C extends Collection>(collection: C, key: string): Promise<Records[C] | undefined>;
  /** Adds a record, or replaces it in its place. */
  put<C extends Collection>(collection: C, key: string, record: Records[C]): Promise<void>;
  /** Whether there was something to delete. Of two deletes at once, one is told so. */
  delete(collection: Collection, key: string): Promise<boolean>;
  /** The records whose keys begin with `prefix`, in the order in which they were first put. */
  list<C extends Collection>(collection: C, prefix: string): AsyncIterable<Records[C]>;

  writeBlob(name: string): Promise<BlobWriter>;
  readBlob(name: string, range: BlobRange): ReadableStream<Uint8Array>;
  deleteBlob(name: string): Promise<void>;

  /** Forgets everything. */
  clear(): Promise<void>;
  close(): Promise<void>;
}
