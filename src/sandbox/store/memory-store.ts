import type { Collection } from './records.js';
import { type Change, type Store, UnavailableBlobError } from './store.js';

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
  const folderOf = (collection: Collection, folder: string) => folders.get(`${collection}/${folder}`);
  const recordsBeside = (collection: Collection, key: string) => folderOf(collection, folderIn(key));

  /** Checks a change and returns a function that applies it and cannot fail, or undefined if the record does not exist. */
  function prepare(change: Change): (() => void) | undefined {
    if ('put' in change) {
      const json = JSON.stringify(change.record);
      return () => {
        const records = recordsBeside(change.put, change.key) ?? new Map<string, string>();
        folders.set(`${change.put}/${folderIn(change.key)}`, records.set(change.key, json));
      };
    }
    if ('delete' in change) {
      const records = recordsBeside(change.delete, change.key);
      if (!records?.has(change.key)) return undefined;
      return () => {
        records.delete(change.key);
        // keys come from clients, so empty folders must not add up
        if (records.size === 0) folders.delete(`${change.delete}/${folderIn(change.key)}`);
      };
    }
    if ('drop' in change) return () => blobs.delete(change.drop);
    if (!blobs.has(change.keep)) throw new Error(`the store has no finished blob ${change.keep}`);
    return () => {};
  }

  return {
    async get(collection, key) {
      const json = recordsBeside(collection, key)?.get(key);
      return json === undefined ? undefined : JSON.parse(json);
    },
    async *list(collection, folder) {
      for (const json of folderOf(collection, folder)?.values() ?? []) yield JSON.parse(json);
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
      if (!blob) throw new UnavailableBlobError(`the store has no blob ${name}`);
      return streamOf(blob.slice(start, end + 1));
    },
    async clear() {
      folders.clear();
      blobs.clear();
    },
    async close() {},
  };
}

/** The content of a Blob. In jsdom, it has no `stream()` (jsdom/jsdom#4197). */
function streamOf(blob: Blob): ReadableStream<Uint8Array> {
  if (typeof blob.stream === 'function') return blob.stream();
  return new ReadableStream({
    async pull(controller) {
      const content = new Uint8Array(await blob.arrayBuffer());
      if (content.byteLength > 0) controller.enqueue(content);
      controller.close();
    },
  });
}

/** The folder of a key, with its slash. */
function folderIn(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
