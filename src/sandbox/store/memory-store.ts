import type { Store } from './store.js';

/** Keeps everything in memory, and gives it up with the process. Runs everywhere. */
export function memoryStore(): Store {
  // as JSON, so that a record that is changed by whoever holds it is not changed here
  const records = new Map<string, Map<string, string>>();
  const blobs = new Map<string, Blob>();
  const collectionOf = (name: string) => {
    const collection = records.get(name) ?? new Map<string, string>();
    records.set(name, collection);
    return collection;
  };
  return {
    async get(collection, key) {
      const json = collectionOf(collection).get(key);
      return json === undefined ? undefined : JSON.parse(json);
    },
    async put(collection, key, record) {
      collectionOf(collection).set(key, JSON.stringify(record));
    },
    async delete(collection, key) {
      return collectionOf(collection).delete(key);
    },
    async *list(collection, prefix) {
      for (const [key, json] of collectionOf(collection)) if (key.startsWith(prefix)) yield JSON.parse(json);
    },
    async writeBlob(name) {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      return {
        async write(chunk) {
          chunks.push(new Uint8Array(chunk));
        },
        async commit() {
          blobs.set(name, new Blob(chunks));
        },
        async discard() {
          chunks.length = 0;
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
    async deleteBlob(name) {
      blobs.delete(name);
    },
    async clear() {
      records.clear();
      blobs.clear();
    },
    async close() {},
  };
}
