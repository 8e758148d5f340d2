import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';
import { serveApp } from '../../docs/examples/spa/serve-app.js';
import { type ServedSandbox, type ServeOptions, serveSandbox } from '../../src/serve.js';
import { expectNoCrash } from '../support/crash.js';
import { inRepository } from '../support/paths.js';

// The example application with its sandbox, and what its user does again and again.

/** The URLs of the application and its sandbox. They are empty until the tests begin. */
export interface WebApp {
  app: string;
  sandbox: string;
}

/** Serves the application for the tests of one file, as `npm run demo:web` does. */
export function serveWebApp(): WebApp {
  const urls = { app: '', sandbox: '' };
  beforeAll(async () => {
    const demo = spawn(process.execPath, ['docs/examples/spa/demo.ts', '--port', '0', '--sandbox-port', '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    await new Promise<void>((resolve, reject) => {
      for (const stream of [demo.stdout, demo.stderr]) {
        stream.on('data', (chunk) => {
          printed += chunk;
          if (printed.includes('Ctrl+C')) resolve();
        });
      }
      demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}: ${printed}`)));
    });
    urls.app = /The app: +(\S+)/.exec(printed)?.[1] ?? '';
    urls.sandbox = /The sandbox: +(\S+)/.exec(printed)?.[1] ?? '';
    return async () => {
      const ended = new Promise((resolve) => demo.once('exit', resolve));
      demo.kill('SIGTERM');
      await ended;
      expectNoCrash(printed);
    };
  });
  return urls;
}

/** Serves the application with a sandbox of these options, for the tests of one file. */
export async function serveWebAppWith(options: ServeOptions): Promise<WebApp & { server: ServedSandbox }> {
  const server = await serveSandbox({ port: 0, ...options });
  const outDir = await mkdtemp(join(tmpdir(), 'doctape-web-app-'));
  const folder = inRepository('docs/examples/spa');
  await build({ configFile: join(folder, 'vite.config.ts'), logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  const handler = await serveApp(outDir, {
    clientId: server.sandbox.apps.find(({ type }) => type === 'client')?.clientId ?? '',
    authorizationEndpoint: `${server.url}/oauth2`,
    issuer: server.url,
    baseUrl: `${server.url}/v1`,
  });
  await rm(outDir, { recursive: true });
  const app = createServer(handler);
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  afterAll(async () => {
    app.close();
    app.closeAllConnections();
    await server.close();
  });
  return { app: `http://127.0.0.1:${(app.address() as AddressInfo).port}/`, sandbox: server.url, server };
}

export async function startSignIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/oauth2?**');
}

export async function submitSignIn(
  page: Page,
  decision: 'allow' | 'deny',
  username = 'alice',
  password = 'wonderland',
): Promise<void> {
  if (decision === 'allow') {
    await page.fill('#username', username);
    await page.fill('#password', password);
  }
  await page.click(`button[value=${decision}]`);
  await page.waitForURL((url) => !url.pathname.startsWith('/oauth2'));
}

export async function signIn(page: Page, username?: string, password?: string): Promise<void> {
  await startSignIn(page);
  await submitSignIn(page, 'allow', username, password);
  await heading(page, 'All files').waitFor();
}

/** `page.goBack()` waits for a page that is loaded, and in Firefox never ends if the entry is one of the same page. */
export function goBack(page: Page): Promise<void> {
  return page.evaluate(() => history.back());
}

export function goForward(page: Page): Promise<void> {
  return page.evaluate(() => history.forward());
}

/** `page.url()` stays as it was in Firefox after a step to an entry of the same page without a fragment. */
export function urlOf(page: Page): Promise<string> {
  return page.evaluate(() => location.href);
}

export function heading(page: Page, name: string): Locator {
  return page.getByRole('heading', { level: 1, name, exact: true });
}

export function card(page: Page, name: string): Locator {
  return page.getByRole('listitem').filter({ has: opener(page, name) });
}

/** The button that opens a file. */
export function opener(page: Page, name: string): Locator {
  return page.getByRole('button', { name: `Open ${name}`, exact: true });
}

/** Waits until there are files. The first one is in the window. In Firefox, a card outside of it may have no size, and so be hidden. */
export async function filesShown(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Open / })
    .first()
    .waitFor();
}

/** Holds back the requests to these URLs until the returned function is called. */
export async function hold(page: Page, url: string): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(url, async (route) => {
    await held;
    await route.continue().catch(() => undefined); // it may have been cancelled
  });
  return release;
}

export async function choose(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

/** The names of the files on the page, in their order. */
export async function filesOn(page: Page): Promise<string[]> {
  await filesShown(page);
  const labels = await page
    .getByRole('button', { name: /^Open / })
    .evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel));
  return labels.map((label) => label?.slice('Open '.length) ?? '');
}

export async function upload(page: Page, ...files: { name: string; type?: string; content?: string }[]): Promise<void> {
  await page.setInputFiles(
    'input[type=file]',
    files.map(({ name, type = 'text/plain', content = 'text' }) => ({
      name,
      mimeType: type,
      buffer: Buffer.from(content),
    })),
  );
  await page.getByRole('status').filter({ hasText: 'Uploads' }).getByText('All done').waitFor();
  await page.getByRole('button', { name: 'Close uploads' }).click();
}
