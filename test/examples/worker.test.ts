import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import worker from '../../docs/examples/worker/worker.ts';
import { served } from '../support/sandbox.js';
import { settingsFor, users } from './settings.js';
import { checkTwoTabs } from './two-tabs.js';

// test/runtimes/worker-example.test.ts runs it in workerd

const server = await served({ users });

it('sends nobody to sign in with a key that no token could be sealed with', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  const env = { ...settingsFor(server, 'http://localhost:8787'), TOKEN_KEY: 'much-too-short' };
  const refused = await worker.fetch(new Request('http://localhost:8787/login'), env);
  expect([refused.status, await refused.json()]).toEqual([500, { error: expect.stringContaining('went wrong here') }]);
  expect(String(log.mock.lastCall?.[0])).toContain('secret must have at least 16 characters');
});

it('lets two tabs sign in at once', async () => {
  const address = 'http://localhost:8787';
  await checkTwoTabs(address, '/login', (request) => worker.fetch(request, settingsFor(server, address)));
});

it('has a configuration for wrangler that names the file and no secret', async () => {
  const text = await readFile('docs/examples/worker/wrangler.jsonc', 'utf8');
  const { main, vars } = JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''));
  expect(main).toBe('worker.ts');
  const settings = Object.keys(settingsFor(server, 'http://localhost'));
  expect(settings.filter((name) => !(name in vars))).toEqual(['DOCTAPE_CLIENT_SECRET', 'TOKEN_KEY']);
});
