import type { Token } from '../../protocol/schemas/token.js';
import { readStoredToken } from './stored-token.js';
import type { PrefixedStorage } from './web-storage.js';

/** Stores the token of one client. */
export interface TokenStore {
  /** Undefined if nobody is signed in, or the token has expired. */
  get(): Token | undefined;
  set(token: Token): void;
  delete(): void;
  /**
   * Calls `listener` after each change, also after one in another tab, and when the browser shows the page again from its back/forward
   * cache: a page in it hears of no change. @returns a function that removes the listener
   */
  onChange(listener: (token: Token | undefined) => void): () => void;
}

/** @param storage stores the token under `key`. Undefined to keep it in memory only */
export function tokenStore(storage: PrefixedStorage | undefined, key: string, now: () => number): TokenStore {
  /** The token, if it is not in the storage. */
  let inMemory: Token | undefined;
  const listeners = new Set<() => void>();

  const notify = () => {
    for (const listener of listeners) {
      // later, because an error of a listener must not fail the sign-in
      queueMicrotask(() => listeners.has(listener) && listener());
    }
  };

  const store: TokenStore = {
    get() {
      const token = inMemory ?? readStoredToken(storage?.get('') ?? null);
      if (token?.expires_at === undefined || now() < token.expires_at * 1000) return token;
      store.delete();
      return undefined;
    },

    set(token) {
      inMemory = token; // first, so that the token is not lost if the storage fails
      notify();
      if (!storage) return;
      try {
        storage.set('', JSON.stringify(token)); // in one step: other tabs must not see a sign-out (mainmatter/ember-simple-auth#254)
      } catch (error) {
        storage.delete(''); // the new token does not fit, but the previous user is signed out
        throw error;
      }
      inMemory = undefined;
    },

    delete() {
      inMemory = undefined;
      notify();
      storage?.delete('');
    },

    onChange(listener) {
      const call = () => listener(store.get());
      const stop = new AbortController();
      const { signal } = stop;
      listeners.add(call);
      globalThis.addEventListener?.('storage', (event) => (event.key ?? key) === key && call(), { signal });
      globalThis.addEventListener?.('pageshow', (event) => event.persisted && call(), { signal });
      return () => {
        listeners.delete(call);
        stop.abort();
      };
    },
  };
  return store;
}
