import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { submitLoginForm } from '../../src/cli/login-form.js';
import { appOf, served } from '../support/sandbox.js';

const { url, sandbox } = await served();

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

it('has a first program that works as it stands, but for the addresses', async () => {
  const port = await freePort();
  const [, program = ''] = /```js\n(import \{ createServer[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? [];
  const file = 'dist/readme-program.mjs'; // inside the package, which can import itself by name
  writeFileSync(file, program.replaceAll('http://127.0.0.1:4400', url).replaceAll('3000', String(port)));
  const env = { ...process.env, DOCTAPE_SECRET: appOf(sandbox, 'server').clientSecret };
  const child = spawn(process.execPath, [file], { env, stdio: 'ignore' });
  onTestFinished(() => {
    child.kill();
    rmSync(file);
  });

  const login = () => fetch(`http://localhost:${port}/login`, { redirect: 'manual' });
  const start = await expect
    .poll(() => login().catch(() => undefined), { timeout: 10_000 })
    .toBeTruthy()
    .then(login);
  const cookie = start.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
  const answers = { username: 'alice', password: 'wonderland', decision: 'allow' } as const;
  const callback = await submitLoginForm(new URL(start.headers.get('location') ?? ''), answers);
  const welcome = await fetch(callback, { headers: { cookie } });
  expect(await welcome.text()).toBe('Hello alice, you have 0 files.');
  const replayed = await fetch(callback, { headers: { cookie } });
  expect(replayed.status).toBe(400);
});

it('is short enough to be read', () => {
  expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThanOrEqual(150);
});

it('leads to pages that exist', () => {
  for (const page of ['README.md', 'docs/sandbox.md', 'docs/testing.md', 'docs/operations.md', 'docs/performance.md']) {
    const folder = page.includes('/') ? 'docs/' : '';
    for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect(readFileSync(folder + target, 'utf8').length, `${page} links to ${target}`).toBeGreaterThan(0);
    }
  }
});
