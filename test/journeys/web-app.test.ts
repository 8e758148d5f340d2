import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { accessibilityProblems, describeInBrowsers, openBrowser, phone, type Visitor } from './browser.js';
import { card, choose, filesShown, serveWebApp, signIn, startSignIn, submitSignIn, urlOf } from './web-app.js';

const urls = serveWebApp();

function tokenIn(page: Page): Promise<string> {
  return page.evaluate(() => {
    const key = Object.keys(sessionStorage).find((name) => name.startsWith('doctape-sdk:token'));
    return key === undefined ? '' : JSON.parse(sessionStorage.getItem(key) ?? '{}').access_token;
  });
}

/** The URLs in the history of a page. Only Chromium has an API for it. */
async function historyOf(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  return entries.map(({ url }) => url);
}

/** The URLs in the history of a page, by going back to the first. */
async function readHistoryBackwards(page: Page): Promise<string[]> {
  const visited = [await urlOf(page)];
  for (let left = await page.evaluate(() => history.length); left > 1; left--) {
    await page.goBack({ waitUntil: 'commit' });
    visited.push(await urlOf(page));
  }
  return visited;
}

describeInBrowsers('a user of the web application', (name) => {
  const browser = openBrowser(name);
  let visitor: Visitor;
  const open = async (path = '') => {
    visitor = await browser.visitor();
    return visitor.openPage(urls.app + path);
  };

  it('signs in, and the token is not in the URL, the history, a referrer or the console', async () => {
    const page = await open('#starred');
    await startSignIn(page);
    await submitSignIn(page, 'allow');
    await page.getByRole('heading', { level: 1, name: 'Starred' }).waitFor();
    const token = await tokenIn(page);
    expect(token).toMatch(/^[\w-]{20,}$/);
    expect(page.url()).toBe(`${urls.app}#starred`); // where the sign-in started
    await page.getByRole('link', { name: 'All files' }).click();
    await page.getByRole('button', { name: 'Open Lake at dusk.png' }).click(); // loads images from URLs that contain the token
    await page.getByRole('dialog').getByRole('img').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => urlOf(page)).toBe(`${urls.app}#all`); // the step back of the app has ended

    const visited = await (name === 'chromium' ? historyOf(page) : readHistoryBackwards(page));
    expect(visited.length).toBeGreaterThan(2);
    expect(visited.join('\n')).not.toContain(token);
    expect(visitor.printed.join('\n')).not.toContain(token);
    const sent = await visitor.sent();
    expect(sent.length).toBeGreaterThan(10);
    expect(sent.filter(({ headers }) => headers.referer?.includes(token))).toEqual([]);
    const elsewhere = sent.filter(({ url }) => url.includes(token) && !url.startsWith(`${urls.sandbox}v1/`));
    expect(elsewhere).toEqual([]);
  });

  it('stays signed in after a reload, and signs out permanently', async () => {
    const page = await open();
    await signIn(page);
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'All files' }).waitFor();
    expect(await tokenIn(page)).not.toBe('');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await tokenIn(page)).toBe('');
    await page.goBack(); // to the sign-in page
    await page.goto(urls.app);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('declines, sees a message, and can still sign in', async () => {
    const page = await open();
    await startSignIn(page);
    await submitSignIn(page, 'deny');
    await page.getByText('You did not allow access').waitFor();
    expect(page.url()).toBe(urls.app);
    expect(await tokenIn(page)).toBe('');
    await signIn(page);
  });

  it('signs in as different users in two tabs at the same time', async () => {
    const first = await open();
    const second = await visitor.openPage(urls.app);
    await startSignIn(first);
    await startSignIn(second);
    await submitSignIn(first, 'allow');
    await submitSignIn(second, 'allow', 'bob', 'builder');
    await first.getByText('Alice').waitFor();
    await second.getByText('Bob').waitFor();
  });

  it('is not signed in by a forged callback link', async () => {
    const page = await open();
    for (const end of [
      '#access_token=planted-token&token_type=Bearer&state=x',
      '?access_token=planted-token',
      '#error=x',
    ]) {
      await page.goto('about:blank');
      await page.goto(urls.app + end);
      await page.getByText('could not be completed').waitFor();
      expect(page.url()).toBe(urls.app);
      expect(await tokenIn(page)).toBe('');
    }
  });

  it('stays signed in when a forged callback link contains an error', async () => {
    const page = await open();
    await signIn(page);
    await page.goto('about:blank');
    await page.goto(`${urls.app}?error=access_denied`);
    await page.getByText('could not be completed').waitFor();
    await page.getByRole('heading', { level: 1, name: 'All files' }).waitFor();
  });

  it('uploads a file with progress, and downloads the same bytes', async () => {
    const page = await open();
    await signIn(page);
    const buffer = Buffer.alloc(3_000_000, 'doctape ');
    const file = `upload by ${name}.bin`;
    await page.setInputFiles('input[type=file]', { name: file, mimeType: 'application/octet-stream', buffer });
    await page.getByRole('status').filter({ hasText: 'Uploads' }).getByText('All done').waitFor();
    await card(page, file).waitFor();
    expect(await page.locator('.message').count()).toBe(0); // the panel shows it already

    const saved = page.waitForEvent('download');
    await choose(page, file, 'Download');
    const download = await saved;
    expect(download.suggestedFilename()).toBe(file);
    expect((await readFile(await download.path())).equals(buffer)).toBe(true);

    await choose(page, file, 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await card(page, file).waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'All files' }).waitFor();
    await page.getByRole('button', { name: 'Open Lake at dusk.png' }).waitFor();
    expect(await card(page, file).count()).toBe(0);
  });

  it('opens a file by a click anywhere on its card, which has one button for it', async () => {
    const page = await open();
    await signIn(page);
    const file = card(page, 'Lake at dusk.png');
    for (const part of ['.picture', '.name', '.facts', '.marks']) {
      const { x, y, height } = (await file.locator(part).boundingBox()) ?? { x: 0, y: 0, height: 0 };
      await page.mouse.click(x + 20, y + height / 2);
      const preview = page.getByRole('dialog', { name: 'Lake at dusk.png' });
      await preview.waitFor();
      await page.keyboard.press('Escape');
      await preview.waitFor({ state: 'detached' });
    }
    expect(await file.getByRole('button').evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel))).toEqual([
      'Open Lake at dusk.png',
      'Actions for Lake at dusk.png',
      'Star Lake at dusk.png',
    ]);
    await page.getByRole('button', { name: 'Actions for Lake at dusk.png' }).click();
    await page.getByRole('menuitem', { name: 'Open' }).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('is accessible on a phone, without truncated names and titles', async () => {
    const page = await open();
    await page.setViewportSize(phone);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await signIn(page);
    await filesShown(page);
    expect(await accessibilityProblems(page)).toEqual([]);
    const boxOf = async (part: Locator) => (await part.boundingBox()) ?? { x: 0, y: 0, height: 0 };
    const tab = await boxOf(page.getByRole('link', { name: 'All files' }));
    expect(tab.x).toBe((await boxOf(page.getByRole('heading', { level: 1 }))).x);
    const first = page.locator('.card').first();
    const [name, details] = await Promise.all(['.name', '.facts'].map((part) => boxOf(first.locator(part))));
    expect(name?.height).toBeGreaterThan(0);
    expect(Math.abs((details?.y ?? 0) - (name?.y ?? 0) - (name?.height ?? 0))).toBeLessThan(8);

    await page.getByRole('button', { name: 'Open How to read the sky.pdf' }).click();
    const title = page.getByRole('dialog').getByRole('heading');
    await title.waitFor();
    expect(await title.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('has the whole page in the window, at every width', async () => {
    const page = await open();
    await signIn(page);
    await page.getByText('of 5 GB used').waitFor();
    for (const width of [280, 360, 480, 704, 720, 800, 960, 1024, 1088, 1100, 1280, 1920]) {
      await page.setViewportSize({ width, height: 700 });
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      const right = await page
        .getByRole('button', { name: 'Sign out' })
        .evaluate((button) => button.getBoundingClientRect().right);
      expect([width, excess <= 0, right < width]).toEqual([width, true, true]); // the scrollbar is not counted
    }
  });

  it('shows names in the list, at every width', async () => {
    const page = await open();
    await page.setViewportSize({ width: 1280, height: 1400 }); // with all samples in it: see `filesShown()`
    await signIn(page);
    await page.getByRole('button', { name: 'Show as a list' }).click();
    const name = card(page, 'Night on the ridge.png').locator('.name');
    await name.waitFor();
    for (const width of [480, 704, 720, 800, 960, 1088, 1100, 1280]) {
      await page.setViewportSize({ width, height: 1400 });
      const shown = await name.evaluate(({ clientWidth }) => clientWidth);
      expect([width, shown >= 120]).toEqual([width, true]);
    }
  });

  it('renames, stars, tags and publishes with the keyboard', async () => {
    const page = await open();
    await signIn(page);
    const before = `from ${name}.txt`;
    const after = `renamed in ${name}.txt`;
    await page.setInputFiles('input[type=file]', {
      name: before,
      mimeType: 'text/plain',
      buffer: Buffer.from('hello'),
    });
    await page.getByRole('button', { name: `Actions for ${before}` }).press('Enter');
    await page.getByRole('menuitem', { name: 'Rename' }).press('Enter');
    await page.keyboard.type(`renamed in ${name}`);
    await page.keyboard.press('Enter');
    await card(page, after).waitFor();

    await page.getByRole('button', { name: `Star ${after}` }).press('Enter');
    await page.getByText(`Starred ${after}`).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: `Actions for ${after}` }).press('Enter');
    await page.getByRole('menuitem', { name: 'Edit tags' }).press('Enter');
    await page.keyboard.type('evening');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await card(page, after).getByText('evening').waitFor();

    await page.getByRole('button', { name: `Actions for ${after}` }).press('Enter');
    await page.getByRole('menuitem', { name: 'Public link' }).press('Enter');
    await page.getByRole('button', { name: 'Publish' }).press('Enter');
    const link = await page.getByLabel('Link', { exact: true }).inputValue();
    expect(await (await fetch(link)).text()).toContain(after);
    expect(link).not.toContain(await tokenIn(page));
  });

  it('is prompted to sign in again when the token is no longer valid', async () => {
    const page = await open();
    await signIn(page);
    await page.evaluate(() => {
      const key = Object.keys(sessionStorage).find((entry) => entry.startsWith('doctape-sdk:token')) ?? '';
      const token = JSON.parse(sessionStorage.getItem(key) ?? '{}');
      sessionStorage.setItem(key, JSON.stringify({ ...token, access_token: 'revoked-token-0123456789' }));
    });
    await page.reload();
    await page.getByText('Your session has ended').waitFor();
    expect(await tokenIn(page)).toBe('');
  });
});
