import type { Collection } from './records.js';
import type { Change, Store } from './store.js';

/**
 * Creates a store that keeps everything in memory until the process exits. Runs on every platform.
 *
 * @example
 * const sandbox = createSandbox({ store: memoryStore() });
 */
export function memoryStore(): Store {
  // JSON, so that a caller who modifies a record does not modify the stored one
  const folders = new Map<string, Map<string, string>>();
  const blobs = new Map<string, Blob>();
  const folderOf = (collection: Collection, folder: string) => {
    const path = `${collection}/${folder}`;
    const records = folders.get(path) ?? new Map<string, string>();
    folders.set(path, records);
    return records;
  };
  const recordsBeside = (collection: Collection, key: string) =>
    folderOf(collection, key.slice(0, key.lastIndexOf('/') + 1));

  /** Checks a change and returns a function that applies it and cannot fail, or undefined if the record does not exist. */
  function prepare(change: Change): (() => void) | undefined {
    if ('put' in change) {
      const json = JSON.stringify(change.record);
      return () => recordsBeside(change.put, change.key).set(change.key, json);
    }
    if ('delete' in change) {
      const records = recordsBeside(change.delete, change.key);
      return records.has(change.key) ? () => records.delete(change.key) : undefined;
    }
    if ('drop' in change) return () => blobs.delete(change.drop);
    if (!blobs.has(change.keep)) throw new Error(`the store has no finished blob ${change.keep}`);
    return () => {};
  }

  return {
    async get(collection, key) {
      const json = recordsBeside(collection, key).get(key);
      return json === undefined ? undefined : JSON.parse(json);
    },
    async *list(collection, folder) {
      for (const json of folderOf(collection, folder).values()) yield JSON.parse(json);
    },
    async commit(changes) {
      const steps = changes.map(prepare);
      if (steps.includes(undefined)) return false;
      for (const step of steps) step?.();
      return true;
    },
    async writeBlob(name) {
      if (blobs.has(name)) throw new Error(`the store already has a blob ${name}`);
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      return {
        async write(chunk) {
          chunks.push(new Uint8Array(chunk));
        },
        async finish() {
          blobs.set(name, new Blob(chunks));
        },
        async discard() {
          chunks.length = 0;
          blobs.delete(name);
        },
      };
    },
    readBlob(name, { start, end }) {
      const blob = blobs.get(name);
      if (blob) return blob.slice(start, end + 1).stream();
      return new ReadableStream({
        start: (controller) => controller.error(new Error(`the store has no blob ${name}`)),
      });
    },
    async clear() {
      folders.clear();
      blobs.clear();
    },
    async close() {},
  };
}
