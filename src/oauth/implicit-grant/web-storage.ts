import { invalid } from '../../protocol/checks.js';
import { StorageError } from '../../protocol/errors.js';

/** What is needed of Web Storage: `sessionStorage`, `localStorage`, or anything that keeps text alike. */
export interface WebStorage {
  /** How many keys there are. */
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** How to get at the storage that the caller chose, or the one of this tab. */
export function storageOf(name: string, storage: WebStorage | undefined): () => WebStorage | undefined {
  if (storage === undefined) return () => globalThis.sessionStorage;
  const methods = ['key', 'getItem', 'setItem', 'removeItem'] as const;
  // its length is not looked at: where storage is blocked, that throws
  const fits = typeof storage === 'object' && storage !== null && 'length' in storage;
  if (fits && methods.every((method) => typeof storage[method] === 'function')) return () => storage;
  throw invalid(name, 'must be a Web Storage, such as localStorage');
}

/** Entries of a Web Storage under one prefix. Every method throws {@link StorageError} when the storage cannot be used. */
export interface Shelf {
  /** All keys, without the prefix. */
  keys(): string[];
  get(key: string): string | null;
  set(key: string, value: string): void;
  delete(key: string): void;
}

/** @param open looks the storage up at every use: where cookies are blocked, even to look at it throws */
export function shelf(name: string, open: () => WebStorage | undefined, prefix: string): Shelf {
  function use<T>(action: (storage: WebStorage) => T): T {
    let storage: WebStorage | undefined;
    try {
      storage = open();
      if (storage) return action(storage);
    } catch {
      // the error may quote what was to be stored
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
