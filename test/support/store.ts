import { onTestFinished } from 'vitest';
import type { FileRecord, Store } from '../../src/sandbox.js';

/** Closes a store after the test, and before its folder is removed. */
export function closeAfterTest<S extends Store>(store: S): S {
  onTestFinished(() => store.close().catch(() => {})); // a test may have broken it
  return store;
}

export function record(id: string, changes: Partial<FileRecord> = {}): FileRecord {
  return {
    id,
    owner: 'alice',
    name: `file ${id}`,
    extension: 'txt',
    type: 'text/plain',
    size: 3,
    time_added: 1_358_457_759,
    media_type: 'document',
    tags: ['a', '+bob'],
    origin: 'webupload',
    starred: false,
    public_code: null,
    processing_status: 'ok',
    meta: { title: 'Übung' },
    ...changes,
  };
}

export async function idsOf(store: Store, prefix: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.list('files', prefix)) ids.push(id);
  return ids;
}

export async function put(store: Store, ...keys: string[]): Promise<void> {
  for (const key of keys) await store.commit([{ put: 'files', key: key, record: record(key) }]);
}

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Reads a range of a blob. */
export async function read(store: Store, name: string, start: number, end: number): Promise<Uint8Array> {
  return new Uint8Array(await new Response(store.readBlob(name, { start, end })).arrayBuffer());
}

export async function readText(store: Store, name: string, start: number, end: number): Promise<string> {
  return new TextDecoder().decode(await read(store, name, start, end));
}

export async function write(store: Store, name: string, ...chunks: string[]): Promise<void> {
  const writer = await store.writeBlob(name);
  for (const chunk of chunks) await writer.write(bytesOf(chunk));
  await writer.finish();
  await store.commit([{ keep: name }]);
}

/** All records of a list. */
export async function allOf<T>(records: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const record of records) all.push(record);
  return all;
}
