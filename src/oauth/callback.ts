import { CallbackError, OAuthError } from '../protocol/errors.js';
import { errorCode, visible } from '../protocol/grammar.js';
import { quotable, quotableUrl } from '../protocol/quotable.js';

/** The parameters of an authorization response, by name. */
export type CallbackParameters = ReadonlyMap<string, string>;

/** Longer than any callback that browsers and servers send. */
export const maxCharacters = 32_768;

/**
 * Parses the known parameters of a query or fragment. `URLSearchParams` is not used, because it silently replaces broken
 * escapes and invalid UTF-8. Unknown parameters are ignored, and empty ones count as absent (RFC 6749 section 3.1), so that at most
 * one value of each parameter is left.
 * @throws {CallbackError} `malformed_callback` if a known parameter cannot be decoded or has several values
 */
export function parseParameters(encoded: string, known: ReadonlySet<string>): CallbackParameters {
  if (encoded.length > maxCharacters) throw malformed(`is longer than ${maxCharacters} characters`);
  const parameters = new Map<string, string>();
  for (const { name, rawValue } of pairsOf(encoded)) {
    if (name === undefined || !known.has(name)) continue;
    const value = decoded(rawValue);
    if (value === undefined) throw malformed(`has an undecodable ${name}`);
    if (value === '') continue;
    if (parameters.has(name)) throw malformed(`has more than one ${name}`);
    parameters.set(name, value);
  }
  return parameters;
}

/** A `name=value` of a query or fragment. */
export interface Pair {
  text: string;
  /** Undefined if it cannot be decoded. */
  name: string | undefined;
  /** Still encoded. */
  rawValue: string;
}

export function pairsOf(encoded: string): Pair[] {
  return encoded.split('&').map((text) => {
    const [name = ''] = text.split('=', 1);
    return { text, name: decoded(name), rawValue: text.slice(name.length + 1) };
  });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return undefined; // not the error, which quotes the input
  }
}

export function malformed(problem: string): CallbackError {
  return new CallbackError('malformed_callback', `the callback ${problem}: sign in again`);
}

/**
 * Checks an authorization response whose state has been verified: first the issuer (RFC 9207), then the error.
 * @throws {CallbackError} `issuer_mismatch`
 * @throws {OAuthError} if the response is an error
 */
export function checkAuthorizationResponse(
  parameters: CallbackParameters,
  issuer: string | undefined,
  secrets: readonly string[],
): void {
  if (issuer !== undefined && parameters.get('iss') !== issuer) {
    const problem = parameters.has('iss') ? 'is from another issuer' : 'has no iss parameter';
    throw new CallbackError('issuer_mismatch', `the callback ${problem}: expected ${issuer}`);
  }
  const error = parameters.get('error');
  if (error === undefined) return;
  if (!errorCode.test(error)) throw malformed('has a malformed error');
  throw oauthError(error, parameters.get('error_description'), parameters.get('error_uri'), secrets);
}

export function oauthError(
  code: string,
  description: string | undefined,
  uri: string | undefined,
  secrets: readonly string[],
  status?: number,
): OAuthError {
  const quoted = description === undefined ? '' : quotable(description, secrets);
  const page = uri === undefined ? undefined : quotableUrl(uri, secrets);
  const name = quotable(code, secrets);
  return new OAuthError(name, `the authorization server refused: ${name}${quoted && ` (${quoted})`}`, {
    description: quoted || undefined,
    uri: page,
    status,
  });
}

/**
 * Returns a parameter that a successful response must have, checked against the grammar of RFC 6749 appendix A.
 * @param inMessage whether the user may have pasted it: surrounding white space is then removed
 */
export function required(parameters: CallbackParameters, name: string, inMessage = false): string {
  const given = parameters.get(name);
  if (given === undefined) throw malformed(`has neither ${name} nor error`);
  const value = inMessage ? given.trim() : given;
  if (!visible.test(value)) throw malformed(`has a malformed ${name}`);
  return value;
}
