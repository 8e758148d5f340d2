import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ApiClient } from '../src/index.js';
import { createSandbox } from '../src/sandbox.js';
import { AuthorizationCodeClient } from '../src/server.js';
import { doctapeHandlers } from '../src/testing.js';
import { appOf } from './support/sandbox.js';

const sandbox = createSandbox();
const server = setupServer(...doctapeHandlers(sandbox));
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => sandbox.reset());
afterAll(() => server.close());

/** An application as in production: it configures no endpoint. */
async function signIn(): Promise<ApiClient> {
  const { clientId, clientSecret = '' } = appOf(sandbox, 'server');
  const client = new AuthorizationCodeClient({
    clientId,
    clientSecret,
    redirectUri: 'https://localhost/callback',
    scope: ['account.read', 'file.read', 'file.create'],
    issuer: 'https://my.doctape.com',
  });
  const { url, pending } = await client.authorize();
  return new ApiClient({ token: await client.exchange(await sandbox.authorize(url, { username: 'bob' }), pending) });
}

it("doctapeHandlers serve a sandbox at doctape's own URLs", async () => {
  const api = await signIn();
  expect((await api.account.get()).username).toBe('bob');
  const { id } = await api.files.upload(new File(['hello'], 'hello.txt'));
  expect(await (await api.files.download(id)).text()).toBe('hello');
  expect(await (await fetch(api.files.url(id))).text()).toBe('hello');
  expect(await api.files.list()).toHaveLength(1);
});

it('doctapeHandlers keep nothing after reset()', async () => {
  const api = await signIn();
  expect(await api.files.list()).toEqual([]);
  await sandbox.reset();
  await expect(api.files.list()).rejects.toMatchObject({ status: 401 });
});
