import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Frame, Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { accessibilityProblems, type OpenBrowser, openBrowser } from '../../journeys/browser.js';
import type { TestBrowser } from '../../support/browsers.js';
import { base, siteFolder } from './build-site.js';
import { serveFolder } from './serve-folder.js';

// The playground in a browser. Each test has a server, and so an origin, of its own.

async function serveSite(folder = siteFolder): Promise<{ url: string; close(): Promise<void> }> {
  const { url, close } = await serveFolder(folder, base);
  onTestFinished(close);
  return { url: `${url}playground/`, close };
}

/** Waits until the sandbox runs. */
async function ready(page: Page): Promise<void> {
  await page.waitForSelector('.run:not([disabled])');
}

/** Opens the playground, and then stops the server. */
async function openWithoutNetwork(browser: OpenBrowser) {
  const site = await serveSite();
  const visitor = await browser.visitor();
  const page = await visitor.openPage(site.url);
  await ready(page);
  await site.close();
  await expect(fetch(site.url)).rejects.toThrow();
  return { page, ...visitor, url: site.url };
}

/** Runs an example. Returns what is in the console when it has finished. */
async function runExample(page: Page, title: string): Promise<string> {
  await page.click(`.snippets button:text-is("${title}")`);
  return run(page);
}

async function run(page: Page, press = () => page.click('.run')): Promise<string> {
  const last = await page.$('.page iframe');
  await press();
  // Firefox can report a click before the page has handled it
  await page.waitForFunction((frame) => document.querySelector('.page iframe') !== frame, last);
  return finished(page);
}

async function runCode(page: Page, code: string): Promise<string> {
  await page.fill('textarea', code);
  return run(page);
}

/** The text as it is shown, with its lines. */
function textIn(page: Page | Frame, selector: string): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: it has no lines
  return page.innerText(selector);
}

async function finished(page: Page): Promise<string> {
  await page.waitForSelector('.panel:not(:has(.running))');
  return textIn(page, '.console');
}

/** Waits until the console contains a text. Returns all of it. */
async function printed(page: Page, text: string): Promise<string> {
  await expect.poll(() => textIn(page, '.console')).toContain(text);
  return textIn(page, '.console');
}

async function frameOf(page: Page): Promise<Frame> {
  const frame = await (await page.waitForSelector('.page iframe')).contentFrame();
  if (!frame) throw new Error('the frame has no page');
  return frame;
}

async function widthsOfImages(page: Page): Promise<number[]> {
  const frame = await frameOf(page);
  return frame.evaluate(() =>
    Promise.all([...document.images].map((image) => image.decode().then(() => image.naturalWidth))),
  );
}

/** Deletes everything. */
async function reset(page: Page): Promise<void> {
  page.once('dialog', (dialog) => dialog.accept());
  await page.click('.reset');
  await printed(page, 'All files, tokens and sign-ins are deleted.');
}

const readsFiles = `
  import { ApiClient, fileName } from 'doctape-sdk';
  import { sandboxUrl, signIn } from 'playground';
  const api = new ApiClient({ token: await signIn(), baseUrl: sandboxUrl + '/v1' });
  export default (await api.files.list()).map(fileName);`;

const uploads = (name: string, size = 4): string => `
  import { ApiClient } from 'doctape-sdk';
  import { sandboxUrl, signIn } from 'playground';
  const api = new ApiClient({ token: await signIn(), baseUrl: sandboxUrl + '/v1' });
  await api.files.upload(new File([new Uint8Array(${size}).fill(120)], '${name}'));
  export default 'stored';`;

export function testPlayground(name: TestBrowser['name']): void {
  const browser = openBrowser(name);

  it('runs all examples without a network', async () => {
    const { page } = await openWithoutNetwork(browser);
    const titles = await page.locator('.snippets button').allInnerTexts();
    expect(titles).toHaveLength(8);
    for (const title of titles) {
      await page.click(`.snippets button:text-is("${title}")`);
      const guide = new URL((await page.getAttribute('.about a', 'href')) ?? '', page.url());
      const html = readFileSync(join(siteFolder, guide.pathname.slice(base.length)), 'utf8');
      if (guide.hash !== '') expect(html).toContain(`id="${guide.hash.slice(1)}"`);
    }

    const upload = await runExample(page, 'Upload a picture');
    expect(upload).toContain('uploaded 1');
    expect(upload).toContain("name: 'sunset'");
    expect(upload).toContain('meta: { width: 640, height: 400 }');
    expect(await widthsOfImages(page)).toEqual([320]);

    const list = await runExample(page, 'List files');
    expect(list).toMatch(/name\s+size\s+media_type\s+sunset\.png\s+\d+\s+image/);
    expect(list).toMatch(/alice uses \d+ of 5000000000 bytes\./);

    expect(await runExample(page, 'Show thumbnails')).toContain('1 of 1 files are pictures.');
    expect(await widthsOfImages(page)).toEqual([120]);
    const picture = page.locator('.console img');
    expect(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBe(
      120,
    );

    expect(await runExample(page, 'Publish a file')).toBe('200 Come to my party!');
    const opening = page.context().waitForEvent('page');
    await (await frameOf(page)).click('a');
    const publicPage = await opening;
    await publicPage.waitForSelector('h1:text-is("invitation.txt")');
    expect(publicPage.url()).toContain(`${base}playground/sandbox/s/`);
    const downloading = publicPage.waitForEvent('download');
    await publicPage.click('text=Download');
    expect((await downloading).suggestedFilename()).toBe('invitation.txt');
    await publicPage.close();
    await (await frameOf(page)).click('button');
    await printed(page, 'true http_404');

    await runExample(page, 'Your own files');
    const files = [
      { name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('one') },
      { name: 'data.json', mimeType: 'application/json', buffer: Buffer.from('{"public_url":"http://127.0.0.1/s/x"}') },
    ];
    await (await frameOf(page)).setInputFiles('input', files);
    expect(await printed(page, 'data.json')).toContain('one.txt');

    const fault = await runExample(page, 'Cause a fault');
    expect(fault).toContain('interrupted: retried in');
    expect(fault).toContain('100000 bytes arrived.');
    expect(fault).toContain('files.list, attempt 3');
    expect(fault).toMatch(/ApiError \(http_503\): .*line \d+/);
    expect(await textIn(page, '.line.wrong')).toContain("'status=503'");

    const errors = await runExample(page, 'Handle errors');
    expect(errors).toContain("Sign in again with ['file.create']");
    expect(errors).toContain("name: 'UnauthorizedError'");
    expect(errors).toContain('ConfigurationError (unknown_option): baseURL is not an option; did you mean baseUrl?');
    expect(errors).toContain('Nothing was sent.');

    await page.click('.panel header >> text=Requests');
    expect(await textIn(page, '.requests tr.failed')).toMatch(/^POST\s+\/v1\/doc\/upload\s+403\s+\d+\s+alice$/);
  });

  it('signs in on the page of the sandbox, without a network', async () => {
    const { page } = await openWithoutNetwork(browser);
    expect(await runExample(page, 'Sign in')).toContain('Press the button.');
    let frame = await frameOf(page);
    await frame.click('text=Sign in');
    await frame.waitForSelector('h1:text("Playground wants access")');
    expect(await textIn(frame, 'main')).toContain('alice, password wonderland');
    await frame.click('text=Deny');
    await printed(page, 'OAuthError: ');

    await frame.click('text=Sign in');
    await frame.fill('#username', 'alice');
    await frame.fill('#password', 'wrong');
    await frame.click('text=Allow');
    await frame.waitForSelector('[role=alert]:text("The username or the password is wrong.")');
    await frame.fill('#username', 'alice');
    await frame.fill('#password', 'wonderland');
    await frame.click('text=Allow');
    await printed(page, "Hello alice. The token allows ['account.read', 'file.read']");
    expect(frame.url()).not.toContain('access_token');

    await page.click('.page header >> text=Reload');
    await frame.waitForSelector('text=Sign out');
    expect(await run(page)).toContain('Hello alice.');
    frame = await frameOf(page);
    await frame.click('text=Sign out');
    await frame.waitForSelector('text=Sign in');

    await page.click('.page header >> text=Reload');
    await frame.click('text=Sign in');
    await frame.fill('#username', 'bob');
    await frame.fill('#password', 'builder');
    await frame.click('text=Allow');
    await printed(page, 'Hello bob.');
    await reset(page);
    expect(await run(page)).toContain('Press the button.');
  });

  it('keeps the files and the edited code after a reload without a network, until they are deleted', async () => {
    const { page } = await openWithoutNetwork(browser);
    await runExample(page, 'Upload a picture');
    const changed = (await page.inputValue('textarea')).replaceAll('320', '120').replace('sunset.png', 'dawn.png');
    await runCode(page, changed);
    expect(await widthsOfImages(page)).toEqual([120]);

    await page.reload();
    await ready(page);
    expect(await page.inputValue('textarea')).toBe(changed);
    await page.click('text=Restore');
    await expect.poll(() => page.inputValue('textarea')).toContain('sunset.png');
    const list = await runExample(page, 'List files');
    expect(list).toContain('sunset.png');
    expect(list).toContain('dawn.png');
    await runExample(page, 'Show thumbnails');
    expect(await widthsOfImages(page)).toEqual([120, 120]);

    await reset(page);
    expect(await runExample(page, 'List files')).toContain('No files yet');
    await page.reload();
    await ready(page);
    const empty = await runExample(page, 'List files');
    expect(empty).toContain('No files yet');
    expect(empty).toContain('alice uses 0 of');
  });

  it('is shared by two tabs, and continues with a new version of the site', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doctape-site-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(siteFolder, folder, { recursive: true });
    const site = await serveSite(folder);
    const { openPage, context } = await browser.visitor();
    const one = await openPage(site.url);
    await ready(one);
    const two = await openPage(site.url);
    await ready(two);
    await runCode(one, uploads('one.txt'));
    expect(await runCode(two, readsFiles)).toContain("['one.txt']");

    appendFileSync(join(folder, 'playground/worker.js'), '\nself.isNew = true;');
    const updated = one.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const before = registration.active;
      await registration.update();
      while (registration.active === before || registration.active?.state !== 'activated')
        await new Promise((resolve) => setTimeout(resolve, 20));
    });
    await updated;
    expect(await runCode(two, uploads('two.txt'))).toContain('stored');
    expect(await runCode(one, readsFiles)).toContain("['one.txt', 'two.txt']");
    await site.close();
    for (const page of context.pages()) {
      await page.reload();
      await ready(page);
    }
    expect(await runCode(one, readsFiles)).toContain("['one.txt', 'two.txt']");
    expect(await runCode(two, readsFiles)).toContain("['one.txt', 'two.txt']");
  });

  it('opens from another page of the site, and after a reload that ignores the worker', async () => {
    const site = await serveSite();
    const { openPage, printed: lines } = await browser.visitor();
    const page = await openPage(new URL('../quick-start.html', site.url).href);
    await page.click('.VPSidebar >> text=Playground');
    await ready(page);
    expect(await runCode(page, readsFiles)).toContain('[]');
    await page.click('.VPNavBarMenu >> text=Guides');
    await page.waitForSelector('h1:has-text("Quick start")');
    await page.goBack();
    await ready(page);
    expect(await run(page)).toContain('[]');
    if (name === 'chromium') {
      const session = await page.context().newCDPSession(page);
      await Promise.all([page.waitForEvent('load'), session.send('Page.reload', { ignoreCache: true })]);
      await ready(page);
      expect(await page.evaluate(() => navigator.serviceWorker.controller)).toBe(null);
      expect(await run(page)).toContain('[]');
    }
    await page.goto(`${site.url}sandbox/`);
    await ready(page);
    expect(page.url()).toBe(site.url);
    expect(lines).toEqual([]);
  });

  it('says the line of a mistake, and shows any value', async () => {
    const { page } = await openWithoutNetwork(browser);
    expect(await runCode(page, '\n\nconst x = ;\n')).toMatch(/SyntaxError: .*line 3/);
    expect(await page.locator('.line').nth(2).getAttribute('class')).toContain('wrong');
    expect(await textIn(page, '.console')).not.toMatch(/SyntaxError.*SyntaxError/s);
    expect(await runCode(page, "import { Nothing } from 'doctape-sdk';")).toMatch(/SyntaxError: .*Nothing/);
    expect(await runCode(page, '// a comment\nundefinedName()')).toMatch(/ReferenceError: .*line 2/);
    await runCode(page, "setTimeout(() => {\n  throw new Error('later');\n});");
    expect(await printed(page, 'Error: later')).toMatch(/Error: later\s+line 2/);
    expect(await runCode(page, "throw 'text'")).toContain("Thrown: 'text'");
    const values = await runCode(
      page,
      `const loop = { name: 'loop' };
       loop.self = loop;
       console.log('text', 1n, [1, 'two', null], new Map([['a', new Date(0)]]), loop);
       console.log(new File(['four'], 'a.txt', { type: 'text/plain' }), new URL('https://example.com'), () => {});
       export default new Set([{ a: undefined }]);`,
    );
    expect(values.split('\n')).toEqual([
      "text 1n [1, 'two', null] Map { 'a' => 1970-01-01T00:00:00.000Z } { name: 'loop', self: [circular] }",
      "File 'a.txt' (4 bytes, text/plain) https://example.com/ [function (anonymous)]",
      'Set { { a: undefined } }',
    ]);
  });

  it('shows values that cannot be read, and errors that are not like errors, and then continues', async () => {
    const { page } = await openWithoutNetwork(browser);
    const values = await runCode(
      page,
      `const { proxy, revoke } = Proxy.revocable({}, {});
       revoke();
       console.log({ a: 1, get b() { throw new Error('no'); } }, proxy, { get constructor() { throw 1; } });
       console.table([{ get a() { throw 1; } }]);
       export default 'after';`,
    );
    expect(values).toContain('{ a: 1, b: [cannot be read] } [cannot be read] [cannot be read]');
    expect(values).toMatch(/after$/);
    for (const [code, expected] of [
      ["throw Object.assign(new Error('a'), { message: { f() {} }, name: Symbol('x') })", 'Symbol(x): [object Object]'],
      ["throw Object.assign(new Error('a'), { code: 'x', toJSON: () => null })", 'Thrown: Error: a'],
      ["throw Object.assign(new Error('a'), { code: 'x', toJSON() { throw 1; } })", 'Thrown: Error: a'],
      ["parent.postMessage(null, '*'); parent.postMessage('x', '*'); parent.postMessage({ type: 'x' }, '*');", ''],
    ] as const)
      expect(await runCode(page, code)).toContain(expected);
  });

  // WebDriver BiDi, which tests use for Firefox, copies every printed value as a whole
  it.runIf(name === 'chromium')('shortens output that would stop the page', async () => {
    const { page } = await openWithoutNetwork(browser);
    expect(await runCode(page, 'console.log(new Array(2 ** 32 - 1).fill(1, 0, 1))')).toContain('… and 4294967195 more');
    expect(await runCode(page, "console.log('x'.repeat(1e7))")).toMatch(/x… and 9900000 more characters$/);
    const rows = await runCode(page, 'console.table(Array.from({ length: 50_000 }, (_, row) => ({ row })))');
    expect(rows).toMatch(/999\s+… and 49000 more$/);
    const lines = await runCode(page, "for (let line = 1; line <= 20_000; line++) console.log('line', line)");
    expect(lines.split('\n').filter((line) => line !== '')).toHaveLength(1_000);
    expect(lines).toMatch(/line 20000$/);
  });

  it('says so when the code has filled the storage of the tab', async () => {
    const { page } = await openWithoutNetwork(browser);
    await runCode(
      page,
      "for (let size = 2 ** 22; size >= 1; size /= 2)\n  try { while (true) sessionStorage.setItem(Math.random(), 'x'.repeat(size)); } catch {}",
    );
    await page.fill('textarea', `export default ${'1 + '.repeat(1_000)} 1;`);
    await page.click('.run');
    await printed(page, 'the storage of this tab is full');
    await reset(page);
    expect(await run(page)).toBe('1001');
  });

  it('can be used with the keyboard alone', async () => {
    const { page } = await openWithoutNetwork(browser);
    await page.focus('textarea');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('if (true) {');
    await page.keyboard.press('Enter');
    await page.keyboard.type("console.log('in');");
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.type('}');
    await expect.poll(() => page.inputValue('textarea')).toBe("if (true) {\n  console.log('in');\n}");
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.press('Tab');
    await expect.poll(() => page.inputValue('textarea')).toBe("  if (true) {\n    console.log('in');\n  }");
    await page.keyboard.press('ControlOrMeta+Z');
    await expect.poll(() => page.inputValue('textarea')).toBe("if (true) {\n  console.log('in');\n}");
    expect(await run(page, () => page.keyboard.press('ControlOrMeta+Enter'))).toBe('in');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await expect.poll(() => page.evaluate(() => document.activeElement?.localName)).not.toBe('textarea');
    await page.keyboard.press('Shift+Tab');
    await expect.poll(() => page.evaluate(() => document.activeElement?.localName)).toBe('textarea');
  });

  it('is accessible, on phones and in dark mode', async () => {
    const { page } = await openWithoutNetwork(browser);
    const problems: Record<string, string[]> = {};
    for (const [width, height] of [
      [1280, 860],
      [360, 740],
    ] as const) {
      await page.setViewportSize({ width, height });
      for (const theme of ['light', 'dark']) {
        if (theme === 'dark') await page.evaluate(() => document.documentElement.classList.add('dark'));
        else await page.evaluate(() => document.documentElement.classList.remove('dark'));
        for (const title of ['Upload a picture', 'List files', 'Cause a fault']) {
          await runExample(page, title);
          problems[`${title}, ${width}, ${theme}`] = await ownAccessibilityProblems(page);
        }
        await page.click('.panel header >> text=Requests');
        problems[`requests, ${width}, ${theme}`] = await ownAccessibilityProblems(page);
        await page.click('.panel header >> text=Console');
      }
    }
    expect(Object.entries(problems).filter(([, found]) => found.length > 0)).toEqual([]);
  });
}

/** The theme of VitePress labels its button for the search "Search", but shows "Search K". */
async function ownAccessibilityProblems(page: Page): Promise<string[]> {
  const found = (await accessibilityProblems(page)).filter(
    (problem) => problem !== 'label-content-name-mismatch at .DocSearch',
  );
  const clipped = await page
    .locator('.playground header')
    .evaluateAll((headers) => headers.filter((header) => header.scrollWidth > header.clientWidth).length);
  return clipped > 0 ? [...found, `${clipped} headers are clipped`] : found;
}

/** Ends the worker, as browsers do when it is idle. */
async function endWorker(name: TestBrowser['name'], context: BrowserContext, page: Page): Promise<void> {
  if (name === 'firefox') {
    await page.waitForTimeout(1_000); // the preference below ends it after 100 ms
    return;
  }
  const session = await context.newCDPSession(page);
  const stopped = new Promise<void>((resolve) => {
    session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      if (versions.some(({ runningStatus }) => runningStatus === 'stopped')) resolve();
    });
  });
  await session.send('ServiceWorker.enable'); // which also reports a worker that has already stopped
  await session.send('ServiceWorker.stopAllWorkers');
  await stopped;
  await session.detach();
}

/** Tests that need preferences of their own. */
export function testPlaygroundInOddBrowsers(name: TestBrowser['name']): void {
  const impatient = openBrowser(name, { firefoxUserPrefs: { 'dom.serviceWorkers.idle_timeout': 100 } });
  const without = openBrowser(name, {
    args: name === 'chromium' ? ['--host-resolver-rules=MAP site.test 127.0.0.1'] : [],
    firefoxUserPrefs: { 'dom.serviceWorkers.enabled': false },
  });

  it('keeps files and tokens when the browser ends the worker, also during an upload', async () => {
    const { page, context } = await openWithoutNetwork(impatient);
    expect(await runCode(page, uploads('before.txt'))).toContain('stored');
    await page.fill(
      'textarea',
      `import { ApiClient } from 'doctape-sdk';
       import { sandboxUrl, signIn } from 'playground';
       const token = await signIn();
       const api = new ApiClient({ token, baseUrl: sandboxUrl + '/v1' });
       for (let i = 0; i < 1000; i++) {
         const name = 'file-' + i;
         const error = await api.files.upload(new File([new Uint8Array(100_000)], name)).catch((reason) => reason);
         if (error instanceof Error) console.log('interrupted at', name, error.name);
         else console.log('stored', name);
         if (i % 3 === 2) await new Promise((resolve) => setTimeout(resolve, 300)); // the worker is idle
         if (globalThis.enough) break;
       }
       const names = (await api.files.list()).map(({ name }) => name);
       const contents = await Promise.all((await api.files.list()).map(async ({ id, size }) => {
         return (await (await api.files.download(id)).blob()).size === size;
       }));
       export default { names, contents };`,
    );
    await page.click('.run');
    await printed(page, 'stored file-5');
    for (let time = 0; time < 3; time++) await endWorker(name, context, page);
    await (await frameOf(page)).evaluate(() => Object.assign(globalThis, { enough: true }));
    const output = await finished(page);
    const stored = [...output.matchAll(/^stored (file-\d+)$/gm)].map(([, file]) => file);
    expect(stored.length).toBeGreaterThan(5);
    const result = output.slice(output.lastIndexOf('names:'));
    expect(['before', ...stored].filter((file) => !result.includes(`'${file}'`))).toEqual([]);
    expect(result).not.toContain('false');
  });

  it('sends a file completely to a page that reads it slowly', async () => {
    const { page } = await openWithoutNetwork(impatient);
    const output = await runCode(
      page,
      `import { ApiClient } from 'doctape-sdk';
       import { sandboxUrl, signIn } from 'playground';
       const api = new ApiClient({ token: await signIn(), baseUrl: sandboxUrl + '/v1' });
       const { id, size } = await api.files.upload(new File([new Uint8Array(8_000_000)], 'large'));
       const reader = (await api.files.download(id)).body.getReader();
       let received = 0;
       for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
         if (received === 0) await new Promise((resolve) => setTimeout(resolve, 1_500)); // the worker is idle
         received += chunk.value.length;
       }
       export default [received, size];`,
    );
    expect(output).toBe('[8000000, 8000000]');
  });

  it('says why it cannot run', async () => {
    const site = await serveSite();
    const url = name === 'chromium' ? site.url.replace('127.0.0.1', 'site.test') : site.url;
    const { openPage } = await without.visitor();
    const page = await openPage(url);
    const reason = name === 'chromium' ? 'served over https or from this machine' : 'private windows have none';
    await page.waitForSelector(`[role=alert]:has-text("The playground cannot run here."):has-text("${reason}")`);
    expect(await page.isDisabled('.run')).toBe(true);
    expect(await ownAccessibilityProblems(page)).toEqual([]);
  });
}
