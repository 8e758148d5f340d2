import { codeLifetime, outOfBand, tokenLifetime } from '../../protocol/endpoints.js';
import { isLoopback, parseUrl } from '../../protocol/urls.js';
import type { SandboxApp, SandboxUser } from '../core/config.js';
import { fingerprint, type SandboxContext } from '../core/context.js';
import { grantedScope } from '../core/scopes.js';

/** An authorization request that can be put to the user (wire document section 2.2). */
export interface AuthorizationRequest {
  app: SandboxApp;
  responseType: 'code' | 'token';
  redirectUri: string;
  scope: string[];
  state: string | undefined;
  codeChallenge: string | undefined;
  issuer: string;
}

/** What is told to whoever asked, because the redirect URI cannot be trusted. */
export interface Refusal {
  refused: { error: string; error_description: string };
  /** What a developer can do about it. */
  remedy: string;
}

/** A request that can be put to the user, a refusal, or where to send the browser so that the application is told. */
export type Verdict = { request: AuthorizationRequest } | Refusal | { redirect: string };

type Answer = Record<string, string | undefined>;

/** Reads and checks the query of an authorization request (wire document section 7, choices 8 to 15). */
export function readAuthorization(context: SandboxContext, url: URL): Verdict {
  const query = url.searchParams;
  const repeated = [...protocolParameters].find((name) => query.getAll(name).length > 1);
  if (repeated) return refuse('invalid_request', `${repeated} comes more than once`, 'Send it once.');
  const app = context.apps.get(query.get('client_id') ?? '');
  if (!app) {
    const remedy =
      'Send the clientId of an application of this sandbox, or add yours to the apps of its configuration.';
    return refuse('invalid_request', 'unknown client_id', remedy);
  }
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!isAllowed(app, redirectUri)) {
    const remedy = `In the configuration of the sandbox, add it to redirectUris of ${app.name}, exactly as it is sent. It may have neither a fragment nor a password.`;
    return refuse('invalid_request', 'redirect_uri is not registered for this application', remedy);
  }

  const responseType = query.get('response_type');
  const state = query.get('state') || undefined;
  const issuer = url.origin;
  const deny = (error: string, error_description: string): Verdict => ({
    redirect: answerUri(
      { responseType: responseType === 'token' ? 'token' : 'code', redirectUri, state, issuer },
      { error, error_description },
    ),
  });
  if (responseType !== 'code' && responseType !== 'token') {
    return deny('unsupported_response_type', 'response_type must be code or token');
  }
  if ((responseType === 'code') !== (app.type === 'server')) {
    const captured = 'wrong application type for this response_type'; // word for word
    const remedy = 'An application of type server asks for the response_type code, one of type client for token.';
    return refuse('unauthorized_client', captured, remedy);
  }
  const scope = grantedScope(query.get('scope') ?? undefined);
  if (!scope) return deny('invalid_scope', 'one of the scopes is unknown');

  const codeChallenge = query.get('code_challenge') || undefined;
  if (codeChallenge !== undefined) {
    if (query.get('code_challenge_method') !== 'S256')
      return deny('invalid_request', 'code_challenge_method must be S256');
    if (!/^[\w-]{43}$/.test(codeChallenge)) return deny('invalid_request', 'code_challenge is no S256 challenge');
  } else if (responseType === 'code' && app.clientSecret === undefined) {
    return deny('invalid_request', 'an application without a secret must send a code_challenge');
  }
  return { request: { app, responseType, redirectUri, scope, state, codeChallenge, issuer } };
}

const protocolParameters: ReadonlySet<string> = new Set([
  'client_id',
  'response_type',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
]);

function refuse(error: string, error_description: string, remedy: string): Refusal {
  return { refused: { error, error_description }, remedy };
}

/** The user agreed: makes a code or a token. Resolves to the address to send the browser to. */
export async function approve(
  context: SandboxContext,
  request: AuthorizationRequest,
  user: SandboxUser,
): Promise<string> {
  const { app, responseType, redirectUri, scope, codeChallenge } = request;
  const grant = { username: user.username, client_id: app.clientId, scope };
  const secret = crypto.randomUUID();
  if (responseType === 'token') {
    const expires = context.now() + tokenLifetime * 1000;
    await context.store.commit([{ put: 'tokens', key: await fingerprint(secret), record: { ...grant, expires } }]);
    const answer = {
      access_token: secret,
      token_type: 'Bearer',
      expires_in: String(tokenLifetime),
      scope: scope.join(' '),
    };
    return answerUri(request, answer);
  }
  const record = {
    ...grant,
    redirect_uri: redirectUri,
    ...(codeChallenge !== undefined && { code_challenge: codeChallenge }),
    expires: context.now() + codeLifetime * 1000,
  };
  await context.store.commit([{ put: 'codes', key: await fingerprint(secret), record }]);
  return answerUri(request, { code: secret });
}

/** The user declined. */
export function decline(request: AuthorizationRequest): string {
  return answerUri(request, { error: 'access_denied', error_description: 'the user declined' });
}

/**
 * The redirect URI with an answer: in the query for a code, in the fragment for a token, errors included, because
 * doctape's own browser client looks nowhere else (wire document section 2.9). In a fragment the state comes first, as
 * captured. Spaces are `%20`, which that client decodes.
 */
function answerUri(
  request: Pick<AuthorizationRequest, 'responseType' | 'redirectUri' | 'state' | 'issuer'>,
  answer: Answer,
): string {
  const { responseType, redirectUri, state, issuer } = request;
  const ordered: Answer =
    responseType === 'token' ? { state, ...answer, iss: issuer } : { ...answer, state, iss: issuer };
  const encoded = Object.entries(ordered)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  if (responseType === 'token') return `${redirectUri}#${encoded}`;
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${encoded}`;
}

function isAllowed(app: SandboxApp, redirectUri: string): boolean {
  if (redirectUri === outOfBand) return true;
  // the parser drops control characters, and takes for a slash the backslash that others take for part of a host
  const url = /^[\x21-\x5b\x5d-\x7e]+$/.test(redirectUri) ? parseUrl(redirectUri) : undefined;
  if (!url || redirectUri.includes('#') || url.username !== '' || url.password !== '') return false;
  const local = /^https?:\/\//i.test(redirectUri) && isLoopback(url); // with one slash a browser takes it for a path of ours
  return app.redirectUris.some((registered) => {
    if (registered === redirectUri) return true;
    return local && (registered === 'loopback' || sameButPort(registered, url));
  });
}

/** A program listens on whatever port is free (RFC 8252 section 7.3). */
function sameButPort(registered: string, url: URL): boolean {
  const other = parseUrl(registered);
  if (!other || !isLoopback(other)) return false;
  other.port = url.port;
  return other.href === url.href;
}
