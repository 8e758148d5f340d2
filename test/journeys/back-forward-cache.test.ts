import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../support/paths.js';
import { requires } from '../support/requirements.js';
import { reply, scriptedServer } from '../support/scripted-server.js';
import { openBrowser } from './browser.js';

// playwright turns this cache off in Chromium
describe('a page in the back/forward cache of Firefox', requires('firefox'), () => {
  const browser = openBrowser('firefox', { firefoxUserPrefs: { 'fission.bfcacheInParent': true } });

  async function application(): Promise<string> {
    const contents = `
      import { ImplicitGrantClient } from 'doctape-sdk/browser';
      const redirectUri = location.origin + '/';
      const client = new ImplicitGrantClient({ clientId: 'app', redirectUri, tokenStorage: localStorage });
      globalThis.changes = [];
      client.onTokenChange((token) => changes.push(token?.access_token ?? 'nobody'));
      globalThis.signIn = () => {
        const { state } = client.authorize();
        client.handleCallback(redirectUri + '#access_token=a-token&token_type=Bearer&state=' + state);
      };
      globalThis.signOut = () => client.signOut();`;
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: inRepository() },
      bundle: true,
      write: false,
      format: 'esm',
      alias: { 'doctape-sdk/browser': inRepository('src/browser.ts') },
    });
    const [script] = outputFiles;
    const { url } = await scriptedServer((request, response) => {
      if (request.url === '/app.js')
        return reply(response, 200, script?.text ?? '', { 'content-type': 'text/javascript' });
      const html = '<!doctype html><title>page</title><script type="module" src="/app.js"></script>';
      reply(response, 200, html, { 'content-type': 'text/html' });
    });
    return url;
  }

  // auth0/auth0-react#562
  it('hears of a sign-out on a later page when the user goes back', async () => {
    const url = await application();
    const page = await (await browser.visitor()).openPage(`${url}/first`);
    await page.evaluate('signIn()');
    await page.goto(`${url}/second`);
    await page.evaluate('signOut()');
    await page.evaluate('history.back()').catch(() => {}); // the page may be gone before it has responded
    await expect
      .poll(() => page.evaluate('[location.pathname, changes]').catch(() => undefined))
      .toEqual(['/first', ['a-token', 'nobody']]);
  });
});
