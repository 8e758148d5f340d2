import { appendFile, mkdtemp, readFile, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { inRepository } from '../support/paths.js';
import { served, tokenFor } from '../support/sandbox.js';
import { reply, scriptedServer } from '../support/scripted-server.js';
import { describeInBrowsers, openBrowser } from './browser.js';

// A file on the disk that changes between its choice in a page and its upload. A browser keeps its path, and perhaps its size.

const { url: sandboxUrl, sandbox } = await served();
const token = await tokenFor(sandbox, 'alice', undefined, sandboxUrl);
const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });
const folder = await mkdtemp(join(tmpdir(), 'doctape-changed-files-'));
afterAll(() => rm(folder, { recursive: true }));
const module = await readFile(inRepository('dist/doctape-sdk.min.js'), 'utf8');
const content = crypto.getRandomValues(new Uint8Array(60_000));

const html = `<!doctype html><input type="file"><script type="module">
  import { ApiClient } from '/doctape-sdk.min.js';
  const options = { baseUrl: '${sandboxUrl}/v1', token: '${token.access_token}', idleTimeout: 5_000 };
  let file;
  const input = document.querySelector('input');
  // a page shows the size of a file when it is chosen
  input.onchange = () => { file = input.files[0]; document.title = file.size; };
  globalThis.upload = (withFetch) => new ApiClient({ ...options, ...(withFetch && { fetch: (...args) => fetch(...args) }) }).files.upload(file)
    .then(({ id }) => id, ({ name, code }) => name + ' ' + code);
</script>`;

describeInBrowsers('an upload of a file on the disk', (name) => {
  const browser = openBrowser(name);

  /** Chooses a file in a page, changes it, and uploads it. @returns what was stored, or else the class and the code of the error */
  async function uploadAfter(change: (path: string) => Promise<void>, withFetch: boolean) {
    const path = join(folder, `${name}-${crypto.randomUUID()}.bin`);
    await writeFile(path, content);
    await utimes(path, 1e9, 1e9); // browsers compare the time, perhaps in seconds
    const { url } = await scriptedServer((request, response) => {
      if (request.url === '/') reply(response, 200, html, { 'content-type': 'text/html' });
      else reply(response, 200, module, { 'content-type': 'text/javascript' });
    });
    const page = await (await browser.visitor()).openPage(`${url}/`);
    await page.waitForFunction(() => 'upload' in globalThis);
    await page.setInputFiles('input', path);
    await page.waitForFunction((size) => document.title === String(size), content.byteLength);
    await change(path);
    const result = await page.evaluate(`upload(${withFetch})`);
    if (String(result).includes(' ')) return result;
    return Buffer.from(await (await api.files.download(String(result))).arrayBuffer()).equals(Buffer.from(content));
  }

  for (const withFetch of [false, true]) {
    const how = withFetch ? 'with fetch' : 'with XMLHttpRequest';

    it(`stores an unchanged file, ${how}`, async () => {
      expect(await uploadAfter(async () => {}, withFetch)).toBe(true);
    });

    it(`fails if the file has become shorter, ${how}`, async () => {
      const result = await uploadAfter((path) => truncate(path, 10_000), withFetch);
      expect(result).toBe(name === 'firefox' ? 'TransferError truncated' : 'TransferError interrupted');
    });

    it(`fails if the file is empty now, ${how}`, async () => {
      const result = await uploadAfter((path) => truncate(path, 0), withFetch);
      expect(result).toBe(name === 'firefox' ? 'TransferError truncated' : 'TransferError interrupted');
    });

    it(`fails if the file was deleted, ${how}`, async () => {
      expect(await uploadAfter(unlink, withFetch)).toBe('TransferError interrupted');
    });

    it(`never stores more than the chosen file if it has grown, ${how}`, async () => {
      const result = await uploadAfter((path) => appendFile(path, new Uint8Array(10_000)), withFetch);
      expect(result).toBe(name === 'firefox' ? true : 'TransferError interrupted'); // Firefox sends the bytes that were chosen
    });
  }
});
