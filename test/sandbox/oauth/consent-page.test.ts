import { get as httpGet } from 'node:http';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, OAuthError } from '../../../src/index.js';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../../src/sandbox.js';
import { appOf, origin, served } from '../../support/sandbox.js';

const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';
const callback = 'http://localhost:3000/callback';
const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

type Fetch = typeof globalThis.fetch;

/** A minimal browser for the sign-in page: cookies and forms, but no scripts. */
class Browser {
  readonly cookies: Map<string, string> = new Map();
  readonly #fetch: Fetch;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  async open(url: string | URL, init: RequestInit = {}): Promise<Page> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) {
      headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    const response = await this.#fetch(url, { redirect: 'manual', ...init, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.cookies.set(name, value);
    }
    return { url: String(url), response, html: await response.text() };
  }

  submit(page: Page, fields: Record<string, string>): Promise<Page> {
    const form = formOf(page);
    const body = new URLSearchParams({ ...form.hidden, ...fields });
    return this.open(form.action, { method: 'POST', body });
  }
}

/** Sends a request with a Host header that differs from the server's address. */
function sendWithHost(
  name: string,
  { host, port, path }: { host: string; port: string; path: string },
): Promise<{ status: number | undefined; html: string }> {
  return new Promise((resolve, reject) => {
    httpGet({ host, port, path, headers: { host: `${name}:${port}` } }, async (response) => {
      const html = (await response.toArray()).join('');
      resolve({ status: response.statusCode, html });
    }).on('error', reject);
  });
}

interface Page {
  url: string;
  response: Response;
  html: string;
}

function unescapeHtml(text: string): string {
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity);
}

function attributesOf(tag: string): Record<string, string> {
  const found = [...tag.matchAll(/\s([a-z-]+)(?:="([^"]*)")?/g)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, unescapeHtml(value)]));
}

function inputsOf({ html }: Page): Record<string, string>[] {
  return [...html.matchAll(/<input\b[^>]*>/g)].map(([tag]) => attributesOf(tag));
}

function formOf(page: Page): { action: URL; hidden: Record<string, string> } {
  const forms = [...page.html.matchAll(/<form\b[^>]*>/g)].map(([tag]) => attributesOf(tag));
  const [form, ...others] = forms;
  if (!form || others.length > 0 || form.method !== 'post') {
    throw new Error(`one form that is posted was expected, not ${JSON.stringify(forms)} in ${page.html}`);
  }
  const hidden = inputsOf(page).filter((input) => input.type === 'hidden');
  return {
    action: new URL(form.action ?? '', page.url),
    hidden: Object.fromEntries(hidden.map(({ name = '', value = '' }) => [name, value])),
  };
}

function titleOf({ html }: Page): string {
  const titles = [...html.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title = '']) => unescapeHtml(title));
  expect(titles).toHaveLength(1);
  return titles[0] ?? '';
}

function redirectOf({ response, html }: Page): URL {
  const location = response.headers.get('location');
  if (response.status !== 303 || location === null) throw new Error(`no redirect but ${response.status} ${html}`);
  return new URL(location);
}

function authorizationUrl(sandbox: Sandbox, changes: Record<string, string> = {}, url: string = origin): URL {
  const type = changes.response_type === 'token' ? 'client' : 'server';
  const address = new URL('/oauth2', url);
  const parameters = {
    response_type: 'code',
    client_id: appOf(sandbox, type).clientId,
    redirect_uri: callback,
    scope: 'account.read file.read',
    state: 'the state',
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return address;
}

function inMemory(options: SandboxOptions = {}): { sandbox: Sandbox; browser: Browser } {
  const sandbox = createSandbox(options);
  return { sandbox, browser: new Browser(sandbox.fetch) };
}

const right = { username: 'alice', password: 'wonderland', decision: 'allow' };
const server = await served();
const transports: [string, () => { sandbox: Sandbox; browser: Browser; url: string }][] = [
  ['as a function', () => ({ ...inMemory(), url: origin })],
  ['over HTTP', () => ({ sandbox: server.sandbox, browser: new Browser(fetch), url: server.url })],
];

/** Checks that hold for every page. */
function expectPage({ response, html }: Page, status: number): void {
  expect(response.status).toBe(status);
  expect(response.headers.get('location')).toBeNull();
  expect(response.headers.get('content-type')?.toLowerCase()).toBe('text/html; charset=utf-8');
  expect(response.headers.get('x-frame-options')).toBe('DENY');
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  expect(response.headers.get('cache-control')).toContain('no-store');
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("base-uri 'none'");
  expect(policy).not.toContain('script-src');
  expect(policy).not.toContain('unsafe');
  expect(html).toMatch(/^<!doctype html>/i);
  expect(html).not.toMatch(/<script|javascript:|\son[a-z]+=|\sstyle=|\ssrc=|<link|<iframe|<img/i);
  // the policy allows the one style of the page
  const nonce = /style-src 'nonce-([^']+)'/.exec(policy)?.[1];
  expect([...html.matchAll(/<style\b[^>]*>/g)].map(([tag]) => attributesOf(tag).nonce)).toEqual([nonce]);
}

describe.each(transports)('the sign-in page %s', (_name, open) => {
  it('has fields for a username and a password, the name of the app, and the scopes in words', async () => {
    const { sandbox, browser, url } = open();
    const page = await browser.open(authorizationUrl(sandbox, {}, url));
    expectPage(page, 200);
    expect(titleOf(page)).toContain('Demo server app');
    expect(page.html).toContain('<h1>Demo server app wants access to your doctape account</h1>');
    expect(page.html).toContain('See your name');
    expect(page.html).toContain('See and download your files');
    expect(page.html).not.toContain('Delete your files');
    expect(page.html).not.toContain('file.read<');
    const inputs = inputsOf(page);
    expect(inputs.find((input) => input.name === 'username')?.type ?? 'text').toBe('text');
    expect(inputs.find((input) => input.name === 'password')?.type).toBe('password');
    const buttons = [...page.html.matchAll(/<button\b([^>]*)>([^<]*)</g)];
    expect(buttons.map(([, , label]) => label)).toEqual(['Allow', 'Deny']);
    expect(inputs.filter((input) => 'autofocus' in input).map(({ name }) => name)).toEqual(['username']);
    // a user who denies the access can leave the username empty
    expect(buttons[1]?.[1]).toContain('formnovalidate');
  });

  it('redirects to the app with a code when the user allows the access', async () => {
    const { sandbox, browser, url } = open();
    const result = await browser.submit(await browser.open(authorizationUrl(sandbox, {}, url)), right);
    const location = redirectOf(result);
    expect(location.origin + location.pathname).toBe(callback);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      code: expect.stringMatching(uuid),
      state: 'the state',
      iss: url,
    });
    expect(result.response.headers.get('cache-control')).toContain('no-store');
    expect(result.response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('leads to a code that can be exchanged for a token of the user who signed in', async () => {
    const { sandbox, browser, url } = open();
    const page = await browser.open(authorizationUrl(sandbox, {}, url));
    const result = await browser.submit(page, { username: 'bob', password: 'builder', decision: 'allow' });
    const { clientId, clientSecret = '' } = appOf(sandbox, 'server');
    const exchanged = await browser.open(`${url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uri: callback,
        code: redirectOf(result).searchParams.get('code') ?? '',
      }),
    });
    const { access_token } = JSON.parse(exchanged.html);
    const account = await browser.open(`${url}/v1/account?access_token=${access_token}`);
    expect(JSON.parse(account.html).result.username).toBe('bob');
  });

  it('redirects to a client app with a token in the fragment', async () => {
    const { sandbox, browser, url } = open();
    const page = await browser.open(authorizationUrl(sandbox, { response_type: 'token' }, url));
    const location = redirectOf(await browser.submit(page, right));
    expect(location.search).toBe('');
    expect(new URLSearchParams(location.hash.slice(1)).get('access_token')).toMatch(uuid);
  });

  it('redirects with an error when the user denies the access, without a password', async () => {
    const { sandbox, browser, url } = open();
    const page = await browser.open(authorizationUrl(sandbox, {}, url));
    const location = redirectOf(await browser.submit(page, { username: '', password: '', decision: 'deny' }));
    expect(Object.fromEntries(location.searchParams)).toEqual({
      error: 'access_denied',
      error_description: expect.any(String),
      state: 'the state',
      iss: url,
    });
  });

  it('redirects to a client app with an error in the fragment when the user denies the access', async () => {
    const { sandbox, browser, url } = open();
    const page = await browser.open(authorizationUrl(sandbox, { response_type: 'token' }, url));
    const location = redirectOf(await browser.submit(page, { decision: 'deny' }));
    expect(location.search).toBe('');
    expect(new URLSearchParams(location.hash.slice(1)).get('error')).toBe('access_denied');
  });

  it.each([
    ['a wrong password', { username: 'alice', password: 'Wonderland' }],
    ['an empty password', { username: 'alice', password: '' }],
    ["another user's password", { username: 'alice', password: 'builder' }],
    ['a password that is longer', { username: 'alice', password: 'wonderland!' }],
    ['a password that repeats', { username: 'alice', password: 'wonderlandwonderland' }],
    ['an unknown user', { username: 'mallory', password: 'wonderland' }],
    ['a user of every object', { username: '__proto__', password: '' }],
    ['a username in capitals', { username: 'ALICE', password: 'wonderland' }],
  ])('is shown again after %s, with the username but not the password', async (_what, entered) => {
    const { sandbox, browser, url } = open();
    const page = await browser.open(authorizationUrl(sandbox, {}, url));
    const again = await browser.submit(page, { ...entered, decision: 'allow' });
    expectPage(again, 403);
    expect(again.html).toContain('role="alert"');
    const inputs = inputsOf(again);
    expect(inputs.find((input) => input.name === 'username')?.value).toBe(entered.username);
    expect(inputs.filter((input) => 'autofocus' in input).map(({ name }) => name)).toEqual(['password']);
    expect(inputs.find((input) => input.name === 'password')?.value).toBeUndefined();
    if (entered.password !== '' && entered.password !== entered.username) {
      expect(again.html).not.toContain(entered.password);
    }
    expect(redirectOf(await browser.submit(again, right)).searchParams.get('code')).toMatch(uuid);
  });

  it('does not reveal whether the user name or the password was wrong', async () => {
    const { sandbox, browser, url } = open();
    const alertAfter = async (entered: Record<string, string>) => {
      const page = await browser.open(authorizationUrl(sandbox, {}, url));
      const { html } = await browser.submit(page, { ...entered, decision: 'allow' });
      return /role="alert">([^<]*)</.exec(html)?.[1];
    };
    expect(await alertAfter({ username: 'mallory', password: 'x' })).toBe(
      await alertAfter({ username: 'alice', password: 'x' }),
    );
  });
});

it('the sign-in page does not repeat credentials of its URL', async () => {
  const { sandbox, browser } = inMemory();
  const secrets = { client_secret: 'canary-1', access_token: 'canary-2', code: 'canary-3', Password: 'canary-4' };
  const page = await browser.open(authorizationUrl(sandbox, secrets));
  expect(page.html).not.toContain('canary');
  expect(page.html).toContain('the+state');
  expect(redirectOf(await browser.submit(page, right)).searchParams.get('state')).toBe('the state');
});

describe('the link from the sign-in page to the users and passwords', () => {
  const linksOf = ({ html }: Page) => [...html.matchAll(/<a\b[^>]*>/g)].map(([tag]) => attributesOf(tag));

  it('opens the start page in a new tab, also after a wrong password', async () => {
    const browser = new Browser(fetch);
    const page = await browser.open(authorizationUrl(server.sandbox, {}, server.url));
    const again = await browser.submit(page, { ...right, password: 'x' });
    for (const shown of [page, again]) {
      expect(linksOf(shown)).toEqual([{ href: '/', target: '_blank', rel: 'noopener' }]);
    }
    expect((await browser.open(new URL('/', page.url))).html).toContain('wonderland');
  });

  it('is missing if the sandbox is a function, because another server may respond at /', async () => {
    const { sandbox, browser } = inMemory();
    expect(linksOf(await browser.open(authorizationUrl(sandbox)))).toEqual([]);
  });

  it('is missing for host names and machines that the start page is not served to', async () => {
    const everywhere = await served({ host: '0.0.0.0', allowedHosts: ['doctape'] });
    const { port } = new URL(everywhere.url);
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    const ways = [
      { host: '127.0.0.1', name: 'localhost', start: 200 },
      { host: '127.0.0.1', name: 'doctape', start: 404 },
      // without a network interface there is no other machine to test with
      ...(outside === undefined ? [] : [{ host: outside, name: 'localhost', start: 404 }]),
    ];
    for (const { host, name, start } of ways) {
      const send = (path: string) => sendWithHost(name, { host, port, path });
      expect((await send('/')).status).toBe(start);
      const { status, html } = await send(authorizationUrl(everywhere.sandbox).href.slice(origin.length));
      expect([status, html.includes('Users and passwords')]).toEqual([200, start === 200]);
    }
  });
});

describe('an authorization request that is refused without a redirect', () => {
  const asBrowser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
  const wrong: [string, Record<string, string>, string][] = [
    ['unknown client_id', { client_id: 'nobody' }, 'add yours to the apps of its configuration'],
    [
      'redirect_uri is not registered for this application',
      { redirect_uri: 'https://app.example/cb' },
      'add it to redirectUris of Demo server app',
    ],
    [
      'wrong application type for this response_type',
      { response_type: 'token', client_id: appOf(server.sandbox, 'server').clientId },
      'type client',
    ],
  ];

  it.each(wrong)('is a page with the remedy for a browser: %s', async (problem, changes, remedy) => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox, changes), { headers: { accept: asBrowser } });
    expectPage(page, 400);
    expect(page.response.headers.getSetCookie()).toEqual([]);
    expect(page.html).toContain(problem);
    expect(page.html).toContain(remedy);
    expect(page.html).not.toContain('<a ');
  });

  it.each(wrong)(
    'links to the list of applications if the start page is served to the client: %s',
    async (_problem, changes) => {
      const address = authorizationUrl(server.sandbox, changes, server.url);
      const page = await new Browser(fetch).open(address, { headers: { accept: asBrowser } });
      expect(page.html).toContain('<a href="/" target="_blank" rel="noopener">Applications of this sandbox</a>');
    },
  );

  it('is a page for a repeated parameter and for a modified form', async () => {
    const { sandbox, browser } = inMemory();
    const twice = `${authorizationUrl(sandbox)}&state=another`;
    const page = await browser.open(twice, { headers: { accept: asBrowser } });
    expectPage(page, 400);
    expect(page.html).toContain('state was sent more than once');
    const posted = await browser.open(twice, { method: 'POST', headers: { accept: asBrowser } });
    expectPage(posted, 400);
  });

  it.each([
    undefined,
    '*/*',
    'application/json',
    'application/json, text/plain, */*',
    'application/json, text/html;q=0.9',
    'text/html;q=0.5, application/json',
    'text/html;q=0, */*',
    'image/png',
    '',
  ])('is the JSON of the protocol for a client that accepts %j', async (accept) => {
    for (const [problem, changes] of wrong) {
      const { sandbox } = inMemory();
      const response = await sandbox.fetch(authorizationUrl(sandbox, changes), {
        headers: accept === undefined ? {} : { accept },
      });
      expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/json']);
      const error = problem.startsWith('wrong') ? 'unauthorized_client' : 'invalid_request';
      expect(await response.text()).toBe(`{"error":"${error}","error_description":"${problem}"}`);
    }
  });

  it('is not repeated on the page, because it may contain markup or a secret', async () => {
    const { sandbox, browser } = inMemory();
    const planted = `canary"><script>alert(1)</script>'`;
    const requests: Record<string, string>[] = [
      { client_id: planted },
      { redirect_uri: `https://user:canary@evil.example/${planted}` },
      { response_type: 'token', client_id: appOf(sandbox, 'server').clientId },
    ];
    for (const changes of requests) {
      const url = authorizationUrl(sandbox, { ...changes, state: planted, client_secret: planted, [planted]: planted });
      const page = await browser.open(url, { headers: { accept: asBrowser } });
      expectPage(page, 400);
      expect(page.html).not.toContain('canary');
    }
  });
});

describe('the form of the sign-in page', () => {
  it('is bound to a cookie that scripts cannot read and other sites cannot send', async () => {
    const { sandbox, browser } = inMemory();
    const { response } = await browser.open(authorizationUrl(sandbox));
    const [cookie = '', ...others] = response.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toMatch(/SameSite=(Strict|Lax)/);
    expect(cookie).not.toContain('Secure'); // browsers would not send it to http://127.0.0.1
  });

  it('has a different token for each browser', async () => {
    const [one, other] = [inMemory(), inMemory()];
    const first = formOf(await one.browser.open(authorizationUrl(one.sandbox))).hidden;
    const second = formOf(await other.browser.open(authorizationUrl(other.sandbox))).hidden;
    expect(Object.keys(first)).toHaveLength(1);
    expect(Object.values(first)).not.toEqual(Object.values(second));
  });

  /** Expects that a POST from another page has no effect. */
  async function expectForgery(result: Page): Promise<void> {
    expect(result.response.headers.get('location')).toBeNull();
    expectPage(result, 403);
    expect(result.html).not.toContain('wonderland');
  }

  it.each(['allow', 'deny'])('is refused without its token: %s', async (decision) => {
    const { sandbox, browser } = inMemory();
    const { action } = formOf(await browser.open(authorizationUrl(sandbox)));
    const body = new URLSearchParams({ ...right, decision });
    await expectForgery(await browser.open(action, { method: 'POST', body }));
  });

  it.each(['', 'x', '00000000-0000-4000-8000-000000000000'])('is refused with a wrong token: %j', async (csrf) => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox));
    const [name = ''] = Object.keys(formOf(page).hidden);
    await expectForgery(await browser.submit(page, { ...right, [name]: csrf }));
  });

  it('is refused without the cookie', async () => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox));
    browser.cookies.clear();
    await expectForgery(await browser.submit(page, right));
  });

  it('is refused without both', async () => {
    const { sandbox, browser } = inMemory();
    const body = new URLSearchParams({ ...right, csrf: '' });
    await expectForgery(await browser.open(authorizationUrl(sandbox), { method: 'POST', body }));
  });

  it('is refused with an empty cookie and an empty token', async () => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox));
    const [name = ''] = Object.keys(formOf(page).hidden);
    for (const cookie of browser.cookies.keys()) browser.cookies.set(cookie, '');
    await expectForgery(await browser.submit(page, { ...right, [name]: '' }));
  });

  it('is refused with the cookie of another browser', async () => {
    const { sandbox, browser } = inMemory();
    const victim = new Browser(sandbox.fetch);
    await victim.open(authorizationUrl(sandbox));
    const page = await browser.open(authorizationUrl(sandbox));
    await expectForgery(await victim.submit(page, right));
  });

  it('works when it is sent again after an error', async () => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox));
    browser.cookies.clear();
    const again = await browser.submit(page, right);
    expect(redirectOf(await browser.submit(again, right)).searchParams.get('code')).toMatch(uuid);
  });

  it('works in two tabs at the same time', async () => {
    const { sandbox, browser } = inMemory();
    const first = await browser.open(authorizationUrl(sandbox, { state: 'first' }));
    const second = await browser.open(authorizationUrl(sandbox, { state: 'second' }));
    expect(redirectOf(await browser.submit(first, right)).searchParams.get('state')).toBe('first');
    expect(redirectOf(await browser.submit(second, right)).searchParams.get('state')).toBe('second');
  });

  it('is refused without a decision', async () => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox));
    for (const decision of ['', 'yes']) {
      const { response } = await browser.submit(page, { ...right, decision });
      expect(response.headers.get('location')).toBeNull();
    }
  });

  it('is checked like its authorization request', async () => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox));
    const { action, hidden } = formOf(page);
    action.searchParams.set('redirect_uri', 'https://evil.com/');
    const result = await browser.open(action, { method: 'POST', body: new URLSearchParams({ ...hidden, ...right }) });
    expect(result.response.status).toBe(400);
    expect(result.response.headers.get('location')).toBeNull();
  });

  it('accepts a password with any characters', async () => {
    const password = 'pä&ss=wo+rd %41 "<\'日本😀';
    const { sandbox, browser } = inMemory({ users: [{ username: 'carol', password }] });
    const page = await browser.open(authorizationUrl(sandbox));
    const result = await browser.submit(page, { username: 'carol', password, decision: 'allow' });
    expect(redirectOf(result).searchParams.get('code')).toMatch(uuid);
  });

  it('is refused when it is too large', async () => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox));
    const { response } = await browser.submit(page, { ...right, padding: 'x'.repeat(1024 * 1024) });
    expect(response.status).toBe(413);
  });
});

describe('the sign-in page escapes', () => {
  const hostile = `<script>alert("1")</script>'"&amp;</title><img src=x onerror=alert(1)>`;

  it('the name of the app', async () => {
    const app = {
      clientId: 'id',
      clientSecret: 'secret',
      type: 'server' as const,
      name: hostile,
      redirectUris: ['loopback'],
    };
    const { sandbox, browser } = inMemory({ apps: [app] });
    const page = await browser.open(authorizationUrl(sandbox));
    expectPageWithoutMarkup(page);
    expect(titleOf(page)).toContain(hostile);
    expect(unescapeHtml(/<h1>([^<]*)<\/h1>/.exec(page.html)?.[1] ?? '')).toBe(
      `${hostile} wants access to your doctape account`,
    );
  });

  it('the username that was entered', async () => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox));
    const again = await browser.submit(page, { username: hostile, password: 'x', decision: 'allow' });
    expectPageWithoutMarkup(again);
    expect(inputsOf(again).find((input) => input.name === 'username')?.value).toBe(hostile);
  });

  it.each(['state', 'scope', 'unknown', 'code_challenge_method', '"><script>'])(
    'the parameter %s of the request',
    async (name) => {
      const { sandbox, browser } = inMemory();
      const url = authorizationUrl(sandbox);
      if (name !== 'scope') url.searchParams.set(name, hostile);
      const page = await browser.open(`${url}&x=%22%3E%3Cscript%3E&y="><script>'`);
      expectPageWithoutMarkup(page);
      const result = redirectOf(await browser.submit(page, right));
      expect(result.searchParams.get('state')).toBe(name === 'state' ? hostile : 'the state');
    },
  );

  it('the redirect URI of the app', async () => {
    const { sandbox, browser } = inMemory();
    const redirect_uri = `http://localhost:3000/"><script>alert(1)</script>?'&amp;`;
    const page = await browser.open(authorizationUrl(sandbox, { redirect_uri }));
    expectPageWithoutMarkup(page);
  });

  function expectPageWithoutMarkup({ html }: Page): void {
    expect(html).not.toMatch(/<script|<img/i);
    expect(html.match(/<title>/g)).toHaveLength(1);
    expect(html.match(/<form\b/g)).toHaveLength(1);
    expect(html.match(/<input\b/g)).toHaveLength(3);
    expect(html).not.toMatch(/"[^"<>]*<[^"]*"(?=[^<]*<)(?=.*alert)/);
  }
});

describe('the out-of-band page', () => {
  it.each(['code', 'token'])('has the code in its title, for response_type=%s', async (response_type) => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox, { response_type, redirect_uri: outOfBand }));
    expect(page.html).toContain(`shows a ${response_type} to copy`);
    const result = await browser.submit(page, right);
    expectPage(result, 200);
    const [, value = ''] = /^Success code=(.*)$/s.exec(titleOf(result)) ?? [];
    expect(value).toMatch(uuid);
    expect(result.html).toContain(`>${value}</output>`);
    if (response_type === 'token') {
      const account = await browser.open(`${origin}/v1/account?access_token=${value}`);
      expect(account.response.status).toBe(200);
    } else {
      const { clientId, clientSecret = '' } = appOf(sandbox, 'server');
      const fields = { client_id: clientId, client_secret: clientSecret, redirect_uri: outOfBand, code: value };
      const body = new URLSearchParams({ ...fields, grant_type: 'authorization_code' });
      expect((await browser.open(`${origin}/oauth2/token`, { method: 'POST', body })).response.status).toBe(200);
    }
  });

  it.each(['code', 'token'])('reports that the user denied the access, for response_type=%s', async (response_type) => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox, { response_type, redirect_uri: outOfBand }));
    const result = await browser.submit(page, { decision: 'deny' });
    expectPage(result, 200);
    expect(titleOf(result)).not.toContain('Success');
    expect(result.html).toContain('access_denied');
  });

  it('reports an unknown scope', async () => {
    const { sandbox, browser } = inMemory();
    const page = await browser.open(authorizationUrl(sandbox, { scope: 'nonsense', redirect_uri: outOfBand }));
    expectPage(page, 200);
    expect(titleOf(page)).not.toContain('Success');
    expect(page.html).toContain('invalid_scope');
  });

  it('escapes a state that looks like markup', async () => {
    const { sandbox, browser } = inMemory({ autoApprove: 'alice' });
    const state = '</title><script>alert(1)</script>&code=stolen';
    const page = await browser.open(authorizationUrl(sandbox, { redirect_uri: outOfBand, state }));
    expectPage(page, 200);
    expect(titleOf(page)).toMatch(/^Success code=[\da-f-]{36}$/);
    expect(page.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&amp;code=stolen');
  });

  it.each([
    ['code', { expires_in: undefined, iss: server.url }],
    ['token', { expires_in: '157680000', token_type: 'Bearer', iss: server.url }],
  ])('shows the whole response, for response_type=%s', async (response_type, parameters) => {
    const browser = new Browser(fetch);
    const url = authorizationUrl(server.sandbox, { response_type, redirect_uri: outOfBand }, server.url);
    const { html } = await browser.submit(await browser.open(url), right);
    const shown = Object.fromEntries(
      [...html.matchAll(/<dt>(\w+)<\/dt><dd><code>([^<]*)/g)].map(([, name, value]) => [name, value]),
    );
    expect(shown).toMatchObject(JSON.parse(JSON.stringify(parameters)));
    expect('expires_in' in shown).toBe(response_type === 'token');
  });

  it('has a command with the secret of the application on this machine only', async () => {
    const { clientSecret = '' } = appOf(server.sandbox, 'server');
    const browser = new Browser(fetch);
    const url = authorizationUrl(server.sandbox, { redirect_uri: outOfBand }, server.url);
    const { html } = await browser.submit(await browser.open(url), right);
    expect(html).toContain(`-d client_secret=${clientSecret}`);
    expect(html).toContain('data-copy="the command"');
    // a server of another program may hand the request to the sandbox for a client anywhere
    const { sandbox, browser: unknown } = inMemory();
    const elsewhere = await unknown.submit(
      await unknown.open(authorizationUrl(sandbox, { redirect_uri: outOfBand })),
      right,
    );
    expect(elsewhere.html).not.toContain(clientSecret);
    expect(elsewhere.html).not.toContain('curl');
  });
});

describe('autoApprove', () => {
  it('redirects without a page', async () => {
    const { sandbox, browser } = inMemory({ autoApprove: 'bob' });
    const page = await browser.open(authorizationUrl(sandbox, { response_type: 'token' }));
    expect(page.response.headers.get('cache-control')).toContain('no-store');
    const token = new URLSearchParams(redirectOf(page).hash.slice(1)).get('access_token');
    const account = await browser.open(`${origin}/v1/account?access_token=${token}`);
    expect(JSON.parse(account.html).result.username).toBe('bob');
  });

  it('does not approve an invalid request', async () => {
    const { sandbox, browser } = inMemory({ autoApprove: 'bob' });
    const refused = await browser.open(authorizationUrl(sandbox, { redirect_uri: 'https://evil.com/' }));
    expect(refused.response.status).toBe(400);
    const redirected = await browser.open(authorizationUrl(sandbox, { scope: 'nonsense' }));
    expect(redirectOf(redirected).searchParams.get('error')).toBe('invalid_scope');
  });

  it('must be the name of a user, and its error does not contain passwords', () => {
    expect(() => createSandbox({ autoApprove: 'mallory' })).toThrow(ConfigurationError);
    expect(() => createSandbox({ autoApprove: 'mallory' })).toThrow(/autoApprove.*alice, bob/);
    expect(() => createSandbox({ autoApprove: 'mallory' })).not.toThrow('wonderland');
    expect(() => createSandbox({ autoApprove: '' })).toThrow(ConfigurationError);
  });
});

describe('sandbox.authorize()', () => {
  it('returns the URL that a browser would be redirected to', async () => {
    const { sandbox } = inMemory();
    const location = await sandbox.authorize(authorizationUrl(sandbox), { username: 'alice' });
    expect(location).toBeInstanceOf(URL);
    expect(location.origin + location.pathname).toBe(callback);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      code: expect.stringMatching(uuid),
      state: 'the state',
      iss: origin,
    });
  });

  it('accepts the URL as a string, and returns tokens in the fragment', async () => {
    const { sandbox } = inMemory();
    const url = authorizationUrl(sandbox, { response_type: 'token' }).href;
    const location = await sandbox.authorize(url, { username: 'bob' });
    expect(new URLSearchParams(location.hash.slice(1)).get('access_token')).toMatch(uuid);
  });

  it('returns the error when the user denies the access', async () => {
    const { sandbox } = inMemory();
    const location = await sandbox.authorize(authorizationUrl(sandbox), { username: 'alice', approve: false });
    expect(location.searchParams.get('error')).toBe('access_denied');
    expect(location.searchParams.has('code')).toBe(false);
  });

  it('returns errors that are reported to the app', async () => {
    const { sandbox } = inMemory();
    const location = await sandbox.authorize(authorizationUrl(sandbox, { scope: 'nonsense' }), { username: 'alice' });
    expect(location.searchParams.get('error')).toBe('invalid_scope');
  });

  it('returns the URN for an out-of-band response', async () => {
    const { sandbox } = inMemory();
    const url = authorizationUrl(sandbox, { redirect_uri: outOfBand });
    const location = await sandbox.authorize(url, { username: 'alice' });
    expect(location.href).toMatch(/^urn:ietf:wg:oauth:2\.0:oob\?code=[\da-f-]{36}&/);
  });

  it('throws errors that are not reported to the app', async () => {
    const { sandbox } = inMemory();
    const refused = sandbox.authorize(authorizationUrl(sandbox, { client_id: 'nobody' }), { username: 'alice' });
    await expect(refused).rejects.toBeInstanceOf(OAuthError);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', status: 400 });
    const wrongType = authorizationUrl(sandbox, { client_id: appOf(sandbox, 'client').clientId });
    await expect(sandbox.authorize(wrongType, { username: 'alice' })).rejects.toMatchObject({
      code: 'unauthorized_client',
    });
  });

  it('throws when the user is unknown, whatever approve is', async () => {
    const { sandbox } = inMemory();
    for (const approve of [true, false]) {
      const refused = sandbox.authorize(authorizationUrl(sandbox), { username: 'mallory', approve });
      await expect(refused).rejects.toBeInstanceOf(ConfigurationError);
      await expect(refused).rejects.toThrow(/username.*alice/);
    }
  });

  it('throws when the URL is invalid', async () => {
    const { sandbox } = inMemory();
    await expect(sandbox.authorize('/oauth2?x', { username: 'alice' })).rejects.toBeInstanceOf(ConfigurationError);
  });
});
