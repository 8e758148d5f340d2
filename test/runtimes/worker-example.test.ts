import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { settingsFor, users } from '../examples/settings.js';
import { checkTwoTabs } from '../examples/two-tabs.js';
import { goToSignIn, visitor } from '../examples/visitor.js';
import { allScopes, served, tokenFor } from '../support/sandbox.js';
import { startWorkerd } from './workerd.js';

const server = await served({ users });

/** Bundles the worker as wrangler does, and starts it in workerd. @returns its URL */
async function started(publicUrl: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-worker-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'worker.js');
  await build({
    entryPoints: ['docs/examples/worker/worker.ts'],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    outfile,
    logLevel: 'error',
  });
  const running = await startWorkerd(outfile, settingsFor(server, publicUrl));
  onTestFinished(running.stop);
  return running.url;
}

it('signs in, lists and downloads in workerd, from bindings', async () => {
  const token = await tokenFor(server.sandbox, 'alice', allScopes, server.url);
  const api = new ApiClient({ token, baseUrl: `${server.url}/v1` });
  const { id } = await api.files.upload(new Uint8Array(3_000_000), { name: "it's Übersicht.bin" });

  const someone = visitor(await started('http://localhost:8787'));
  expect((await someone.get('/files')).status).toBe(401);
  const back = await someone.get(await goToSignIn(someone, '/login'));
  expect([back.status, back.headers.get('location')]).toEqual([303, '/files']);
  expect([...someone.cookies.keys()]).toEqual(['token']);
  expect(someone.cookies.get('token')).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/); // encrypted
  for (const header of someone.seen) expect(header).toMatch(/Path=\/; HttpOnly; SameSite=Lax$/);

  expect(await (await someone.get('/files')).json()).toMatchObject([{ id, size: 3_000_000 }]);
  const download = await someone.get(`/files/${id}`);
  expect(download.headers.get('content-disposition')).toBe(
    `attachment; filename="it's ?bersicht.bin"; filename*=UTF-8''it%27s%20%C3%9Cbersicht.bin`,
  );
  expect(download.headers.get('content-length')).toBe('3000000');
  expect((await download.bytes()).length).toBe(3_000_000);

  const head = await someone.head(`/files/${id}`);
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '3000000', '']);

  expect((await someone.get('/sign-out')).status).toBe(404);
  expect((await someone.post('/sign-out')).status).toBe(303);
  expect((await someone.get('/files')).status).toBe(401);
});

it('lets two tabs sign in at the same time', async () => {
  await checkTwoTabs(await started('http://localhost:8787'), '/login');
});

it('responds to a failure with a sentence that explains it', async () => {
  const url = await started('https://files.example');
  const someone = visitor(url);
  const start = await someone.get('/login');
  expect(start.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-doctape-[\w-]{10}=.*; Secure$/)]);
  const refused = await someone.get('/callback?state=unknown&code=stolen');
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({ error: expect.stringContaining('was not started in this browser') });
  expect((await someone.get('/files/..%2Faccount')).status).toBe(401);
});
