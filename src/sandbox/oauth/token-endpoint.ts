import { verifyChallenge } from 'pkce-challenge';
import { outOfBand, tokenLifetime } from '../../protocol/endpoints.js';
import { sameText } from '../../protocol/same-text.js';
import { fingerprint, type SandboxContext } from '../core/context.js';
import type { CodeRecord, Grant } from '../store/records.js';
import type { Change } from '../store/store.js';

/** An answer of the token endpoint: refusals are 400 with JSON (wire document section 7, choice 7). */
export type TokenEndpointAnswer = { status: 200; body: Record<string, unknown> } | { status: 400; body: Refusal };

interface Refusal {
  error: string;
  error_description: string;
}

/** Exchanges an authorization code (wire document section 2.3). Parameters that it does not know are ignored. */
export async function exchangeCode(context: SandboxContext, form: URLSearchParams): Promise<TokenEndpointAnswer> {
  const repeated = ['client_id', 'client_secret', 'grant_type', 'code', 'redirect_uri', 'code_verifier'].find(
    (name) => form.getAll(name).length > 1,
  );
  if (repeated) return refuse('invalid_request', `${repeated} comes more than once`);
  const app = context.apps.get(form.get('client_id') ?? '');
  if (!app) return refuse('invalid_client', 'unknown client_id');
  if (app.clientSecret !== undefined && !sameText(form.get('client_secret') ?? '', app.clientSecret)) {
    return refuse('invalid_client', 'wrong client_secret');
  }
  const grantType = form.get('grant_type');
  if (grantType === 'refresh_token') return refresh(context, app.clientId, form.get('refresh_token') ?? '');
  if (grantType !== 'authorization_code')
    return refuse('unsupported_grant_type', 'grant_type must be authorization_code');

  const code = form.get('code');
  if (!code) return refuse('invalid_request', 'code is missing');
  const key = await fingerprint(code);
  const record = await context.store.get('codes', key);
  if (!record || record.client_id !== app.clientId) return refuse('invalid_grant', 'unknown or used code');
  const problem = await findProblem(context, record, form);
  if (problem === undefined) return grantToken(context, record, { delete: 'codes', key });
  await context.store.commit([{ delete: 'codes', key }]); // a code is used once, for good or ill
  return refuse('invalid_grant', problem);
}

async function findProblem(
  { now }: SandboxContext,
  record: CodeRecord,
  form: URLSearchParams,
): Promise<string | undefined> {
  if (record.expires <= now()) return 'the code has expired';
  // doctape's own client sends the URN whatever it was authorized with (wire document section 2.3)
  const redirectUri = form.get('redirect_uri');
  if (redirectUri !== record.redirect_uri && redirectUri !== outOfBand)
    return 'redirect_uri is not that of the authorization request';
  const verifier = form.get('code_verifier');
  if ((verifier === null) !== (record.code_challenge === undefined))
    return verifier === null ? 'code_verifier is missing' : 'no code_challenge was sent';
  if (verifier !== null && !(await verifyChallenge(verifier, record.code_challenge ?? '')))
    return 'code_verifier does not match';
  return undefined;
}

/** The refresh grant of 2013 (wire document section 2.6). By 2014 it was deprecated, and here it is unless asked for. */
async function refresh(context: SandboxContext, clientId: string, token: string): Promise<TokenEndpointAnswer> {
  const key = await fingerprint(token);
  const grant = context.quirks.has('refresh-tokens') ? await context.store.get('refreshes', key) : undefined;
  if (grant?.client_id !== clientId) return refuse('invalid_grant', 'refresh tokens are deprecated');
  return grantToken(context, grant, { delete: 'refreshes', key });
}

/** @param use deletes what the token is given for: of two requests at once, one gets it */
async function grantToken(
  { store, quirks, now }: SandboxContext,
  { username, client_id, scope }: Grant,
  use: Change,
): Promise<TokenEndpointAnswer> {
  const grant = { username, client_id, scope, expires: now() + tokenLifetime * 1000 };
  const token = crypto.randomUUID();
  const changes: Change[] = [use, { put: 'tokens', key: await fingerprint(token), record: grant }];
  let refreshToken = '[deprecated]'; // word for word as documented
  if (quirks.has('refresh-tokens')) {
    refreshToken = crypto.randomUUID();
    changes.push({ put: 'refreshes', key: await fingerprint(refreshToken), record: grant });
  }
  if (!(await store.commit(changes))) return refuse('invalid_grant', 'unknown or used code or refresh token');
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

function refuse(error: string, error_description: string): TokenEndpointAnswer {
  return { status: 400, body: { error, error_description } };
}
