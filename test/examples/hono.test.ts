import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createApp } from '../../docs/examples/hono/app.ts';
import { freePort } from '../support/free-port.js';
import { served } from '../support/sandbox.js';
import { checkInvalidUploads } from './invalid-uploads.js';
import { startProgram } from './program.js';
import { type Settings, settingsFor, users } from './settings.js';
import { checkTwoTabs } from './two-tabs.js';
import { goToSignIn, type Site, type Visitor, visitor } from './visitor.js';

const server = await served({ users });

/** The application as a function. Only its requests to doctape use the network. */
function siteAt(publicUrl: string, changes: Partial<Settings> = {}): Site {
  const settings = { ...settingsFor(server, publicUrl), ...changes };
  const app = createApp({
    doctapeUrl: settings.DOCTAPE_URL,
    clientId: settings.DOCTAPE_CLIENT_ID,
    clientSecret: settings.DOCTAPE_CLIENT_SECRET,
    publicUrl: new URL(publicUrl),
    tokenKey: settings.TOKEN_KEY,
  });
  return async (request) => app.fetch(request);
}

const address = 'http://localhost:3000';

async function signedIn(site: Site = siteAt(address)): Promise<Visitor> {
  const user = visitor(address, site);
  const back = await user.get(await goToSignIn(user, '/login'));
  expect([back.status, back.headers.get('location')]).toEqual([303, '/']);
  return user;
}

it('signs in, uploads, lists, downloads and signs out, served by Node', async () => {
  const port = await freePort();
  const publicUrl = `http://localhost:${port}`;
  const program = await startProgram('docs/examples/hono/server.ts', {
    ...settingsFor(server, publicUrl),
    PORT: String(port),
  });
  onTestFinished(() => void program.stop());
  const user = visitor(publicUrl);
  expect(await (await user.get('/')).text()).toContain('Sign in with doctape');
  await user.get(await goToSignIn(user, '/login'));
  expect([...user.cookies.keys()]).toEqual(['token']);

  const chunk = new Uint8Array(1_000_000).fill(120);
  let left = 8;
  const body = new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const name = encodeURIComponent('<b>"Übersicht\' \r\n.html');
  const upload = await user.post(`/files?name=${name}`, body, { 'content-type': 'text/html', origin: publicUrl });
  expect([upload.status, await upload.text()]).toEqual([201, 'Uploaded.']);

  const page = await (await user.get('/')).text();
  expect(page).toContain('<h1>Files of alice</h1>');
  expect(page).not.toContain('<b>');
  const [, path = ''] = /<a href="(\/files\/[^"]+)">[^<]+<\/a>, 8000000 bytes/.exec(page) ?? [];
  const download = await user.get(path);
  expect(download.headers.get('content-disposition')).toBe(
    `attachment; filename="<b>\\"?bersicht' .html"; filename*=UTF-8''%3Cb%3E%22%C3%9Cbersicht%27%20.html`,
  );
  expect(download.headers.get('content-type')).toBe('application/octet-stream');
  expect((await download.bytes()).length).toBe(8_000_000);

  const large = new Blob([new Uint8Array(30_000_000)]).stream();
  const full = await user.post('/files?name=large.bin', large, { accept: 'text/plain', origin: publicUrl });
  expect([full.status, await full.text()]).toEqual([413, 'There is not enough storage space for this file.']);

  expect((await user.post('/sign-out', '', { origin: publicUrl })).status).toBe(303);
  expect(await (await user.get('/')).text()).toContain('Sign in with doctape');
  expect(program.output).toEqual([`Listening on port ${port}, at ${publicUrl}/`]);
  expect(await program.stop()).toBe(0);
});

it('completes a sign-in that another instance started', async () => {
  const started = visitor(address, siteAt(address));
  const callback = await goToSignIn(started, '/login');
  const other = visitor(address, siteAt(address));
  for (const [name, value] of started.cookies) other.cookies.set(name, value);
  await other.get(callback);
  expect(await (await other.get('/')).text()).toContain('Files of alice');
});

it('supports sign-ins in two tabs at the same time', async () => {
  await checkTwoTabs(address, '/login', siteAt(address));
});

it('sets HttpOnly cookies, and encrypts the token', async () => {
  const user = await signedIn();
  expect(user.cookies.get('token')).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/); // encrypted
  for (const header of user.seen) expect(header).toMatch(/Path=\/; HttpOnly; SameSite=Lax$/);
  const start = await visitor('https://files.example', siteAt('https://files.example')).get('/login');
  expect(start.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^__Host-doctape-[\w-]{10}=.*Path=\/; HttpOnly; Secure; SameSite=Lax$/),
  ]);
});

it('refuses the callback of another user and a modified token cookie', async () => {
  const site = siteAt(address);
  const attacker = visitor(address, site);
  const attackerSignIn = await goToSignIn(attacker, '/login');
  const victim = visitor(address, site);
  const victimSignIn = await goToSignIn(victim, '/login');
  const refused = await victim.get(attackerSignIn);
  expect([refused.status, await refused.text()]).toEqual([
    400,
    expect.stringContaining('was not started in this browser'),
  ]);
  expect((await victim.get(victimSignIn)).status).toBe(303); // their own sign-in still works

  const user = await signedIn(site);
  user.cookies.set('token', `${user.cookies.get('token')?.slice(0, -4)}AAAA`);
  const tampered = await user.get('/');
  expect([tampered.status, await tampered.text()]).toEqual([401, expect.stringContaining('Please sign in first.')]);
});

it('responds with a readable error', async () => {
  const user = visitor(address, siteAt(address));
  const denied = await user.get(await goToSignIn(user, '/login', 'deny'));
  expect([denied.status, await denied.text()]).toEqual([403, expect.stringContaining('You did not give')]);
  expect((await user.get('/files/nothing')).status).toBe(401);
  const alice = await signedIn();
  expect((await alice.get(`/files/${'x'.repeat(3_000)}`)).status).toBe(400);
  const unknown = await alice.get('/files/nothing', { accept: 'text/plain' });
  expect([unknown.status, await unknown.text()]).toEqual([404, 'This file does not exist.']);
});

it('responds with 400 to an upload with a malformed header, and logs nothing', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  const user = await signedIn();
  await checkInvalidUploads(user, '/files', { origin: address });
  expect(await (await user.get('/')).text()).not.toContain('refused.txt');
  expect(log).not.toHaveBeenCalled();
});

it('responds to HEAD without downloading the file', async () => {
  const user = await signedIn();
  await user.post('/files?name=headed.txt', 'text', { 'content-type': 'text/plain', origin: address });
  const [, path = ''] = /<a href="([^"]+)">headed\.txt</.exec(await (await user.get('/')).text()) ?? [];
  const requests = vi.spyOn(globalThis, 'fetch');
  onTestFinished(() => requests.mockRestore());
  const head = await user.head(path);
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '4', '']);
  const id = path.split('/').at(-1);
  expect(requests.mock.calls.map(([url]) => String(url))).toEqual([`${server.url}/v1/doc/${id}`]);
});

it('keeps a user signed in who reloads the callback', async () => {
  const user = visitor(address, siteAt(address));
  const callback = await goToSignIn(user, '/login');
  await user.get(callback);
  const token = user.cookies.get('token');
  const again = await user.get(callback);
  expect([again.status, again.headers.get('location')]).toEqual([303, '/']);
  expect(user.cookies.get('token')).toBe(token);
});

it('logs the reason if a setting is wrong', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  const user = visitor(address, siteAt(address, { DOCTAPE_CLIENT_SECRET: 'the-wrong-secret' }));
  expect((await user.get(await goToSignIn(user, '/login'))).status).toBe(502);
  expect(String(log.mock.lastCall?.[0])).toContain('invalid_client');
  expect(String(log.mock.lastCall?.[0])).not.toContain('the-wrong-secret');
});

it('refuses a sign-out from another origin', async () => {
  const user = await signedIn();
  const headers = { origin: 'https://neighbour.example', 'sec-fetch-site': 'same-site' };
  expect((await user.post('/sign-out', '', headers)).status).toBe(403);
  expect(user.cookies.has('token')).toBe(true);
});

it('does not start if TOKEN_KEY is too short', async () => {
  const settings = { ...settingsFor(server, address), TOKEN_KEY: 'much-too-short' };
  const started = startProgram('docs/examples/hono/server.ts', settings);
  await expect(started).rejects.toThrow('secret must have at least 16 characters');
  await expect(started).rejects.not.toThrow('much-too-short');
});

it('has identical copies of the files that several examples share', () => {
  const copies = {
    'problem.ts': ['express', 'hono', 'next/lib', 'worker'],
    'cookies.ts': ['next/lib', 'worker'],
  };
  for (const [file, folders] of Object.entries(copies)) {
    const texts = folders.map((folder) => readFileSync(`docs/examples/${folder}/${file}`, 'utf8'));
    expect(new Set(texts).size, file).toBe(1);
  }
});
