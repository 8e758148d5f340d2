import { CallbackError } from '../../protocol/errors.js';
import { sameText } from '../../protocol/same-text.js';
import type { Shelf } from './web-storage.js';

/** A pending sign-in, as it is kept until the user comes back. */
export interface SignIn {
  scope: string[];
  returnTo: string;
}

/** The pending sign-ins, one per state, so that tabs that sign in at the same time do not lose each other's. */
export interface SignIns {
  remember(state: string, signIn: SignIn): void;
  /**
   * Takes a sign-in out. It is used up, whatever happens next.
   * @throws {CallbackError} `state_missing`, `state_mismatch`, `state_used` or `state_expired`
   */
  consume(state: string | undefined): SignIn;
  /** Whether a sign-in of this client with this state is pending. */
  has(state: string): boolean;
  /** Whether another client, which shares the storage, has a pending sign-in with this state. */
  isAnothers(state: string): boolean;
}

interface Kept extends SignIn {
  /** Milliseconds since 1970. */
  expires: number;
}

/**
 * @param storage the sign-ins of all clients of the page, under `owner:state`
 * @param owner the client: it has no colon
 * @param maxAge seconds
 */
export function signIns(storage: Shelf, owner: string, maxAge: number, now: () => number): SignIns {
  const used = new Set<string>();
  const own = `${owner}:`;

  const find = (state: string) => storage.keys().find((key) => key.startsWith(own) && sameText(key, own + state));
  const isOver = (key: string) => !((parse(storage.get(key))?.expires ?? 0) > now());

  function sweep(): void {
    for (const key of storage.keys()) if (key.startsWith(own) && isOver(key)) storage.delete(key);
  }

  return {
    remember(state, signIn) {
      sweep();
      const kept: Kept = { ...signIn, expires: now() + maxAge * 1000 };
      storage.set(own + state, JSON.stringify(kept));
    },

    consume(state) {
      if (!state) throw new CallbackError('state_missing', 'the callback has no state: sign in again');
      if (used.has(state)) throw new CallbackError('state_used', 'this callback was used before: sign in again');
      const key = find(state);
      const kept = key === undefined ? undefined : parse(storage.get(key));
      if (!key || !kept) {
        throw new CallbackError(
          'state_mismatch',
          'the callback does not belong to a pending sign-in of this browser: sign in again',
        );
      }
      storage.delete(key);
      used.add(state);
      sweep();
      if (!(kept.expires > now())) {
        throw new CallbackError('state_expired', 'the sign-in took too long: sign in again');
      }
      return kept;
    },

    has: (state) => find(state) !== undefined,

    isAnothers: (state) =>
      storage.keys().some((key) => !key.startsWith(own) && sameText(key.replace(/^.*?:/, ''), state) && !isOver(key)),
  };
}

/** Undefined for what is not ours: any script on the page can write to its storage. */
function parse(text: string | null): Kept | undefined {
  try {
    const { scope, returnTo, expires } = JSON.parse(text ?? '');
    const ours = Array.isArray(scope) && typeof returnTo === 'string' && typeof expires === 'number';
    return ours ? { scope: scope.map(String), returnTo, expires } : undefined;
  } catch {
    return undefined;
  }
}
