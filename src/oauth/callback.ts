import { CallbackError, OAuthError } from '../protocol/errors.js';
import { errorCode, visible } from '../protocol/grammar.js';
import { quotable, quotableUrl } from '../protocol/quotable.js';

/** Parameters of an authorization response, each at most once. */
export type CallbackParameters = ReadonlyMap<string, string>;

/** No browser or server sends a callback that is longer. */
export const mostCharacters = 32_768;

/**
 * Reads the known parameters of an encoded query or fragment, strictly: `URLSearchParams` would let broken escapes and
 * invalid UTF-8 pass as something else. Unknown parameters are ignored, whatever they hold. Empty ones count as absent (RFC
 * 6749 section 3.1).
 * @throws {CallbackError} `malformed_callback` when a known one cannot be decoded, or comes twice (RFC 6749 section 3.1)
 */
export function parseParameters(encoded: string, known: ReadonlySet<string>): CallbackParameters {
  if (encoded.length > mostCharacters) throw malformed(`is longer than ${mostCharacters} characters`);
  const parameters = new Map<string, string>();
  const seen = new Set<string>();
  for (const pair of encoded.split('&')) {
    const name = parameterName(pair);
    if (name === undefined || !known.has(name)) continue;
    const at = pair.indexOf('=');
    const value = decoded(at < 0 ? '' : pair.slice(at + 1));
    if (value === undefined) throw malformed(`has an undecodable ${name}`);
    if (seen.has(name)) throw malformed(`has more than one ${name}`);
    seen.add(name);
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
}

/** The name in `name=value`. Undefined when it cannot be decoded. */
export function parameterName(pair: string): string | undefined {
  return decoded(pair.split('=', 1)[0] ?? '');
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return undefined; // the error quotes the input
  }
}

export function malformed(problem: string): CallbackError {
  return new CallbackError('malformed_callback', `the callback ${problem}: sign in again`);
}

/**
 * What comes after the state has been found right, in this order: the issuer (RFC 9207), then an error.
 * @throws {CallbackError} `issuer_mismatch`
 * @throws {OAuthError} what the server said
 */
export function checkAnswer(
  parameters: CallbackParameters,
  issuer: string | undefined,
  secrets: readonly string[],
): void {
  if (issuer !== undefined && parameters.get('iss') !== issuer) {
    const problem = parameters.has('iss') ? 'comes from another issuer' : 'does not name its issuer';
    throw new CallbackError('issuer_mismatch', `the callback ${problem}: expected ${issuer}`);
  }
  const error = parameters.get('error');
  if (error === undefined) return;
  if (!errorCode.test(error)) throw malformed('has an ill-formed error');
  throw oauthError(error, parameters.get('error_description'), parameters.get('error_uri'), secrets);
}

export function oauthError(
  code: string,
  description: string | undefined,
  uri: string | undefined,
  secrets: readonly string[],
  status?: number,
): OAuthError {
  const said = description === undefined ? '' : quotable(description, secrets);
  const page = uri === undefined ? undefined : quotableUrl(uri, secrets);
  const name = quotable(code, secrets);
  return new OAuthError(name, `the authorization server refused: ${name}${said && ` (${said})`}`, {
    ...(said && { description: said }),
    ...(page !== undefined && { uri: page }),
    ...(status !== undefined && { status }),
  });
}

/**
 * A parameter that a success needs, in the grammar of RFC 6749 appendix A.
 * @param typed whether a person may have copied it, and a line break with it
 */
export function required(parameters: CallbackParameters, name: string, typed = false): string {
  const given = parameters.get(name);
  if (given === undefined) throw malformed(`has neither ${name} nor error`);
  const value = typed ? given.trim() : given;
  if (!visible.test(value)) throw malformed(`has an ill-formed ${name}`);
  return value;
}
