import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import worker from '../../docs/examples/worker/worker.ts';
import { ApiClient } from '../../src/index.js';
import { served, tokenFor } from '../support/sandbox.js';
import { settingsFor, users } from './settings.js';
import { checkTwoTabs } from './two-tabs.js';
import { goToSignIn, visitor } from './visitor.js';

// test/runtimes/worker-example.test.ts runs it in workerd

const server = await served({ users });

it('responds with 500 to a sign-in if TOKEN_KEY is too short', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  const env = { ...settingsFor(server, 'http://localhost:8787'), TOKEN_KEY: 'much-too-short' };
  const refused = await worker.fetch(new Request('http://localhost:8787/login'), env);
  expect([refused.status, await refused.json()]).toEqual([500, { error: expect.stringContaining('went wrong here') }]);
  expect(String(log.mock.lastCall?.[0])).toContain('secret must have at least 16 characters');
});

it('logs the reason if a setting is wrong', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  vi.resetModules(); // as in a new isolate
  const { default: isolate } = await import('../../docs/examples/worker/worker.ts');
  const address = 'http://localhost:8787';
  const env = { ...settingsFor(server, address), DOCTAPE_CLIENT_SECRET: 'the-wrong-secret' };
  const someone = visitor(address, (request) => isolate.fetch(request, env));
  const failed = await someone.get(await goToSignIn(someone, '/login'));
  expect([failed.status, failed.headers.get('cache-control')]).toEqual([502, 'no-store']);
  expect(String(log.mock.lastCall?.[0])).toContain('invalid_client');
  expect(String(log.mock.lastCall?.[0])).not.toContain('the-wrong-secret');
});

it('refuses a sign-out from another origin', async () => {
  const address = 'http://localhost:8787';
  const someone = visitor(address, (request) => worker.fetch(request, settingsFor(server, address)));
  await someone.get(await goToSignIn(someone, '/login'));
  for (const site of ['cross-site', 'same-site']) {
    const refused = await someone.post('/sign-out', '', { 'sec-fetch-site': site });
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
  }
  expect((await someone.post('/sign-out', '', { 'sec-fetch-site': 'same-origin' })).status).toBe(303);
  expect([...someone.cookies.keys()]).toEqual([]);
});

it('keeps a user signed in who reloads the callback, and responds with 400 to an impossible id', async () => {
  const address = 'http://localhost:8787';
  const someone = visitor(address, (request) => worker.fetch(request, settingsFor(server, address)));
  const callback = await goToSignIn(someone, '/login');
  await someone.get(callback);
  const token = someone.cookies.get('token');
  const again = await someone.get(callback);
  expect([again.status, again.headers.get('location')]).toEqual([303, '/files']);
  expect(someone.cookies.get('token')).toBe(token);
  expect((await someone.get(`/files/${'x'.repeat(3_000)}`)).status).toBe(400);
});

it('responds to HEAD as to GET, without downloading the file', async () => {
  const address = 'http://localhost:8787';
  const someone = visitor(address, (request) => worker.fetch(request, settingsFor(server, address)));
  await someone.get(await goToSignIn(someone, '/login'));
  const { id } = await new ApiClient({
    token: await tokenFor(server.sandbox, 'alice', undefined, server.url),
    baseUrl: `${server.url}/v1`,
  }).files.upload(new Blob(['text']), { name: 'headed.txt' });
  const requests = vi.spyOn(globalThis, 'fetch');
  onTestFinished(() => requests.mockRestore());
  const head = await someone.head(`/files/${id}`);
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '4', '']);
  expect(requests.mock.calls.map(([url]) => String(url))).toEqual([`${server.url}/v1/doc/${id}`]);
  for (const path of ['/', '/files']) expect((await someone.head(path)).status).toBe(200);
});

it('supports sign-ins in two tabs at the same time', async () => {
  const address = 'http://localhost:8787';
  await checkTwoTabs(address, '/login', (request) => worker.fetch(request, settingsFor(server, address)));
});

it('has a wrangler configuration with every variable except the secrets', async () => {
  const text = await readFile('docs/examples/worker/wrangler.jsonc', 'utf8');
  const { main, vars } = JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''));
  expect(main).toBe('worker.ts');
  const settings = Object.keys(settingsFor(server, 'http://localhost'));
  expect(settings.filter((name) => !(name in vars))).toEqual(['DOCTAPE_CLIENT_SECRET', 'TOKEN_KEY']);
});
