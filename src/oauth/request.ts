import { invalid, kindOf } from '../protocol/checks.js';
import { answerParameters } from '../protocol/urls.js';

/** Everything that has a meaning of its own in a request or an answer of OAuth, and so is not for `params`. */
const reserved = new Set([
  ...answerParameters,
  'response_type',
  'response_mode',
  'request',
  'request_uri',
  'client_id',
  'client_secret',
  'grant_type',
  'redirect_uri',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
]);

/** Refuses an endpoint whose own query would collide with the protocol's parameters. */
export function checkFreeOfProtocol(name: string, endpoint: URL): URL {
  for (const key of endpoint.searchParams.keys()) {
    if (reserved.has(key)) throw invalid(name, `must not have the parameter ${key} in its query: the client sets it`);
  }
  return endpoint;
}

/** The authorization URL (RFC 6749 section 4.1.1, RFC 7636 section 4.3). Parameters that are undefined are left out. */
export function authorizationUrl(
  endpoint: URL,
  protocol: Record<string, string | undefined>,
  params: Record<string, string> = {},
): URL {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(protocol)) {
    if (value !== undefined) url.searchParams.append(name, value);
  }
  if (typeof params !== 'object' || params === null || Symbol.iterator in params) {
    throw invalid('params', 'must be a plain object of strings');
  }
  for (const [name, value] of Object.entries(params)) {
    if (reserved.has(name)) throw invalid(`params.${name}`, 'is set by the client and cannot be overridden');
    if (typeof value !== 'string') throw invalid(`params.${name}`, `must be a string, not ${kindOf(value)}`);
    url.searchParams.append(name, value);
  }
  return url;
}
