import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import * as z from 'zod/mini';
import { CallbackError } from '../protocol/errors.js';

/** A sign-in under way: what the callback will be held against. */
export interface Pending {
  state: string;
  verifier?: string | undefined;
  client_id: string;
  redirect_uri: string;
  scope?: string[] | undefined;
}

export interface Seal {
  seal(pending: Pending, expires: number): Promise<string>;
  /** @throws {CallbackError} `state_mismatch` when it was not sealed by this key, `state_expired` when it is too old */
  open(sealed: string, now: number): Promise<Pending & { expires: number }>;
}

const claims = z.object({
  exp: z.number(),
  state: z.string(),
  verifier: z.optional(z.string()),
  client_id: z.string(),
  redirect_uri: z.string(),
  scope: z.optional(z.array(z.string())),
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
    async seal(pending, expires) {
      return new EncryptJWT({ ...pending })
        .setProtectedHeader(encryption)
        .setExpirationTime(expires)
        .encrypt(await getKey());
    },
    async open(sealed, now) {
      try {
        const { payload } = await jwtDecrypt(sealed, await getKey(), {
          keyManagementAlgorithms: [encryption.alg],
          contentEncryptionAlgorithms: [encryption.enc],
          currentDate: new Date(now),
        });
        const { exp, ...pending } = z.parse(claims, payload);
        return { ...pending, expires: exp };
      } catch (error) {
        if (error instanceof errors.JWTExpired) {
          throw new CallbackError('state_expired', 'the sign-in took too long: sign in again');
        }
        throw new CallbackError(
          'state_mismatch',
          'pending was not sealed by this client, or was altered: sign in again',
        );
      }
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
