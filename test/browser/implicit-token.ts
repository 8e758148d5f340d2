import { scopes } from '../../src/index.js';
import type { Sandbox } from '../../src/sandbox.js';

/** Signs in by implicit grant without user interaction. */
export async function implicitToken(
  sandbox: Sandbox,
  authorizationEndpoint: string,
  username: string,
  scope: readonly string[] = scopes,
): Promise<string> {
  const url = new URL(authorizationEndpoint);
  url.search = new URLSearchParams({
    response_type: 'token',
    client_id: sandbox.apps.find(({ type }) => type === 'client')?.clientId ?? '',
    redirect_uri: 'http://localhost/',
    scope: scope.join(' '),
  }).toString();
  const callback = await sandbox.authorize(url, { username });
  const token = new URLSearchParams(callback.hash.slice(1)).get('access_token');
  if (token === null) throw new Error(`the sandbox sent no token: ${callback}`);
  return token;
}
