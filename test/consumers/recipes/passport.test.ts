import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { beforeAll, expect, it, vi } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { goToSignIn, type Visitor, visitor } from '../../examples/visitor.js';
import { freePort } from '../../support/free-port.js';
import { appOf, served, tokenFor } from '../../support/sandbox.js';
import { saveRecipe } from './recipe.js';

const { url: sandboxUrl, sandbox } = await served();

let address: string;
const complaints: string[] = [];
beforeAll(async () => {
  const { folder, remove } = await saveRecipe('Passport', sandboxUrl);
  const port = await freePort();
  address = `http://localhost:${port}`;
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    DOCTAPE_SECRET: appOf(sandbox, 'server').clientSecret,
    SESSION_SECRET: 'a secret of the tests',
    NODE_ENV: 'production', // Express then sends no stacks
  };
  const child = spawn(process.execPath, ['app.ts'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await vi.waitFor(() => fetch(address), { timeout: 60_000 });
  return async () => {
    child.kill();
    await ended;
    await remove();
  };
});

async function signedIn(): Promise<Visitor> {
  const someone = visitor(address);
  const back = await someone.get(await goToSignIn(someone, '/auth/doctape'));
  expect([back.status, back.headers.get('location')]).toEqual([302, '/files']);
  return someone;
}

it('signs in with PKCE, gets the profile from /account, and lists the files', async () => {
  const api = new ApiClient({
    token: await tokenFor(sandbox, 'alice', undefined, sandboxUrl),
    baseUrl: `${sandboxUrl}/v1`,
  });
  await api.files.upload(new Blob(['hello']), { name: 'notes.txt' });
  const start = await visitor(address).get('/auth/doctape');
  expect(new URL(start.headers.get('location') ?? '').searchParams.get('code_challenge_method')).toBe('S256');
  const someone = await signedIn();
  expect(await (await someone.get('/files')).json()).toEqual({ username: 'alice', files: ['notes'] });
});

it('asks a visitor who is not signed in to sign in', async () => {
  const response = await visitor(address).get('/files');
  expect([response.status, response.headers.get('location')]).toEqual([302, '/auth/doctape']);
});

it('shows that the user has declined', async () => {
  const someone = visitor(address);
  const back = await someone.get(await goToSignIn(someone, '/auth/doctape', 'deny'));
  expect(back.headers.get('location')).toBe('/declined');
  expect((await someone.get('/declined')).status).toBe(403);
});

it('refuses the callback of an attacker', async () => {
  const callback = await goToSignIn(visitor(address), '/auth/doctape');
  const victim = visitor(address);
  await victim.get('/auth/doctape');
  expect((await victim.get(callback)).headers.get('location')).toBe('/declined');
  expect((await victim.get('/files')).headers.get('location')).toBe('/auth/doctape');
});

it('prints nothing but the warning of express-session about its store', () => {
  const printed = complaints.join(' ').trim();
  expect(printed).toMatch(
    /^Warning: connect.session\(\) MemoryStore is not designed for a production .* single process\.$/,
  );
});
