import { verifyChallenge } from 'pkce-challenge';
import { constantTimeEqual } from '../../protocol/constant-time-equal.js';
import { outOfBand, tokenLifetime } from '../../protocol/endpoints.js';
import type { SandboxContext } from '../core/context.js';
import { fingerprint } from '../core/fingerprint.js';
import type { CodeRecord, Grant } from '../store/records.js';
import type { Change } from '../store/store.js';
import { readParameters } from './parameters.js';
import { sweepExpired } from './sweep.js';

/** A response of the token endpoint. Errors are 400 with JSON (wire document section 7, choice 7). */
export type TokenEndpointResponse = { status: 200; body: Record<string, unknown> } | { status: 400; body: Refusal };

interface Refusal {
  error: string;
  error_description: string;
}

/** Exchanges an authorization code (wire document section 2.3). Ignores unknown parameters. */
export async function exchangeCode(context: SandboxContext, sent: URLSearchParams): Promise<TokenEndpointResponse> {
  const read = readParameters(sent, protocolParameters);
  if ('repeated' in read) return refuse('invalid_request', `${read.repeated} was sent more than once`);
  const form = read.parameters;
  const app = context.apps.get(form.get('client_id') ?? '');
  if (!app) return refuse('invalid_client', 'unknown client_id');
  if (app.clientSecret !== undefined && !constantTimeEqual(form.get('client_secret') ?? '', app.clientSecret)) {
    return refuse('invalid_client', 'wrong client_secret');
  }
  const grantType = form.get('grant_type');
  if (grantType === 'refresh_token') return refresh(context, app.clientId, form.get('refresh_token') ?? '');
  if (grantType !== 'authorization_code')
    return refuse('unsupported_grant_type', 'grant_type must be authorization_code');

  const code = form.get('code');
  if (!code) return refuse('invalid_request', 'code is missing');
  const key = fingerprint(code);
  const record = await context.store.get('codes', key);
  if (!record || record.client_id !== app.clientId)
    return refuse('invalid_grant', 'the code is unknown or was used before');
  const refusal = await checkExchange(context, record, form);
  if (refusal) {
    await context.store.commit([{ delete: 'codes', key }]); // a failed attempt uses the code up too
    return refusal;
  }
  const response = await grantToken(context, record, { delete: 'codes', key });
  return response ?? refuse('invalid_grant', 'the code is unknown or was used before');
}

const protocolParameters = [
  'client_id',
  'client_secret',
  'grant_type',
  'code',
  'redirect_uri',
  'code_verifier',
  'refresh_token',
];

async function checkExchange(
  { now }: SandboxContext,
  record: CodeRecord,
  form: ReadonlyMap<string, string>,
): Promise<TokenEndpointResponse | undefined> {
  if (record.expires <= now()) return refuse('invalid_grant', 'the code has expired');
  // doctape's own client always sends the URN (wire document section 2.3)
  const redirectUri = form.get('redirect_uri');
  if (redirectUri !== record.redirect_uri && redirectUri !== outOfBand) {
    return refuse('invalid_grant', 'redirect_uri differs from the one in the authorization request');
  }
  const verifier = form.get('code_verifier');
  if ((verifier === undefined) !== (record.code_challenge === undefined)) {
    return refuse(
      'invalid_grant',
      verifier === undefined
        ? 'code_verifier is missing'
        : 'code_verifier was sent, but the authorization request had no code_challenge',
    );
  }
  if (verifier !== undefined && !(await verifyChallenge(verifier, record.code_challenge ?? ''))) {
    return refuse('invalid_grant', 'code_verifier does not match');
  }
  return undefined;
}

/** The refresh grant of 2013 (wire document section 2.6). It was deprecated by 2014, so it needs a quirk. */
async function refresh(context: SandboxContext, clientId: string, token: string): Promise<TokenEndpointResponse> {
  const key = fingerprint(token);
  const grant = context.quirks.has('refresh-tokens') ? await context.store.get('refreshes', key) : undefined;
  const isValid = grant?.client_id === clientId && grant.expires > context.now();
  const response = isValid && (await grantToken(context, grant, { delete: 'refreshes', key }));
  return response || refuse('invalid_grant', 'refresh tokens are deprecated');
}

/**
 * Issues a token.
 *
 * @param use the change that deletes the code or the refresh token
 * @returns undefined if another request has used it in the meantime
 */
async function grantToken(
  context: SandboxContext,
  { username, client_id, scope }: Grant,
  use: Change,
): Promise<TokenEndpointResponse | undefined> {
  const { store, quirks, now } = context;
  const grant = { username, client_id, scope, expires: now() + tokenLifetime * 1000 };
  const token = crypto.randomUUID();
  const key = fingerprint(token);
  const changes: Change[] = [use, { put: 'tokens', key, record: { ...grant, key } }];
  let refreshToken = '[deprecated]'; // as documented, byte for byte
  if (quirks.has('refresh-tokens')) {
    refreshToken = crypto.randomUUID();
    const key = fingerprint(refreshToken);
    changes.push({ put: 'refreshes', key, record: { ...grant, key } });
  }
  await sweepExpired(context);
  if (!(await store.commit(changes))) return undefined;
  return {
    status: 200,
    body: {
      access_token: token,
      token_type: 'Bearer',
      expires_in: tokenLifetime,
      refresh_token: refreshToken,
      scope: scope.join(' '),
    },
  };
}

function refuse(error: string, error_description: string): TokenEndpointResponse {
  return { status: 400, body: { error, error_description } };
}
