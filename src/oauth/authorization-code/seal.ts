import type { JWTPayload } from 'jose';
import { jwtDecrypt } from 'jose/jwt/decrypt';
import { EncryptJWT } from 'jose/jwt/encrypt';
import { ConfigurationError } from '../../protocol/errors.js';

/** Authenticated encryption of JSON data. */
export interface Seal {
  seal(data: JWTPayload): Promise<string>;
  /** Returns undefined if the text was altered or sealed with another secret. */
  open(sealed: string): Promise<JWTPayload | undefined>;
}

const encryption = { alg: 'dir', enc: 'A256GCM' } as const;

/**
 * Creates a seal whose keys are derived from secrets, so that all servers of an application can open it.
 *
 * @param secrets the first one seals, and each one opens. If there are none, a random key is used, which only this instance has
 * @param purpose separates seals that have the same secret
 */
export function createSeal(secrets: readonly string[], purpose: string): Seal {
  let keys: Promise<Uint8Array[]> | undefined;
  const getKeys = () => {
    checkWebCrypto();
    keys ??=
      secrets.length === 0
        ? Promise.resolve([crypto.getRandomValues(new Uint8Array(32))])
        : Promise.all(secrets.map((secret) => deriveKey(secret, purpose)));
    return keys;
  };
  return {
    async seal(data) {
      const [key = new Uint8Array()] = await getKeys();
      return new EncryptJWT(data).setProtectedHeader(encryption).encrypt(key);
    },
    async open(sealed) {
      for (const key of await getKeys()) {
        try {
          const { payload } = await jwtDecrypt(sealed, key, {
            keyManagementAlgorithms: [encryption.alg],
            contentEncryptionAlgorithms: [encryption.enc],
          });
          return payload;
        } catch {
          // another key, or not a seal at all: the library reports the same error for both, so that nobody can probe for keys
        }
      }
      return undefined;
    },
  };
}

/**
 * Pages have WebCrypto only in a secure context, and test environments such as jsdom may not have it.
 * @throws {ConfigurationError} `unsupported_platform`
 */
export function checkWebCrypto(): void {
  if (typeof globalThis.crypto?.subtle?.deriveBits === 'function') return;
  throw new ConfigurationError(
    'unsupported_platform',
    'crypto.subtle is missing: in a browser, open the page over https or on localhost; in a test, use the Node environment ' +
      'instead of jsdom',
  );
}

/** Derives a key by HKDF (RFC 5869): the same secret always gives the same key, and the secret cannot be computed from it. */
async function deriveKey(secret: string, purpose: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: encoder.encode(purpose) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 256));
}
