import { expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/index.js';
import { createSandbox, type Quirk } from '../../../src/sandbox.js';
import { appOf, codeClient, inProcess, origin, served } from '../../support/sandbox.js';

const { url: elsewhere } = await served();

async function get(path: string, options: { quirks?: Quirk[] } = {}): Promise<Response> {
  const { sandbox, token } = await inProcess(options);
  return sandbox.fetch(`${origin}/v1${path}`, { headers: { authorization: `Bearer ${token.access_token}` } });
}

it('no-error-key leaves out the error key, also in a list', async () => {
  for (const path of ['/account', '/doc', '/tape']) {
    expect(await (await get(path)).json()).toMatchObject({ error: null });
    expect(Object.keys(await (await get(path, { quirks: ['no-error-key'] })).json())).toEqual(['result']);
  }
  const { api } = await inProcess({ quirks: ['no-error-key'] });
  expect((await api.account.get()).username).toBe('alice');
  expect(await api.files.list()).toEqual([]);
});

it('account-extras adds the fields of 2014 to the account', async () => {
  const { api: plain } = await inProcess();
  expect(Object.keys(await plain.account.get())).toHaveLength(10);
  const { api } = await inProcess({ quirks: ['account-extras'] });
  expect(await api.account.get()).toMatchObject({
    username: 'alice',
    application: { docViewer: 'html5' },
    paymill: null,
    permissions: { downloadAs: { pdf: false } },
  });
});

it('refresh-tokens accepts each refresh token once', async () => {
  const refresh = async (quirks: Quirk[]) => {
    const sandbox = createSandbox({ quirks });
    const { clientId, clientSecret = '' } = appOf(sandbox, 'server');
    const client = { client_id: clientId, client_secret: clientSecret };
    const post = async (form: Record<string, string>) => {
      const body = new URLSearchParams({ ...client, ...form });
      return (await sandbox.fetch(`${origin}/oauth2/token`, { method: 'POST', body })).json();
    };
    const { url } = await codeClient(sandbox, origin, { pkce: false }).authorize();
    const code = (await sandbox.authorize(url, { username: 'bob' })).searchParams.get('code') ?? '';
    const redirect_uri = 'http://localhost:3000/callback';
    const first = await post({ grant_type: 'authorization_code', code, redirect_uri });
    const renew = () => post({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
    return { first, second: await renew(), third: await renew() };
  };
  const { first, second } = await refresh([]);
  expect(first.refresh_token).toBe('[deprecated]');
  expect(second.error).toBe('invalid_grant');
  const renewed = await refresh(['refresh-tokens']);
  expect(renewed.second.access_token).toMatch(/^[0-9a-f-]{36}$/);
  expect(renewed.second.refresh_token).not.toBe(renewed.first.refresh_token);
  expect(renewed.third.error).toBe('invalid_grant');
});

it('jsonp responds to a callback with a script', async () => {
  expect((await get('/account?callback=show')).headers.get('content-type')).toContain('application/json');
  const { sandbox, token } = await inProcess({ quirks: ['jsonp'] });
  const send = (path: string) => sandbox.fetch(`${origin}/v1${path}access_token=${token.access_token}`);
  const script = await send('/account?callback=show&');
  expect(script.headers.get('content-type')).toContain('javascript');
  expect(await script.text()).toMatch(/^\/\*\*\/show\(\{.*"username":"alice".*\}\);$/);
  const failed = await send('/doc/none?callback=show&');
  expect(failed.status).toBe(200);
  expect(await failed.text()).toContain('"code":404');
  expect((await send('/account?callback=alert(1)//&')).status).toBe(400);
});

it('upload-by-url fetches the URL of the field', async () => {
  const upload = async (quirks: Quirk[], address: string) => {
    const { sandbox, token, api } = await inProcess({ quirks });
    const body = new FormData();
    body.set('url', address);
    const headers = { authorization: `Bearer ${token.access_token}` };
    const response = await sandbox.fetch(`${origin}/v1/doc/upload`, { method: 'POST', body, headers });
    return { status: response.status, files: await api.files.list(), used: (await api.account.get()).quota_used };
  };
  expect(await upload([], elsewhere)).toMatchObject({ status: 400, files: [] });
  const fetched = await upload(['upload-by-url'], `${elsewhere}/`);
  expect(fetched).toMatchObject({ status: 200, files: [{ media_type: 'document' }] });
  expect(fetched.used).toBe(fetched.files[0]?.size);
  for (const address of ['file:///etc/hosts', 'nothing', `${elsewhere}/v1/doc`]) {
    expect(await upload(['upload-by-url'], address)).toMatchObject({ status: 400, files: [], used: 0 });
  }
});

it('createSandbox refuses an unknown quirk', () => {
  expect(() => createSandbox({ quirks: ['loud' as Quirk] })).toThrow(ConfigurationError);
});
