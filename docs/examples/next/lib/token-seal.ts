import type { Token } from 'doctape-sdk';
import { base64url, EncryptJWT, errors, jwtDecrypt } from 'jose';

/** How long somebody stays signed in. The token itself would be good for five years. */
export const sessionSeconds: number = 12 * 60 * 60;

/**
 * Encrypts a token, so that whoever gets to see the cookie, or what the cookies are stored in, has not got the token.
 * @param key 32 random bytes in base64url
 */
export async function sealToken(token: Token, key: string): Promise<string> {
  return new EncryptJWT({ token })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setExpirationTime(`${sessionSeconds} seconds`)
    .encrypt(base64url.decode(key));
}

/** @returns undefined when the seal is too old, was tampered with, or is of another key: sign in again */
export async function openToken(sealed: string, key: string): Promise<Token | undefined> {
  try {
    const { payload } = await jwtDecrypt<{ token: Token }>(sealed, base64url.decode(key), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return payload.token;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
