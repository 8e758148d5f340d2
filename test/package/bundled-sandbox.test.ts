import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, expect, it } from 'vitest';

const folder = await mkdtemp(join(tmpdir(), 'doctape-bundled-'));
afterAll(() => rm(folder, { recursive: true }));

/** A program that serves a sandbox, and uploads an image to it. */
const program = `
  import { serveSandbox } from ${JSON.stringify(resolve('dist/serve.js'))};
  const { url, sandbox, close } = await serveSandbox({ port: 0 });
  const app = sandbox.apps.find(({ type }) => type === 'client');
  const query = new URLSearchParams({
    response_type: 'token', client_id: app.clientId, redirect_uri: 'http://localhost/', scope: 'file.create',
  });
  const callback = await sandbox.authorize(url + '/oauth2?' + query, { username: 'alice' });
  const token = new URLSearchParams(callback.hash.slice(1)).get('access_token');
  const body = new FormData();
  body.set('file', new File(['GIF89a\\x01\\x00\\x01\\x00\\x00\\x00\\x00;'], 'a.gif', { type: 'image/gif' }));
  const response = await fetch(url + '/v1/doc/upload', { method: 'POST', headers: { authorization: 'Bearer ' + token }, body });
  console.log(response.status);
  await close();
`;

async function run(external: string[]): Promise<{ stdout: string; stderr: string }> {
  const [entry, outfile] = [join(folder, 'program.mjs'), join(folder, 'bundle.mjs')];
  await writeFile(entry, program);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external,
    logLevel: 'silent',
  });
  const child = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'pipe'] });
  const result = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (text) => (result[name] += text));
  await once(child, 'close');
  return result;
}

it('reads images in worker threads if the package is external to the bundle', async () => {
  expect(await run([resolve('dist/serve.js')])).toEqual({ stdout: '200\n', stderr: '' });
});

it('throws an error with the remedy if it was bundled without its worker script', async () => {
  const { stdout, stderr } = await run([]);
  expect(stdout).toBe('500\n');
  expect(stderr).toContain('mark doctape-sdk as external');
});
