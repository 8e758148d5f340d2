import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowsers, openBrowser } from '../../journeys/browser.js';
import { base, buildSite, siteFolder } from './build-site.js';
import { testPlayground, testPlaygroundInOddBrowsers } from './playground.js';
import { serveFolder } from './serve-folder.js';

let server: Awaited<ReturnType<typeof serveFolder>>;
beforeAll(async () => {
  await buildSite();
  server = await serveFolder(siteFolder, base);
}, 600_000);
afterAll(() => server?.close());

const origin = 'http://site.test';
const files = (): string[] =>
  readdirSync(siteFolder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));

function linksOf(html: string): string[] {
  const withoutScripts = html.replace(/(<script\b[^>]*>).*?<\/script>/gs, '$1');
  return [...withoutScripts.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link = '']) =>
    link.replaceAll('&amp;', '&'),
  );
}

/** Says what is wrong with a link, if anything. */
function problemOf(link: string, page: string): string | undefined {
  const { origin: target, pathname, hash } = new URL(link, `${origin}${base}${page}`);
  if (target !== origin) return undefined;
  if (!pathname.startsWith(base)) return `${page}: ${link} is outside of ${base}`;
  const path = decodeURIComponent(pathname.slice(base.length));
  const file = join(siteFolder, path === '' || path.endsWith('/') ? `${path}index.html` : path);
  if (!existsSync(file) || !statSync(file).isFile()) return `${page}: ${link} leads nowhere`;
  if (hash === '') return undefined;
  const id = decodeURIComponent(hash.slice(1));
  return readFileSync(file, 'utf8').includes(`id="${id.replaceAll('&', '&amp;')}"`)
    ? undefined
    : `${page}: ${link} has no anchor`;
}

it('every link and anchor of the built site has a target', () => {
  const pages = files().filter((file) => file.endsWith('.html'));
  expect(pages.length).toBeGreaterThan(35);
  const links = pages.flatMap((page) =>
    [...new Set(linksOf(readFileSync(join(siteFolder, page), 'utf8')))].map((link) => ({ link, page })),
  );
  expect(links.length).toBeGreaterThan(1000);
  expect(links.map(({ link, page }) => problemOf(link, page)).filter(Boolean)).toEqual([]);
});

it('llms.txt links to the pages as Markdown, whose links lead on, and llms-full.txt has all guides', () => {
  const texts = ['llms.txt', 'llms-full.txt', ...files().filter((file) => file.endsWith('.md'))];
  const links = texts.flatMap((file) => {
    const prose = readFileSync(join(siteFolder, file), 'utf8').replace(/^(```|~~~~).*?^\1$/gms, '');
    return [...prose.matchAll(/\]\((?!\w+:)([^)#]+)/g)].map(([, link = '']) => ({ link, file }));
  });
  expect(links.length).toBeGreaterThan(200);
  expect(links.map(({ link, file }) => problemOf(link, file)).filter(Boolean)).toEqual([]);
  const index = readFileSync(join(siteFolder, 'llms.txt'), 'utf8');
  expect(index).toContain(`(${base}files.md)`);
  expect(index).toContain(`(${base}reference/index.md)`);
  const full = readFileSync(join(siteFolder, 'llms-full.txt'), 'utf8');
  const guides = readdirSync('docs').filter((file) => file.endsWith('.md') && file !== 'README.md');
  const headings = guides.map((file) => /^# .*$/m.exec(readFileSync(join('docs', file), 'utf8'))?.[0] ?? file);
  expect(headings.filter((heading) => !full.includes(`\n${heading}\n`))).toEqual([]);
});

it('the reference names the class of each error', () => {
  const reference = readFileSync(join(siteFolder, 'reference/doctape-sdk.md'), 'utf8');
  expect(reference).toContain('`NotFoundError`: if the file does not exist or has no such rendition');
});

it('no page loads anything from another host', () => {
  const loading = /<(?:script|link|img|iframe)\b[^>]*\s(?:href|src)="(?:https?:)?\/\/[^"]*"/g;
  const pages = files().filter((file) => file.endsWith('.html'));
  expect(pages.flatMap((page) => readFileSync(join(siteFolder, page), 'utf8').match(loading) ?? [])).toEqual([]);
});

/** Waits until the buttons work: before Vue has taken over the page, a click on one of them is lost. */
async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') ?? {}));
}

describeInBrowsers('the site', (name) => {
  const browser = openBrowser(name);

  it('opens under any path, leads to the guides, and prints no error', async () => {
    const { openPage, printed, sent } = await browser.visitor();
    const page = await openPage(server.url);
    expect(await page.textContent('h1')).toContain('doctape-sdk');
    expect(await page.textContent('#VPContent')).toContain('npm install');
    await page.click('#VPContent >> text=Quick start');
    await page.waitForSelector('h1:has-text("Quick start")');
    await page.click('.VPSidebar >> text=In a browser page');
    await page.waitForSelector('h1:has-text("Sign in in a browser page")');
    expect(page.url()).toBe(`${server.url}browser.html`);
    expect(printed).toEqual([]);
    expect((await sent()).filter(({ url }) => !url.startsWith(server.url))).toEqual([]);
  });

  it('leaves a page right after a scroll, and prints no error', async () => {
    const { openPage, printed } = await browser.visitor();
    const page = await openPage(`${server.url}quick-start.html`);
    await page.setViewportSize({ width: 1500, height: 800 }); // wide enough for the outline
    await page.waitForSelector('.VPDocAsideOutline.has-outline');
    await page.evaluate(async () => {
      // several, because all but the first one are handled up to 100 ms later
      for (let top = 100; top <= 300; top += 100) {
        scrollTo(0, top);
        await new Promise(requestAnimationFrame);
      }
      document.querySelector<HTMLElement>('.VPNavBarMenu a[href*="playground"]')?.click();
    });
    await page.waitForSelector('h1:has-text("Playground")');
    await page.waitForTimeout(500);
    expect(printed).toEqual([]);
  });

  it('finds a guide and an entry of the reference by a word', async () => {
    const { openPage } = await browser.visitor();
    const page = await openPage(`${server.url}quick-start.html`);
    await ready(page);
    await page.click('.VPNavBarSearch button');
    await page.fill('#localsearch-input', 'hash routers');
    await page.waitForSelector('#localsearch-list a[href*="browser.html#hash-routers"]');
    for (const [word, guide] of Object.entries({
      errors: 'errors.html',
      retries: 'retries.html#retries',
      timeouts: 'retries.html#timeouts',
      cancellation: 'retries.html#cancellation',
      logging: 'logging.html',
      popups: 'browser.html#popups',
      'react and vue': 'browser.html#react-and-vue',
      glossary: 'glossary.html',
    })) {
      await page.fill('#localsearch-input', word);
      await page.waitForSelector(`#localsearch-list a[href*="${guide}"]`);
    }
    await page.fill('#localsearch-input', 'AuthorizationCodeClientOptions');
    await page.waitForSelector('#localsearch-list a[href*="reference/server.html#"]');
  });

  it('switches to dark mode, and remembers it', async () => {
    const { openPage } = await browser.visitor();
    const page = await openPage(server.url);
    await ready(page);
    await page.click('.VPNavBarAppearance button');
    await page.waitForSelector('html.dark');
    await page.reload();
    await page.waitForSelector('html.dark');
  });
});

describeInBrowsers('the playground', testPlayground);
describeInBrowsers('the playground, with unusual settings,', testPlaygroundInOddBrowsers);
