import { constantTimeEqual } from '../../protocol/constant-time-equal.js';
import { CallbackError } from '../../protocol/errors.js';
import type { PrefixedStorage } from './web-storage.js';

/** A pending sign-in: stored until the user returns. */
export interface SignIn {
  scope: string[];
  returnTo: string;
}

/** The pending sign-ins, one per state, so that several tabs can sign in at the same time. */
export interface SignIns {
  remember(state: string, signIn: SignIn): void;
  /**
   * Removes and returns a sign-in. Its state cannot be used again.
   * @throws {CallbackError} `state_missing`, `state_mismatch`, `state_used` or `state_expired`
   */
  consume(state: string | undefined): SignIn;
  /** Whether a sign-in of this client with this state is pending. */
  has(state: string): boolean;
  /** Whether another client in the same storage has a pending sign-in with this state. */
  belongsToOtherClient(state: string): boolean;
}

interface StoredSignIn extends SignIn {
  /** Milliseconds since 1970. */
  expires: number;
}

/**
 * @param storage contains the sign-ins of all clients of the page, with keys `owner:state`
 * @param owner identifies the client. It must not contain a colon
 * @param maxAge seconds
 */
export function signIns(storage: PrefixedStorage, owner: string, maxAge: number, now: () => number): SignIns {
  const used = new Set<string>();
  const prefix = `${owner}:`;

  const find = (state: string) =>
    storage.keys().find((key) => key.startsWith(prefix) && constantTimeEqual(key, prefix + state));
  const isExpired = (key: string) => !((parse(storage.get(key))?.expires ?? 0) > now());

  function deleteExpired(): void {
    for (const key of storage.keys()) if (key.startsWith(prefix) && isExpired(key)) storage.delete(key);
  }

  return {
    remember(state, signIn) {
      deleteExpired();
      const stored: StoredSignIn = { ...signIn, expires: now() + maxAge * 1000 };
      storage.set(prefix + state, JSON.stringify(stored));
    },

    consume(state) {
      if (!state) throw new CallbackError('state_missing', 'the callback has no state: sign in again');
      if (used.has(state)) throw new CallbackError('state_used', 'this callback was used before: sign in again');
      const key = find(state);
      const stored = key === undefined ? undefined : parse(storage.get(key));
      if (!key || !stored) {
        throw new CallbackError(
          'state_mismatch',
          'the callback does not belong to a pending sign-in of this browser: sign in again',
        );
      }
      storage.delete(key);
      used.add(state);
      deleteExpired();
      if (!(stored.expires > now())) {
        throw new CallbackError('state_expired', 'the sign-in took too long: sign in again');
      }
      return stored;
    },

    has: (state) => find(state) !== undefined,

    belongsToOtherClient: (state) =>
      storage
        .keys()
        .some(
          (key) => !key.startsWith(prefix) && constantTimeEqual(key.replace(/^.*?:/, ''), state) && !isExpired(key),
        ),
  };
}

/** Returns undefined for anything else, because every script on the page can write to the storage. */
function parse(text: string | null): StoredSignIn | undefined {
  try {
    const { scope, returnTo, expires } = JSON.parse(text ?? '');
    const isSignIn = Array.isArray(scope) && typeof returnTo === 'string' && typeof expires === 'number';
    return isSignIn ? { scope: scope.map(String), returnTo, expires } : undefined;
  } catch {
    return undefined;
  }
}
