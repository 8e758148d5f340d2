import { CallbackError } from '../../protocol/errors.js';
import { sameText } from '../../protocol/same-text.js';
import type { Shelf } from './web-storage.js';

/** A sign-in under way, as it is kept until the user comes back. */
export interface SignIn {
  scope: string[];
  returnTo: string;
}

/** The sign-ins under way, one per state, so that tabs that sign in at the same time do not lose each other's. */
export interface SignIns {
  remember(state: string, signIn: SignIn): void;
  /**
   * Takes a sign-in out: whatever comes next, it is used up.
   * @throws {CallbackError} `state_missing`, `state_mismatch`, `state_used` or `state_expired`
   */
  consume(state: string | undefined): SignIn;
  /** Whether a sign-in with this state is under way. */
  has(state: string): boolean;
}

interface Kept extends SignIn {
  /** Milliseconds since 1970. */
  expires: number;
}

/** @param maxAge seconds */
export function signIns(storage: Shelf, maxAge: number, now: () => number): SignIns {
  const used = new Set<string>();

  function sweep(except?: string): void {
    for (const state of storage.keys()) {
      if (state !== except && !((parse(storage.get(state))?.expires ?? 0) > now())) storage.delete(state);
    }
  }

  return {
    remember(state, signIn) {
      sweep();
      const kept: Kept = { ...signIn, expires: now() + maxAge * 1000 };
      storage.set(state, JSON.stringify(kept));
    },

    consume(state) {
      if (!state) throw new CallbackError('state_missing', 'the callback has no state: sign in again');
      if (used.has(state)) throw new CallbackError('state_used', 'this callback was used before: sign in again');
      const known = storage.keys().find((candidate) => sameText(candidate, state));
      const kept = known === undefined ? undefined : parse(storage.get(known));
      if (!kept) {
        throw new CallbackError(
          'state_mismatch',
          'the callback does not belong to a sign-in under way in this browser: sign in again',
        );
      }
      storage.delete(state);
      used.add(state);
      sweep();
      if (!(kept.expires > now())) {
        throw new CallbackError('state_expired', 'the sign-in took too long: sign in again');
      }
      return kept;
    },

    has: (state) => storage.keys().some((candidate) => sameText(candidate, state)),
  };
}

/** Undefined for what is not ours: anything on the page can write to its storage. */
function parse(text: string | null): Kept | undefined {
  try {
    const { scope, returnTo, expires } = JSON.parse(text ?? '');
    const ours = Array.isArray(scope) && typeof returnTo === 'string' && typeof expires === 'number';
    return ours ? { scope: scope.map(String), returnTo, expires } : undefined;
  } catch {
    return undefined;
  }
}
