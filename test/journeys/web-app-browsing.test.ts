import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { accessibilityProblems, describeInBrowsers, endOfAnimations, openBrowser, phone } from './browser.js';
import {
  card,
  choose,
  filesOn,
  filesShown,
  goBack,
  goForward,
  heading,
  hold,
  opener,
  serveWebApp,
  signIn,
  startSignIn,
  submitSignIn,
  upload,
  urlOf,
} from './web-app.js';

const urls = serveWebApp();

/** A window with all samples in it, though other tests have uploaded files: see `filesShown()`. */
const tall = { width: 1280, height: 1800 };

/** Reloads the page, whose list of files is as it is now, but arrives only when the returned function is called. */
async function reloadWithOldList(page: Page): Promise<() => void> {
  const sent = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  await page.route('**/v1/doc?*', async (route) => {
    const response = await route.fetch();
    sent.resolve();
    await released.promise;
    await route.fulfill({ response });
  });
  await page.reload();
  await sent.promise;
  return released.resolve;
}

describeInBrowsers('a user who looks for files in the web application', (name) => {
  const browser = openBrowser(name);
  const open = async (path = '') => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(urls.app + path);
    await page.setViewportSize(tall);
    await signIn(page);
    await filesShown(page);
    return page;
  };
  const dialog = (page: Page) => page.getByRole('dialog');
  const menuBox = async (page: Page) => {
    await page.getByRole('menu').waitFor();
    await endOfAnimations(page); // it moves while it appears
    const { x, y, width, height } = (await page.getByRole('menu').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    return { left: Math.floor(x), right: Math.ceil(x + width), top: Math.floor(y), bottom: Math.ceil(y + height) };
  };

  it('never gets back to the password page after the sign-in, nor forward to it', async () => {
    const visitor = await browser.visitor();
    const page = await visitor.openPage(`${urls.sandbox}?before`);
    await page.goto(urls.app);
    await startSignIn(page);
    await page.fill('#username', 'alice');
    await page.fill('#password', 'a wrong one');
    await page.click('button[value=allow]');
    await page.getByRole('alert').waitFor();
    await page.route(urls.app, async (route) => {
      await wait(3_000); // longer than the app waits to see that it is being left
      await route.continue();
    });
    await submitSignIn(page, 'allow');
    await filesShown(page);

    // within the page, or this would end with an error
    const forward = () =>
      new Promise((resolve) => {
        addEventListener('popstate', resolve, { once: true });
        history.forward();
      });
    await page.evaluate(forward);
    expect(await urlOf(page)).toBe(urls.app);
    await filesShown(page);
    // the entry that Forward leads to is one of this page: before it, and before this page, is where the user came from
    await page.evaluate(() => history.go(-2));
    await page.waitForURL('**/?before');
  });

  it('closes the preview and dialogs with Back, and opens the preview again with Forward', async () => {
    const page = await open();
    await opener(page, 'Dunes.png').click();
    await dialog(page).getByRole('img').waitFor();
    await page.getByRole('button', { name: 'Next file' }).click();
    await page.getByRole('dialog', { name: 'Night on the ridge.png' }).waitFor();
    const url = await urlOf(page);
    await goBack(page);
    await dialog(page).waitFor({ state: 'detached' });
    expect(await urlOf(page)).not.toBe(url);
    await goForward(page);
    await page.getByRole('dialog', { name: 'Night on the ridge.png' }).waitFor();
    expect(await urlOf(page)).toBe(url);
    await page.reload().catch(() => page.reload()); // it is aborted if the step in the history is not over
    await page.getByRole('dialog', { name: 'Night on the ridge.png' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    await expect.poll(() => urlOf(page)).not.toBe(url); // the step back has ended, so the next dialog gets its entry at once

    await choose(page, 'Dunes.png', 'Rename');
    await dialog(page).waitFor();
    await goBack(page);
    await dialog(page).waitFor({ state: 'detached' });
    await heading(page, 'All files').waitFor();
  });

  it('keeps a dialog that opens while the page goes back in the history', async () => {
    const page = await open();
    await opener(page, 'Dunes.png').click();
    await dialog(page).getByRole('img').waitFor();
    const preview = await urlOf(page);
    await page.evaluate(() => {
      const click = (selector: string) => document.querySelector<HTMLElement>(selector)?.click();
      // after the listener of the application, which has called `history.back()`: the step ends in a later task
      document.querySelector('dialog')?.addEventListener('close', () => {
        click('[aria-label="Actions for Dunes.png"]');
        [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Rename')?.click();
      });
      click('dialog [aria-label="Close"]');
    });
    await expect.poll(() => urlOf(page)).not.toBe(preview);
    await page.getByRole('dialog', { name: 'Rename' }).waitFor();
    await goBack(page);
    await dialog(page).waitFor({ state: 'detached' });
    await heading(page, 'All files').waitFor();
  });

  it('goes back through views, a filter and a search', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Starred' }).click();
    await heading(page, 'Starred').waitFor();
    await page.getByLabel('Kind of file').selectOption('Audio');
    await opener(page, 'Lake at dusk.png').waitFor({ state: 'detached' });
    expect(await filesOn(page)).toEqual(['Evening tune.wav']);
    await goBack(page);
    await opener(page, 'Lake at dusk.png').waitFor();
    await goBack(page);
    await heading(page, 'All files').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('mountains');
    await opener(page, 'Dunes.png').waitFor({ state: 'detached' });
    expect((await filesOn(page)).sort()).toEqual(
      ['First snow.png', 'Green hills.png', 'Lake at dusk.png', 'Packing list.txt'].sort(), // by their tag
    );
    await goBack(page);
    await opener(page, 'Dunes.png').waitFor();
    expect(await page.getByLabel('Search files').inputValue()).toBe('');
  });

  it('sorts files, and finds the order and the list again after a reload', async () => {
    const page = await open();
    const before = await filesOn(page);
    expect(before.indexOf('Lake at dusk.png')).toBeLessThan(before.indexOf('Dunes.png')); // the newest first
    await page.getByLabel('Sort by').selectOption('Name');
    const byName = await filesOn(page);
    expect(byName).toEqual([...byName].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })));
    await page.getByLabel('Sort by').selectOption('Size');
    expect((await filesOn(page))[0]).toBe('Evening tune.wav');
    await page.getByRole('button', { name: 'Sorted descending' }).click();
    await expect.poll(async () => (await filesOn(page)).at(-1)).toBe('Evening tune.wav');
    await page.getByLabel('Sort by').selectOption('Kind');
    expect((await filesOn(page))[0]).toBe('Before the trip.zip'); // an archive
    await page.getByRole('button', { name: 'Show as a list' }).click();
    const lefts = () =>
      Promise.all(['Dunes.png', 'Green hills.png'].map(async (file) => (await card(page, file).boundingBox())?.x));
    await expect.poll(async () => new Set(await lefts()).size).toBe(1); // one below the other
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.reload();
    await page.getByRole('button', { name: 'Show as a grid' }).waitFor();
    expect((await filesOn(page))[0]).toBe('Before the trip.zip');
    await page.setViewportSize(phone);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('moves between files, selects, renames and deletes with keys alone', async () => {
    const page = await open();
    await upload(page, { name: `a of ${name}.txt` }, { name: `b of ${name}.txt` }, { name: `c of ${name}.txt` });
    await page.getByLabel('Sort by').selectOption('Name');
    await page.keyboard.press('/');
    await page.keyboard.type(`of ${name}`);
    await opener(page, 'Dunes.png').waitFor({ state: 'detached' });
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    const first = `Open a of ${name}.txt`;
    for (let step = 0; (await focused()) !== first; step++) {
      if (step > 12) throw new Error('Tab does not reach the first file');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('ArrowRight');
    await expect.poll(focused).toBe(`Open b of ${name}.txt`);
    await page.keyboard.press('End');
    await expect.poll(focused).toBe(`Open c of ${name}.txt`);
    await page.keyboard.press('Home');
    await page.keyboard.press('F2');
    await dialog(page).waitFor();
    await page.keyboard.type(`aa of ${name}`);
    await page.keyboard.press('Enter');
    await opener(page, `aa of ${name}.txt`).waitFor();
    await dialog(page).waitFor({ state: 'detached' });
    await page.keyboard.press('Control+z');
    await opener(page, `a of ${name}.txt`).waitFor();

    await opener(page, `a of ${name}.txt`).focus();
    await page.keyboard.press('Space');
    await page.getByText('1 selected').waitFor();
    expect(await dialog(page).count()).toBe(0); // Space has not opened it
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText('2 selected').waitFor();
    await page.keyboard.press('Control+a');
    await page.getByText('3 selected').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Delete');
    await page.getByRole('dialog', { name: 'Delete 3 files?' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    for (const button of ['Cancel', 'Delete']) {
      await page.keyboard.press('Tab');
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(button);
    }
    await page.keyboard.press('Enter');
    await page.getByText('Nothing found').waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1'); // not lost
  });

  it('selects with Ctrl and Shift, and acts on the selection, with undo', async () => {
    const page = await open();
    const files = [1, 2, 3].map((number) => `${number} for ${name}.txt`);
    await upload(page, ...files.map((file) => ({ name: file, content: file })));
    await page.getByLabel('Search files').fill(`for ${name}`);
    await page.getByLabel('Sort by').selectOption('Name');
    await opener(page, 'Dunes.png').waitFor({ state: 'detached' });
    await opener(page, files[0] ?? '').click({ modifiers: ['ControlOrMeta'] });
    await opener(page, files[2] ?? '').click({ modifiers: ['Shift'] });
    await page.getByText('3 selected').waitFor();
    await opener(page, files[1] ?? '').click({ modifiers: ['ControlOrMeta'] });
    await page.getByText('2 selected').waitFor();
    const bar = page.getByRole('group', { name: 'Selected files' });

    await bar.getByRole('button', { name: 'Star' }).click();
    await page.getByText('Starred 2 files').waitFor();
    const starred = () =>
      page
        .getByRole('button', { name: /^Star \d for/ })
        .evaluateAll((all) => all.map(({ ariaPressed }) => ariaPressed));
    await expect.poll(starred).toEqual(['true', 'false', 'true']);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Removed the star of 2 files').waitFor();
    await expect.poll(starred).toEqual(['false', 'false', 'false']);

    await bar.getByRole('button', { name: 'Tag' }).click();
    await page.keyboard.type('one, two');
    await page.keyboard.press('Enter');
    await page.getByText('Added one, two to 2 files').waitFor();
    await card(page, files[0] ?? '')
      .getByText('two')
      .waitFor();
    const release = await hold(page, '**/v1/tape*');
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Restored the tags of 2 files').waitFor();
    await card(page, files[0] ?? '')
      .getByText('two')
      .waitFor({ state: 'detached' });

    await bar.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Published 2 files').waitFor();
    const collections = page.waitForResponse((response) => response.url().includes('/v1/tape'));
    release();
    await (await collections).finished(); // a slow part of what came before does not take the button away
    await card(page, files[2] ?? '')
      .getByText('Public')
      .waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await card(page, files[2] ?? '')
      .getByText('Public')
      .waitFor({ state: 'detached' });

    await bar.getByRole('button', { name: 'Download' }).click();
    await expect.poll(() => browser.downloaded()).toEqual([files[0], files[2]]);
    await page.keyboard.press('Escape');
    await bar.waitFor({ state: 'hidden' });
  });

  it('selects all files, and shows them as a list, without an animation for each, which takes seconds for thousands', async () => {
    const page = await open();
    const first = (await filesOn(page))[0] ?? '';
    for (const layout of ['grid', 'list']) {
      if (layout === 'list') await page.getByRole('button', { name: 'Show as a list' }).click();
      await opener(page, first).focus();
      await page.evaluate(() => {
        delete document.body.dataset.animated;
        document.addEventListener(
          'keyup',
          () => {
            const targets = document
              .getAnimations()
              .map(({ effect }) => effect instanceof KeyframeEffect && effect.target);
            const cards = targets.filter((target) => target instanceof Element && target.matches('.card'));
            document.body.dataset.animated = String(cards.length);
          },
          { once: true },
        );
      });
      await page.keyboard.press('ControlOrMeta+a');
      await page.getByText(/^\d+ selected/).waitFor();
      await expect.poll(() => page.evaluate(() => document.body.dataset.animated), { message: layout }).toBe('0');
      await page.keyboard.press('Escape');
    }
  });

  it('shows files as they are, which another window has changed or deleted while the list was loading', async () => {
    const page = await open();
    const [kept, renamed, deleted] = ['kept', 'renamed', 'deleted'].map((what) => `${what} in ${name}.txt`) as [
      string,
      string,
      string,
    ];
    await upload(page, ...[kept, renamed, deleted].map((file) => ({ name: file })));
    const other = await page.context().newPage();
    await other.goto(urls.app);
    await signIn(other);
    await opener(other, deleted).waitFor();

    const release = await reloadWithOldList(page); // as it was before the changes. It arrives after them
    await choose(other, renamed, 'Rename');
    await other.getByRole('dialog').getByRole('textbox').fill(`other name in ${name}`);
    await other.getByRole('button', { name: 'Rename', exact: true }).click();
    await opener(other, `other name in ${name}.txt`).waitFor();
    await choose(other, deleted, 'Delete');
    await other.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await opener(other, deleted).waitFor({ state: 'detached' });
    await page.bringToFront();
    release();
    await opener(page, kept).waitFor();
    await page.unroute('**/v1/doc?*');

    // an action on a file that is gone says so, and brings in all other changes
    await page.getByRole('button', { name: `Star ${deleted}`, exact: true }).click();
    await page.getByText('This file no longer exists.').waitFor();
    await opener(page, deleted).waitFor({ state: 'detached' });
    await opener(page, `other name in ${name}.txt`).waitFor();
    await opener(page, renamed).waitFor({ state: 'detached' });
    for (const file of [kept, `other name in ${name}.txt`]) {
      await choose(page, file, 'Delete');
      await dialog(page).getByRole('button', { name: 'Delete' }).click();
      await opener(page, file).waitFor({ state: 'detached' });
    }
  });

  it('takes back with Undo what was changed in the dialog for tags, and no other change', async () => {
    const page = await open();
    const file = `tagged in ${name}.txt`;
    await upload(page, { name: file });
    const tags = () => card(page, file).getByRole('list', { name: 'Tags' }).getByRole('listitem').allTextContents();
    const edit = async (change: () => Promise<void>) => {
      await choose(page, file, 'Edit tags');
      await change();
      await dialog(page).getByRole('button', { name: 'Save' }).click();
      await page.getByText(`Saved the tags of ${file}`).waitFor();
    };
    await edit(() => dialog(page).getByLabel('Add a tag').fill('first, second'));
    await expect.poll(tags).toEqual(['first', 'second']);
    await edit(async () => {
      await dialog(page).getByRole('button', { name: 'Remove tag first' }).click();
      await dialog(page).getByLabel('Add a tag').fill('third');
    });
    await expect.poll(tags).toEqual(['second', 'third']);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText(`Restored the tags of ${file}`).waitFor();
    await expect.poll(async () => (await tags()).sort()).toEqual(['first', 'second']);
    await page.reload();
    await opener(page, file).waitFor();
    expect((await tags()).sort()).toEqual(['first', 'second']);
    await choose(page, file, 'Delete');
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await opener(page, file).waitFor({ state: 'detached' });
  });

  it('skips to the files, and is shown the keys', async () => {
    const page = await open();
    await page.reload();
    await filesShown(page);
    await page.keyboard.press('Tab');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the files');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
  });

  it('has all actions of a file in the window, wherever the file is', async () => {
    const page = await open();
    const buttons = page.getByRole('button', { name: /^Actions for / });
    const count = Math.min(await buttons.count(), 8);
    for (const size of [
      { width: 1280, height: 720 },
      { width: 1000, height: 600 },
      phone,
      { width: 740, height: 360 },
    ]) {
      await page.setViewportSize(size);
      for (let index = 0; index < count; index++) {
        await buttons.nth(index).click();
        const { left, right, top, bottom } = await menuBox(page);
        const what = `file ${index} in ${size.width} × ${size.height}`;
        expect(Math.min(left, top), what).toBeGreaterThanOrEqual(0);
        expect(right, what).toBeLessThanOrEqual(size.width);
        expect(bottom, what).toBeLessThanOrEqual(size.height);
        await page.getByRole('menuitem', { name: 'Delete' }).click({ trial: true });
        await page.keyboard.press('Escape');
      }
    }
  });

  it('keeps the menu of a file beside the file, while files arrive and the page scrolls', async () => {
    const page = await open();
    await page.setViewportSize({ width: 1280, height: 720 });
    const release = await hold(page, '**/doc/upload*');
    const before = await filesOn(page);
    const [first = ''] = before;
    const arriving = `arrives beside a menu in ${name}.txt`;
    await page.setInputFiles('input[type=file]', { name: arriving, mimeType: 'text/plain', buffer: Buffer.from('x') });
    await page.getByRole('button', { name: `Actions for ${first}` }).click();
    const box = await menuBox(page);
    const reloaded = page
      .waitForResponse((response) => response.url().includes('/v1/tape'))
      .then((response) => response.finished());
    release();
    await page.getByRole('status').filter({ hasText: 'Uploads' }).getByText('All done').waitFor();
    await reloaded;
    expect(await filesOn(page)).toEqual(before);
    for (const [edge, at] of Object.entries(await menuBox(page))) {
      expect.soft(Math.abs(at - box[edge as keyof typeof box]), edge).toBeLessThanOrEqual(1); // edges are between two pixels
    }

    // also in the frame in which the page scrolls, because a click may come before the next
    const apart = await page.evaluate((label) => {
      const top = (selector: string) => document.querySelector(selector)?.getBoundingClientRect().top ?? 0;
      const distance = () => Math.round(top('#file-menu') - top(`[aria-label="Actions for ${label}"]`));
      const distances = [distance()];
      scrollBy(0, 60);
      return [...distances, distance()];
    }, first);
    expect(apart[1]).toBe(apart[0]);

    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await dialog(page).getByText('Rename').first().waitFor();
    expect(await dialog(page).getByRole('textbox').inputValue()).toBe(first.replace(/\.\w+$/, ''));
    await page.keyboard.press('Escape');
    await opener(page, arriving).waitFor();
    await page.getByText(`${before.length + 1} files, `).waitFor();
    await choose(page, arriving, 'Delete');
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await opener(page, arriving).waitFor({ state: 'detached' });
  });

  it('opens the file that was pressed, when another arrives between the press and the release', async () => {
    const page = await open();
    await page.setViewportSize({ width: 1280, height: 720 });
    const release = await hold(page, '**/doc/upload*');
    const before = await filesOn(page);
    const [first = ''] = before;
    const arriving = `arrives during a click in ${name}.txt`;
    await page.setInputFiles('input[type=file]', { name: arriving, mimeType: 'text/plain', buffer: Buffer.from('x') });
    const { x = 0, y = 0, width = 0, height = 0 } = (await opener(page, first).boundingBox()) ?? {};
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    const reloaded = page
      .waitForResponse((response) => response.url().includes('/v1/tape'))
      .then((response) => response.finished());
    release();
    await page.getByRole('status').filter({ hasText: 'Uploads' }).getByText('All done').waitFor();
    await reloaded;
    expect(await filesOn(page)).toEqual(before);
    await page.mouse.up();
    await dialog(page).getByRole('heading', { name: first }).waitFor();
    await page.keyboard.press('Escape');
    await opener(page, arriving).waitFor();
    await choose(page, arriving, 'Delete');
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await opener(page, arriving).waitFor({ state: 'detached' });
  });

  it('has room for what is in each card, and moves no file when others come into the window', async () => {
    const page = await open();
    const long = `A name that is longer than a card, whatever the window, so that it needs more than a line, of ${name}.txt`;
    await upload(page, { name: long });
    await choose(page, long, 'Edit tags');
    for (const tag of ['a tag that is long', 'another one', 'and the last of all tags']) {
      await page.keyboard.type(tag);
      await page.keyboard.press('Enter');
    }
    await page.keyboard.press('Enter');
    await card(page, long).getByText('another one').waitFor();
    const cardsAt = (end: 'top' | 'bottom') =>
      page.evaluate(async (to) => {
        scrollTo(0, to === 'top' ? 0 : document.documentElement.scrollHeight);
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
        return [...document.querySelectorAll('.card')].map((each) => {
          const { top, height } = each.getBoundingClientRect();
          return [Math.round(top + scrollY), Math.round(height)];
        });
      }, end);
    for (const layout of ['grid', 'list']) {
      for (const width of [280, 360, 480, 704, 720, 1000, 1280, 1920]) {
        await page.setViewportSize({ width, height: 300 });
        const before = await cardsAt('top');
        expect(before.length).toBeGreaterThan(10);
        expect(await cardsAt('bottom'), `${layout}, ${width}`).toEqual(before);
        await card(page, long).scrollIntoViewIfNeeded();
        const outside = await card(page, long).evaluate((element) => {
          const { top, bottom } = element.getBoundingClientRect();
          return [...element.querySelectorAll('.picture, .name, .facts, .marks, .marks > li, button, input')]
            .filter((part) => {
              const box = part.getBoundingClientRect();
              return box.height > 0 && (box.top < top || box.bottom > bottom);
            })
            .map(({ className }) => className);
        });
        expect(outside, `${layout}, ${width}`).toEqual([]);
      }
      if (layout === 'grid') await page.getByRole('button', { name: 'Show as a list' }).click();
    }
    await choose(page, long, 'Delete');
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await opener(page, long).waitFor({ state: 'detached' });
  });

  it('shows a file that was uploaded while an older list of all files was on its way', async () => {
    const page = await open();
    const uploaded = `uploaded in ${name}.txt`;
    const release = await reloadWithOldList(page);
    await upload(page, { name: uploaded });
    release();
    await opener(page, uploaded).waitFor();
    await choose(page, uploaded, 'Delete');
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await opener(page, uploaded).waitFor({ state: 'detached' });
  });

  it('goes from the menu of one file to that of another, and closes it with its button', async () => {
    const page = await open();
    const [first = '', second = ''] = await filesOn(page);
    await page.getByRole('button', { name: `Actions for ${second}` }).click();
    await page.getByRole('menuitem').first().waitFor();
    await page.getByRole('button', { name: `Actions for ${first}` }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    expect(await dialog(page).getByRole('textbox').inputValue()).toBe(first.replace(/\.\w+$/, ''));
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    for (const state of ['visible', 'hidden'] as const) {
      await page.getByRole('button', { name: `Actions for ${first}` }).click();
      await page.getByRole('menuitem').first().waitFor({ state });
    }
  });

  it('does not move the files on a phone when the account is loaded', async () => {
    const page = await open();
    await page.setViewportSize(phone);
    const release = await hold(page, '**/v1/account');
    await page.reload();
    await filesShown(page);
    const first = page.getByRole('button', { name: /^Open / }).first();
    const place = async () => Math.round((await first.boundingBox())?.y ?? 0);
    const before = await place();
    expect(before).toBeGreaterThan(0);
    expect(await page.getByText(' used').isVisible()).toBe(false);
    release();
    await page.getByText(' used').waitFor();
    expect(await place()).toBe(before);
  });
});
