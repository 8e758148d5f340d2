import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { createSandbox } from '../../src/sandbox.js';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { openBrowser } from '../journeys/browser.js';
import { forwardProxy } from '../support/forward-proxy.js';
import { freePort } from '../support/free-port.js';
import { needing } from '../support/needs.js';
import { inRepository } from '../support/places.js';
import { allScopes, served, tokenFor } from '../support/sandbox.js';
import { secureServer } from '../support/secure-server.js';
import { type Piece, pieces } from './pieces.js';
import type { Given } from './reader/given.js';
import { runAsTests, runInNode, type Surroundings, servePage } from './reader/run.js';
import { signInAt } from './reader/sign-in.js';

// The pieces of code in the documentation, run as a reader would run them: as they are printed, but for the address of the
// sandbox. What is complete, and what runs in a page, has a visit below, which looks at whether it did what the page says.
// The rest is given the names that it takes for granted, and must not fail.

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
  ],
});
const browser = openBrowser('chromium');

/** What the reader has: every scope, and a picture. */
let given: Given;
let api: ApiClient;
const picture = makeJpeg(640, 480, quarters(640, 480));
beforeEach(async () => {
  await sandbox.reset();
  const token = await tokenFor(sandbox, 'alice', allScopes, sandboxUrl);
  api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });
  const { id } = await api.files.upload(picture, { name: 'lake.jpg', type: 'image/jpeg' });
  given = { baseUrl: `${sandboxUrl}/v1`, token, id };
});

async function namesOfFiles(): Promise<string[]> {
  return (await api.files.list()).map(({ name }) => name);
}

/** Runs a piece to its end. @returns what it printed, and where */
async function run(
  piece: Piece,
  surroundings: Pick<Surroundings, 'afterwards' | 'env'> = {},
  changes: Partial<Given> = {},
): Promise<{ folder: string; printed: string[] }> {
  const running = await runInNode(piece, { sandboxUrl, given: { ...given, ...changes }, ...surroundings });
  await running.ended;
  expect(running.complaints, `stderr of ${piece.page}:${piece.line}`).toEqual([]);
  return running;
}

const visits: Record<string, (piece: Piece) => Promise<void>> = {
  'README.md: Sign in on a server': async (piece) => {
    const port = String(await freePort());
    const env = { DOCTAPE_SECRET: secretIn('README.md') };
    const { ended } = await runInNode({ ...piece, text: piece.text.replaceAll('3000', port) }, { sandboxUrl, env });
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

  'README.md: Sign in in a browser page': signsInAndRemembers,
  'docs/browser.md: Sign in in a browser page': async (piece) => {
    await signsInAndRemembers(piece);
    await survivesARefusal(piece);
  },

  'docs/browser.md: Calls': async (piece) => {
    await openPage(piece); // it is accepted
  },

  'docs/browser.md: Hash routers': async (piece) => {
    const { address, page } = await openPage(piece);
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
  },

  'docs/browser.md: Popups': async (piece) => {
    const { address, page, printed } = await openPage(piece);
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
  },

  'docs/browser.md: Several clients on one page': signsInAndRemembers,

  'docs/browser.md: Where things are kept': async (piece) => {
    const { address, page, printed } = await openPage(piece);
    const other = await page.context().newPage();
    await other.goto(address);
    await page.click('button');
    await signInOn(page);
    await expect.poll(() => [...printed]).toEqual(['showAlert signed in', 'showAlert signed in']);
    await other.click('button');
    await expect.poll(() => printed.slice(2)).toEqual(['showAlert signed out', 'showAlert signed out']);
  },

  'README.md: Call the API': async (piece) => {
    const { printed } = await run(piece);
    expect(printed).toEqual(expect.arrayContaining(['1', `lake jpg ${picture.length}`, 'notes txt 5']));
    expect(await namesOfFiles()).toEqual(['lake']); // the other one was deleted in the end
  },

  'README.md: Build a download link': showsThePicture,
  'docs/links.md: Links to files': async (piece) => {
    await showsThePicture(piece);
    const { public_url: address } = await api.files.get(given.id);
    expect(await (await fetch(address ?? '')).text()).toContain('lake.jpg');
  },

  'docs/errors.md: Errors and retries': async (piece) => {
    expect((await run(piece)).printed).toEqual([]);
    expect(await namesOfFiles()).toEqual([]);
    const reader = await tokenFor(sandbox, 'alice', ['file.create'], sandboxUrl);
    expect((await run(piece, {}, { token: reader })).printed).toEqual(['signInAgain file.delete,file.read']);
    const revoked = { ...reader, access_token: 'revoked-token-0123456789' };
    expect((await run(piece, {}, { token: revoked })).printed).toEqual(['signInAgain']);
    expect((await run(piece)).printed).toEqual([expect.stringMatching(/^showAlert .*404/)]);
  },

  'docs/proxies.md: A proxy for one client': async (piece) => {
    const proxy = await forwardProxy();
    const env = { PROXY_URL: proxy.url, DOCTAPE_TOKEN: given.token.access_token };
    expect((await run(piece, { env })).printed).toEqual(['hello']);
    expect(proxy.asked.join()).toContain(new URL(sandboxUrl).host);
  },

  'docs/proxies.md: A certificate for one client': async (piece) => {
    const https = await secureServer(`${sandboxUrl}/v1`);
    const text = piece.text
      .replace('https://files.company.example', https)
      .replace('company-ca.pem', inRepository('test/fixtures/tls/certificate.pem'));
    const env = { DOCTAPE_TOKEN: given.token.access_token };
    expect((await run({ ...piece, text }, { env })).printed).toEqual(['alice']);
  },

  'docs/files.md: Uploads': async (piece) => {
    const { printed } = await run(piece, { afterwards: 'console.log(id);' });
    expect(printed).toContain('1');
    expect(await api.files.get(printed.at(-1) ?? '')).toMatchObject({ name: 'notes', tags: ['holiday'] });
  },

  'docs/files.md: Downloads': async (piece) => {
    expect((await run(piece, { afterwards: 'console.log(total);' })).printed).toEqual([String(picture.length)]);
  },

  'docs/files.md: To a file': async (piece) => {
    const { folder } = await run(piece);
    expect(await readFile(join(folder, 'report.pdf'))).toEqual(Buffer.from(picture));
  },

  'docs/files.md: Lists': async (piece) => {
    await api.files.upload(new Uint8Array(1_000_001), { name: 'large.bin' });
    expect((await run(piece)).printed).toEqual(['large bin']);
  },

  'docs/server.md: Sign in on a server': async (piece) => {
    const [begin, finish] =
      readFileSync(piece.page, 'utf8').match(/(?<=`)const .* = await client\.\w+\(.*?\)(?=`)/g) ?? [];
    const afterwards = `
      import { signInAt } from ${JSON.stringify(join(import.meta.dirname, 'reader/sign-in.ts'))};
      ${begin};
      const request = new Request(await signInAt(url, ${JSON.stringify(sandboxUrl)}));
      ${finish};
      console.log(JSON.stringify(token));`;
    const env = { DOCTAPE_SECRET: secretIn('README.md') };
    const { printed } = await run(piece, { afterwards, env });
    const token = JSON.parse(printed[0] ?? '');
    expect(token.scope).toEqual(['account.read', 'file.read']);
    const { username } = await new ApiClient({ token, baseUrl: given.baseUrl }).account.get();
    expect(username).toBe('alice');
  },

  'docs/server.md: Keep pending in a cookie': async (piece) => {
    const afterwards = `
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
    const { printed } = await run(piece, { afterwards });
    expect(printed).toEqual(['4', 'Signed in for account.read', 'Signed in for account.read', '2']);
  },

  'docs/server.md: The token': async (piece) => {
    const env = { TOKEN_KEY: 'thirty-two-random-characters-....' };
    const { printed } = await run(piece, { env, afterwards: 'console.log(cookie.length > 100, opened.access_token);' });
    expect(printed).toEqual([`true ${given.token.access_token}`]);
  },

  'docs/server.md: Return to the page that asked for the sign-in': async (piece) => {
    expect((await run(piece, { afterwards: 'console.log(path);' })).printed).toEqual(['/files?sort=name']);
  },

  'docs/server.md: Replace the client secret': async (piece) => {
    const afterwards = `
      const before = { clientId: 'my-app', clientSecret: 'old-secret', redirectUri: 'https://app.example/callback' };
      const { pending } = await new AuthorizationCodeClient(before).authorize({ returnTo: '/files' });
      console.log(await client.returnTo(pending));`;
    expect((await run(piece, { afterwards })).printed).toEqual(['/files']);
  },

  'docs/server.md: Develop without https': async (piece) => {
    const afterwards = 'console.log((await client.authorize()).url.host);';
    expect((await run(piece, { afterwards })).printed).toEqual(['sandbox:4400']);
  },

  'docs/server.md: Without a secret': async (piece) => {
    const { printed } = await run(piece, { afterwards: 'console.log(JSON.stringify(token));' });
    const token = JSON.parse(printed.at(-1) ?? '');
    expect(token.scope).toEqual(['file.read']);
    expect(await new ApiClient({ token, baseUrl: given.baseUrl }).files.list()).toHaveLength(1);
  },

  'docs/testing.md: Test your application': async (piece) => {
    const results = await runAsTests(
      piece,
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
      it('has what it uploaded', async () => {
        const api = await signIn();
        await api.files.upload(new Blob(['hello']), { name: 'notes.txt' });
        expect((await api.files.list()).map(({ name }) => name)).toEqual(['notes']);
      });
      it('begins again', async () => {
        expect(await (await signIn()).files.list()).toEqual([]);
      });
      `,
    );
    expect(results).toEqual({ 'has what it uploaded': 'passed', 'begins again': 'passed' });
  },
};

describe('a piece of code', () => {
  it.each(pieces.filter(({ inPage }) => !inPage))('runs: $place', runs);
  it.each(pieces.filter(({ inPage }) => inPage))('runs in a page: $place', needing('chromium'), runs);

  async function runs(piece: Piece): Promise<void> {
    const visit = visits[piece.place];
    if (visit) return visit(piece);
    if (piece.granted.length === 0 || piece.inPage) {
      const what = piece.inPage ? 'runs in a page' : 'is a complete program';
      const remedy = `write down what somebody sees who visits it, in test/docs/programs.test.ts under '${piece.place}'`;
      throw new Error(`${piece.page}:${piece.line} ${what}, and nobody runs it: ${remedy}`);
    }
    await run(piece);
  }

  it('is there for every visit', () => {
    const places = pieces.map(({ place }) => place);
    expect(Object.keys(visits).filter((place) => !places.includes(place))).toEqual([]);
  });
});

/** The client secret that a page tells its reader to use. */
function secretIn(page: string): string {
  return /DOCTAPE_SECRET=(\S+)/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
}

/** Opens a page with a piece as its script, which has to find everything that it looks for. */
async function openPage(piece: Piece): Promise<{ address: string; page: Page; printed: readonly string[] }> {
  const address = await servePage(piece, { sandboxUrl, given });
  const { openPage, printed } = await browser.visitor();
  const page = await openPage(address);
  expect(printed, `console of ${piece.page}:${piece.line}`).toEqual([]);
  return { address, page, printed };
}

/** What a user does on the page of the sandbox. */
async function signInOn(page: Page, decision: 'allow' | 'deny' = 'allow'): Promise<void> {
  await page.fill('#username', 'alice');
  await page.fill('#password', 'wonderland');
  await page.click(`button[value=${decision}]`);
}

/** The user signs in by the button, and still is after a reload. */
async function signsInAndRemembers(piece: Piece): Promise<void> {
  const { address, page, printed } = await openPage(piece);
  await page.click('button');
  await signInOn(page);
  await expect.poll(() => printed).toEqual([expect.stringMatching(/^show alice\b/)]);
  expect(page.url()).toBe(address);
  await page.reload();
  await expect.poll(() => printed).toHaveLength(2);
  expect(printed[1]).toMatch(/^show alice\b/);
}

/** The user declines, is told so, and can try again. */
async function survivesARefusal(piece: Piece): Promise<void> {
  const { address, page, printed } = await openPage(piece);
  await page.click('button');
  await page.click('button[value=deny]');
  await expect.poll(() => printed).toEqual([expect.stringMatching(/^showAlert .*access_denied/)]);
  expect(page.url()).toBe(address);
  await page.click('button');
  await page.waitForSelector('#username');
}

async function showsThePicture(piece: Piece): Promise<void> {
  const { page } = await openPage(piece);
  const width = () => page.evaluate(() => document.querySelector('img')?.naturalWidth);
  await expect.poll(width).toBe(320);
}
