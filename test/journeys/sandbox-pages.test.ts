import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { serveSandbox } from '../../src/serve.js';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { makePdf } from '../fixtures/make-pdf.js';
import { makeVideo, makeWav } from '../fixtures/make-sound.js';
import type { TestBrowser } from '../support/browsers.js';
import { freePort } from '../support/free-port.js';
import { signIn } from '../support/sandbox.js';
import { scriptedServer, servedForTest } from '../support/scripted-server.js';
import { accessibilityProblems, describeInBrowsers, openBrowser, phone, useColorScheme } from './browser.js';

// A developer at the pages of the sandbox, a visitor of a public link, and a website that attacks both.

const attack = 'window.name = "hacked"; document.documentElement.dataset.hacked = "yes"; alert(1)';
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20" onload='${attack}'><script>${attack}</script><rect width="30" height="20" fill="red"/></svg>`;
const hostileName = '<img src=x onerror=alert(1)>.txt';
const wide = { width: 1280, height: 800 };

/** Starts a browser. Firefox cannot change its color scheme later. It is dark here, as it is light in the other tests. */
const open = (name: TestBrowser['name']) =>
  openBrowser(name, { firefoxUserPrefs: { 'layout.css.prefers-color-scheme.content-override': 0 } });

/** The page in both sizes, and in Chromium in both color schemes. */
async function problemsInAllForms(page: Page): Promise<string[]> {
  const problems: string[] = [];
  const isFirefox = page.context().browser()?.browserType().name() === 'firefox';
  for (const colorScheme of isFirefox ? (['dark'] as const) : (['light', 'dark'] as const)) {
    await useColorScheme(page, colorScheme);
    for (const size of [wide, phone]) {
      await page.setViewportSize(size);
      problems.push(...(await accessibilityProblems(page)));
    }
  }
  await page.setViewportSize(wide);
  return problems;
}

/** The texts that the page writes to the clipboard. A headless browser has none that a test may read. */
async function copiedTexts(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const copied: string[] = [];
    Object.assign(window, { copied });
    // undefined in the empty page before
    if (navigator.clipboard) navigator.clipboard.writeText = async (text) => void copied.push(text);
  });
  return () => page.evaluate(() => (window as unknown as { copied: string[] }).copied);
}

const table = (page: Page) => page.getByRole('region', { name: 'The last requests' });

describeInBrowsers('the start page', (name) => {
  const browser = open(name);

  it('copies values, and is accessible in every form', async () => {
    const { url, sandbox } = await servedForTest();
    const { openPage, printed } = await browser.visitor();
    const page = await openPage();
    const copied = await copiedTexts(page);
    await page.goto(url);
    await page.getByRole('button', { name: 'Copy clientSecret of Demo server app' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    await page.getByRole('button', { name: 'Copy the password of bob' }).press('Enter');
    await page.getByRole('button', { name: 'Copy baseUrl', exact: true }).click();
    expect(await copied()).toEqual([sandbox.apps[0]?.clientSecret, 'builder', `${url}/v1`]);
    expect(await problemsInAllForms(page)).toEqual([]);
    expect(printed).toEqual([]);
  });

  it('tries the sign-in of an application, and shows a command that works', async () => {
    const { url } = await servedForTest();
    const { openPage, printed } = await browser.visitor();
    const page = await openPage();
    const copied = await copiedTexts(page);
    await page.goto(url);
    await page.getByRole('link', { name: 'Try it with Demo client app' }).click();
    await page.fill('#username', 'alice');
    await page.fill('#password', 'wonderland');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('The whole response').click();
    expect(await problemsInAllForms(page)).toEqual([]);
    await page.getByRole('button', { name: 'Copy the token' }).click();
    await page.getByRole('button', { name: 'Copy the command' }).click();
    const [token = '', command] = await copied();
    expect(command).toBe(`curl ${url}/v1/account -H "Authorization: Bearer ${token}"`);
    expect((await fetch(`${url}/v1/account`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect(page.url()).not.toContain(token);
    expect(printed).toEqual([]);
  });

  it('adds new requests without replacing the old ones, survives a restart, and can be paused', async () => {
    const first = await serveSandbox({ port: await freePort() }); // it is used again, so no other server may get it in the meantime
    const { url, sandbox } = first;
    const { openPage } = await browser.visitor();
    const page = await openPage(url);
    const { access_token } = await sandbox.signIn('alice');
    await fetch(`${url}/v1/account?access_token=${access_token}`);
    const row = table(page).getByRole('row', { name: '/v1/account?access_token=... 200' });
    await row.waitFor();
    await row.evaluate((element) => getSelection()?.selectAllChildren(element));
    await fetch(`${url}/v1/doc`);
    const newest = table(page).getByRole('row').nth(1);
    await expect.poll(() => newest.textContent()).toContain('/v1/doc');
    expect(await page.evaluate(() => String(getSelection()))).toContain('/v1/account?access_token=...');
    expect(await table(page).textContent()).not.toContain('/start/log');
    expect(await page.content()).not.toContain(access_token);

    // while a response is on its way that has more requests
    let isPaused = () => {};
    const paused = new Promise<void>((resolve) => {
      isPaused = resolve;
    });
    await page.route('**/start/log*', async (route) => {
      await paused;
      await route.continue();
    });
    await page.waitForRequest('**/start/log*');
    await page.getByLabel('Show new requests as they arrive').uncheck();
    await fetch(`${url}/paused`);
    isPaused();
    await page.waitForTimeout(3_000);
    expect(await table(page).textContent()).not.toContain('/paused');
    await page.getByLabel('Show new requests as they arrive').check();
    await table(page).getByText('/paused').waitFor();

    await first.close();
    await page.getByText('The sandbox does not respond').waitFor();
    await servedForTest({ port: Number(new URL(url).port) });
    await fetch(`${url}/restarted`);
    await table(page).getByText('/restarted').waitFor();
    expect(await table(page).getByText('/paused').count()).toBe(0);
    expect(await page.getByText('The sandbox does not respond').count()).toBe(0);
  });

  it('opens the files of a user, and resets the sandbox after a confirmation', async () => {
    const server = await servedForTest();
    const { api } = await signIn(server, 'alice');
    await api.files.upload(new File([`<script>${attack}</script>`], hostileName, { type: 'text/html' }));
    const { openPage, printed, context } = await browser.visitor();
    context.on('dialog', (dialog) => void dialog.dismiss().then(() => expect.unreachable('a script ran')));
    const page = await openPage(server.url);
    await page.getByRole('link', { name: '1 file of alice' }).click();
    await page.getByRole('link', { name: hostileName }).waitFor();
    expect(await problemsInAllForms(page)).toEqual([]);
    await page.getByRole('link', { name: hostileName }).click();
    await page.getByText(attack).waitFor();
    expect(await problemsInAllForms(page)).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/img src=x onerror=alert\(1\).*\.txt$/);
    await page.getByRole('link', { name: 'Start page' }).click();

    await page.getByRole('link', { name: 'Delete all data…' }).click();
    expect(await page.getByRole('listitem').first().textContent()).toBe('1 file of alice');
    expect(await problemsInAllForms(page)).toEqual([]);
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: '1 file of alice' }).waitFor();
    await page.getByRole('link', { name: 'Delete all data…' }).click();
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByText('All files, tapes and sign-ins were deleted.').waitFor();
    await page.getByRole('link', { name: 'no files of alice' }).waitFor();
    expect(printed).toEqual([]);
  });

  it('works without JavaScript', async () => {
    const { url } = await servedForTest();
    const { context, openPage } = await browser.visitor();
    // Firefox cannot be told to run no scripts
    await context.route(/\/(\?.*)?$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replaceAll('<script', '<template') });
    });
    const page = await openPage(url);
    expect(await page.getByRole('button').count()).toBe(0);
    expect(await page.getByRole('checkbox').count()).toBe(0);
    await fetch(`${url}/later`);
    await page.getByRole('link', { name: 'Show new requests' }).click();
    await table(page).getByText('/later').waitFor();
    await page.getByRole('link', { name: 'Delete all data…' }).click();
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByText('All files, tapes and sign-ins were deleted.').waitFor();
  });
});

describeInBrowsers('another website', (name) => {
  const browser = open(name);

  it('cannot reset the sandbox, frame or read its pages, or show its files', async () => {
    const server = await servedForTest();
    const { api } = await signIn(server, 'alice');
    const { id } = await api.files.upload(new File([new Uint8Array(makeJpeg(40, 30, quarters(40, 30)))], 'a.jpg'));
    // the developer has the page open, so its token exists
    const { openPage } = await browser.visitor();
    const own = await openPage(`${server.url}/start/reset`);
    const evil = await scriptedServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end(`<!doctype html><title>evil</title>
        <form method="post" action="${server.url}/start/reset"><input name="token" value="guess"></form>
        <iframe src="${server.url}/start/reset"></iframe>
        <img id="image" src="${server.url}/start/@alice/${id}/content">`);
    });
    // the same site as the sandbox, since cookies and sites ignore ports: the hardest case
    const page = await own.context().newPage();
    await page.goto(evil.url);
    expect(await page.locator('#image').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(0);
    expect(
      await page.evaluate(
        (path) =>
          fetch(path, { credentials: 'include' }).then(
            () => 'read',
            () => 'refused',
          ),
        `${server.url}/start/reset`,
      ),
    ).toBe('refused');
    const frame = await (await page.waitForSelector('iframe')).contentFrame();
    expect(await frame?.content()).toEqual(expect.not.stringContaining('Delete all'));
    await page.evaluate(() => document.forms[0]?.submit());
    await page.waitForURL(`${server.url}/start/reset`);
    expect(await page.content()).toContain('open the page again');
    expect(await api.files.list()).toHaveLength(1);
    // the page of the developer still works
    await own.getByRole('button', { name: 'Delete all' }).click();
    await own.getByText('were deleted').waitFor();
  });
});

describeInBrowsers('a public link', (name) => {
  const browser = open(name);

  it('shows images, sound, video, PDF and text, and runs nothing in them', async () => {
    const server = await servedForTest();
    const { api } = await signIn(server, 'alice');
    const { openPage, context } = await browser.visitor();
    const dialogs: string[] = [];
    context.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const page = await openPage();
    const open = async (file: string, content: BlobPart, type: string) => {
      const { id } = await api.files.upload(new File([content], file, { type }));
      const link = await api.files.publish(id);
      await page.goto(link.href);
      expect(await problemsInAllForms(page), file).toEqual([]);
      return link;
    };

    await open('photo.jpg', new Uint8Array(makeJpeg(2000, 1500, quarters(2000, 1500))), 'image/jpeg');
    const image = page.getByRole('img', { name: 'photo.jpg' });
    await expect.poll(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(2000);
    expect((await image.boundingBox())?.height).toBeGreaterThan(0.7 * wide.height);

    const drawing = await open('drawing.svg', svg, 'image/svg+xml');
    await expect
      .poll(() => page.getByRole('img').evaluate((one: HTMLImageElement) => one.complete && one.naturalWidth))
      .toBe(30);
    await page.goto(`${drawing.href}/content`); // as a page, it has the origin of the sandbox, unless that is taken from it
    expect(await page.evaluate(() => [document.documentElement.dataset.hacked, window.name, origin])).toEqual([
      undefined,
      '',
      'null',
    ]);

    await open('sound.wav', new Uint8Array(makeWav(1)), 'audio/wav');
    await expect.poll(() => page.locator('audio').evaluate((one: HTMLAudioElement) => one.duration)).toBeCloseTo(1, 0);

    await open('film.mp4', new Uint8Array(await makeVideo(640, 360)), 'video/mp4');
    expect(await page.locator('video').count()).toBe(1);

    await open('page.html', `<script>${attack}</script>`, 'text/html');
    expect(await page.locator('pre').textContent()).toBe(`<script>${attack}</script>`);

    await open('report.pdf', new Uint8Array(makePdf('/Title (Report)')), 'application/pdf');
    expect(await page.locator('iframe').getAttribute('title')).toBe('report.pdf');
    const viewer = async () => (await Promise.all(page.frames().map((each) => each.content().catch(() => '')))).join();
    await expect.poll(viewer).toMatch(/<pdf-viewer|PDF\.js viewer/);

    await open('data.bin', new Uint8Array(211_225), 'application/octet-stream');
    await page.getByText('211 kB').waitFor();
    expect(dialogs).toEqual([]);
  });

  it('says that it does not work any more', async () => {
    const { openPage } = await browser.visitor();
    const page = await openPage(`${(await servedForTest()).url}/s/gone`);
    await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
    expect(await problemsInAllForms(page)).toEqual([]);
  });
});
