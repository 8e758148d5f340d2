import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { blocksOf } from '../docs/pages.js';
import { inRepository } from '../support/paths.js';
import { served, tokenFor } from '../support/sandbox.js';
import { reply, scriptedServer } from '../support/scripted-server.js';
import { describeInBrowsers, openBrowser } from './browser.js';

// The page of docs/browser.md as it is printed, except for the URL of the sandbox, with the built doctape-sdk.min.js beside it.

const { url: sandboxUrl, sandbox } = await served();
const block = blocksOf('docs/browser.md').find(({ text }) => text.includes('importmap'));
const html = block?.text.replaceAll('http://127.0.0.1:4400', sandboxUrl) ?? '';
const module = await readFile(inRepository('dist/doctape-sdk.min.js'), 'utf8');

/** A policy that allows only the scripts on the page, by their hashes. */
function policy(): string {
  const scripts = [...html.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map(([, text = '']) => text);
  const hashes = scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return `default-src 'none'; script-src 'self' ${hashes.join(' ')}; img-src 'self'; connect-src ${sandboxUrl}`;
}

function servePage() {
  return scriptedServer(({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    if (pathname === '/doctape-sdk.min.js') reply(response, 200, module, { 'content-type': 'text/javascript' });
    else reply(response, 200, html, { 'content-type': 'text/html', 'content-security-policy': policy() });
  });
}

/** Downloads and uploads in the page, with code that the other builds load on demand. It is a text: Vite rewrites `import()`. */
function copy(baseUrl: string): string {
  return `(async () => {
    const [sdk, browser] = await Promise.all([import('doctape-sdk'), import('doctape-sdk/browser')]);
    const key = Object.keys(sessionStorage).find((name) => name.startsWith('doctape-sdk:token'));
    const api = new sdk.ApiClient({ token: JSON.parse(sessionStorage.getItem(key)), baseUrl: '${baseUrl}' });
    const [file] = await api.files.list();
    const bytes = await (await api.files.download(file.id)).arrayBuffer();
    const upload = await api.files.upload(new Blob([bytes])).catch(({ name }) => name);
    return [sdk === browser, bytes.byteLength, upload];
  })()`;
}

it('the module imports nothing', () => {
  expect(module).not.toMatch(/\bimport\s*[({*"'\w]|\bfrom\s*["']|sourceMappingURL/);
});

it('the module has every export of doctape-sdk and doctape-sdk/browser, once', async () => {
  const [single, root, browser] = await Promise.all(
    ['doctape-sdk.min', 'index', 'browser'].map((name) => import(inRepository(`dist/${name}.js`))),
  );
  expect(Object.keys(single).sort()).toEqual([...Object.keys(root), ...Object.keys(browser)].sort());
});

describeInBrowsers('a page without a bundler', (name) => {
  const browser = openBrowser(name);

  it('signs in, lists and downloads, under a strict Content-Security-Policy', async () => {
    const api = new ApiClient({
      token: await tokenFor(sandbox, 'alice', undefined, sandboxUrl),
      baseUrl: `${sandboxUrl}/v1`,
    });
    const content = crypto.getRandomValues(new Uint8Array(60_000));
    const { id } = await api.files.upload(content, { name: `of ${name}.bin` });

    const { url, requests } = await servePage();
    const { openPage, printed } = await browser.visitor();
    const page = await openPage(`${url}/`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.click('button[value=deny]');
    await page.getByText('access_denied').waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.fill('#username', 'alice');
    await page.fill('#password', 'wonderland');
    await page.click('button[value=allow]');
    await page.waitForURL(`${url}/`);

    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: `of ${name}.bin` }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe(`of ${name}.bin`);
    expect(Buffer.compare(await readFile(await download.path()), content)).toBe(0);
    const modules = requests.filter(({ url }) => url === '/doctape-sdk.min.js');
    expect(modules.length).toBeLessThanOrEqual(3); // one for each load of the page

    const copied = await page.evaluate(copy(`${sandboxUrl}/v1`));
    expect(copied).toEqual([true, content.length, 'InsufficientScopeError']);
    expect(printed.filter((line) => !line.includes('403'))).toEqual([]); // browsers print failed requests
    await api.files.delete(id);
  });
});
