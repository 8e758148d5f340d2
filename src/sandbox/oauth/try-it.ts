import { outOfBand } from '../../protocol/endpoints.js';
import { scopes } from '../../protocol/scopes.js';
import type { SandboxApp } from '../core/config.js';
import type { AuthorizationRequest } from './authorization.js';

// For developers who try the sign-in of an application without its client.

/** The example of RFC 7636 appendix B: an application without a secret must send a challenge. */
const example = {
  verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
};

/** The path of an authorization request whose response is shown on a page. */
export function tryItPath({ clientId, clientSecret, type }: SandboxApp): string {
  const query = new URLSearchParams({
    response_type: type === 'server' ? 'code' : 'token',
    client_id: clientId,
    redirect_uri: outOfBand,
    scope: scopes.join(' '),
    ...(type === 'server' &&
      clientSecret === undefined && { code_challenge: example.challenge, code_challenge_method: 'S256' }),
  });
  return `/oauth2?${query}`;
}

/**
 * A command that uses the response. It contains the secret of the application.
 * @returns undefined if access was denied, or only the application has the verifier
 */
export function nextCommand(request: AuthorizationRequest, response: URLSearchParams): string | undefined {
  const { app, issuer, redirectUri, codeChallenge } = request;
  const token = response.get('access_token');
  if (token !== null) return `curl ${issuer}/v1/account -H "Authorization: Bearer ${token}"`;
  const code = response.get('code');
  if (code === null || (codeChallenge !== undefined && codeChallenge !== example.challenge)) return undefined;
  const fields = {
    grant_type: 'authorization_code',
    code,
    client_id: app.clientId,
    ...(app.clientSecret !== undefined && { client_secret: app.clientSecret }),
    ...(codeChallenge !== undefined && { code_verifier: example.verifier }),
    redirect_uri: redirectUri,
  };
  const options = Object.entries(fields).map(([name, value]) => ` -d ${name}=${encoded(value)}`);
  return `curl ${issuer}/oauth2/token${options.join('')}`;
}

/** A value of a form. It contains no character that a shell replaces. */
function encoded(value: string): string {
  return encodeURIComponent(value)
    .replaceAll('%3A', ':')
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}
