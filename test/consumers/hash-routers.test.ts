import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInBrowsers, openBrowser, type Visitor } from '../journeys/browser.js';
import { inRepository } from '../support/paths.js';
import { appOf, served } from '../support/sandbox.js';
import { reply, scriptedServer } from '../support/scripted-server.js';

// Routers read and rewrite the URL of the page when they are created. These tests run sign-ins in pages with real routers.

const { url: sandboxUrl, sandbox } = await served();
const { clientId } = appOf(sandbox, 'client');

/** The applications in routers/. */
const applications = ['vue', 'react-5', 'react-6', 'react-7', 'angular', 'by-hand'] as const;

/**
 * The path of each application, and when it calls `resume()`: before the router is created, after that, while the first view is
 * rendered, or later. Applications at `/path/` do not use the hash.
 */
const scenarios: [application: (typeof applications)[number], path: string, moments: string[]][] = [
  ['vue', '/', ['before', 'created', 'rendering', 'ready']],
  ['vue', '/path/', ['before', 'created', 'rendering', 'ready']],
  ['react-5', '/', ['created', 'ready']],
  ['react-5', '/?hashbang', ['created']],
  ['react-5', '/path/', ['created']],
  ['react-6', '/', ['created', 'ready']],
  ['react-7', '/', ['created', 'ready']],
  ['react-7', '/path/', ['created']],
  ['angular', '/', ['before', 'created', 'rendering', 'ready']],
  ['angular', '/path/', ['created', 'ready']],
  ['by-hand', '/', ['created']],
];

const scripts = new Map<string, string>();
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: applications.map((name) => inRepository(`test/consumers/routers/${name}.js`)),
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    outdir: '/',
    define: { 'process.env.NODE_ENV': '"production"', ngDevMode: 'false', ngServerMode: 'false', ngJitMode: 'true' },
    alias: { 'doctape-sdk/browser': inRepository('src/browser.ts') },
    logLevel: 'error',
  });
  for (const { path, text } of outputFiles) scripts.set(path, text);
});

function html(application: string): string {
  return `<!doctype html><title>${application}</title><div id="app"></div><script type="module" src="/${application}.js"></script>`;
}

function isSecretIn(text: string): string | undefined {
  return /access_token|error=|error%3D|state=|state%3D|popup\./.exec(text)?.[0];
}

/** The places of the page that still contain the callback. */
async function leftovers(page: Page): Promise<string[]> {
  const places = await page.evaluate(() => [
    location.href,
    JSON.stringify(history.state),
    ...('navigation' in globalThis ? navigation.entries().map(({ url }) => `entry ${url}`) : []),
  ]);
  return places.filter((place) => isSecretIn(place) !== undefined);
}

describeInBrowsers('the callback of a sign-in', (name) => {
  const browser = openBrowser(name);
  let visitor: Visitor;
  beforeEach(async () => {
    visitor = await browser.visitor();
  });

  async function application(script: string, path: string, moment: string, before?: string) {
    const server = await scriptedServer((request, response) => {
      const text = scripts.get(request.url ?? '');
      if (request.url === '/blank') reply(response, 200, '', { 'content-type': 'text/html' });
      else if (text === undefined) reply(response, 200, html(script), { 'content-type': 'text/html' });
      else reply(response, 200, text, { 'content-type': 'text/javascript' });
    });
    const redirectUri = server.url + path;
    const settings = { clientId, redirectUri, authorizationEndpoint: `${sandboxUrl}/oauth2`, moment };
    const page = await visitor.openPage(`${server.url}/blank`);
    await page.evaluate((text) => localStorage.setItem('settings', text), JSON.stringify(settings));
    if (before !== undefined) await page.addInitScript(before);
    await page.goto(redirectUri);
    await page.waitForFunction('globalThis.started');

    return {
      page,
      redirectUri,
      authorize: () => page.evaluate(() => Reflect.get(globalThis, 'client').authorize().url.href),
      /** Navigates by way of another page, because a change of the fragment would not load the page. */
      async visitCallback(callback: URL) {
        await page.goto('about:blank');
        await page.goto(callback.href);
        await page.waitForFunction('globalThis.started');
        await page.waitForFunction("document.querySelector('h1')?.textContent === 'home'");
        return page.evaluate(() => Reflect.get(globalThis, 'outcomes'));
      },
    };
  }

  it.each(scenarios.flatMap(([script, path, moments]) => moments.map((moment) => [script, path, moment] as const)))(
    'is accepted and removed from every place: %s at %s, resume() %s',
    async (script, path, moment) => {
      const { page, authorize, visitCallback } = await application(script, path, moment);
      const outcomes = await visitCallback(await sandbox.authorize(await authorize(), { username: 'alice' }));
      expect(outcomes).toEqual(['signed in']);
      await expect.poll(() => leftovers(page)).toEqual([]);

      // routers may restore the URL when the page changes
      await page.click('text=about us');
      await page.waitForFunction("document.querySelector('h1')?.textContent === 'about'");
      await page.evaluate('history.back()'); // page.goBack() never resolves in Firefox if there is no fragment
      await page.waitForFunction("document.querySelector('h1')?.textContent === 'home'");
      await expect.poll(() => leftovers(page)).toEqual([]);
      expect(visitor.printed).toEqual([]);
    },
  );

  it.each(scenarios)(
    'is refused and removed if the user declined, or if this browser did not start it: %s at %s',
    async (script, path) => {
      const { page, redirectUri, authorize, visitCallback } = await application(script, path, 'created');
      const denied = await sandbox.authorize(await authorize(), { username: 'alice', approve: false });
      expect(await visitCallback(denied)).toEqual(['access_denied']);
      await expect.poll(() => leftovers(page)).toEqual([]);
      const forgedCallback = new URL(`${redirectUri}#access_token=stolen-0123456789&token_type=Bearer&state=foreign`);
      expect(await visitCallback(forgedCallback)).toEqual(['state_mismatch']);
      await expect.poll(() => leftovers(page)).toEqual([]);
    },
  );

  it('is removed in a browser without the Navigation API', async () => {
    const { page, authorize, visitCallback } = await application(
      'vue',
      '/',
      'rendering',
      'delete globalThis.navigation',
    );
    expect(await page.evaluate("'navigation' in globalThis")).toBe(false);
    expect(await visitCallback(await sandbox.authorize(await authorize(), { username: 'alice' }))).toEqual([
      'signed in',
    ]);
    await expect.poll(() => leftovers(page)).toEqual([]);
  });

  it.each([
    ['a history entry of a router', undefined],
    ['a history entry when the user goes back to it, without the Navigation API', 'delete globalThis.navigation'],
  ])('is removed from %s', async (_, before) => {
    const { page, redirectUri, authorize } = await application('by-hand', '/', 'never', before);
    const { hash } = await sandbox.authorize(await authorize(), { username: 'alice' });
    const token = await page.evaluate((callback) => {
      location.hash = callback;
      location.hash = `/${callback}`;
      const resumed = Reflect.get(globalThis, 'client').resume();
      history.replaceState(null, '', '#/about'); // as applications do with `returnTo`
      return resumed;
    }, hash.slice(1));
    expect(token).toMatchObject({ token_type: 'Bearer' });
    await expect.poll(() => leftovers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => location.href)).toBe(`${redirectUri}#/about`);
    await page.waitForFunction("document.querySelector('h1')?.textContent === 'about'");
    await page.evaluate('history.back()');
    await expect.poll(() => page.evaluate(() => location.href)).toBe(redirectUri);
    await expect.poll(() => leftovers(page)).toEqual([]);
  });
});
