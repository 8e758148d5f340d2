import { invalid } from '../../protocol/checks.js';
import { StorageError } from '../../protocol/errors.js';

/** The part of the Web Storage API that the SDK uses: `sessionStorage`, `localStorage`, or your own implementation. */
export interface WebStorage {
  /** The number of keys. */
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Returns a function that looks up the storage: the one that was passed, or `sessionStorage`. */
export function storageOf(name: string, storage: WebStorage | undefined): () => WebStorage | undefined {
  if (storage === undefined) return () => globalThis.sessionStorage;
  const methods = ['key', 'getItem', 'setItem', 'removeItem'] as const;
  // does not read the length: that throws where storage is blocked
  const fits = typeof storage === 'object' && storage !== null && 'length' in storage;
  if (fits && methods.every((method) => typeof storage[method] === 'function')) return () => storage;
  throw invalid(name, 'must be a Web Storage, such as localStorage');
}

/** Entries of a Web Storage under one prefix. Every method throws {@link StorageError} when the storage cannot be used. */
export interface PrefixedStorage {
  /** All keys, without the prefix. */
  keys(): string[];
  get(key: string): string | null;
  set(key: string, value: string): void;
  delete(key: string): void;
}

/** @param open looks up the storage. Called at every use, because it throws where cookies are blocked */
export function prefixedStorage(name: string, open: () => WebStorage | undefined, prefix: string): PrefixedStorage {
  function use<T>(action: (storage: WebStorage) => T): T {
    let storage: WebStorage | undefined;
    try {
      storage = open();
      if (storage) return action(storage);
    } catch {
      // drops the error, which may quote the value
    }
    const problem = storage ? 'is full or blocked' : 'is blocked or absent';
    throw new StorageError(`${name} ${problem} in this browser: allow the page to store data, or pass another storage`);
  }
  return {
    keys: () =>
      use((storage) =>
        Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
          .filter((key) => key.startsWith(prefix))
          .map((key) => key.slice(prefix.length)),
      ),
    get: (key) => use((storage) => storage.getItem(prefix + key)),
    set: (key, value) => use((storage) => storage.setItem(prefix + key, value)),
    delete: (key) => use((storage) => storage.removeItem(prefix + key)),
  };
}
