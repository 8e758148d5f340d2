import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { submitLoginForm } from '../../src/cli/commands/login-form.js';
import { makeSampleFiles, sha256OfFile } from '../../src/cli/commands/sample-files.js';
import { ApiClient, NotFoundError, OAuthError, type Token } from '../../src/index.js';
import { codeClient, served } from '../support/sandbox.js';

const folder = await mkdtemp(join(tmpdir(), 'doctape-journey-'));
const { url, sandbox } = await served({ data: join(folder, 'data') });
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A web application with two routes, which stores each pending sign-in in a separate cookie. */
async function startApp(): Promise<{ url: string; signedIn: Promise<Token> }> {
  let app: ReturnType<typeof codeClient>;
  let done: (token: Token | Promise<Token>) => void;
  const signedIn = new Promise<Token>((resolve) => {
    done = resolve;
  });
  signedIn.catch(() => {});
  const server = createServer(async (request, response) => {
    if (request.url === '/login') {
      const { url: authorizationUrl, pending, cookieName } = await app.authorize();
      const cookie = `${cookieName}=${pending}; HttpOnly; SameSite=Lax; Path=/`;
      response.writeHead(303, { location: authorizationUrl.href, 'set-cookie': cookie }).end();
    } else {
      const cookies = (request.headers.cookie ?? '').split('; ').map((cookie) => cookie.split('='));
      const pending = new Map(cookies.map(([name, value]) => [name, value])).get(app.cookieName(request));
      const token = app.exchange(request, pending);
      done(token);
      response.end(
        await token.then(
          () => 'welcome',
          (error) => error.message,
        ),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const appUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  app = codeClient(sandbox, url, { redirectUri: `${appUrl}/callback`, issuer: url });
  return { url: appUrl, signedIn };
}

/** Signs in as a browser does, with its cookies. @returns the body of the callback response */
async function signIn(appUrl: string, decision: 'allow' | 'deny'): Promise<string> {
  const start = await fetch(`${appUrl}/login`, { redirect: 'manual' });
  const cookie = start.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
  const authorizationUrl = new URL(start.headers.get('location') ?? '');
  const callback = await submitLoginForm(authorizationUrl, { username: 'alice', password: 'wonderland', decision });
  return (await fetch(callback, { headers: { cookie } })).text();
}

it('signs in with the form, and uploads and downloads files without a change', async () => {
  const app = await startApp();
  expect(await signIn(app.url, 'allow')).toBe('welcome');
  const api = new ApiClient({ token: await app.signedIn, baseUrl: `${url}/v1` });
  expect((await api.account.get()).username).toBe('alice');

  const samples = await makeSampleFiles(folder);
  const uploaded = [];
  for (const { path, name, type } of samples) {
    const reports: number[] = [];
    const file = await api.files.upload(await openAsBlob(path, { type }), {
      name,
      onProgress: ({ loaded }) => reports.push(loaded),
    });
    expect(reports.at(-1)).toBe(file.size);
    uploaded.push(file);
  }
  const listed = await api.files.list();
  expect(listed.map((file) => `${file.name}.${file.extension} ${file.media_type}`)).toEqual([
    'notes.txt document',
    'sunset.jpg image',
    'recording.bin unknown',
  ]);

  for (const [index, { id }] of uploaded.entries()) {
    const digest = await sha256OfFile(samples[index]?.path ?? '');
    for (const response of [await fetch(api.files.url(id)), await api.files.download(id)]) {
      const hash = createHash('sha256');
      for await (const chunk of response.body ?? []) hash.update(chunk);
      expect(hash.digest('hex')).toBe(digest);
    }
  }

  for (const { id } of uploaded) await api.files.delete(id);
  expect(await api.files.list()).toEqual([]);
  expect((await api.account.get()).quota_used).toBe(0);
  await expect(api.files.get(uploaded[0]?.id ?? '')).rejects.toThrow(NotFoundError);
});

it('receives access_denied when the user declines', async () => {
  const app = await startApp();
  expect(await signIn(app.url, 'deny')).toContain('access_denied');
  const error = await app.signedIn.catch((reason) => reason);
  expect(error).toBeInstanceOf(OAuthError);
  expect(error.code).toBe('access_denied');
});

it('does not mix up two sign-ins of the same user', async () => {
  const app = await startApp();
  const start = async () => {
    const response = await fetch(`${app.url}/login`, { redirect: 'manual' });
    const values = { username: 'alice', password: 'wonderland', decision: 'allow' } as const;
    return {
      cookie: response.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '',
      callback: await submitLoginForm(new URL(response.headers.get('location') ?? ''), values),
    };
  };
  const [first, second] = [await start(), await start()];
  const crossed = await fetch(first.callback, { headers: { cookie: second.cookie } });
  expect(await crossed.text()).toContain('no sign-in is pending in this browser');
  const renamed = `${first.cookie.split('=', 1)[0]}=${second.cookie.split('=', 2)[1]}`;
  const forged = await fetch(first.callback, { headers: { cookie: renamed } });
  expect(await forged.text()).toContain('does not match the pending sign-in');
  for (const { callback } of [second, first]) {
    const right = await fetch(callback, { headers: { cookie: `${first.cookie}; ${second.cookie}` } });
    expect(await right.text()).toBe('welcome');
  }
});
