import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import worker from '../../docs/examples/worker/worker.ts';
import { served } from '../support/sandbox.js';
import { settingsFor, users } from './settings.js';
import { checkTwoTabs } from './two-tabs.js';

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
