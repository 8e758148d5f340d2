import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { accessibilityProblems, describeInBrowsers, openBrowser } from './browser.js';
import { card, choose, filesOn, heading, opener, serveWebApp, signIn, upload } from './web-app.js';

const urls = serveWebApp();

describeInBrowsers('a user who keeps and shares files in the web application', (name) => {
  const browser = openBrowser(name);
  const open = async (username?: string, password?: string) => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(urls.app);
    await signIn(page, username, password);
    return page;
  };
  const dialog = (page: Page) => page.getByRole('dialog');

  it('makes a collection, shares it with a user that exists, and takes it back', async () => {
    const page = await open();
    const [first, second, collection] = [`1 in ${name}.txt`, `2 in ${name}.txt`, `trip in ${name}`];
    await upload(page, { name: first });
    await choose(page, first, 'Add to collection');
    await page.keyboard.type('no/slash');
    await page.keyboard.press('Enter');
    expect(
      await page
        .getByLabel('Collection', { exact: true })
        .evaluate((input: HTMLInputElement) => input.validationMessage),
    ).toContain('slash');
    await page.getByLabel('Collection', { exact: true }).fill(collection);
    await page.keyboard.press('Enter');
    await card(page, first).getByText(`#${collection}`).waitFor();

    await page.getByRole('link', { name: 'Collections' }).click();
    await page.getByRole('link', { name: collection }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: collection }).click();
    await heading(page, collection).waitFor();
    await upload(page, { name: second }); // into the collection
    await opener(page, second).waitFor();
    expect((await filesOn(page)).sort()).toEqual([first, second]);

    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await dialog(page).getByText('Only you can see this collection').waitFor();
    await page.getByLabel('User name').fill('nobody-of-this-name');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('“nobody-of-this-name” is not another user of doctape').waitFor();
    await page.getByLabel('User name').fill('bob');
    await page.keyboard.press('Enter');
    await page.getByText('bob can open every file').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await card(page, second).getByText('Shared with bob').waitFor();
    await choose(page, second, 'Public link');
    await page.getByText('Only you and bob can open this file').waitFor();
    await page.keyboard.press('Escape');

    const bob = await open('bob', 'builder');
    await bob.getByRole('link', { name: 'Shared with me' }).click();
    await card(bob, second).getByText('Shared with you').waitFor();
    await bob.getByRole('link', { name: 'Collections' }).click();
    await bob.getByText('shared by alice').first().waitFor();
    await bob.getByRole('link', { name: collection }).click();
    await opener(bob, first).waitFor();
    expect(await bob.getByRole('button', { name: 'Share', exact: true }).count()).toBe(0); // it is not his

    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('button', { name: 'Stop sharing with bob' }).click();
    await page.getByText('Only you can see this collection').waitFor();
    await bob.reload();
    await bob.getByText('Collection not found').waitFor();
  });

  it('shares one file with a user, who cannot change it', async () => {
    const page = await open();
    const file = `for bob from ${name}.txt`;
    await upload(page, { name: file });
    await choose(page, file, 'Share');
    await dialog(page).getByText('Only you can open this file').waitFor();
    await page.getByLabel('User name').fill('no spaces');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('A user name has').waitFor();
    await page.getByLabel('User name').fill('bob');
    await page.keyboard.press('Enter');
    await dialog(page).getByText('Only you and bob can open this file').waitFor();
    await dialog(page).getByText('does not tell whether this user exists').waitFor();
    await page.keyboard.press('Escape');

    const bob = await open('bob', 'builder');
    await bob.getByRole('button', { name: `Actions for ${file}` }).click();
    expect(await bob.getByRole('menuitem').allTextContents()).toEqual(['Open', 'Download', 'Make a copy']);
  });

  it('copies a file, and extracts an archive', async () => {
    const page = await open();
    const before = await filesOn(page);
    const original = `copied from ${name}.txt`;
    await upload(page, { name: original });
    await choose(page, original, 'Make a copy');
    await page.getByText(`Copied ${original}`).waitFor();
    await page.getByLabel('Search files').fill('Before the trip'); // so that it is in the window: see `filesShown()`
    await choose(page, 'Before the trip.zip', 'Extract');
    await page.getByText('Extracted 2 files from Before the trip.zip').waitFor();
    await page.getByLabel('Search files').fill('');
    expect((await filesOn(page)).length).toBe(before.length + 4);
    await page
      .getByText('% of')
      .or(page.getByText(/of 5 GB used/))
      .waitFor(); // the storage meter
  });

  it('reads Markdown without any HTML of it', async () => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(urls.app);
    await signIn(page);
    const content = [
      '# A heading <img src=x onerror=alert(1)>',
      'Some **bold** words and [a link](https://example.com/a) and [a trap](javascript:alert(1)).',
      '- one\n- two `code`',
      '```\n<script>alert(1)</script>\n```',
      '![a picture](https://example.com/tracker.png)',
    ].join('\n\n');
    await upload(page, { name: `notes of ${name}.md`, type: 'text/markdown', content });
    await opener(page, `notes of ${name}.md`).click();
    const article = dialog(page).getByRole('article');
    await article.getByRole('heading', { name: 'A heading <img src=x onerror=alert(1)>' }).waitFor();
    expect(await article.getByRole('listitem').allTextContents()).toEqual(['one', 'two code']);
    expect(await article.locator('img, script, iframe').count()).toBe(0);
    expect(
      await article.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href'))),
    ).toEqual(['https://example.com/a']);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect((await visitor.sent()).filter(({ url }) => url.includes('example.com'))).toEqual([]);
  });

  it('sees hostile names for what they are', async () => {
    const page = await open();
    const names = {
      turned: `photo by ${name}\u202egnp.exe`,
      hebrew: `שלום ${name}.txt`,
      emoji: `👩‍👩‍👧 ${name}.txt`,
      long: `${'€'.repeat(75)} ${name}.txt`.slice(0, 85), // about 255 bytes
      markup: `<b>${name} & "quotes".txt`,
    };
    await upload(page, ...Object.values(names).map((file) => ({ name: file })));
    await page.getByRole('button', { name: `Open photo by ${name}\ufffdgnp.exe` }).waitFor();
    await page.getByRole('button', { name: `Open <b>${name} & ` }).waitFor();
    await page.getByRole('button', { name: `Open ${names.emoji}` }).waitFor();
    await page.getByRole('button', { name: `Open \u2068${names.hebrew}\u2069` }).waitFor();
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await accessibilityProblems(page)).toEqual([]); // and nothing is too wide
    await page.getByRole('button', { name: 'Show as a list' }).click();
    expect(await accessibilityProblems(page)).toEqual([]);

    const saved = page.waitForEvent('download');
    await choose(page, names.emoji, 'Download');
    const download = await saved;
    expect(await readFile(await download.path(), 'utf8')).toBe('text');
  });
});
