/** The character sets of RFC 6749 appendix A. */

/** `1*VSCHAR`: client ids, secrets, codes, states and tokens. */
export const visible: RegExp = /^[\x20-\x7e]+$/;

/** `1*NQSCHAR`, but not only spaces: error codes. */
export const errorCode: RegExp = /^(?! *$)[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

/** A single `scope-token`. */
export const scopeToken: RegExp = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** A number of seconds. Ten digits are enough for any lifetime. */
export const seconds: RegExp = /^\d{1,10}$/;

/** Splits a `scope` parameter. @returns undefined if it is malformed */
export function parseScope(value: string): string[] | undefined {
  const tokens = value.split(' ').filter((token) => token !== '');
  return tokens.length > 0 && tokens.every((token) => scopeToken.test(token)) ? tokens : undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches control characters on purpose
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Text from a server for a message: without control and bidi characters, at most 1,000 characters. */
export function plainText(value: string): string {
  const text = value.slice(0, 4_000).replace(controlCharacters, ' ').trim().slice(0, 1_000);
  return text.replace(/[\ud800-\udbff]$/, ''); // half of a surrogate pair
}
