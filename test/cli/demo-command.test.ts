import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';

function runDemo(...flags: string[]): { output: () => string; ended: Promise<number | null>; stop: () => void } {
  const child = spawn(process.execPath, ['dist/cli.js', 'demo', ...flags]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { output: () => text, ended, stop: () => child.kill('SIGTERM') };
}

it('shows the whole SDK at work, and leaves nothing running', async () => {
  const demo = runDemo();
  expect(await demo.ended).toBe(0);
  for (const said of [
    'Signed in as alice',
    'PKCE',
    'Uploaded recording.bin, 67.1 MB',
    'byte for byte',
    'Everything worked',
  ]) {
    expect(demo.output()).toContain(said);
  }
});

it('keeps the sandbox running with --keep, until it is told to stop', async () => {
  const demo = runDemo('--keep');
  const url = await expect
    .poll(() => /curl (http:\S+)\/v1\/doc -H/.exec(demo.output())?.[1], { timeout: 20_000 })
    .toBeTruthy()
    .then(() => /curl (http:\S+)\/v1\/doc -H/.exec(demo.output())?.[1]);
  expect((await fetch(`${url}/v1/doc`)).status).toBe(401);
  demo.stop();
  expect(await demo.ended).toBe(0);
});

it('holds no token in what it prints', async () => {
  const demo = runDemo();
  await demo.ended;
  expect(demo.output()).not.toMatch(
    /access_token=|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/,
  );
});
