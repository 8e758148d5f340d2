import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import axe, { type AxeResults } from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  chromium,
  firefox,
  type LaunchOptions,
  type Page,
  type Request,
} from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { browserNames, findBrowser, type TestBrowser } from '../support/browsers.js';
import { requires } from '../support/requirements.js';

// For tests that navigate from page to page, as a user does. Tests that run inside a page cannot leave it.

/** Defines the same tests for every browser. They are skipped if the browser is not installed. */
export function describeInBrowsers(title: string, tests: (name: TestBrowser['name']) => void): void {
  for (const name of browserNames) describe(`${title} in ${name}`, requires(name), () => tests(name));
}

/** A request of the browser. Requests for a favicon are not recorded. */
export interface SentRequest {
  method: string;
  url: string;
  /** All headers, including `cookie` and `referer`. The names are in lower case. */
  headers: Record<string, string>;
}

/** A user with a browser context of their own. Its pages share cookies and storage, which are empty at first. */
export interface Visitor {
  context: BrowserContext;
  /** Console messages and uncaught errors of all pages. */
  printed: readonly string[];
  openPage(url?: string): Promise<Page>;
  /** The requests so far. */
  sent(): Promise<SentRequest[]>;
}

export interface OpenBrowser {
  /** Call it in a test. The context is closed when the test has finished. */
  visitor(): Promise<Visitor>;
  /** The texts of all downloaded files, sorted. No download event arrives from Firefox for a link to a `blob:` URL. */
  downloaded(): Promise<string[]>;
}

/** Starts a headless browser for the tests of one `describe` or file. `args` and `firefoxUserPrefs` are added to the usual ones. */
export function openBrowser(
  name: TestBrowser['name'],
  { args = [], firefoxUserPrefs }: Pick<LaunchOptions, 'args' | 'firefoxUserPrefs'> = {},
): OpenBrowser {
  let browser: Browser | undefined;
  let downloadsPath = '';
  beforeAll(async () => {
    const found = findBrowser(name); // if it is not installed, the tests are skipped
    if (!found) return;
    downloadsPath = await mkdtemp(join(tmpdir(), 'doctape-downloads-'));
    const usual = found.launchOptions;
    browser = await { chromium, firefox }[name].launch({
      ...usual,
      downloadsPath,
      args: [...(usual.args ?? []), ...args],
      firefoxUserPrefs: { ...usual.firefoxUserPrefs, ...firefoxUserPrefs },
    });
  });
  afterAll(async () => {
    await browser?.close();
    if (downloadsPath !== '') await rm(downloadsPath, { recursive: true });
  });

  return {
    async downloaded() {
      const names = await readdir(downloadsPath);
      return (await Promise.all(names.map((each) => readFile(join(downloadsPath, each), 'utf8')))).sort();
    },
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

/**
 * Shows the page in this color scheme.
 * @throws {Error} in Firefox, if the browser has another one: it can only be chosen when it starts
 */
export async function useColorScheme(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme }); // which does nothing in Firefox, without an error
  const used = await page.evaluate(() => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
  if (used !== colorScheme) throw new Error(`the page is ${used}, not ${colorScheme}`);
}

export const phone: { width: number; height: number } = { width: 360, height: 740 };

/** The accessibility problems of a page in its current state: what axe finds, and horizontal overflow. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await endOfAnimations(page);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  const found = violations.map(({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target).join(', ')}`);
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return excess > 0 ? [...found, `${excess} pixels too wide`] : found;
}

/** Until then, an element has neither its place nor its contrast. */
export async function endOfAnimations(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every(({ effect, playState }) => {
      const isEndless = effect?.getComputedTiming().endTime === Infinity;
      if (isEndless || playState !== 'running' || !(effect instanceof KeyframeEffect)) return true;
      return !effect.target?.checkVisibility({ contentVisibilityAuto: true }); // it stands still outside of the window
    }),
  );
}

/** Called immediately, because the headers of a request are lost when its page is closed. */
async function describeRequest(request: Request): Promise<SentRequest> {
  // Chromium never reports all headers of a request that it cancelled, such as that of an image which was scrolled away
  const headers = await Promise.race([request.allHeaders().catch(() => undefined), wait(10_000)]);
  return { method: request.method(), url: request.url(), headers: headers ?? request.headers() };
}
