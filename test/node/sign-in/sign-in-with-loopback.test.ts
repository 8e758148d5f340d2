import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { submitLoginForm } from '../../../src/cli/commands/login-form.js';
import { CallbackError, ConfigurationError, OAuthError, TimeoutError } from '../../../src/index.js';
import { type LoopbackOptions, signInWithLoopback } from '../../../src/node.js';
import { makeFolder } from '../../support/data-folder.js';
import { requires } from '../../support/requirements.js';
import { appOf } from '../../support/sandbox.js';
import { reasonOf, rejection, reply, scriptedServer, servedForTest, wait } from '../../support/scripted-server.js';
import { stopTimers } from '../../support/stopped-timers.js';
import { runProgram } from '../files/support.js';

async function server() {
  const { url, sandbox } = await servedForTest();
  const { clientId, clientSecret = '' } = appOf(sandbox, 'server');
  const options: LoopbackOptions = {
    clientId,
    clientSecret,
    scope: ['account.read'],
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
    issuer: url,
  };
  return { url, options };
}

interface Page {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Requests a URL as a browser does, with a persistent connection. */
function visit(url: URL | string, headers: Record<string, string> = {}, method = 'GET'): Promise<Page> {
  const agent = new Agent({ keepAlive: true });
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, agent, method }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** A browser whose user decides. `pages` contains the pages it received. */
function browser(decision: 'allow' | 'deny' = 'allow') {
  const pages: Promise<Page>[] = [];
  const urls: URL[] = [];
  const open = (url: URL) => {
    urls.push(url);
    pages.push(submitLoginForm(url, { username: 'alice', password: 'wonderland', decision }).then((to) => visit(to)));
  };
  return { open, pages, urls };
}

async function isClosed(redirectUri: string | null): Promise<boolean> {
  const socket = connect(Number(new URL(redirectUri ?? '').port), '127.0.0.1');
  return Promise.race([once(socket, 'error').then(() => true), once(socket, 'connect').then(() => false)]);
}

async function canListenOn(port: number, address = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  const listening = once(server, 'listening');
  server.listen(port, address);
  return listening.then(
    () => new Promise<boolean>((resolve) => server.close(() => resolve(true))),
    () => false,
  );
}

it('signs in, shows a page without scripts, and closes the port', async () => {
  const { options } = await server();
  const { open, pages, urls } = browser();
  const token = await signInWithLoopback({ ...options, open });
  expect(token).toMatchObject({ access_token: expect.any(String), token_type: 'Bearer', scope: ['account.read'] });
  const parameters = urls[0]?.searchParams;
  expect(parameters?.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  expect(parameters?.get('code_challenge_method')).toBe('S256');
  const page = await pages[0];
  expect(page?.status).toBe(200);
  expect(page?.text).toContain('You are signed in');
  expect(page?.text).not.toMatch(/<script|code=|state=|href|src=/);
  expect(page?.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': expect.stringMatching(
      /^default-src 'none'; style-src 'sha256-[^']+'; .*frame-ancestors 'none'/,
    ),
  });
  expect(await isClosed(parameters?.get('redirect_uri') ?? null)).toBe(true);
});

it('signs in a public client without a secret', async () => {
  const clientId = '11111111-2222-4333-8444-555555555555';
  const apps = [{ clientId, type: 'server' as const, name: 'Tool', redirectUris: ['loopback'] }];
  const { url } = await servedForTest({ apps });
  const endpoints = { authorizationEndpoint: `${url}/oauth2`, tokenEndpoint: `${url}/oauth2/token` };
  const { open } = browser();
  expect((await signInWithLoopback({ clientId, ...endpoints, open })).token_type).toBe('Bearer');
});

it('calls onUrl before it opens the URL, and adds params to it', async () => {
  const { options } = await server();
  const { open } = browser();
  const order: string[] = [];
  await signInWithLoopback({
    ...options,
    params: { theme: 'dark' },
    onUrl: (url) => order.push(`onUrl ${url.searchParams.get('theme')}`),
    open: (url) => {
      order.push('opened');
      open(url);
    },
  });
  expect(order).toEqual(['onUrl dark', 'opened']);
});

it('rejects with access_denied if the user declines, and shows it on the page', async () => {
  const { options } = await server();
  const { open, pages, urls } = browser('deny');
  const error = await rejection(signInWithLoopback({ ...options, open }), OAuthError);
  expect(error.code).toBe('access_denied');
  const page = await pages[0];
  expect(page?.status).toBe(400);
  expect(page?.text).toContain('You are not signed in');
  expect(await isClosed(urls[0]?.searchParams.get('redirect_uri') ?? null)).toBe(true);
});

it('rejects if the server rejects the code, and shows it on the page', async () => {
  const { options } = await server();
  const refusing = await scriptedServer((_request, response) => reply(response, 400, { error: 'invalid_grant' }));
  const { open, pages } = browser();
  const error = await rejection(
    signInWithLoopback({ ...options, open, tokenEndpoint: `${refusing.url}/token` }),
    OAuthError,
  );
  expect(error.code).toBe('invalid_grant');
  expect((await pages[0])?.text).toContain('You are not signed in');
});

it('rejects all other requests and continues to wait', async () => {
  const { options } = await server();
  const { open, pages } = browser();
  let seen: Record<string, number | undefined> = {};
  const token = await signInWithLoopback({
    ...options,
    async open(url) {
      const redirect = new URL(url.searchParams.get('redirect_uri') ?? '');
      const state = url.searchParams.get('state') ?? '';
      const status = async (target: string, headers?: Record<string, string>, method?: string) =>
        (await visit(new URL(target, redirect), headers, method)).status;
      seen = {
        favicon: await status('/favicon.ico'),
        root: await status('/'),
        below: await status('/callback/x'),
        'no query': await status('/callback'),
        'no state': await status('/callback?code=stolen'),
        'another state': await status(`/callback?code=stolen&state=${state.replace(/./g, 'x')}`),
        'another state and an error': await status('/callback?error=access_denied&state=guessed'),
        'two states': await status(`/callback?code=stolen&state=${state}&state=other`),
        'broken escapes': await status('/callback?code=%zz&state=%zz'),
        'another host': await status(`/callback?code=stolen&state=${state}`, { host: 'evil.example' }),
        'another port': await status(`/callback?code=stolen&state=${state}`, { host: '127.0.0.1:80' }),
        'a name of this machine': await status(`/callback?code=stolen&state=${state}`, {
          host: `localhost:${redirect.port}`,
        }),
        post: await status(`/callback?code=stolen&state=${state}`, {}, 'POST'),
        head: await status(`/callback?code=stolen&state=${state}`, {}, 'HEAD'),
      };
      open(url);
    },
  });
  expect(token.token_type).toBe('Bearer');
  expect((await pages[0])?.status).toBe(200);
  expect(seen).toEqual({
    favicon: 404,
    root: 404,
    below: 404,
    'no query': 400,
    'no state': 400,
    'another state': 400,
    'another state and an error': 400,
    'two states': 400,
    'broken escapes': 400,
    'another host': 421,
    'another port': 421,
    'a name of this machine': 421,
    post: 405,
    head: 405,
  });
});

it.each([
  ['succeeds', 200, { access_token: 'token-1', token_type: 'bearer', expires_in: 60 }, 'You are signed in'],
  ['fails', 400, { error: 'invalid_grant' }, 'You are not signed in'],
])(
  'sends the code once if the callback is loaded again, and shows the same page when the exchange %s',
  async (_what, status, body, title) => {
    const { options } = await server();
    const pages: Promise<Page>[] = [];
    const others: Promise<Page>[] = [];
    let codes = 0;
    let callback = '';
    const slow = await scriptedServer(async (_request, response) => {
      codes++;
      for (let tab = 0; tab < 2; tab++) pages.push(visit(callback));
      others.push(visit(`${callback}&code=another`));
      await others[0];
      await wait(100);
      reply(response, status, body);
    });
    const signedIn = signInWithLoopback({
      ...options,
      issuer: undefined,
      tokenEndpoint: `${slow.url}/token`,
      open(url) {
        callback = `${url.searchParams.get('redirect_uri')}?code=c&state=${url.searchParams.get('state')}`;
        pages.push(visit(callback));
      },
    });
    if (status === 200) expect((await signedIn).access_token).toBe('token-1');
    else expect((await rejection(signedIn, OAuthError)).code).toBe('invalid_grant');
    const seen = await Promise.all(pages);
    expect(seen.map((page) => page.status)).toEqual([status, status, status]);
    for (const { text } of seen) expect(text).toContain(`<h1>${title}</h1>`);
    expect((await others[0])?.text).toContain('This is not the current sign-in');
    expect(codes).toBe(1);
  },
);

it('responds to a browser that has disconnected and reconnected', async () => {
  const { options } = await server();
  let callback = '';
  let callbackRequest: ReturnType<typeof request> | undefined;
  let page: Promise<Page> | undefined;
  const slow = await scriptedServer(async (_request, response) => {
    callbackRequest?.destroy();
    page = visit(callback);
    await wait(1000); // until the request has arrived
    reply(response, 200, { access_token: 'token-1', token_type: 'bearer', expires_in: 60 });
  });
  await signInWithLoopback({
    ...options,
    issuer: undefined,
    tokenEndpoint: `${slow.url}/token`,
    open(url) {
      callback = `${url.searchParams.get('redirect_uri')}?code=c&state=${url.searchParams.get('state')}`;
      callbackRequest = request(callback).on('error', () => {});
      callbackRequest.end();
    },
  });
  expect((await page)?.status).toBe(200);
});

it.each([
  ['is from another issuer', '&code=c&iss=https://other.example', CallbackError, 'issuer_mismatch'],
  ['has no issuer', '&code=c', CallbackError, 'issuer_mismatch'],
  ['has neither code nor error', '&iss=ISSUER', CallbackError, 'malformed_callback'],
  ['has two codes', '&code=a&code=b&iss=ISSUER', CallbackError, 'malformed_callback'],
])('rejects if the callback %s', async (_what, query, type, code) => {
  const { options, url: issuer } = await server();
  const open = (url: URL) => {
    const state = url.searchParams.get('state');
    return visit(`${url.searchParams.get('redirect_uri')}?state=${state}${query.replace('ISSUER', issuer)}`);
  };
  expect((await rejection(signInWithLoopback({ ...options, open }), type)).code).toBe(code);
});

it('rejects with a TimeoutError if no callback arrives in time, and closes the port', async () => {
  const { options } = await server();
  const { urls } = browser();
  const pass = stopTimers();
  const open = (url: URL) => {
    urls.push(url);
    pass(50);
  };
  const error = await rejection(signInWithLoopback({ ...options, open, timeout: 50 }), TimeoutError);
  expect(error.code).toBe('timeout');
  expect(await isClosed(urls[0]?.searchParams.get('redirect_uri') ?? null)).toBe(true);
});

it('rejects when its signal is aborted: before the start, while it waits, and during the exchange', async () => {
  const { options } = await server();
  expect(await reasonOf(signInWithLoopback({ ...options, open() {}, signal: AbortSignal.abort('before') }))).toBe(
    'before',
  );
  const waiting = new AbortController();
  const open = () => waiting.abort('while it waits');
  expect(await reasonOf(signInWithLoopback({ ...options, open, signal: waiting.signal }))).toBe('while it waits');

  const exchanging = new AbortController();
  const silent = await scriptedServer(() => exchanging.abort('while the code is exchanged'));
  const { open: openBrowser, pages, urls } = browser();
  const tokenEndpoint = `${silent.url}/token`;
  const signingIn = signInWithLoopback({ ...options, tokenEndpoint, open: openBrowser, signal: exchanging.signal });
  expect(await reasonOf(signingIn)).toBe('while the code is exchanged');
  await pages[0]?.catch(() => {});
  expect(await isClosed(urls[0]?.searchParams.get('redirect_uri') ?? null)).toBe(true);
});

it('closes idle connections', async () => {
  const { options } = await server();
  const { open } = browser();
  let idle: ReturnType<typeof connect> | undefined;
  await signInWithLoopback({
    ...options,
    async open(url) {
      idle = connect(Number(new URL(url.searchParams.get('redirect_uri') ?? '').port), '127.0.0.1');
      await once(idle, 'connect');
      idle.write('GET /callback HTTP/1.1\r\n'); // an incomplete request
      open(url);
    },
  });
  if (idle && !idle.closed) await once(idle.resume(), 'close');
});

it.each([
  ['rejects', () => Promise.reject(new Error('no display'))],
  [
    'throws',
    () => {
      throw new Error('no display');
    },
  ],
])('rejects if open %s and there is no onUrl', async (_what, open) => {
  const { options } = await server();
  const error = await rejection(signInWithLoopback({ ...options, open }), ConfigurationError);
  expect(error.message).toMatch(/^open failed to open the browser: pass onUrl/);
});

it('continues if open fails and there is an onUrl', async () => {
  const { options } = await server();
  const { open } = browser();
  const fail = () => Promise.reject(new Error('no display'));
  expect((await signInWithLoopback({ ...options, open: fail, onUrl: open })).token_type).toBe('Bearer');
});

it.runIf(process.platform === 'linux')('uses the opener of the platform', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'bin'));
  const opener = join(folder, 'bin', 'xdg-open');
  await writeFile(opener, `#!/bin/sh\ncd '${folder}'\nprintf '%s' "$1" > url.new\nmv url.new url\n`);
  await chmod(opener, 0o755);
  const { options } = await server();
  const signIn = (path: string) =>
    runProgram(`
      process.env.PATH = ${JSON.stringify(path)};
      const { signInWithLoopback } = await import('doctape-sdk/node');
      await signInWithLoopback(${JSON.stringify(options)}).then(
        ({ token_type }) => console.log(token_type),
        (error) => console.log(error.message),
      );`);
  const program = signIn(`${join(folder, 'bin')}:${process.env.PATH}`);
  await expect.poll(() => readFile(join(folder, 'url'), 'utf8').catch(() => '')).toMatch(/^http/);
  const { open, pages } = browser();
  open(new URL(await readFile(join(folder, 'url'), 'utf8')));
  await program.ended; // no socket and no timer keeps the process alive
  expect(program.output()).toBe('Bearer\n');
  expect((await pages[0])?.status).toBe(200);

  const without = signIn(join(folder, 'nothing'));
  await without.ended;
  expect(without.output()).toMatch(/^open failed to open the browser/);
});

it('accepts a path and a port, and rejects if the port is in use', async () => {
  const { options } = await server();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const error = await rejection(signInWithLoopback({ ...options, port, open() {} }), ConfigurationError);
  expect(error.message).toMatch(/^port \d+ on 127\.0\.0\.1 is not available: another program uses it/);
  await new Promise((resolve) => other.close(resolve));
  const { open, urls } = browser();
  await signInWithLoopback({ ...options, port, redirectPath: '/signed-in/', open });
  expect(urls[0]?.searchParams.get('redirect_uri')).toBe(`http://127.0.0.1:${port}/signed-in/`);
});

describe('on a machine with IPv6', requires('ipv6'), () => {
  it('also listens on [::1], and closes that port too', async () => {
    const { options } = await server();
    const ports: string[] = [];
    let otherHostStatus: number | undefined;
    const token = await signInWithLoopback({
      ...options,
      async open(url) {
        const { port } = new URL(url.searchParams.get('redirect_uri') ?? '');
        ports.push(port);
        const callback = await submitLoginForm(url, { username: 'alice', password: 'wonderland', decision: 'allow' });
        callback.hostname = '[::1]';
        otherHostStatus = (await visit(callback, { host: `evil.example:${port}` })).status;
        await visit(callback);
      },
    });
    expect(token.token_type).toBe('Bearer');
    expect(otherHostStatus).toBe(421);
    expect(await canListenOn(Number(ports[0]), '::1')).toBe(true);
  });

  it('signs in if another program uses the port on [::1]', async () => {
    const { options } = await server();
    const other = createServer().listen(0, '::1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { open } = browser();
    expect((await signInWithLoopback({ ...options, port, open })).token_type).toBe('Bearer');
    await new Promise((resolve) => other.close(resolve));
  });
});

it.each([
  ['rejects', () => Promise.reject(new Error('the terminal is gone'))],
  [
    'throws',
    () => {
      throw new Error('the terminal is gone');
    },
  ],
])('rejects with the error of an onUrl that %s, and closes the port', async (_what, fail) => {
  const { options } = await server();
  let redirectUri: string | null = null;
  const onUrl = ({ searchParams }: URL) => {
    redirectUri = searchParams.get('redirect_uri');
    return fail();
  };
  const reason = await reasonOf(signInWithLoopback({ ...options, open() {}, onUrl }));
  expect(reason).toMatchObject({ message: 'the terminal is gone' });
  expect(await isClosed(redirectUri)).toBe(true);
});

it('does not wait for an async onUrl that takes longer than the sign-in', async () => {
  const { options } = await server();
  const { open } = browser();
  const onUrl = () => new Promise(() => {});
  expect((await signInWithLoopback({ ...options, open, onUrl })).token_type).toBe('Bearer');
});

it.each([
  ['timeOut', 'timeout'],
  ['redirect_path', 'redirectPath'],
  ['scopes', 'scope'],
])('rejects the unknown option %s and suggests the nearest one', async (name, nearest) => {
  const { options } = await server();
  const signingIn: unknown = Reflect.apply(signInWithLoopback, undefined, [{ ...options, [name]: 'x' }]);
  const error = await rejection(Promise.resolve(signingIn), ConfigurationError);
  expect(error).toMatchObject({
    code: 'unknown_option',
    message: `${name} is not an option; did you mean ${nearest}?`,
  });
});

it('accepts http endpoints on other hosts than loopback only with allowInsecureHttp', async () => {
  const { options } = await server();
  const insecure = { ...options, authorizationEndpoint: 'http://sandbox:4400/oauth2', timeout: 50 };
  const error = await rejection(signInWithLoopback({ ...insecure, open() {} }), ConfigurationError);
  expect(error.code).toBe('insecure_url');
  const urls: URL[] = [];
  const open = (url: URL) => void urls.push(url);
  await rejection(signInWithLoopback({ ...insecure, open, allowInsecureHttp: true }), TimeoutError);
  expect(urls[0]?.host).toBe('sandbox:4400');
});

it.runIf(await canListenOn(80))('accepts port 80, which browsers omit from URLs', async () => {
  const { options } = await server();
  const { open, pages } = browser();
  await signInWithLoopback({ ...options, port: 80, open });
  expect((await pages[0])?.status).toBe(200);
});

it.each([
  ['clientId', { clientId: '' }],
  ['clientSecret', { clientSecret: undefined }],
  ['scope', { scope: ['two words'] }],
  ['authorizationEndpoint', { authorizationEndpoint: 'http://doctape.example/oauth2' }],
  ['tokenEndpoint', { tokenEndpoint: 'nowhere' }],
  ['open', { open: 'firefox' }],
  ['onUrl', { onUrl: true }],
  ['redirectPath', { redirectPath: 'callback' }],
  ['redirectPath', { redirectPath: '/a/../b' }],
  ['redirectPath', { redirectPath: '/callback?x=1' }],
  ['port', { port: 70_000 }],
  ['port', { port: 6666 }], // browsers refuse it
  ['timeout', { timeout: 0 }],
  ['signal', { signal: {} }],
  ['params', { params: { state: 'mine' } }],
])('rejects an invalid %s', async (name, wrong) => {
  const { options } = await server();
  const error = await rejection(
    signInWithLoopback({ ...options, open() {}, ...(wrong as Partial<LoopbackOptions>) }),
    ConfigurationError,
  );
  expect(error.message).toContain(name);
});

it('throws errors without secrets', async () => {
  const { options } = await server();
  const { open } = browser('deny');
  const error = await reasonOf(signInWithLoopback({ ...options, open }));
  expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain(options.clientSecret);
});
