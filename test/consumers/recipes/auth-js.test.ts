import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { submitLoginForm } from '../../../src/cli/commands/login-form.js';
import { ApiClient } from '../../../src/index.js';
import { type Site, type Visitor, visitor } from '../../examples/visitor.js';
import { appOf, served, tokenFor } from '../../support/sandbox.js';
import { saveRecipe } from './recipe.js';

const { url: sandboxUrl, sandbox } = await served();
const address = 'http://localhost:3000';

let recipe: { handle: Site; config: { providers: { issuer?: string }[] } };
beforeAll(async () => {
  const { folder, remove } = await saveRecipe('Auth.js', sandboxUrl);
  vi.stubEnv('AUTH_SECRET', 'a secret of the tests, of 32 letters');
  vi.stubEnv('DOCTAPE_SECRET', appOf(sandbox, 'server').clientSecret ?? '');
  recipe = await import(join(folder, 'auth.ts'));
  return remove;
});

/** Starts a sign-in, as the button of the sign-in page does. @returns the path of the callback */
async function goToSignIn(someone: Visitor, decision: 'allow' | 'deny' = 'allow'): Promise<string> {
  const { csrfToken } = await (await someone.get('/auth/csrf')).json();
  const form = new URLSearchParams({ csrfToken, callbackUrl: `${address}/files` });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const start = await someone.post('/auth/signin/doctape', form.toString(), headers);
  const url = new URL(start.headers.get('location') ?? '');
  const { pathname, search } = await submitLoginForm(url, { username: 'alice', password: 'wonderland', decision });
  return pathname + search;
}

it('signs in, and the route lists the files of the user', async () => {
  const api = new ApiClient({
    token: await tokenFor(sandbox, 'alice', undefined, sandboxUrl),
    baseUrl: `${sandboxUrl}/v1`,
  });
  await api.files.upload(new Blob(['hello']), { name: 'notes.txt' });
  const someone = visitor(address, recipe.handle);
  expect((await someone.get('/files')).headers.get('location')).toBe(`${address}/auth/signin`);
  const back = await someone.get(await goToSignIn(someone));
  expect([back.status, back.headers.get('location')]).toEqual([302, `${address}/files`]);
  expect(await (await someone.get('/files')).json()).toEqual({ username: expect.any(String), files: ['notes'] });
  expect(await (await someone.get('/auth/session')).json()).toMatchObject({
    user: { name: 'Alice', email: 'alice@example.org' },
  });
  const cookies = [...someone.cookies.values()].join();
  expect(cookies).not.toMatch(/[\da-f]{8}-[\da-f]{4}-/); // the access token is a UUID, and encrypted
});

it('refuses a declined sign-in and the callback of an attacker', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  const someone = visitor(address, recipe.handle);
  const declined = await someone.get(await goToSignIn(someone, 'deny'));
  expect(declined.headers.get('location')).toContain('/auth/');
  const victim = visitor(address, recipe.handle);
  await victim.get(await goToSignIn(visitor(address, recipe.handle)));
  expect((await victim.get('/files')).headers.get('location')).toBe(`${address}/auth/signin`);
});

// nextauthjs/next-auth#13408: GitHub began to send `iss`, and sign-ins without a configured issuer failed
it('is refused by Auth.js without the issuer, as the page says', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  const [provider = {}] = recipe.config.providers;
  const { issuer } = provider;
  delete provider.issuer;
  onTestFinished(() => {
    provider.issuer = issuer ?? '';
    log.mockRestore();
  });
  const someone = visitor(address, recipe.handle);
  await someone.get(await goToSignIn(someone));
  expect(log.mock.calls.flat().join(' ')).toContain('unexpected "iss" (issuer) response parameter value');
  expect((await someone.get('/files')).status).toBe(302);
});
