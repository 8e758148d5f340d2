import { readdirSync, readFileSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { served } from '../support/sandbox.js';
import { checkInvalidUploads } from './invalid-uploads.js';
import { settingsFor, users } from './settings.js';
import { checkTwoTabs } from './two-tabs.js';
import { goToSignIn, type Site, visitor } from './visitor.js';

const server = await served({ users });
const address = 'http://localhost:3000';
for (const [name, value] of Object.entries(settingsFor(server, address))) vi.stubEnv(name, value);

const login = await import('../../docs/examples/next/app/api/auth/login/route.ts');
const callback = await import('../../docs/examples/next/app/api/auth/callback/route.ts');
const signOut = await import('../../docs/examples/next/app/api/auth/sign-out/route.ts');
const files = await import('../../docs/examples/next/app/api/files/route.ts');
const file = await import('../../docs/examples/next/app/api/files/[id]/route.ts');

/** Routes a request by its path, as Next.js does. */
const site: Site = async (request) => {
  const { pathname } = new URL(request.url);
  const [, id = ''] = /^\/api\/files\/([^/]+)$/.exec(pathname) ?? [];
  switch (`${request.method} ${id === '' ? pathname : '/api/files/[id]'}`) {
    case 'GET /api/auth/login':
      return login.GET(request);
    case 'GET /api/auth/callback':
      return callback.GET(request);
    case 'POST /api/auth/sign-out':
      return signOut.POST(request);
    case 'GET /api/files':
      return files.GET(request);
    case 'POST /api/files':
      return files.POST(request);
    case 'GET /api/files/[id]':
    case 'HEAD /api/files/[id]':
      return file.GET(request, { params: Promise.resolve({ id: decodeURIComponent(id) }) });
    default:
      return new Response(null, { status: 404 });
  }
};

it('signs in, uploads, lists, downloads and signs out', async () => {
  const someone = visitor(address, site);
  const back = await someone.get(await goToSignIn(someone, '/api/auth/login'));
  expect([back.status, back.headers.get('location')]).toEqual([303, '/']);
  expect([...someone.cookies.keys()]).toEqual(['token']);
  for (const header of someone.seen) expect(header).toMatch(/Path=\/; HttpOnly; SameSite=Lax$/);

  const upload = await someone.post('/api/files?name=letter.txt', new Blob(['Dear Alice']).stream(), {
    'content-type': 'text/plain',
    'content-length': '10',
  });
  expect(upload.status).toBe(201);
  const { id } = await upload.json();
  expect(await (await someone.get('/api/files')).json()).toMatchObject([{ id, name: 'letter', size: 10 }]);
  const download = await someone.get(`/api/files/${id}`);
  expect(download.headers.get('content-disposition')).toBe('attachment; filename="letter.txt"');
  expect(await download.text()).toBe('Dear Alice');

  expect((await someone.post('/api/auth/sign-out')).status).toBe(303);
  expect((await someone.get('/api/files')).status).toBe(401);
});

it('supports sign-ins in two tabs at the same time', async () => {
  await checkTwoTabs(address, '/api/auth/login', site);
});

it('responds with a readable error', async () => {
  const someone = visitor(address, site);
  const denied = await someone.get(await goToSignIn(someone, '/api/auth/login', 'deny'));
  expect([denied.status, await denied.json()]).toEqual([403, { error: expect.stringContaining('You did not give') }]);
  const attacker = visitor(address, site);
  const refused = await someone.get(await goToSignIn(attacker, '/api/auth/login'));
  expect([refused.status, await refused.json()]).toEqual([400, { error: expect.stringContaining('was not started') }]);
  const foreign = await someone.post('/api/files?name=a', '', { 'sec-fetch-site': 'same-site' });
  expect([foreign.status, await foreign.json()]).toEqual([403, { error: 'That request came from another site.' }]);
  const signedOut = await someone.post('/api/auth/sign-out', '', { 'sec-fetch-site': 'same-site' });
  expect([signedOut.status, signedOut.headers.getSetCookie()]).toEqual([403, []]);
});

it('responds with 400 to an upload with a malformed header, and logs nothing', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  const someone = visitor(address, site);
  await someone.get(await goToSignIn(someone, '/api/auth/login'));
  await checkInvalidUploads(someone, '/api/files');
  expect((await someone.get(`/api/files/${'x'.repeat(3_000)}`)).status).toBe(400);
  expect(await (await someone.get('/api/files')).text()).not.toContain('refused');
  expect(log).not.toHaveBeenCalled();
});

it('responds to HEAD without downloading the file', async () => {
  const someone = visitor(address, site);
  await someone.get(await goToSignIn(someone, '/api/auth/login'));
  const headers = { 'content-type': 'text/plain', 'content-length': '4' };
  const { id } = await (await someone.post('/api/files?name=headed.txt', 'text', headers)).json();
  const requests = vi.spyOn(globalThis, 'fetch');
  onTestFinished(() => requests.mockRestore());
  const head = await someone.head(`/api/files/${id}`);
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '4', '']);
  expect(requests.mock.calls.map(([url]) => String(url))).toEqual([`${server.url}/v1/doc/${id}`]);
});

it('keeps a user signed in who reloads the callback', async () => {
  const someone = visitor(address, site);
  const callback = await goToSignIn(someone, '/api/auth/login');
  await someone.get(callback);
  const token = someone.cookies.get('token');
  const again = await someone.get(callback);
  expect([again.status, again.headers.get('location')]).toEqual([303, '/']);
  expect(someone.cookies.get('token')).toBe(token);
});

it('does not start a sign-in for a prefetch of <Link>', async () => {
  const someone = visitor(address, site);
  const prefetched = await someone.get('/api/auth/login', { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' });
  expect([prefetched.status, prefetched.headers.getSetCookie()]).toEqual([400, []]);
  const clicked = await someone.get('/api/auth/login', { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' });
  expect([clicked.status, clicked.headers.getSetCookie().length]).toEqual([303, 1]);
});

it('does not store a body that Next.js has cut', async () => {
  const someone = visitor(address, site);
  await someone.get(await goToSignIn(someone, '/api/auth/login'));
  const before = await (await someone.get('/api/files')).json();
  const cut = await someone.post('/api/files?name=cut.bin', new Blob(['first half']).stream(), {
    'content-length': '20',
  });
  expect([cut.status, await cut.json()]).toEqual([400, { error: expect.stringContaining('not arrive completely') }]);
  const unknown = await someone.post('/api/files?name=cut.bin', new Blob(['first half']).stream());
  expect([unknown.status, await unknown.json()]).toEqual([411, { error: expect.stringContaining('Content-Length') }]);
  expect(await (await someone.get('/api/files')).json()).toEqual(before);
});

it('logs the reason if a setting is wrong', async () => {
  vi.resetModules(); // as in a new process
  vi.stubEnv('DOCTAPE_CLIENT_SECRET', 'the-wrong-secret');
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => {
    vi.stubEnv('DOCTAPE_CLIENT_SECRET', settingsFor(server, address).DOCTAPE_CLIENT_SECRET);
    log.mockRestore();
  });
  const routes = {
    '/api/auth/login': await import('../../docs/examples/next/app/api/auth/login/route.ts'),
    '/api/auth/callback': await import('../../docs/examples/next/app/api/auth/callback/route.ts'),
  };
  const someone = visitor(address, async (request) =>
    routes[new URL(request.url).pathname as keyof typeof routes].GET(request),
  );
  const failed = await someone.get(await goToSignIn(someone, '/api/auth/login'));
  expect([failed.status, failed.headers.get('cache-control')]).toEqual([502, 'no-store']);
  expect(String(log.mock.lastCall?.[0])).toContain('invalid_client');
  expect(String(log.mock.lastCall?.[0])).not.toContain('the-wrong-secret');
});

it('responds with 500 to a sign-in if TOKEN_KEY is too short', async () => {
  vi.resetModules(); // as in a new process
  vi.stubEnv('TOKEN_KEY', 'much-too-short');
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => {
    vi.stubEnv('TOKEN_KEY', settingsFor(server, address).TOKEN_KEY);
    log.mockRestore();
  });
  const { GET } = await import('../../docs/examples/next/app/api/auth/login/route.ts');
  expect((await GET(new Request(`${address}/api/auth/login`))).status).toBe(500);
  const [error] = log.mock.lastCall ?? [];
  expect(String(error)).toContain('secret must have at least 16 characters');
  expect(String(error)).not.toContain('much-too-short');
});

it('rethrows the errors by which Next.js interrupts prerendering', async () => {
  const interruption = Object.assign(new Error('used request.headers'), { digest: 'NEXT_PRERENDER_INTERRUPTED' });
  const log = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  for (const { GET } of [login, callback, files]) {
    const request = new Request(address);
    Object.defineProperty(request, 'headers', {
      get() {
        throw interruption;
      },
    });
    await expect(GET(request)).rejects.toBe(interruption);
  }
  expect(log).not.toHaveBeenCalled();
});

it('does not import next', () => {
  const sources = readdirSync('docs/examples/next', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(sources.length).toBe(8);
  for (const name of sources) expect(readFileSync(`docs/examples/next/${name}`, 'utf8')).not.toMatch(/from 'next/);
});
