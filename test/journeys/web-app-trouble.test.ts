import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { signIn as signInDirectly } from '../support/sandbox.js';
import { accessibilityProblems, describeInBrowsers, openBrowser, phone } from './browser.js';
import { card, choose, opener, serveWebAppWith, signIn, upload } from './web-app.js';

// What goes wrong for a user: a session that ends, a network that fails, another window, a full account, odd names.

const { app, server } = await serveWebAppWith({
  users: [
    { username: 'alice', password: 'wonderland' },
    { username: 'bob', password: 'builder' },
    { username: 'small', password: 'tiny', quota: 3_000_000 },
  ],
});

const panel = (page: Page) => page.getByRole('region', { name: 'Uploads' });
const sendFiles = (page: Page, names: readonly string[], size = 1000) =>
  page.setInputFiles(
    'input[type=file]',
    names.map((file) => ({ name: file, mimeType: 'text/plain', buffer: Buffer.alloc(size, 'x') })),
  );

describeInBrowsers('a user in trouble', (name) => {
  const browser = openBrowser(name);
  const open = async (username = 'alice', password = 'wonderland') => {
    const { openPage, context } = await browser.visitor();
    const page = await openPage(app);
    await signIn(page, username, password);
    return { page, context };
  };

  it('signs in again when the session ends during ten uploads, and loses none of the files', async () => {
    const { page, context } = await open();
    let sent = 0;
    await page.route('**/doc/upload*', async (route) => {
      sent += 1;
      // as if the token had been revoked after three uploads
      if (sent > 3)
        await route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer revoked' } });
      else await route.continue();
    });
    const names = Array.from({ length: 10 }, (_, index) => `interrupted ${index} in ${name}.txt`);
    await sendFiles(page, names);
    await page.getByRole('heading', { name: 'Sign in to continue your uploads' }).waitFor();
    const [, left = ''] = /(\d+) files are not uploaded yet/.exec((await page.textContent('main')) ?? '') ?? [];
    expect(Number(left)).toBeGreaterThanOrEqual(7);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.setViewportSize(phone);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.unroute('**/doc/upload*');

    const opened = context.waitForEvent('page');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const popup = await opened;
    await popup.fill('#username', 'alice');
    await popup.fill('#password', 'wonderland');
    const closed = popup.waitForEvent('close');
    await popup.click('button[value=allow]');
    await closed;
    await panel(page).getByText(`0 of ${left} done, ${left} failed`).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await panel(page).getByRole('button', { name: 'Retry all' }).click();
    await panel(page).getByText('All done').waitFor();
    const { api } = await signInDirectly(server, 'alice');
    const stored = (await api.files.list()).map((file) => file.name).filter((file) => file.endsWith(`in ${name}`));
    expect(stored.sort()).toEqual(names.map((file) => file.replace('.txt', '')).sort());
  });

  it('is told when the window for the sign-in was closed, and can open it again', async () => {
    const { page, context } = await open();
    await page.route('**/doc/upload*', (route) =>
      route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer revoked' } }),
    );
    await sendFiles(page, ['one.txt']);
    await page.getByText('one file is not uploaded yet').waitFor();
    const opened = context.waitForEvent('page');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const popup = await opened;
    await popup.waitForURL('**/oauth2?**');
    await popup.click('button[value=deny]');
    await page.getByText('You did not allow access').waitFor();
    expect(await page.getByRole('button', { name: 'Sign in' }).isEnabled()).toBe(true);
  });

  it('does not upload the files of one user to the account of another', async () => {
    const { page, context } = await open();
    await page.route('**/doc/upload*', (route) =>
      route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer revoked' } }),
    );
    await sendFiles(page, ['one.txt']);
    await page.getByText('one file is not uploaded yet').waitFor();
    for (const [username, password] of [
      ['bob', 'builder'],
      ['alice', 'wonderland'],
    ] as const) {
      const opened = context.waitForEvent('page');
      await page.getByRole('button', { name: 'Sign in' }).click();
      const popup = await opened;
      await popup.fill('#username', username);
      await popup.fill('#password', password);
      await popup.click('button[value=allow]');
      if (username === 'bob') await page.getByText('You signed in as bob, but these are files of alice.').waitFor();
      else await panel(page).getByText('0 of 1 done, 1 failed').waitFor();
    }
  });

  it('does not undo what another window has changed', async () => {
    const { page, context } = await open();
    const file = `shared by two windows of ${name}.txt`;
    await upload(page, { name: file });
    const other = await context.newPage();
    await other.goto(app);
    await signIn(other);
    await opener(other, file).waitFor();

    // both open the dialog for the tags, and both save
    for (const each of [page, other]) await choose(each, file, 'Edit tags');
    await page.getByLabel('Add a tag').fill('first');
    await page.getByRole('button', { name: 'Save' }).click();
    await card(page, file).getByText('first').waitFor();
    await other.getByLabel('Add a tag').fill('second');
    await other.getByRole('button', { name: 'Save' }).click();
    for (const tag of ['first', 'second']) await card(other, file).getByText(tag).waitFor();

    // the first one takes back what it did itself
    await page.keyboard.press('Control+z'); // the message and its button may be gone by now
    await page.getByText(`Restored the tags of ${file}`).waitFor();
    await card(page, file).getByText('second').waitFor();
    expect(await card(page, file).getByText('first').count()).toBe(0);

    // one stops sharing it with bob, while the other still lists him
    await choose(page, file, 'Share');
    await page.getByLabel('User name').fill('bob');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('Only you and bob can open this file').waitFor();
    await other.reload();
    await choose(other, file, 'Share');
    await other.getByRole('dialog').getByText('Only you and bob can open this file').waitFor();
    await page.getByRole('button', { name: 'Stop sharing with bob' }).click();
    await page.getByRole('dialog').getByText('Only you can open this file').waitFor();
    await other.getByLabel('User name').fill('carol');
    await other.keyboard.press('Enter');
    await other.getByRole('dialog').getByText('Only you and carol can open this file').waitFor();
    for (const each of [page, other]) await each.keyboard.press('Escape');
    await card(other, file).getByText('second').waitFor();

    // one deletes it, the other renames it
    await choose(page, file, 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await opener(page, file).waitFor({ state: 'detached' });
    await choose(other, file, 'Rename');
    await other.getByRole('dialog').getByRole('textbox').fill('new name');
    await other.getByRole('button', { name: 'Rename' }).click();
    await other.getByText('This file no longer exists.').waitFor();
    await opener(other, file).waitFor({ state: 'detached' });
  });

  it('is told that the account is full, and uploads again after deleting a file', async () => {
    const { page } = await open('small', 'tiny');
    const { api } = await signInDirectly(server, 'small');
    for (const { id } of await api.files.list()) await api.files.delete(id);
    await page.reload();
    await sendFiles(page, ['first.txt', 'second.txt', 'third.txt'], 1_400_000);
    await panel(page).getByText('2 of 3 done, 1 failed').waitFor();
    await panel(page).getByText('There is not enough space for this.').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    const [stored] = await api.files.list();
    const full = `${stored?.name}.txt`;
    await panel(page).getByRole('button', { name: 'Minimise uploads' }).click();
    await choose(page, full, 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await opener(page, full).waitFor({ state: 'detached' });
    await panel(page).getByRole('button', { name: 'Show uploads' }).click();
    await panel(page)
      .getByRole('button', { name: /^Retry upload of/ })
      .click();
    await panel(page).getByText('All done').waitFor();
  });

  const oddNames = [
    ['an emoji of several code points', '👩‍👩‍👧‍👦🏳️‍🌈.txt'],
    ['a name of 255 bytes', `${'ä'.repeat(125)}x.txt`],
    ['right-to-left letters', 'קובץ חשוב.txt'],
    ['an override of the direction', 'photo\u202egnp.txt'],
    ['a control character', 'tab\u0007bell.txt'],
    ['a combining accent', 'e\u0301te\u0301.txt'],
    ['quotes and angle brackets', '"><img src=x>\'.txt'],
  ] as const;
  it('is told by the browser which names are not possible', async () => {
    const { page } = await open();
    const input = page.getByRole('dialog').getByRole('textbox');
    const changes: string[] = [];
    const file = `odd in ${name}.png`;
    await upload(page, { name: file, type: 'image/png' });
    page.on('request', (request) => request.method() === 'POST' && changes.push(request.url()));
    await choose(page, file, 'Rename');
    for (const wrong of ['a/b', 'a\\b', '   ', '']) {
      await input.fill(wrong);
      await page.keyboard.press('Enter');
      expect([wrong, await input.evaluate((field: HTMLInputElement) => field.validity.valid)]).toEqual([wrong, false]);
    }
    expect(await input.evaluate((field: HTMLInputElement) => field.maxLength)).toBe(255 - '.png'.length);
    expect(await page.getByRole('dialog').count()).toBe(1);
    expect(changes).toEqual([]);
    await page.keyboard.press('Escape');
  });

  it('uploads, opens, renames and deletes files with odd names', async () => {
    const { page } = await open('bob', 'builder');
    const { api } = await signInDirectly(server, 'bob');
    for (const [what, odd] of oddNames) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await sendFiles(page, [odd]);
      await panel(page).getByText('All done').waitFor();
      await page.getByRole('button', { name: 'Close uploads' }).click();
      const [file] = await api.files.list();
      expect(`${file?.name}.${file?.extension}`, what).toBe(odd.replace('\u0007', '%07'));
      await page.getByRole('button', { name: /^Open / }).click();
      await page.getByRole('dialog').waitFor();
      expect(await accessibilityProblems(page), what).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.setViewportSize(phone);
      expect(await accessibilityProblems(page), what).toEqual([]);
      await page.getByRole('button', { name: /^Actions for / }).click();
      await page.getByRole('menuitem', { name: 'Rename' }).click();
      const text = page.getByRole('dialog').getByRole('textbox');
      expect(await text.inputValue(), what).toBe(file?.name);
      await text.fill(`renamed ${what}`);
      await page.getByRole('button', { name: 'Rename' }).click();
      await choose(page, `renamed ${what}.txt`, 'Delete');
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('button', { name: 'Choose files' }).waitFor();
      expect(await api.files.list(), what).toEqual([]);
    }
  });

  // WebDriver BiDi cannot take Firefox offline
  it.skipIf(name === 'firefox')('has no network for a while, and continues when it is back', async () => {
    const { page, context } = await open();
    const file = `offline in ${name}.txt`;
    await context.setOffline(true);
    await sendFiles(page, [file]);
    await panel(page).getByText('doctape cannot be reached').waitFor();
    await context.setOffline(false);
    await panel(page)
      .getByRole('button', { name: `Retry upload of ${file}` })
      .click();
    await panel(page).getByText('All done').waitFor();
    await opener(page, file).waitFor();
    // a page that could not load its files loads them by itself
    await page.route('**/v1/doc?*', (route) => route.abort());
    await page.reload();
    await page.getByText('Your files could not be loaded').waitFor();
    await page.unroute('**/v1/doc?*');
    await context.setOffline(true);
    await context.setOffline(false);
    await opener(page, file).waitFor();
  });

  it('drops a folder, and a folder with a file that cannot be read', async () => {
    const { page, context } = await open();
    if (name === 'chromium') {
      const folder = await mkdtemp(join(tmpdir(), 'doctape-drop-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const top = join(folder, 'Dropped');
      await mkdir(join(top, 'deep'), { recursive: true });
      for (let index = 0; index < 120; index++) await writeFile(join(top, 'deep', `deep ${index}.txt`), 'deep');
      await writeFile(join(top, 'top.txt'), 'top');
      const devtools = await context.newCDPSession(page);
      const data = { items: [], files: [top], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
        await devtools.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
      await panel(page).getByText('All done').waitFor();
      await panel(page).getByText('and 21 more files').waitFor();
      expect(await panel(page).getByRole('listitem').count()).toBe(101);
      await card(page, 'top.txt').getByText('Dropped').waitFor();
    }
    // entries as the browser makes them: no browser lets a test drop a file that cannot be read
    await page.evaluate(() => {
      const file = (name: string, readable: boolean) => ({
        name,
        isFile: true,
        file: (found: (file: File) => void, failed: (error: Error) => void) =>
          readable ? found(new File(['x'], name)) : failed(new DOMException('gone', 'NotFoundError')),
      });
      const directory = (name: string, entries: object[]) => ({
        name,
        isDirectory: true,
        createReader: () => {
          const parts = [entries, []];
          return { readEntries: (found: (part: unknown[]) => void) => found(parts.shift() ?? []) };
        },
      });
      const drop = (entry: object) => {
        const event = new DragEvent('drop', { bubbles: true, cancelable: true });
        const items = [{ kind: 'file', webkitGetAsEntry: () => entry, getAsFile: () => null }];
        Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], items } });
        document.body.dispatchEvent(event);
      };
      Object.assign(window, {
        dropFolder: (...entries: [string, boolean][]) =>
          drop(
            directory(
              'Folder',
              entries.map((each) => file(...each)),
            ),
          ),
      });
    });
    const dropFolder = (...entries: [string, boolean][]) =>
      page.evaluate(
        (given) => (window as unknown as { dropFolder: (...all: unknown[]) => void }).dropFolder(...given),
        entries,
      );
    await dropFolder(['good.txt', true], ['bad.txt', false]);
    await page.getByText('Your browser could not read bad.txt.').waitFor();
    await panel(page).getByText('All done').waitFor();
    await card(page, 'good.txt').getByText('Folder').waitFor();
    await dropFolder();
    await page.getByText('There are no files in what you dropped.').waitFor();
    const { api } = await signInDirectly(server, 'alice');
    for (const { id } of await api.files.list()) await api.files.delete(id);
  });

  it('signs in, finds, tags, publishes, deletes and signs out with keys alone', async () => {
    const { openPage } = await browser.visitor();
    const page = await openPage(app);
    /** Presses Tab until this has the focus. */
    const tabTo = async (label: RegExp, key = 'Tab') => {
      const labels: string[] = [];
      for (let presses = 0; presses < 60; presses++) {
        const focused = await page.evaluate(() => {
          if (!document.hasFocus()) return 'outside of the page'; // where keys act, though this page has an active element
          const element = document.activeElement as HTMLElement | null;
          return element?.ariaLabel ?? (element?.id || element?.textContent) ?? '';
        });
        if (label.test(focused.trim())) return;
        labels.push(focused.trim());
        await page.keyboard.press(key);
      }
      expect.unreachable(`${label} cannot be reached with ${key}: ${labels.join(' | ')}`);
    };
    const { api } = await signInDirectly(server, 'bob');
    const file = `keys in ${name}`;
    await api.files.upload(new File(['x'], `${file}.txt`));
    await page.getByRole('button', { name: 'Sign in' }).waitFor(); // in an empty page, Tab leads out of it
    await tabTo(/^Sign in$/);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/oauth2?**');
    await page.locator('#username:focus').waitFor(); // a page is loaded before `autofocus` has an effect
    await page.keyboard.type('bob');
    await tabTo(/^password$/);
    await page.keyboard.type('builder');
    await page.keyboard.press('Enter');
    await opener(page, `${file}.txt`).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('keys in');
    await tabTo(new RegExp(`^Actions for ${file}`));
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Edit tags' }).waitFor();
    await tabTo(/^Edit tags$/, 'ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('keyboard');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await card(page, `${file}.txt`).getByText('keyboard').waitFor();
    await tabTo(new RegExp(`^Actions for ${file}`));
    await page.keyboard.press('Enter');
    await tabTo(/^Delete$/, 'ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(/^Delete$/);
    await page.keyboard.press('Enter');
    await opener(page, `${file}.txt`).waitFor({ state: 'detached' });
    await tabTo(/^Sign out$/, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect((await api.files.list()).map((each) => each.name)).not.toContain(file);
  });
});
