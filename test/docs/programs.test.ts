import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { createSandbox } from '../../src/sandbox.js';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { openBrowser } from '../journeys/browser.js';
import { forwardProxy } from '../support/forward-proxy.js';
import { freePort } from '../support/free-port.js';
import { inRepository } from '../support/paths.js';
import { requires } from '../support/requirements.js';
import { allScopes, served, tokenFor } from '../support/sandbox.js';
import { secureServer } from '../support/secure-server.js';
import { submitOutOfBand } from '../support/submit-out-of-band.js';
import { type CodeBlock, codeBlocks } from './code-blocks.js';
import { blocks } from './pages.js';
import { until } from './reader/clone.js';
import type { BlockGlobals } from './reader/globals.js';
import { machine } from './reader/machine.js';
import { type BlockEnvironment, runAsTests, runInNode, servePage } from './reader/run.js';
import { signInAt } from './reader/sign-in.js';

// Runs the code blocks of the documentation as they are printed, except for the URL of the sandbox. Complete programs, and code
// for browsers, have a check below, which tests that they do what the page says. The other blocks run with the globals of
// names.ts, and must not fail.

const { url: sandboxUrl, sandbox } = await served({
  apps: [
    ...createSandbox().apps.map((app) => ({
      ...app,
      redirectUris: [...app.redirectUris, 'https://app.example/callback'],
    })),
    {
      clientId: 'my-app',
      type: 'server',
      name: 'A program without a secret',
      redirectUris: ['loopback', 'https://app.example/callback'],
    },
    {
      clientId: 'help-desk',
      clientSecret: 'help-desk-secret',
      type: 'server',
      name: 'A program of the View API',
      redirectUris: ['https://app.example/callback'],
    },
    { clientId: 'my-script', type: 'server', name: 'My script', redirectUris: ['loopback'] },
  ],
});
const browser = openBrowser('chromium');

/** The reader's token, which has every scope, and their file, an image. */
let globals: BlockGlobals;
let api: ApiClient;
const image = makeJpeg(640, 480, quarters(640, 480));
beforeEach(async () => {
  await sandbox.reset();
  const token = await tokenFor(sandbox, 'alice', allScopes, sandboxUrl);
  api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });
  const { id } = await api.files.upload(image, { name: 'lake.jpg', type: 'image/jpeg' });
  globals = { baseUrl: `${sandboxUrl}/v1`, token, id };
});

async function namesOfFiles(): Promise<string[]> {
  return (await api.files.list()).map(({ name }) => name);
}

/** Runs a block until it ends. @returns its folder and the lines it printed */
async function run(
  block: CodeBlock,
  environment: Pick<BlockEnvironment, 'codeAfter' | 'env'> = {},
  changes: Partial<BlockGlobals> = {},
): Promise<{ folder: string; printed: string[] }> {
  const running = await runInNode(block, { sandboxUrl, values: { ...globals, ...changes }, ...environment });
  await running.ended;
  expect(running.problems, `stderr of ${block.page}:${block.line}`).toEqual([]);
  return running;
}

const checks: Record<string, (block: CodeBlock) => Promise<void>> = {
  'README.md: Use it (2)': async (block) => {
    expect((await run(block)).printed).toEqual(['hello txt 5']);
  },

  'README.md: Sandbox and tests': async (block) => {
    const { printed } = await run(block);
    expect(printed.join('\n')).toMatch(/pass 1\n.*fail 0/s);
  },

  'docs/quick-start.md: Make your first calls': async (block) => {
    const [expected = ''] = blocks.flatMap(({ place, text }) => (place === `${block.place} (2)` ? [text] : []));
    expect((await run(block)).printed).toEqual(expected.trim().split('\n'));
  },

  'README.md: Sign in on a server': async (block) => {
    const port = String(await freePort());
    const env = { DOCTAPE_SECRET: secretIn('README.md') };
    const { ended } = await runInNode({ ...block, text: block.text.replaceAll('3000', port) }, { sandboxUrl, env });
    const login = () => fetch(`http://localhost:${port}/login`, { redirect: 'manual' });
    const listening = expect.poll(() => login().catch(() => undefined)).toBeTruthy();
    await Promise.race([listening, ended]);

    const start = await login();
    expect([start.status, await start.text()]).toEqual([303, '']);
    const cookie = start.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
    const callback = await signInAt(start.headers.get('location') ?? '', sandboxUrl);
    const welcome = await fetch(callback, { headers: { cookie } });
    expect(await welcome.text()).toBe('Hello alice, you have 1 files.');
    const replayed = await fetch(callback, { headers: { cookie } });
    expect(replayed.status).toBe(400);
  },

  'README.md: Sign in in a browser page': async (block) => {
    await signInAndReload(block);
    await declineAndTryAgain(block);
  },
  'docs/browser.md: From nothing to a list of files (3)': async (block) => {
    const { address, page } = await openPage(block);
    const shown = () => page.textContent('body');
    await page.click('button');
    await signInOn(page, 'deny');
    await expect.poll(shown).toContain('access_denied');
    await page.click('button');
    await signInOn(page);
    await expect.poll(shown).toMatch(/Sign out.*lake\.jpg/s);
    expect(page.url()).toBe(address);
    await page.click('button');
    await expect.poll(shown).toContain('Sign in');
  },

  'docs/browser.md: In your application': async (block) => {
    await signInAndReload(block);
    await handleDenial(block);
  },

  'docs/browser.md: Options': async (block) => {
    await openPage(block); // it is accepted
  },

  'docs/browser.md: Hash routers': async (block) => {
    const { address, page } = await openPage(block);
    for (const [route, title] of [
      ['', 'All files'],
      ['#/starred', 'Starred files'],
    ]) {
      await page.goto(address + route);
      await page.click('button');
      await signInOn(page);
      await page.waitForURL(address + route);
      expect(await page.title()).toBe(title);
    }
    const declined = await declineAndTryAgain(block, '#/starred');
    expect(declined).toEqual({
      printed: [expect.stringMatching(/^showAlert .*access_denied/)],
      title: 'Starred files',
    });
  },

  'docs/browser.md: Popups': async (block) => {
    const { address, page, printed } = await openPage(block);
    for (const decision of ['deny', 'allow'] as const) {
      const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('button')]);
      await popup.waitForSelector('#username');
      await Promise.all([popup.waitForEvent('close'), signInOn(popup, decision)]);
      await expect.poll(() => printed.length).toBe(decision === 'deny' ? 1 : 2);
    }
    expect(printed).toEqual([
      expect.stringMatching(/^showAlert .*access_denied/),
      expect.stringMatching(/^show alice\b/),
    ]);
    expect(page.url()).toBe(address);
    await declineAndTryAgain(block, '', 'window.open = () => null');
  },

  'docs/browser.md: Several clients': signInAndReload,

  'docs/browser.md: Storage': async (block) => {
    const { address, page, printed } = await openPage(block);
    const other = await page.context().newPage();
    await other.goto(address);
    await page.click('button');
    await signInOn(page);
    await expect.poll(() => [...printed]).toEqual(['showAlert signed in', 'showAlert signed in']);
    await other.click('button');
    await expect.poll(() => printed.slice(2)).toEqual(['showAlert signed out', 'showAlert signed out']);
    await declineAndTryAgain(block);
  },

  'README.md: Call the API': async (block) => {
    const { printed } = await run(block);
    expect(printed).toEqual(['lake', 'notes']);
    expect(await namesOfFiles()).toEqual(['lake']); // the other one was deleted in the end
  },

  'docs/links.md: Build links to files': async (block) => {
    await showImage(block);
    const { public_url: address } = await api.files.get(globals.id);
    expect(await (await fetch(address ?? '')).text()).toContain('lake.jpg');
  },

  'docs/errors.md: Catch errors': async (block) => {
    expect((await run(block)).printed).toEqual([]);
    expect(await namesOfFiles()).toEqual([]);
    const reader = await tokenFor(sandbox, 'alice', ['file.create'], sandboxUrl);
    expect((await run(block, {}, { token: reader })).printed).toEqual(['signInAgain file.delete,file.read']);
    const revoked = { ...reader, access_token: 'revoked-token-0123456789' };
    expect((await run(block, {}, { token: revoked })).printed).toEqual(['signInAgain']);
    expect((await run(block)).printed).toEqual([expect.stringMatching(/^showAlert .*404/)]);
  },

  'docs/proxies.md: A proxy for one client': async (block) => {
    const proxy = await forwardProxy();
    const env = { PROXY_URL: proxy.url, DOCTAPE_TOKEN: globals.token.access_token };
    expect((await run(block, { env })).printed).toEqual(['hello']);
    expect(proxy.requests.join()).toContain(new URL(sandboxUrl).host);
  },

  'docs/proxies.md: A certificate for one client': async (block) => {
    const https = await secureServer(`${sandboxUrl}/v1`);
    const text = block.text
      .replace('https://files.company.example', https)
      .replace('company-ca.pem', inRepository('test/fixtures/tls/certificate.pem'));
    const env = { DOCTAPE_TOKEN: globals.token.access_token };
    expect((await run({ ...block, text }, { env })).printed).toEqual(['alice']);
  },

  'docs/uploads.md: Upload files': async (block) => {
    const { printed } = await run(block, { codeAfter: 'console.log(id);' });
    expect(printed).toContain('1');
    expect(await api.files.get(printed.at(-1) ?? '')).toMatchObject({ name: 'notes', tags: ['holiday'] });
  },

  'docs/uploads.md: Sources': async (block) => {
    const text = block.text.replace("'holiday.jpg'", JSON.stringify(inRepository('README.md')));
    expect((await run({ ...block, text })).printed).toEqual(['beach.jpg']);
    expect(await api.files.list()).toContainEqual(expect.objectContaining({ name: 'beach', starred: true }));
  },

  'docs/files.md: Change files': async (block) => {
    await api.files.update(globals.id, { tags: ['lake'] });
    await run(block);
    expect(await api.files.get(globals.id)).toMatchObject({ tags: ['lake', 'holiday'], starred: true });
  },

  'docs/files.md: Share files': async (block) => {
    await run(block);
    expect(await api.tapes.list()).toMatchObject([{ name: 'party', shared_with: ['bob'], files: [globals.id] }]);
  },

  'docs/files.md: Wait for conversions': async (block) => {
    expect((await run(block)).printed).toEqual(['ok']);
  },

  'docs/client.md: Try the examples': async (block) => {
    const codeAfter = 'console.log((await globalThis.api.files.get(globalThis.id)).name);';
    expect((await run(block, { codeAfter })).printed).toEqual(['alice']);
  },

  'docs/client.md: Where the token comes from': async (block) => {
    expect((await run(block)).printed).toEqual(['alice']);
  },

  'docs/retries.md: Cancellation': async (block) => {
    expect((await run(block)).printed).toEqual(['the user has left the page']);
  },

  'docs/logging.md: Metrics': async (block) => {
    expect((await run(block)).printed).toEqual(['1']);
  },

  'docs/downloads.md: Read a file': async (block) => {
    expect((await run(block, { codeAfter: 'console.log(total);' })).printed).toEqual([String(image.length)]);
  },

  'docs/downloads.md: Save to a file': async (block) => {
    const { folder } = await run(block);
    expect(await readFile(join(folder, 'report.pdf'))).toEqual(Buffer.from(image));
  },

  'docs/files.md: List files': async (block) => {
    await api.files.upload(new Uint8Array(1_000_001), { name: 'large.bin' });
    expect((await run(block)).printed).toEqual(['large bin']);
  },

  'docs/server.md: Sign in on a server': async (block) => {
    const [begin, finish] =
      readFileSync(block.page, 'utf8').match(/(?<=`)const .* = await client\.\w+\(.*?\)(?=`)/g) ?? [];
    const codeAfter = `
      import { signInAt } from ${JSON.stringify(join(import.meta.dirname, 'reader/sign-in.ts'))};
      ${begin};
      const request = new Request(await signInAt(url, ${JSON.stringify(sandboxUrl)}));
      ${finish};
      console.log(JSON.stringify(token));`;
    const env = { DOCTAPE_SECRET: secretIn('README.md') };
    const { printed } = await run(block, { codeAfter, env });
    const token = JSON.parse(printed[0] ?? '');
    expect(token.scope).toEqual(['account.read', 'file.read']);
    const { username } = await new ApiClient({ token, baseUrl: globals.baseUrl }).account.get();
    expect(username).toBe('alice');
  },

  'docs/server.md: Keep pending in a cookie': async (block) => {
    const codeAfter = `
      import { signInAt } from ${JSON.stringify(join(import.meta.dirname, 'reader/sign-in.ts'))};
      const jar = new Map();
      const visit = async (handler, url) => {
        const cookie = [...jar].map((pair) => pair.join('=')).join('; ');
        const response = await handler(new Request(url, { headers: { cookie } }));
        for (const header of response.headers.getSetCookie()) {
          const [, name, value] = /^([^=]+)=([^;]*)/.exec(header);
          if (value === '') jar.delete(name);
          else jar.set(name, value);
        }
        return response;
      };
      const begin = async () => (await visit(login, 'https://app.example/login')).headers.get('location');
      for (let tab = 0; tab < 9; tab++) await begin();
      const tabs = [await begin(), await begin()];
      console.log(jar.size);
      for (const tab of tabs.reverse()) {
        console.log(await (await visit(callback, await signInAt(tab, ${JSON.stringify(sandboxUrl)}))).text());
      }
      console.log(jar.size);`;
    const { printed } = await run(block, { codeAfter });
    expect(printed).toEqual(['4', 'Signed in for account.read', 'Signed in for account.read', '2']);
  },

  'docs/server.md: The token': async (block) => {
    const env = { TOKEN_KEY: 'thirty-two-random-characters-....' };
    const { printed } = await run(block, { env, codeAfter: 'console.log(cookie.length > 100, opened.access_token);' });
    expect(printed).toEqual([`true ${globals.token.access_token}`]);
  },

  'docs/server.md: Return to the page that asked for the sign-in': async (block) => {
    expect((await run(block, { codeAfter: 'console.log(path);' })).printed).toEqual(['/files?sort=name']);
  },

  'docs/server.md: Replace the client secret': async (block) => {
    const codeAfter = `
      const before = { clientId: 'my-app', clientSecret: 'old-secret', redirectUri: 'https://app.example/callback' };
      const { pending } = await new AuthorizationCodeClient(before).authorize({ returnTo: '/files' });
      console.log(await client.returnTo(pending));`;
    expect((await run(block, { codeAfter })).printed).toEqual(['/files']);
  },

  'docs/server.md: Develop without https': async (block) => {
    const codeAfter = 'console.log((await client.authorize()).url.host);';
    expect((await run(block, { codeAfter })).printed).toEqual(['sandbox:4400']);
  },

  'docs/server.md: Options': async (block) => {
    const { printed } = await run(block, { codeAfter: 'console.log((await client.authorize()).url.origin);' });
    expect(printed).toEqual(['https://files.example']);
  },

  'docs/view.md: Options': async (block) => {
    const codeAfter = "console.log(view.url('an-id').pathname);";
    expect((await run(block, { codeAfter })).printed).toEqual(['/sandbox/doc/an-id/original']);
  },

  'docs/server.md: Request fewer scopes': async (block) => {
    expect((await run(block)).printed).toEqual(['file.read file.delete']);
  },

  'docs/scripts.md: Write the script': async (block) => {
    const { printed, problems, ended } = await runInNode(block, { sandboxUrl });
    await ended;
    expect(printed).toEqual(['lake.jpg', 'hello.txt']);
    expect(problems).toEqual([expect.stringMatching(/^Sign in in your browser/)]);
  },

  'docs/scripts.md: Remember the token': async (block) => {
    const { start, folder } = await machine({ sandboxUrl });
    await writeFile(join(folder, 'list.mjs'), block.text.replaceAll('http://127.0.0.1:4400', sandboxUrl));
    const runs = [];
    for (let time = 1; time <= 3; time++) {
      const running = start(process.execPath, ['list.mjs']);
      const failed = await running.ended.then(
        () => false,
        () => true,
      );
      runs.push({ printed: running.printed, notes: running.problems.length, failed });
      if (time === 2) await sandbox.reset(); // deletes the token
    }
    expect(runs).toEqual([
      { printed: ['lake.jpg'], notes: 1, failed: false },
      { printed: ['lake.jpg'], notes: 0, failed: false },
      { printed: [], notes: 1, failed: true },
    ]);
    await expect(readFile(join(folder, 'token.json'))).rejects.toThrow('ENOENT');
  },

  'docs/scripts.md: Options': async (block) => {
    const { printed } = await run(block, { codeAfter: 'console.log(JSON.stringify(token));' });
    const token = JSON.parse(printed.at(-1) ?? '');
    expect(token.scope).toEqual(['file.read']);
    expect(await new ApiClient({ token, baseUrl: globals.baseUrl }).files.list()).toHaveLength(1);
  },

  'docs/scripts.md: Without a browser': async (block) => {
    const { start, folder } = await machine({ sandboxUrl });
    await writeFile(join(folder, 'paste.mjs'), block.text.replaceAll('http://127.0.0.1:4400', sandboxUrl));
    // open for reading and writing, because the program prints the URL before the code can be written
    const { printed, problems, ended } = start('sh', [
      '-ec',
      `mkfifo pasted; exec '${process.execPath}' paste.mjs <>pasted`,
    ]);
    await until({ printed, problems, ended }, () => problems.join().includes('http'));
    const url = new URL(/http\S+/.exec(problems.join('\n'))?.[0] ?? '');
    await writeFile(join(folder, 'pasted'), `${await submitOutOfBand(url)}\n`);
    await ended;
    expect(printed).toEqual(['Hello alice']);
  },

  'docs/view.md: View documents': async (block) => {
    const { printed } = await run(block, { env: { DOCTAPE_SECRET: secretIn('README.md') } });
    const [, src = ''] = /^<iframe src="(.*)"><\/iframe>$/.exec(printed[0] ?? '') ?? [];
    expect(await (await fetch(src)).text()).toContain('<code>Dear Alice</code>');
  },

  'docs/view.md: Upload from a server': async (block) => {
    const codeAfter = `
      const ids = await store('visitor@example.org', [new File(['a'], 'a.txt'), new File(['b'], 'b.txt')]);
      console.log(ids.length, 'documents', (await view.get(ids[1])).name);`;
    expect((await run(block, { codeAfter })).printed.slice(-2)).toEqual(['1', '2 documents b']);
  },

  'docs/view.md: Upload from a form': async (block) => {
    const { printed } = await run(block, { codeAfter: "console.log(formFor('visitor@example.org'));" });
    const page = printed.join('\n').replace(/&#(\d+);/g, (_, number) => String.fromCharCode(Number(number)));
    expect(page).toContain('action="https://my.doctape.com/sandbox/upload"');
    const form = new FormData();
    for (const [, name = '', value = ''] of page.matchAll(/type="hidden" name="(.*?)" value="(.*?)"/g))
      form.append(name, value);
    form.append('photo', new File([new Uint8Array(image)], 'lake.jpg', { type: 'image/jpeg' }));
    const response = await fetch(`${sandboxUrl}/sandbox/upload`, { method: 'POST', body: form });
    expect(await response.text()).toContain('action="https://app.example/uploaded"');
  },

  'docs/view.md: Receive the callback': async (block) => {
    const documents = [
      { field: 'photo', id: 'an-id', size: 7 },
      { field: 'photo', error: 'too large' },
    ];
    const codeAfter = `
      const body = new URLSearchParams({ note: 'hello', dt_docs: ${JSON.stringify(JSON.stringify(documents))} });
      const response = await uploaded(new Request('https://app.example/uploaded', { method: 'POST', body }));
      console.log(await response.text());`;
    expect((await run(block, { codeAfter })).printed).toEqual(['hello: 1 stored, 1 failed']);
  },

  'docs/view.md: Show a document': async (block) => {
    const codeAfter = `
      const [document] = await view.upload('visitor@example.org', [new File(['hello'], 'a.txt', { type: 'text/plain' })]);
      console.log(show(document.id));`;
    const { printed } = await run(block, { codeAfter });
    const [thumbnail, frame] = [...(printed[0] ?? '').matchAll(/src="(.*?)"/g)].map(([, src = '']) =>
      src.replace('https://my.doctape.com', sandboxUrl),
    );
    expect(await (await fetch(frame ?? '')).text()).toContain('<code>hello</code>');
    expect((await fetch(thumbnail ?? '')).status).toBe(404); // a text has none
  },

  'docs/sandbox.md: In a program': async (block) => {
    expect((await run(block)).printed).toEqual(['401']);
  },

  'docs/sandbox.md: In a program (2)': async (block) => {
    expect((await run(block)).printed).toEqual(['GET /v1/account 401']);
  },

  // neither is installed in the repository
  'docs/media.md: Optional packages (2)': async (block) => {
    expect((await run(block)).printed).toEqual(['sharp: missing', 'heic-decode: missing']);
  },

  'docs/media.md: Converters (2)': async (block) => {
    const { printed } = await run(block);
    expect(printed.map((line) => line.replace(/ (found|missing|broken) .*/, ''))).toEqual(['ffmpeg', 'soffice']);
  },

  'docs/testing.md: Test your application': async (block) => {
    const results = await runAsTests(
      block,
      `
      import { expect, it } from 'vitest';
      import { ApiClient } from 'doctape-sdk';
      import { AuthorizationCodeClient } from 'doctape-sdk/server';

      async function signIn() {
        const { clientId, clientSecret = '' } = sandbox.apps[0] ?? {};
        const scope = ['file.create', 'file.read'];
        const client = new AuthorizationCodeClient({ clientId, clientSecret, redirectUri: 'http://localhost/', scope });
        const { url, pending } = await client.authorize();
        const callback = await sandbox.authorize(url, { username: 'alice' });
        return new ApiClient({ token: await client.exchange(callback, pending) });
      }
      it('lists the uploaded file', async () => {
        const api = await signIn();
        await api.files.upload(new Blob(['hello']), { name: 'notes.txt' });
        expect((await api.files.list()).map(({ name }) => name)).toEqual(['notes']);
      });
      it('starts with an empty sandbox', async () => {
        expect(await (await signIn()).files.list()).toEqual([]);
      });
      `,
    );
    expect(results).toEqual({ 'lists the uploaded file': 'passed', 'starts with an empty sandbox': 'passed' });
  },
};

describe('a code block', () => {
  it.each(codeBlocks.filter(({ inBrowser }) => !inBrowser))('runs: $place', runs);
  it.each(codeBlocks.filter(({ inBrowser }) => inBrowser))('runs in a browser: $place', requires('chromium'), runs);

  async function runs(block: CodeBlock): Promise<void> {
    const check = checks[block.place];
    if (check) return check(block);
    if (block.globals.length === 0 || block.inBrowser) {
      const what = block.inBrowser ? 'runs in a browser' : 'is a complete program';
      const remedy = `add a check of its result to test/docs/programs.test.ts, under '${block.place}'`;
      throw new Error(`${block.page}:${block.line} ${what} without a check: ${remedy}`);
    }
    await run(block);
  }

  it('exists for every check', () => {
    const places = codeBlocks.map(({ place }) => place);
    expect(Object.keys(checks).filter((place) => !places.includes(place))).toEqual([]);
  });
});

/** The client secret in the commands of a page. */
function secretIn(page: string): string {
  return /DOCTAPE_SECRET=(\S+)/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
}

/** Opens a page with a block as its script, which must not print an error. */
async function openPage(block: CodeBlock): Promise<{ address: string; page: Page; printed: readonly string[] }> {
  const address = await servePage(block, { sandboxUrl, values: globals });
  const { openPage, printed } = await browser.visitor();
  const page = await openPage(address);
  expect(printed, `console of ${block.page}:${block.line}`).toEqual([]);
  return { address, page, printed };
}

/** Fills in the sign-in form of the sandbox. */
async function signInOn(page: Page, decision: 'allow' | 'deny' = 'allow'): Promise<void> {
  await page.fill('#username', 'alice');
  await page.fill('#password', 'wonderland');
  await page.click(`button[value=${decision}]`);
}

/** The user signs in with the button, and is still signed in after a reload. */
async function signInAndReload(block: CodeBlock): Promise<void> {
  const { address, page, printed } = await openPage(block);
  await page.click('button');
  await signInOn(page);
  await expect.poll(() => printed).toEqual([expect.stringMatching(/^show alice\b/)]);
  expect(page.url()).toBe(address);
  await page.reload();
  await expect.poll(() => printed).toHaveLength(2);
  expect(printed[1]).toMatch(/^show alice\b/);
}

/** The user declines, sees an alert, and can try again. */
async function handleDenial(block: CodeBlock): Promise<void> {
  const { address, page, printed } = await openPage(block);
  await page.click('button');
  await page.click('button[value=deny]');
  await expect.poll(() => printed).toEqual([expect.stringMatching(/^showAlert .*access_denied/)]);
  expect(page.url()).toBe(address);
  await page.click('button');
  await page.waitForSelector('#username');
}

/** The user declines and can try again, whatever the page says. @param script runs before those of the page */
async function declineAndTryAgain(
  block: CodeBlock,
  route = '',
  script = '',
): Promise<{ printed: readonly string[]; title: string }> {
  const { address, page, printed } = await openPage(block);
  await page.addInitScript(script);
  await page.goto(address + route);
  await page.reload();
  await page.click('button');
  await page.click('button[value=deny]');
  await page.waitForURL(address + route);
  const result = { printed: [...printed], title: await page.title() };
  await page.click('button');
  await page.waitForSelector('#username');
  return result;
}

async function showImage(block: CodeBlock): Promise<void> {
  const { page } = await openPage(block);
  const width = () => page.evaluate(() => document.querySelector('img')?.naturalWidth);
  await expect.poll(width).toBe(320);
}
