import { codeLifetime, outOfBand, tokenLifetime } from '../../protocol/endpoints.js';
import { isLoopback, parseUrl } from '../../protocol/urls.js';
import type { SandboxApp, SandboxUser } from '../core/config.js';
import type { SandboxContext } from '../core/context.js';
import { fingerprint } from '../core/fingerprint.js';
import { readParameters } from './parameters.js';
import { grantedScope } from './scopes.js';
import { sweepExpired } from './sweep.js';

/** A valid authorization request (wire document section 2.2). */
export interface AuthorizationRequest {
  app: SandboxApp;
  responseType: 'code' | 'token';
  redirectUri: string;
  scope: string[];
  state: string | undefined;
  codeChallenge: string | undefined;
  issuer: string;
}

/** An error that is not sent to the redirect URI, because the redirect URI cannot be trusted. */
export interface Refusal {
  refused: { error: string; error_description: string };
  /** A sentence for the developer of the application. */
  remedy: string;
}

/** A valid request, a refusal, or a redirect that reports the error to the application. */
export type AuthorizationCheck = { request: AuthorizationRequest } | Refusal | { redirect: string };

type ResponseParameters = Record<string, string | undefined>;

/** Reads and checks the query of an authorization request (wire document section 7, choices 8 to 15). */
export function readAuthorization(context: SandboxContext, url: URL): AuthorizationCheck {
  const read = readParameters(url.searchParams, protocolParameters);
  if ('repeated' in read) return refuse('invalid_request', `${read.repeated} was sent more than once`, 'Send it once.');
  const query = read.parameters;
  const app = context.apps.get(query.get('client_id') ?? '');
  if (!app) {
    const remedy =
      'Send the clientId of an application of this sandbox, or add yours to the apps of its configuration.';
    return refuse('invalid_request', 'unknown client_id', remedy);
  }
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!isAllowed(app, redirectUri)) {
    const remedy = `In the configuration of the sandbox, add it to redirectUris of ${app.name}, exactly as the application sends it. It must not contain a fragment or a password.`;
    return refuse('invalid_request', 'redirect_uri is not registered for this application', remedy);
  }

  const responseType = query.get('response_type');
  const state = query.get('state');
  const issuer = url.origin;
  const deny = (error: string, error_description: string): AuthorizationCheck => ({
    redirect: responseUri(
      { responseType: responseType === 'token' ? 'token' : 'code', redirectUri, state, issuer },
      { error, error_description },
    ),
  });
  if (responseType !== 'code' && responseType !== 'token') {
    return deny('unsupported_response_type', 'response_type must be code or token');
  }
  if ((responseType === 'code') !== (app.type === 'server')) {
    const captured = 'wrong application type for this response_type'; // as captured, byte for byte
    const remedy =
      'An application of type server must send response_type=code, an application of type client response_type=token.';
    return refuse('unauthorized_client', captured, remedy);
  }
  const scope = grantedScope(query.get('scope'));
  if (!scope) return deny('invalid_scope', 'one of the scopes is unknown');

  const codeChallenge = query.get('code_challenge');
  if (codeChallenge !== undefined) {
    if (query.get('code_challenge_method') !== 'S256')
      return deny('invalid_request', 'code_challenge_method must be S256');
    if (!/^[\w-]{43}$/.test(codeChallenge)) return deny('invalid_request', 'code_challenge is not an S256 challenge');
  } else if (responseType === 'code' && app.clientSecret === undefined) {
    return deny('invalid_request', 'an application without a secret must send a code_challenge');
  }
  return { request: { app, responseType, redirectUri, scope, state, codeChallenge, issuer } };
}

const protocolParameters = [
  'client_id',
  'response_type',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
];

function refuse(error: string, error_description: string, remedy: string): Refusal {
  return { refused: { error, error_description }, remedy };
}

/** Issues a code or a token, because the user allowed the access. Resolves to the URL to redirect the browser to. */
export async function approve(
  context: SandboxContext,
  request: AuthorizationRequest,
  user: SandboxUser,
): Promise<string> {
  const { app, responseType, redirectUri, scope, codeChallenge } = request;
  const grant = { username: user.username, client_id: app.clientId, scope };
  const secret = crypto.randomUUID();
  const key = fingerprint(secret);
  await sweepExpired(context);
  if (responseType === 'token') {
    const expires = context.now() + tokenLifetime * 1000;
    await context.store.commit([{ put: 'tokens', key, record: { ...grant, key, expires } }]);
    const response = {
      access_token: secret,
      token_type: 'Bearer',
      expires_in: String(tokenLifetime),
      scope: scope.join(' '),
    };
    return responseUri(request, response);
  }
  const record = {
    ...grant,
    key,
    redirect_uri: redirectUri,
    ...(codeChallenge !== undefined && { code_challenge: codeChallenge }),
    expires: context.now() + codeLifetime * 1000,
  };
  await context.store.commit([{ put: 'codes', key, record }]);
  return responseUri(request, { code: secret });
}

/** The URL to redirect the browser to when the user denied the access. */
export function decline(request: AuthorizationRequest): string {
  return responseUri(request, { error: 'access_denied', error_description: 'the user declined' });
}

/**
 * The redirect URI with the parameters of a response. For `response_type=code` they are in the query. For
 * `response_type=token` they are in the fragment, errors too, because doctape's own browser client reads nothing else
 * (wire document section 2.9): `state` is the first one, as captured, and spaces are `%20`, which that client decodes.
 */
function responseUri(
  request: Pick<AuthorizationRequest, 'responseType' | 'redirectUri' | 'state' | 'issuer'>,
  response: ResponseParameters,
): string {
  const { responseType, redirectUri, state, issuer } = request;
  const ordered: ResponseParameters =
    responseType === 'token' ? { state, ...response, iss: issuer } : { ...response, state, iss: issuer };
  const encoded = Object.entries(ordered)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  if (responseType === 'token') return `${redirectUri}#${encoded}`;
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${encoded}`;
}

function isAllowed(app: SandboxApp, redirectUri: string): boolean {
  if (redirectUri === outOfBand) return true;
  // the URL parser drops control characters and treats a backslash as a slash; other parsers do not
  const url = /^[\x21-\x5b\x5d-\x7e]+$/.test(redirectUri) ? parseUrl(redirectUri) : undefined;
  if (!url || redirectUri.includes('#') || url.username !== '' || url.password !== '') return false;
  const local = /^https?:\/\//i.test(redirectUri) && isLoopback(url); // a browser resolves `http:/path` relative to this page
  return app.redirectUris.some((registered) => {
    if (registered === redirectUri) return true;
    return local && (registered === 'loopback' || sameButPort(registered, url));
  });
}

/** A native app listens on any free port (RFC 8252 section 7.3). */
function sameButPort(registered: string, url: URL): boolean {
  const other = parseUrl(registered);
  if (!other || !isLoopback(other)) return false;
  other.port = url.port;
  return other.href === url.href;
}
