import { describe, expect, it } from 'vitest';
import { outOfBand } from '../../src/protocol/endpoints.js';
import { appOf, served } from '../support/sandbox.js';
import { reply, scriptedServer } from '../support/scripted-server.js';
import { browserNames, openBrowser } from './browser.js';

const { url, sandbox } = await served();
const { clientId } = appOf(sandbox, 'client');

const applicationPage = `<!doctype html><title>application</title><h1>Welcome back</h1>
<script>console.log('running at', location.pathname)</script>`;

describe.each(browserNames)('in %s', (name) => {
  const browser = openBrowser(name);

  it('leads from the start page to the sign-in page', async () => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(url);
    expect(await page.textContent('h1')).toBe('A doctape of your own');
    await page.click('a:has-text("see the token")');
    await page.waitForSelector('input[name=password]');
    expect(new URL(page.url()).searchParams.get('redirect_uri')).toBe(outOfBand);
  });

  it('brings a user who signs in back to the application, with the token in the fragment', async () => {
    const application = await scriptedServer((_, response) =>
      reply(response, 200, applicationPage, { 'content-type': 'text/html' }),
    );
    const query = new URLSearchParams({
      response_type: 'token',
      client_id: clientId,
      redirect_uri: `${application.url}/app`,
      scope: 'account.read',
      state: 'state-of-this-test',
    });
    const visitor = await browser.visitor();
    const page = await visitor.openPage(`${url}/oauth2?${query}`);
    await page.fill('#username', 'alice');
    await page.fill('#password', 'wonderland');
    await page.click('button.allow');
    await page.waitForURL(`${application.url}/app#**`);
    expect(await page.textContent('h1')).toBe('Welcome back');

    const fragment = new URLSearchParams(new URL(page.url()).hash.slice(1));
    expect(fragment.get('state')).toBe('state-of-this-test');
    const token = fragment.get('access_token') ?? '';
    const account = await fetch(`${url}/v1/account`, { headers: { authorization: `Bearer ${token}` } });
    expect(await account.json()).toMatchObject({ result: { username: 'alice' } });

    expect(visitor.printed).toEqual(['running at /app']);
    const sent = await visitor.sent();
    expect(sent.map((request) => `${request.method} ${new URL(request.url).pathname}`)).toEqual([
      'GET /oauth2',
      'POST /oauth2',
      'GET /app',
    ]);
    expect(sent[1]?.headers.cookie).toContain('csrf');
    // the address of the sign-in page is nobody else's business
    expect(sent[2]?.headers).not.toHaveProperty('referer');
    expect(application.requests[0]?.headers).not.toHaveProperty('referer');
  });
});
