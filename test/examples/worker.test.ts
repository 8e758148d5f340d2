import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import worker from '../../docs/examples/worker/worker.ts';
import { served } from '../support/sandbox.js';
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
