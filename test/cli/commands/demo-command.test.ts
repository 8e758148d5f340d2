import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../support/free-port.js';

interface Demo {
  child: ChildProcessWithoutNullStreams;
  output: () => string;
  ended: Promise<number | null>;
}

function runDemo(flags: readonly string[] = [], env: Record<string, string> = {}): Demo {
  return running(spawn(process.execPath, ['dist/cli.js', 'demo', ...flags], { env: { ...process.env, ...env } }));
}

function running(child: ChildProcessWithoutNullStreams): Demo {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output: () => text, ended };
}

it('signs in, uploads, downloads and deletes, and exits', async () => {
  const demo = runDemo();
  expect(await demo.ended).toBe(0);
  for (const text of [
    'Signed in as alice',
    'PKCE',
    'Uploaded recording.bin, 67.1 MB',
    'byte for byte',
    'Everything worked',
  ]) {
    expect(demo.output()).toContain(text);
  }
});

it('keeps the sandbox running with --keep until a signal arrives', async () => {
  const demo = runDemo(['--keep']);
  const url = await expect
    .poll(() => /curl (http:\S+)\/v1\/doc -H/.exec(demo.output())?.[1])
    .toBeTruthy()
    .then(() => /curl (http:\S+)\/v1\/doc -H/.exec(demo.output())?.[1]);
  expect((await fetch(`${url}/v1/doc`)).status).toBe(401);
  demo.child.kill('SIGTERM');
  expect(await demo.ended).toBe(0);
});

it('completes when its output is closed', async () => {
  const demo = runDemo();
  demo.child.stdout.destroy();
  expect(await demo.ended).toBe(0);
  expect(demo.output()).toBe('');
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('removes its files on %s, and exits with %i', async (signal, code) => {
  const foldersNow = () => readdirSync(tmp).filter((name) => name.startsWith('doctape-demo-'));
  const tmp = await mkdtemp(join(tmpdir(), 'doctape-test-'));
  onTestFinished(() => rm(tmp, { recursive: true, force: true }));
  for (const step of ['Started a sandbox', 'Signed in', 'Uploaded notes.txt']) {
    const demo = runDemo([], { TMPDIR: tmp });
    let found: number | undefined;
    demo.child.stdout.on('data', () => {
      if (found !== undefined || !demo.output().includes(step)) return;
      found = foldersNow().length;
      demo.child.kill(signal); // immediately, because the demo continues
    });
    expect(await demo.ended).toBe(code);
    expect(found).toBe(1);
    expect(demo.output()).toContain('Stopped');
    expect(foldersNow()).toEqual([]);
  }
});

it.runIf(process.platform === 'linux')('ends on Ctrl+C on a terminal during an upload', async () => {
  const line = `exec '${process.execPath}' dist/cli.js demo`;
  const demo = running(spawn('script', ['-qefc', line, '/dev/null'], { env: { ...process.env, TERM: 'xterm' } }));
  let isUploading = false;
  demo.child.stdout.on('data', () => {
    if (isUploading || !/━.*recording\.bin/.test(demo.output())) return;
    isUploading = true;
    demo.child.stdin.write('\u0003'); // immediately, because the demo continues
  });
  expect(await demo.ended).toBe(130);
  expect(demo.output()).toContain('Stopped');
});

it('names the variable to set if the temporary folder does not exist', async () => {
  const demo = runDemo([], { TMPDIR: '/nonexistent' });
  expect(await demo.ended).toBe(1);
  expect(demo.output()).toMatch(/^doctape-sdk: set TMPDIR to a folder .+: ENOENT.+'\/nonexistent\//m);
});

it('names NO_PROXY if Node uses a proxy for the sandbox', async () => {
  const port = await freePort(); // refuses connections
  const env = {
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: `http://127.0.0.1:${port}`,
    NO_PROXY: '',
    no_proxy: '',
  };
  const demo = runDemo([], env);
  expect(await demo.ended).toBe(1);
  expect(demo.output()).toContain('add 127.0.0.1 to NO_PROXY');
});

it('does not print a token', async () => {
  const demo = runDemo();
  expect(await demo.ended).toBe(0);
  expect(demo.output()).not.toMatch(
    /access_token=|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/,
  );
});
