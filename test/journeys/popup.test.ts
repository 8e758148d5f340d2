import { request as httpRequest } from 'node:http';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ImplicitGrantClientOptions } from '../../src/browser.js';
import { inRepository } from '../support/paths.js';
import { appOf, served } from '../support/sandbox.js';
import { reply, scriptedServer } from '../support/scripted-server.js';
import { describeInBrowsers, openBrowser, type Visitor } from './browser.js';

// signInWithPopup() with a real sandbox, with and without `Cross-Origin-Opener-Policy` on either side.

const { url: sandboxUrl, sandbox } = await served();
const { clientId } = appOf(sandbox, 'client');

const files = new Map<string, string>();
beforeAll(async () => {
  const application = `
    import { ImplicitGrantClient } from 'doctape-sdk/browser';
    const settings = JSON.parse(window.name || localStorage.getItem('settings')); // the name is that of a frame
    globalThis.outcomes = [];
    globalThis.changes = [];
    globalThis.popups = [];
    const { open } = globalThis;
    globalThis.open = (...options) => {
      const popup = open(...options);
      popups.push(popup);
      return popup;
    };
    globalThis.client = new ImplicitGrantClient(settings.client);
    client.onTokenChange((token) => changes.push(Boolean(token)));
    globalThis.resumed = Boolean(client.resume());
    globalThis.start = (options = settings.popup) => client.signInWithPopup(options).then(
      ({ access_token, scope }) => outcomes.push({ length: access_token.length, scope }),
      ({ name, code, message }) => outcomes.push({ name, code, message }),
    );
    document.querySelector('button').onclick = () => start();`;
  const { outputFiles } = await build({
    stdin: { contents: application, resolveDir: inRepository() },
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    outdir: '/',
    alias: { 'doctape-sdk/browser': inRepository('src/browser.ts') },
  });
  for (const { path, text } of outputFiles) files.set(path, text);
});

const isolated = { 'cross-origin-opener-policy': 'same-origin' };
const sides = {
  'no side': [],
  'the server': ['server'],
  'the application': ['application'],
  'both sides': ['server', 'application'],
};

/** The sandbox behind a proxy that adds headers. */
async function proxied(headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(sandboxUrl);
  const { url } = await scriptedServer((request, response) => {
    const { method, url: path, headers: sent } = request;
    const forwarded = httpRequest({ hostname, port, method, path, headers: sent }, (received) => {
      response.writeHead(received.statusCode ?? 500, { ...received.headers, ...headers });
      received.pipe(response);
    });
    request.pipe(forwarded);
  });
  return url;
}

interface Setting {
  /** The sides that send `Cross-Origin-Opener-Policy`. */
  isolatedSides?: string[];
  /** Whether the application is in a sandbox that allows no popups, like a frame of another site. */
  sandboxed?: boolean;
  client?: Partial<ImplicitGrantClientOptions>;
  popup?: object;
}

describeInBrowsers('a sign-in in a popup', (name) => {
  const browser = openBrowser(name);
  let visitor: Visitor;
  beforeEach(async () => {
    visitor = await browser.visitor();
  });

  async function application({ isolatedSides = [], sandboxed, client = {}, popup = {} }: Setting = {}): Promise<Page> {
    const authorizationServer = await proxied(isolatedSides.includes('server') ? isolated : {});
    const server = await scriptedServer((request, response) => {
      const file = files.get(request.url ?? '');
      const headers = {
        ...(isolatedSides.includes('application') && isolated),
        ...(sandboxed && { 'content-security-policy': 'sandbox allow-scripts allow-same-origin' }),
      };
      if (file !== undefined) return reply(response, 200, file, { 'content-type': 'text/javascript' });
      const html = '<!doctype html><title>application</title><button>Sign in</button>';
      const script = request.url?.startsWith('/blank') ? '' : '<script type="module" src="/stdin.js"></script>';
      reply(response, 200, html + script, { 'content-type': 'text/html', ...headers });
    });
    const settings = {
      client: {
        clientId,
        redirectUri: `${server.url}/`,
        scope: ['file.read', 'account.read'],
        authorizationEndpoint: `${authorizationServer}/oauth2`,
        issuer: authorizationServer,
        ...client,
      },
      popup,
    };
    const page = await visitor.openPage(`${server.url}/blank`);
    await page.evaluate((text) => localStorage.setItem('settings', text), JSON.stringify(settings));
    await page.goto(`${server.url}/files?view=grid#top`);
    await page.waitForFunction('globalThis.client');
    return page;
  }

  const outcomes = (page: Page) => page.evaluate<Record<string, unknown>[]>('outcomes');

  /** Whether each popup that the page has opened is closed. A popup can close before it has loaded, and then playwright does not see it. */
  const closedPopups = (page: Page) => page.evaluate<boolean[]>('popups.map(({ closed }) => closed)');

  async function openPopup(page: Page): Promise<Page> {
    const [popup] = await Promise.all([visitor.context.waitForEvent('page'), page.click('button')]);
    await popup.waitForSelector('#username');
    return popup;
  }

  async function submitSignIn(popup: Page, decision: 'allow' | 'deny'): Promise<void> {
    await popup.fill('#username', 'alice');
    await popup.fill('#password', 'wonderland');
    await Promise.all([popup.waitForEvent('close'), popup.click(`button[value=${decision}]`)]);
  }

  it.each(Object.entries(sides))('returns the token and closes the popup with COOP on %s', async (_, isolatedSides) => {
    const page = await application({ isolatedSides });
    await submitSignIn(await openPopup(page), 'allow');
    await expect
      .poll(() => outcomes(page))
      .toEqual([{ length: expect.any(Number), scope: ['file.read', 'account.read'] }]);
    expect(new URL(page.url()).pathname).toBe('/files');
    expect(await page.evaluate('[Boolean(client.token), changes]')).toEqual([true, [true]]);
    expect(await page.evaluate('Object.keys(sessionStorage).filter((key) => key.includes("sign-in"))')).toEqual([]);
    await page.reload();
    expect(await page.evaluate('resumed')).toBe(true);
    expect(visitor.printed.filter((line) => !line.includes('Cross-Origin-Opener-Policy'))).toEqual([]);
  });

  it.each(Object.entries(sides))('reports a denial and closes the popup with COOP on %s', async (_, isolatedSides) => {
    const page = await application({ isolatedSides });
    await submitSignIn(await openPopup(page), 'deny');
    await expect.poll(() => outcomes(page)).toMatchObject([{ name: 'OAuthError', code: 'access_denied' }]);
    expect(await page.evaluate('client.token')).toBeUndefined();
  });

  // playwright cannot click in a frame of another site in Firefox, and turns partitioning off in Chromium, where the last list wins
  describe.runIf(name === 'chromium')('with partitioned storage', () => {
    const partitioned = openBrowser(name, { args: ['--disable-features=Translate'] });

    // authts/oidc-client-ts#1743, AzureAD/microsoft-authentication-library-for-js#8391
    it('works in a frame of another site, whose storage and channels are separate', async () => {
      visitor = await partitioned.visitor();
      const page = await application({ client: { tokenStorage: null } });
      const settings = await page.evaluate(() => localStorage.getItem('settings') ?? '');
      const embedder = await scriptedServer((_, response) => {
        const escaped = settings.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
        const html = `<!doctype html><iframe name="${escaped}" src="${new URL(page.url()).origin}/framed"></iframe>`;
        reply(response, 200, html, { 'content-type': 'text/html' });
      });
      await page.goto(embedder.url.replace('127.0.0.1', 'localhost'));
      const button = page.frameLocator('iframe').locator('button');
      const [popup] = await Promise.all([visitor.context.waitForEvent('page'), button.click()]);
      await popup.waitForSelector('#username');
      await submitSignIn(popup, 'allow');
      const frame = page.frame({ url: '**/framed' });
      await expect.poll(() => frame?.evaluate('outcomes')).toMatchObject([{ scope: ['file.read', 'account.read'] }]);
      expect(await frame?.evaluate('Boolean(client.token)')).toBe(true);
    });
  });

  it('keeps waiting for a slow user, although a popup with COOP seems to be closed', async () => {
    const page = await application({ isolatedSides: ['server'] });
    const popup = await openPopup(page);
    await popup.waitForTimeout(3_000);
    expect(await outcomes(page)).toEqual([]);
    await submitSignIn(popup, 'allow');
    await expect.poll(() => outcomes(page)).toHaveLength(1);
  });

  it('reports that the user has closed the popup', async () => {
    const page = await application();
    const popup = await openPopup(page);
    // until the page has noticed that the popup has left its blank page, however slow its timers are
    await page.evaluate(async () => {
      for (let checks = 0; checks < 5; checks++) await new Promise((resolve) => setTimeout(resolve, 100));
    });
    await popup.close();
    await page.bringToFront();
    await expect.poll(() => outcomes(page)).toMatchObject([{ name: 'PopupError', code: 'popup_closed' }]);
  });

  it('is replaced by the next sign-in, for example after the user has closed a popup with COOP', async () => {
    const page = await application({ isolatedSides: ['server'] });
    const first = await openPopup(page);
    await first.close();
    const second = await openPopup(page);
    await expect.poll(() => outcomes(page)).toMatchObject([{ name: 'PopupError', code: 'popup_closed' }]);
    await submitSignIn(second, 'allow');
    await expect.poll(() => outcomes(page)).toMatchObject([{ code: 'popup_closed' }, { scope: expect.any(Array) }]);
  });

  it('times out after maxAge, and closes the popup', async () => {
    const page = await application({ client: { maxAge: 2 } });
    await page.click('button');
    await expect.poll(() => closedPopups(page)).toEqual([true]);
    await expect.poll(() => outcomes(page)).toMatchObject([{ name: 'TimeoutError', code: 'timeout' }]);
  });

  it('can be aborted before and after it has started', async () => {
    const page = await application();
    await page.evaluate(`
      const controller = new AbortController();
      document.querySelector('button').onclick = () => start({ signal: controller.signal });
      globalThis.abort = () => controller.abort(Object.assign(new Error('the user left'), { code: 'mine' }));`);
    const popup = await openPopup(page);
    await Promise.all([popup.waitForEvent('close'), page.evaluate('abort()')]);
    await expect.poll(() => outcomes(page)).toMatchObject([{ code: 'mine' }]);
    await page.click('button');
    await expect.poll(() => outcomes(page)).toMatchObject([{ code: 'mine' }, { code: 'mine' }]);
    await expect.poll(() => closedPopups(page)).toEqual([true, true]);
  });

  it.each<[string, Setting, object, string]>([
    [
      'an unknown option',
      { popup: { returnTo: '/' } },
      { name: 'ConfigurationError', code: 'unknown_option' },
      'returnTo',
    ],
    [
      'an invalid scope',
      { popup: { scope: 'file.read' } },
      { name: 'ConfigurationError', code: 'invalid_argument' },
      'scope',
    ],
    [
      'features that are not a string',
      { popup: { features: 7 } },
      { name: 'ConfigurationError', code: 'invalid_argument' },
      'features',
    ],
    [
      'an invalid signal',
      { popup: { signal: {} } },
      { name: 'ConfigurationError', code: 'invalid_argument' },
      'signal',
    ],
    [
      'a redirect URI of another origin',
      { client: { redirectUri: 'http://localhost:9/' } },
      { name: 'ConfigurationError', code: 'invalid_argument' },
      'redirectUri must be on the origin of the page',
    ],
  ])('rejects %s, and closes the popup', async (_, setting, error, text) => {
    const page = await application(setting);
    await page.click('button');
    await expect.poll(() => outcomes(page)).toMatchObject([{ ...error, message: expect.stringContaining(text) }]);
    await expect.poll(() => closedPopups(page)).toEqual([true]);
  });

  it('explains what to do if the browser blocks the popup or has no BroadcastChannel', async () => {
    const page = await application();
    await page.evaluate('globalThis.open = () => null; start()');
    await expect
      .poll(() => outcomes(page))
      .toMatchObject([
        { name: 'PopupError', code: 'popup_blocked', message: expect.stringContaining('click handler') },
      ]);
    await page.reload();
    await page.waitForFunction('globalThis.client');
    await page.evaluate('delete globalThis.BroadcastChannel');
    await page.click('button');
    await expect.poll(() => outcomes(page)).toMatchObject([{ code: 'unsupported_platform' }]);
  });

  it('is blocked in a sandbox without allow-popups, where Firefox throws', async () => {
    const page = await application({ sandboxed: true });
    await page.click('button');
    await expect.poll(() => outcomes(page)).toMatchObject([{ name: 'PopupError', code: 'popup_blocked' }]);
  });

  it('reports that the module for popups could not be loaded', async () => {
    const page = await application();
    await page.route('**/popup-*.js', (route) => route.abort());
    await page.click('button');
    await expect.poll(() => outcomes(page)).toMatchObject([{ name: 'NetworkError', code: 'network' }]);
    await expect.poll(() => closedPopups(page)).toEqual([true]);
  });

  it('ignores a forged callback of a popup, and does not sign the user out', async () => {
    const page = await application();
    await submitSignIn(await openPopup(page), 'allow');
    await expect.poll(() => page.evaluate('Boolean(client.token)')).toBe(true);
    const forged = new URL(page.url());
    const token = await page.evaluate('client.token.access_token');
    forged.hash = 'access_token=stolen-0123456789&token_type=Bearer&state=popup.forged';
    await page.goto('about:blank');
    await page.goto(`${forged.origin}/${forged.hash}`);
    await page.waitForFunction('globalThis.client');
    expect(await page.evaluate('[resumed, client.token.access_token]')).toEqual([true, token]);
    expect(page.url()).toBe(`${forged.origin}/`);
  });
});
