import { invalid, kindOf } from '../protocol/checks.js';
import { callbackParameters } from '../protocol/urls.js';

/** Parameters that OAuth defines for requests and responses. The `params` option must not set them. */
const reserved = new Set([
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

const isReserved = (name: string) => callbackParameters.has(name) || reserved.has(name);

/** Rejects an endpoint whose own query has one of the reserved parameters. */
export function checkFreeOfProtocol(name: string, endpoint: URL): URL {
  for (const key of endpoint.searchParams.keys()) {
    if (isReserved(key)) throw invalid(name, `must not have the parameter ${key} in its query: the client sets it`);
  }
  return endpoint;
}

/** Builds the authorization URL (RFC 6749 section 4.1.1, RFC 7636 section 4.3). Undefined parameters are omitted. */
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
    if (isReserved(name)) throw invalid(`params.${name}`, 'is set by the client and cannot be overridden');
    if (typeof value !== 'string') throw invalid(`params.${name}`, `must be a string, not ${kindOf(value)}`);
    url.searchParams.append(name, value);
  }
  return url;
}
