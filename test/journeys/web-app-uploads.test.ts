import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { accessibilityProblems, describeInBrowsers, openBrowser, phone } from './browser.js';
import { card, hold, opener, serveWebApp, signIn } from './web-app.js';

const urls = serveWebApp();

describeInBrowsers('a user who uploads in the web application', (name) => {
  const browser = openBrowser(name);
  const open = async () => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(urls.app);
    await signIn(page);
    return page;
  };
  const panel = (page: Page) => page.getByRole('region', { name: 'Uploads' });
  const send = (page: Page, names: readonly string[], size = 1000) =>
    page.setInputFiles(
      'input[type=file]',
      names.map((file) => ({ name: file, mimeType: 'text/plain', buffer: Buffer.alloc(size, 'x') })),
    );

  /** Holds back all uploads until the returned function is called. */
  const holdUploads = (page: Page) => hold(page, '**/doc/upload*');

  it('sees the total, minimises the panel, cancels one file, and is asked before signing out', async () => {
    const page = await open();
    const release = await holdUploads(page);
    const names = Array.from({ length: 12 }, (_, index) => `${index} from ${name}.txt`);
    await send(page, names);
    await panel(page).getByText('0 of 12 done').waitFor();
    await panel(page).getByText('of 12 kB').waitFor();
    expect(await panel(page).getByRole('progressbar', { name: 'All uploads' }).isVisible()).toBe(true);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.setViewportSize(phone);
    expect(await accessibilityProblems(page)).toEqual([]);
    const height = async () => (await panel(page).boundingBox())?.height ?? 0;
    const before = await height();
    await panel(page).getByRole('button', { name: 'Minimise uploads' }).click();
    await expect.poll(height).toBeLessThan(before / 2);
    await panel(page).getByRole('button', { name: 'Show uploads' }).click();

    const [first = ''] = names;
    await panel(page)
      .getByRole('button', { name: `Cancel upload of ${first}` })
      .click();
    await panel(page).getByText('0 of 11 done').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    const question = page.getByRole('dialog', { name: 'Sign out and cancel uploads?' });
    await question.getByText('Not uploaded yet: 11 files').waitFor();
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    release();
    await panel(page).getByText('All done').waitFor();
    await opener(page, names.at(-1) ?? '').waitFor();
    expect(await opener(page, first).count()).toBe(0);
  });

  it('is told why uploads failed, and retries them', async () => {
    const page = await open();
    await page.route('**/doc/upload*', (route) => route.abort());
    const names = [`lost 1 of ${name}.txt`, `lost 2 of ${name}.txt`];
    await send(page, names);
    await panel(page).getByText('0 of 2 done, 2 failed').waitFor();
    expect(await panel(page).getByText('doctape cannot be reached').count()).toBe(2);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.unroute('**/doc/upload*');
    await panel(page).getByRole('button', { name: 'Retry all' }).click();
    await panel(page).getByText('All done').waitFor();
    for (const file of names) await opener(page, file).waitFor();
  });

  it('keeps the files that are being uploaded at the top of the panel', async () => {
    const page = await open();
    const release = await holdUploads(page);
    const names = Array.from({ length: 30 }, (_, index) => `row ${index} of ${name}.txt`);
    await send(page, names);
    const rows = panel(page).getByRole('listitem');
    await rows.first().waitFor();
    release();
    await panel(page).getByText('All done').waitFor();
    expect(await rows.count()).toBe(30);
    const again = await holdUploads(page);
    await send(page, [`late of ${name}.txt`]);
    await rows.first().getByText(`late of ${name}.txt`).waitFor();
    again();
    await panel(page).getByText('All done').waitFor();
  });

  it('uploads hundreds of files without a row for each, and loads the account once', async () => {
    const page = await open();
    let accounts = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/account')) accounts++;
    });
    const release = await holdUploads(page);
    await send(
      page,
      Array.from({ length: 150 }, (_, index) => `many ${index} of ${name}.txt`),
      1,
    );
    await panel(page).getByText('0 of 150 done').waitFor();
    expect(await panel(page).getByRole('listitem').count()).toBe(101);
    await panel(page).getByText('and 50 more files').waitFor();
    release();
    await panel(page).getByText('All done').waitFor();
    expect(accounts).toBeLessThan(20);
  });

  // WebDriver BiDi cannot choose a folder in Firefox: "unsupported operation ... File error: Is directory"
  it.skipIf(name === 'firefox')('uploads a folder from the picker, with its name as a tag', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'doctape-folder-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const top = join(folder, `Trip ${name}`);
    await mkdir(join(top, 'deep'), { recursive: true });
    await writeFile(join(top, `top of ${name}.txt`), 'top');
    await writeFile(join(top, 'deep', `deep of ${name}.txt`), 'deep');

    const page = await open();
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Upload a folder' }).click();
    await (await chooser).setFiles(top);
    await panel(page).getByText('All done').waitFor();
    for (const file of ['top', 'deep']) await card(page, `${file} of ${name}.txt`).getByText(`Trip ${name}`).waitFor();
  });
});
