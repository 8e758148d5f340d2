import { expect, it } from 'vitest';
import { outOfBand } from '../../src/protocol/endpoints.js';
import { appOf, served } from '../support/sandbox.js';
import { reply, scriptedServer } from '../support/scripted-server.js';
import { accessibilityProblems, describeInBrowsers, openBrowser, phone } from './browser.js';

const { url, sandbox } = await served();
const { clientId } = appOf(sandbox, 'client');
const query = (changes: Record<string, string> = {}) =>
  String(new URLSearchParams({ response_type: 'token', client_id: clientId, redirect_uri: outOfBand, ...changes }));

const applicationPage = `<!doctype html><title>application</title><h1>Welcome back</h1>
<script>console.log('running at', location.pathname)</script>`;

describeInBrowsers('signing in', (name) => {
  const browser = openBrowser(name);

  it('leads from the start page to the sign-in page', async () => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(url);
    expect(await page.textContent('h1')).toBe('Your own doctape server');
    await page.getByRole('link', { name: 'Try it with Demo client app' }).click();
    await page.waitForSelector('input[name=password]');
    expect(new URL(page.url()).searchParams.get('redirect_uri')).toBe(outOfBand);
  });

  it.each([phone, { width: 1280, height: 900 }])('shows accessible pages, $width pixels wide', async (size) => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage();
    await page.setViewportSize(size);
    for (const path of ['/', `/oauth2?${query()}`, `/oauth2?${query({ client_id: 'nobody' })}`]) {
      await page.goto(url + path);
      expect([path, await accessibilityProblems(page)]).toEqual([path, []]);
    }
    await page.goto(`${url}/oauth2?${query()}`);
    await page.fill('#username', 'alice');
    await page.fill('#password', 'wonderland');
    await page.click('button.allow');
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    await page.getByText('The whole response').click();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('keeps each name, password and endpoint of the start page in one line, and selects it completely on a click', async () => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(url);
    for (const size of [phone, { width: 1280, height: 900 }]) {
      await page.setViewportSize(size);
      const wrapped = await page.evaluate(() => {
        const lines = (element: Element) => {
          const range = document.createRange();
          range.selectNodeContents(element);
          return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
        };
        const elements = [...document.querySelectorAll('dt, th, td code')];
        if (elements.length < 10) return ['the page has almost none'];
        return elements.filter((element) => lines(element) > 1).map(({ textContent }) => textContent);
      });
      expect(wrapped).toEqual([]);
    }
    await page.getByText(clientId, { exact: true }).click();
    await expect.poll(() => page.evaluate(() => String(getSelection()).trim())).toBe(clientId);
  });

  it('prompts for the password again, and opens the list of users in another tab', async () => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(`${url}/oauth2?${query()}`);
    await page.fill('#username', 'bob');
    await page.fill('#password', 'wonderland');
    await page.click('button.allow');
    await page.getByRole('alert').waitFor();
    const opened = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Users and passwords' }).click();
    const list = await opened;
    await list.getByText('builder').waitFor();
    expect(await list.evaluate(() => window.opener)).toBeNull();
    await list.close();
    expect(await page.inputValue('#username')).toBe('bob');
    expect(await page.evaluate(() => document.querySelector('[autofocus]')?.id)).toBe('password');
    await page.fill('#password', 'builder');
    await page.press('#password', 'Enter');
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
  });

  it('explains why a sign-in was refused, and shows the applications', async () => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(`${url}/oauth2?${query({ redirect_uri: 'https://app.example/callback' })}`);
    await page.getByText('add it to redirectUris of Demo client app').waitFor();
    const opened = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Applications of this sandbox' }).click();
    await (await opened).getByText(clientId, { exact: true }).waitFor();
  });

  it('redirects the user to the application, with the token in the fragment', async () => {
    const application = await scriptedServer((_, response) =>
      reply(response, 200, applicationPage, { 'content-type': 'text/html' }),
    );
    const parameters = query({
      redirect_uri: `${application.url}/app`,
      scope: 'account.read',
      state: 'state-of-this-test',
    });
    const visitor = await browser.visitor();
    const page = await visitor.openPage(`${url}/oauth2?${parameters}`);
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

    await expect.poll(() => visitor.printed).toEqual(['running at /app']);
    const sent = await visitor.sent();
    expect(sent.map((request) => `${request.method} ${new URL(request.url).pathname}`)).toEqual([
      'GET /oauth2',
      'POST /oauth2',
      'GET /app',
    ]);
    expect(sent[1]?.headers.cookie).toContain('csrf');
    // the URL of the sign-in page must not reach the application
    expect(sent[2]?.headers).not.toHaveProperty('referer');
    expect(application.requests[0]?.headers).not.toHaveProperty('referer');
  });
});
