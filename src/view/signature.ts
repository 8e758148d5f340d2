import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** The parameters that a signature covers. Undefined ones are neither signed nor sent. */
export type SignedParameters = Readonly<Record<string, string | undefined>>;

// wire document section 5.1
/** Signs parameters by the advanced scheme of the View API. Synchronous, unlike WebCrypto. */
export function sign(parameters: SignedParameters, secret: string): string {
  const text = parameterString(parameters);
  return hmacSha1(hmacSha1(secret, text), text); // the second key is the first result as text in hexadecimal
}

/** Sorted by name, with the encoding of `encodeURIComponent`: a space is `%20`. */
function parameterString(parameters: SignedParameters): string {
  return definedIn(parameters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&');
}

export function definedIn(parameters: SignedParameters): [name: string, value: string][] {
  return Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function hmacSha1(key: string, message: string): string {
  return bytesToHex(hmac(sha1, utf8ToBytes(key), utf8ToBytes(message)));
}
