import { EncryptJWT, type JWTPayload, jwtDecrypt } from 'jose';
import { ConfigurationError } from '../../protocol/errors.js';

/** Encrypts and authenticates plain data. */
export interface Seal {
  seal(data: JWTPayload): Promise<string>;
  /** Undefined for what was not sealed by this seal, or was altered. */
  open(sealed: string): Promise<JWTPayload | undefined>;
}

const encryption = { alg: 'dir', enc: 'A256GCM' } as const;

/**
 * A seal whose key is derived from a secret, so that every server of an application can open what another one sealed, and
 * nobody else can.
 *
 * @param secrets the first one seals, and each one opens; without any, the key lives and dies with this instance
 * @param purpose keeps seals with the same secret apart
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
          // another key, or nothing that was sealed at all: the library does not tell them apart, and should not
        }
      }
      return undefined;
    },
  };
}

/**
 * Pages have WebCrypto only in a secure context, and test environments that imitate a page often have none.
 * @throws {ConfigurationError} `unsupported_platform`
 */
export function checkWebCrypto(): void {
  if (typeof globalThis.crypto?.subtle?.deriveBits === 'function') return;
  throw new ConfigurationError(
    'unsupported_platform',
    'crypto.subtle is missing: in a browser, open the page over https or on localhost; in a test, use the environment of Node ' +
      'in place of jsdom',
  );
}

/** HKDF (RFC 5869): the same secret gives the same key everywhere, and the key does not give the secret. */
async function deriveKey(secret: string, purpose: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: encoder.encode(purpose) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 256));
}
