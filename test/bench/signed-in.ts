import type { Sandbox } from 'doctape-sdk/sandbox';

/** Signs Alice in with all that the benchmarks need. Returns an access token. */
export async function signedIn(sandbox: Sandbox): Promise<string> {
  const app = sandbox.apps.find(({ type }) => type === 'client');
  const query = new URLSearchParams({
    response_type: 'token',
    client_id: app?.clientId ?? '',
    redirect_uri: 'http://localhost/',
    scope: 'account.read file.create file.read file.update file.delete tape.read tape.update',
  });
  const location = await sandbox.authorize(`http://localhost/oauth2?${query}`, { username: 'alice' });
  return new URLSearchParams(location.hash.slice(1)).get('access_token') ?? '';
}
