import { EncryptJWT, jwtDecrypt } from 'jose';
import * as z from 'zod/mini';
import { CallbackError } from '../../protocol/errors.js';

/** A sign-in under way: what the callback will be held against. */
export interface Pending {
  state: string;
  verifier?: string | undefined;
  client_id: string;
  redirect_uri: string;
  scope?: string[] | undefined;
  /** Milliseconds since 1970. Not the claim `exp`, whose seconds are too coarse for a short `maxAge`. */
  expires: number;
}

export interface Seal {
  seal(pending: Pending): Promise<string>;
  /** @throws {CallbackError} `state_mismatch` when it was not sealed by this key, `state_expired` when it is too old */
  open(sealed: string, now: number): Promise<Pending>;
}

const claims = z.object({
  state: z.string(),
  verifier: z.optional(z.string()),
  client_id: z.string(),
  redirect_uri: z.string(),
  scope: z.optional(z.array(z.string())),
  expires: z.number(),
});

const encryption = { alg: 'dir', enc: 'A256GCM' } as const;

/**
 * Seals sign-ins with a key derived from the client secret, so that every server of an application can open what
 * another one sealed, and nobody else can. Without a secret the key lives and dies with this instance.
 */
export function createSeal(secret: string | undefined): Seal {
  let key: Promise<Uint8Array> | undefined;
  const getKey = () => {
    key ??= secret === undefined ? Promise.resolve(crypto.getRandomValues(new Uint8Array(32))) : deriveKey(secret);
    return key;
  };
  return {
    async seal(pending) {
      return new EncryptJWT({ ...pending }).setProtectedHeader(encryption).encrypt(await getKey());
    },
    async open(sealed, now) {
      let pending: Pending;
      try {
        const { payload } = await jwtDecrypt(sealed, await getKey(), {
          keyManagementAlgorithms: [encryption.alg],
          contentEncryptionAlgorithms: [encryption.enc],
        });
        pending = z.parse(claims, payload);
      } catch {
        throw new CallbackError(
          'state_mismatch',
          'pending was not sealed by this client, or was altered: sign in again',
        );
      }
      if (pending.expires <= now) throw new CallbackError('state_expired', 'the sign-in took too long: sign in again');
      return pending;
    },
  };
}

/** HKDF (RFC 5869): the same secret gives the same key everywhere, and the key does not give the secret. */
async function deriveKey(secret: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveBits']);
  const info = encoder.encode('doctape-sdk pending sign-in');
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 256));
}
