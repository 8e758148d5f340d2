import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, chromium, firefox, type Page, type Request } from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { browserNames, findBrowser, type TestBrowser } from '../support/browsers.js';
import { needing } from '../support/needs.js';

// Whole journeys, from page to page, as a user makes them. Tests that run inside a page cannot leave it.

/** Describes the same for every browser. Where this machine has not got one, its tests are skipped. */
export function describeInBrowsers(title: string, tests: (name: TestBrowser['name']) => void): void {
  for (const name of browserNames) describe(`${title} in ${name}`, needing(name), () => tests(name));
}

/** A request as the browser sent it. Those for a favicon are not seen. */
export interface SentRequest {
  method: string;
  url: string;
  /** All of them, with `cookie` and `referer`; the names are in small letters. */
  headers: Record<string, string>;
}

/** Somebody at a browser of their own: cookies and storage are empty at first, and shared by their pages. */
export interface Visitor {
  context: BrowserContext;
  /** What was printed to the console of any page, and every error that nobody caught. */
  printed: readonly string[];
  openPage(url?: string): Promise<Page>;
  /** All that was sent so far. */
  sent(): Promise<SentRequest[]>;
}

export interface OpenBrowser {
  /** To be called in a test, which closes what the visitor opened. */
  visitor(): Promise<Visitor>;
}

/** A browser without a window, for the tests of one `describe` or file. */
export function openBrowser(name: TestBrowser['name']): OpenBrowser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    const found = findBrowser(name); // without it, the tests that need it are skipped
    if (found) browser = await { chromium, firefox }[name].launch(found.launchOptions);
  }, 60_000);
  afterAll(() => browser?.close());

  return {
    async visitor() {
      if (!browser) throw new Error('the browser has not been started');
      const context = await browser.newContext();
      context.setDefaultTimeout(60_000);
      onTestFinished(() => context.close());
      const printed: string[] = [];
      const requests: Promise<SentRequest>[] = [];
      context.on('console', (message) => printed.push(message.text()));
      context.on('weberror', (error) => printed.push(String(error.error().stack)));
      context.on('request', (request) => requests.push(describeRequest(request)));
      return {
        context,
        printed,
        async openPage(url) {
          const page = await context.newPage();
          if (url !== undefined) await page.goto(url);
          return page;
        },
        sent: () => Promise.all(requests),
      };
    },
  };
}

export const phone: { width: number; height: number } = { width: 360, height: 740 };

/** What keeps somebody from using a page, as it is now: what axe finds, and what does not fit. */
export async function barriersOn(page: Page): Promise<string[]> {
  await endOfAnimations(page);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  const found = violations.map(({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target).join(', ')}`);
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return excess > 0 ? [...found, `${excess} pixels too wide`] : found;
}

/** What fades in has less contrast at first, and on a busy machine that takes long. */
async function endOfAnimations(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.all(ending.map(({ finished }) => finished.catch(() => undefined))); // it rejects for what is removed
  });
}

/** Asked at once: when its page has been closed, a request no longer knows its headers. */
async function describeRequest(request: Request): Promise<SentRequest> {
  const headers = await request.allHeaders().catch(() => request.headers());
  return { method: request.method(), url: request.url(), headers };
}
