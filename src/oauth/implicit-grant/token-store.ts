import type { Token } from '../../protocol/schemas/token.js';
import { readKeptToken } from './kept-token.js';
import type { Shelf } from './web-storage.js';

/** Where the token of one client is kept. */
export interface TokenStore {
  /** Undefined if nobody is signed in, or the token has expired. */
  get(): Token | undefined;
  set(token: Token): void;
  delete(): void;
  /** Calls `listener` after each change, also after one in another tab. @returns a function that stops it */
  onChange(listener: (token: Token | undefined) => void): () => void;
}

/** @param kept where the token is stored, under `key`. Undefined to keep it in memory only */
export function tokenStore(kept: Shelf | undefined, key: string, now: () => number): TokenStore {
  /** The token, if no storage has it. */
  let inMemory: Token | undefined;
  const listeners = new Set<() => void>();

  const tell = () => {
    for (const listener of listeners) queueMicrotask(listener); // what it throws is not a failure of the sign-in
  };

  const store: TokenStore = {
    get() {
      const token = inMemory ?? readKeptToken(kept?.get('') ?? null);
      if (token?.expires_at === undefined || now() < token.expires_at * 1000) return token;
      store.delete();
      return undefined;
    },

    set(token) {
      inMemory = token; // first: if the storage fails, the token is not lost
      tell();
      if (!kept) return;
      kept.delete(''); // the previous user is signed out, even if there is no room for the new token
      kept.set('', JSON.stringify(token));
      inMemory = undefined;
    },

    delete() {
      inMemory = undefined;
      tell();
      kept?.delete('');
    },

    onChange(listener) {
      const own = () => listener(store.get());
      const onStorage = (event: StorageEvent) => {
        if (event.key === key || event.key === null) own();
      };
      listeners.add(own);
      globalThis.addEventListener?.('storage', onStorage);
      return () => {
        listeners.delete(own);
        globalThis.removeEventListener?.('storage', onStorage);
      };
    },
  };
  return store;
}
