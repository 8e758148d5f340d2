import type { Token } from 'doctape-sdk';
import { base64url, EncryptJWT, errors, jwtDecrypt } from 'jose';

/** How long somebody stays signed in. The token itself would be good for five years. */
export const sessionSeconds: number = 12 * 60 * 60;

/**
 * The key that tokens are sealed with. Read it at start: nobody should be told of a wrong one after they have consented.
 * @param setting 32 random bytes in base64url
 */
export function readTokenKey(setting: string): Uint8Array {
  if (!/^[\w-]{43}=?$/.test(setting)) {
    const remedy = `node -p "crypto.randomBytes(32).toString('base64url')"`;
    throw new Error(`TOKEN_KEY is not 32 bytes in base64url: make some with ${remedy}`);
  }
  return base64url.decode(setting);
}

/** Encrypts a token, so that whoever gets to see the cookie, or what the cookies are stored in, has not got the token. */
export async function sealToken(token: Token, key: Uint8Array): Promise<string> {
  return new EncryptJWT({ token })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setExpirationTime(`${sessionSeconds} seconds`)
    .encrypt(key);
}

/** @returns undefined when the seal is too old, was tampered with, or is of another key: sign in again */
export async function openToken(sealed: string, key: Uint8Array): Promise<Token | undefined> {
  try {
    const { payload } = await jwtDecrypt<{ token: Token }>(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return payload.token;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
