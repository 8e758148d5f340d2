import { createServer } from 'node:http';
import {
  type AnyDoctapeError,
  ApiClient,
  contentDisposition,
  DoctapeError,
  type FileInfo,
  fileName,
  type Token,
} from 'doctape-sdk';
import { ImplicitGrantClient, type WebStorage } from 'doctape-sdk/browser';
import { saveDownload } from 'doctape-sdk/node';
import { createSandbox } from 'doctape-sdk/sandbox';
import { type ServedSandbox, serveSandbox } from 'doctape-sdk/serve';
import { AuthorizationCodeClient, createTokenSeal } from 'doctape-sdk/server';
import { doctapeHandlers } from 'doctape-sdk/testing';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { setupServer } from 'msw/node';

// The tasks of a new user, as a program. test/consumers/tasks.test.ts compiles it with the strictest options, and runs it.

const { url: doctape, sandbox, close }: ServedSandbox = await serveSandbox({ port: 0 });
const [serverApp, clientApp] = sandbox.apps;
if (!serverApp?.clientSecret || !clientApp) throw new Error('the sandbox has no applications');

const client = new AuthorizationCodeClient({
  clientId: serverApp.clientId,
  clientSecret: serverApp.clientSecret,
  redirectUri: 'http://localhost:3000/callback',
  scope: ['account.read', 'file.read'],
  authorizationEndpoint: `${doctape}/oauth2`,
  tokenEndpoint: `${doctape}/oauth2/token`,
});
const tokens = createTokenSeal('a key of at least 32 characters for tests', { maxAge: 3600 });
const cookie = { httpOnly: true, sameSite: 'lax', path: '/' } as const;

async function usernameOf(sealed: string | undefined): Promise<string> {
  const token = await tokens.open(sealed);
  if (!token) return 'nobody';
  return (await new ApiClient({ token, baseUrl: `${doctape}/v1` }).account.get()).username;
}

/** Signs in like a browser, and returns what the application then says. */
async function visit(request: (path: string, cookies: string) => Promise<Response>): Promise<string> {
  const cookies = new Map<string, string>();
  const go = async (path: string) => {
    const header = Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const response = await request(path, header);
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/);
      cookies.set(name, value);
    }
    return response;
  };
  const start = await go('/login');
  const callback = await sandbox.authorize(start.headers.get('location') ?? '', { username: 'alice' });
  const back = await go(`${callback.pathname}${callback.search}`);
  return `${await (await go('/')).text()} at ${back.headers.get('location')}`;
}

function report(task: string, ...values: unknown[]): void {
  console.log(`${task}: ${values.join(', ')}`);
}

/** Sign in with Express 5. */
async function withExpress(): Promise<void> {
  const app = express();
  const cookiesOf = (header: string | undefined) =>
    new Map((header ?? '').split('; ').map((pair) => pair.split(/=(.*)/) as [string, string]));
  app.get('/login', async (_request, response) => {
    const { url, pending, cookieName } = await client.authorize({ returnTo: '/files' });
    response.cookie(cookieName, pending, { ...cookie, maxAge: 600_000 }).redirect(303, url.href);
  });
  app.get('/callback', async (request, response) => {
    const pending = cookiesOf(request.headers.cookie).get(client.cookieName(request));
    const token = await client.exchange(request, pending);
    response.cookie('token', await tokens.seal(token), cookie).redirect(303, (await client.returnTo(pending)) ?? '/');
  });
  app.get('/', async (request, response) => {
    response.send(await usernameOf(cookiesOf(request.headers.cookie).get('token')));
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const request = (path: string, cookies: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', headers: { cookie: cookies } });
  report('Express', await visit(request));
  server.closeAllConnections();
  server.close();
}

/** Sign in with Fastify. */
async function withFastify(): Promise<void> {
  const app = Fastify();
  const cookieIn = (header: string | undefined, name: string) =>
    header
      ?.split('; ')
      .find((pair) => pair.startsWith(`${name}=`))
      ?.slice(name.length + 1);
  app.get('/login', async (_request, reply) => {
    const { url, pending, cookieName } = await client.authorize({ returnTo: '/files' });
    return reply
      .header('set-cookie', `${cookieName}=${pending}; Path=/; HttpOnly; SameSite=Lax`)
      .redirect(url.href, 303);
  });
  app.get('/callback', async (request, reply) => {
    const pending = cookieIn(request.headers.cookie, client.cookieName(request));
    const token = await client.exchange(request, pending);
    const sealed = await tokens.seal(token);
    return reply
      .header('set-cookie', `token=${sealed}; Path=/; HttpOnly; SameSite=Lax`)
      .redirect((await client.returnTo(pending)) ?? '/', 303);
  });
  app.get('/', async (request) => usernameOf(cookieIn(request.headers.cookie, 'token')));
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  report(
    'Fastify',
    await visit((path, cookies) => fetch(address + path, { redirect: 'manual', headers: { cookie: cookies } })),
  );
  await app.close();
}

/** Sign in with Hono, and send a file under its name. */
async function withHono(api: ApiClient, id: string): Promise<void> {
  const app = new Hono();
  app.get('/login', async (c) => {
    const { url, pending, cookieName } = await client.authorize({ returnTo: '/files' });
    setCookie(c, cookieName, pending, { ...cookie, sameSite: 'Lax', maxAge: 600 });
    return c.redirect(url.href, 303);
  });
  app.get('/callback', async (c) => {
    const pending = getCookie(c, client.cookieName(c.req.raw));
    const token = await client.exchange(c.req.query(), pending);
    setCookie(c, 'token', await tokens.seal(token), { ...cookie, sameSite: 'Lax' });
    return c.redirect((await client.returnTo(pending)) ?? '/', 303);
  });
  app.get('/', async (c) => c.text(await usernameOf(getCookie(c, 'token'))));
  app.get('/files/:id', async (c) => {
    const file = await api.files.get(c.req.param('id'));
    const { body } = await api.files.download(file.id);
    return new Response(body, { headers: { 'Content-Disposition': contentDisposition(file) } });
  });
  const request = async (path: string, cookies: string) => app.request(path, { headers: { cookie: cookies } });
  report('Hono', await visit(request));
  const download = await request(`/files/${id}`, '');
  report('name', download.headers.get('content-disposition'), await download.text());
}

/** Sign in with a page: here with a storage, an address and a history of its own. */
async function withPage(clientId: string): Promise<Token | undefined> {
  const kept = new Map<string, string>();
  const storage: WebStorage = {
    get length() {
      return kept.size;
    },
    key: (index) => [...kept.keys()][index] ?? null,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
  const location = { href: 'http://localhost:3000/app', assign() {} };
  const page = new ImplicitGrantClient({
    clientId,
    redirectUri: 'http://localhost:3000/app',
    scope: ['file.read'],
    authorizationEndpoint: `${doctape}/oauth2`,
    storage,
    tokenStorage: storage,
    location,
    history: {
      state: null,
      replaceState(_state, _unused, url) {
        location.href = new URL(String(url), location.href).href;
      },
    },
  });
  const changes: (string | undefined)[] = [];
  const stop = page.onTokenChange((token) => void changes.push(token?.token_type));
  const { url } = page.authorize({ returnTo: '/albums' });
  location.href = (await sandbox.authorize(url, { username: 'bob' })).href;
  const token = page.resume();
  report('page', token?.scope, page.returnTo, location.href, page.token?.token_type);
  await Promise.resolve(); // listeners are called after the code that changed the token
  page.signOut();
  await Promise.resolve();
  stop();
  report('token changes', changes.map(String));
  return token;
}

/** List, filter and sort. */
async function lists(api: ApiClient): Promise<void> {
  const files = await api.files.list({ includeMeta: true });
  const starred = files.filter((file) => file.starred && file.media_type === 'document');
  const bySize = files.toSorted(
    (one, other) => other.size - one.size || one.time_added.getTime() - other.time_added.getTime(),
  );
  report('starred documents', starred.map(fileName));
  report('largest', bySize.slice(0, 1).map(fileName));
  let total = 0;
  for await (const { size } of api.files.iterate()) total += size;
  report('bytes', total);
}

/** Upload with progress, download, link, publish. */
async function transfers(api: ApiClient, folder: string): Promise<FileInfo> {
  const fractions: number[] = [];
  const { id } = await api.files.upload(new File(['Dear Alice'], 'lëtter.txt', { type: 'text/plain' }), {
    tags: ['post'],
    starred: true,
    onProgress: ({ fraction }) => void fractions.push(fraction ?? 0),
  });
  report('uploaded', fractions.at(-1));
  const response = await api.files.download(id);
  report('downloaded', await response.text());
  const saved = await saveDownload(api, id, `${folder}/letter.txt`, { overwrite: false });
  report('saved', saved.size);
  const link = api.files.url(id);
  report('link', (await fetch(link)).status, link.searchParams.has('access_token'));
  const publicUrl = await api.files.publish(id);
  report('published', (await fetch(publicUrl, { redirect: 'follow' })).ok);
  await api.files.unpublish(id);
  const file = await api.files.update(id, { name: 'letter to Alice' });
  report('renamed', fileName(file), file.public_url);
  return file;
}

/** What the program does about each class of error. The compiler checks that none is missing. */
function remedyFor(error: AnyDoctapeError): string {
  switch (error.name) {
    case 'ConfigurationError':
      return error.code === 'unknown_option' ? 'correct the option' : 'correct the call';
    case 'CallbackError':
      return error.code === 'state_expired' ? 'sign in again, faster' : 'sign in again';
    case 'OAuthError':
      return error.code === 'access_denied' ? 'ask the user' : `see ${error.description ?? error.code}`;
    case 'UnauthorizedError':
    case 'TokenExpiredError':
      return 'sign in again';
    case 'InsufficientScopeError':
      return `ask for ${error.requiredScopes.join(' ')}`;
    case 'ForbiddenError':
      return 'ask the owner';
    case 'NotFoundError':
      return 'list again';
    case 'QuotaExceededError':
      return 'delete something';
    case 'RateLimitError':
      return `wait ${error.retryAfter ?? 1} s`;
    case 'ApiError':
      return error.status >= 500 ? 'try later' : 'correct the call';
    case 'ResponseError':
      return 'report it to the server';
    case 'NetworkError':
      return error.reason === 'ECONNREFUSED' ? 'start the server' : 'check the network';
    case 'TimeoutError':
      return error.code === 'idle_timeout' ? 'try again' : 'allow more time';
    case 'TransferError':
      return `continue after ${error.bytes} bytes`;
    case 'ProcessingError':
      return 'use the original';
    case 'FileSystemError':
      return error.code === 'disk_full' ? 'free some space' : `look at ${error.path.split('/').at(-1)}`;
    case 'StorageError':
      return 'allow storage';
    case 'PopupError':
      return error.code === 'popup_blocked' ? 'allow popups' : 'open it again';
    default:
      return error satisfies never;
  }
}

async function remedyAfter(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'nothing';
  } catch (error) {
    if (!(error instanceof DoctapeError)) throw error;
    return `${error.name} (${error.code}): ${remedyFor(error as AnyDoctapeError)}`;
  }
}

async function failures(api: ApiClient, token: Token): Promise<void> {
  const gone = await serveSandbox({ port: 0 });
  await gone.close();
  const limited = api.with({ token: await sandbox.signIn('alice', { scope: ['account.read'] }) });
  const faulty = createSandbox({ faults: 'status=503' });
  const elsewhere = (fetch: typeof globalThis.fetch) =>
    new ApiClient({ token, baseUrl: `${doctape}/v1`, fetch, retry: false });
  const actions: (() => unknown)[] = [
    () => api.files.get('no-such-file'),
    () => api.with({ token: 'unknown' }).files.list(),
    () => api.with({ token: { ...token, expires_at: 1 } }).files.list(),
    () => limited.files.list(),
    () => elsewhere(faulty.fetch).files.list(),
    () => elsewhere(async () => new Response('<html>')).files.list(),
    () => elsewhere(async () => Response.json({}, { status: 429, headers: { 'retry-after': '7' } })).files.list(),
    () => elsewhere(async () => Response.json({}, { status: 413 })).files.list(),
    () => elsewhere(async () => Response.json({}, { status: 403 })).files.list(),
    () => new ApiClient({ token, baseUrl: gone.url, retry: false }).files.list(),
    () => elsewhere(() => new Promise(() => {})).files.list({ timeout: 50 }),
    () => Reflect.construct(ApiClient, [{ token, baseURL: doctape }]),
    () => saveDownload(api, 'any', '/nowhere/at/all'),
    () => client.exchange('?code=a&state=b', undefined),
  ];
  for (const action of actions) report('failure', await remedyAfter(action));
}

/** Hooks, cancellation and fifty uploads. */
async function atScale(token: Token): Promise<void> {
  const seen = new Map<string, number>();
  const api = new ApiClient({
    token,
    baseUrl: `${doctape}/v1`,
    hooks: {
      response: ({ operation, status }) =>
        void seen.set(`${operation} ${status}`, (seen.get(`${operation} ${status}`) ?? 0) + 1),
    },
  });
  const controller = new AbortController();
  const cancelled = api.files.list({ signal: controller.signal });
  controller.abort(new Error('the user left'));
  report('cancelled', await cancelled.catch((error: Error) => error.message));

  const sources = Array.from({ length: 50 }, (_, index) => new File([`${index}`], `${index}.txt`));
  const results = await api.files.uploadEach(sources, { concurrency: 8, tags: ['many'] });
  report('stored', results.filter(({ status }) => status === 'fulfilled').length);
  const stored = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.id] : []));
  await Promise.all(stored.map((id) => api.files.delete(id)));
  report('responses', ...Array.from(seen, ([name, count]) => `${name} ${count} times`));
}

/** Test an application with msw: it uses doctape's own addresses. */
async function withMsw(): Promise<void> {
  const own = createSandbox();
  const server = setupServer(...doctapeHandlers(own));
  server.listen();
  const api = new ApiClient({ token: await own.signIn('bob') });
  await api.files.upload(new Blob(['x']), { name: 'x.txt' });
  report('msw', (await api.account.get()).username, (await api.files.list()).map(fileName));
  server.close();
}

const token = await sandbox.signIn('alice');
const api = new ApiClient({ token, baseUrl: `${doctape}/v1` });
await withExpress();
await withFastify();
const file = await transfers(api, process.argv[2] ?? '.');
await withHono(api, file.id);
await withPage(clientApp.clientId);
await lists(api);
await failures(api, token);
await atScale(token);
await withMsw();
await close();
