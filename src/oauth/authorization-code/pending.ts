import * as z from 'zod/mini';
import { CallbackError } from '../../protocol/errors.js';
import { createSeal } from './seal.js';

/** A pending sign-in. The callback is checked against it. */
export interface Pending {
  state: string;
  verifier?: string | undefined;
  client_id: string;
  redirect_uri: string;
  scope?: string[] | undefined;
  return_to?: string | undefined;
  /** Milliseconds since 1970. The JWT claim `exp` is not used, because it has whole seconds and `maxAge` may be shorter. */
  expires: number;
}

const claims = z.object({
  state: z.string(),
  verifier: z.optional(z.string()),
  client_id: z.string(),
  redirect_uri: z.string(),
  scope: z.optional(z.array(z.string())),
  return_to: z.optional(z.string()),
  expires: z.number(),
});

export interface PendingSeal {
  seal(pending: Pending): Promise<string>;
  /** @throws {CallbackError} `state_mismatch` if it was altered or sealed with another secret */
  open(sealed: string): Promise<Pending>;
}

/** Seals pending sign-ins with the first secret, and opens those that were sealed with any of the secrets. */
export function createPendingSeal(secrets: readonly string[]): PendingSeal {
  const { seal, open } = createSeal(secrets, 'doctape-sdk pending sign-in');
  return {
    seal: (pending) => seal({ ...pending }),
    async open(sealed) {
      const pending = claims.safeParse(await open(sealed));
      if (pending.success) return pending.data;
      throw new CallbackError('state_mismatch', 'pending was not sealed by this client, or was altered: sign in again');
    },
  };
}
