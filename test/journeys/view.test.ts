import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Frame, Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { memoryStore } from '../../src/sandbox.js';
import { ViewClient } from '../../src/view.js';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { makePdf } from '../fixtures/make-pdf.js';
import { makeWav } from '../fixtures/make-sound.js';
import { served } from '../support/sandbox.js';
import { vectorApp } from '../support/view.js';
import { accessibilityProblems, describeInBrowsers, openBrowser, phone } from './browser.js';

// A user uploads files in a form of an application, comes back to it, and sees the documents in frames of another origin.

const store = memoryStore();
const { url } = await served({ apps: [{ ...vectorApp, redirectUris: ['loopback'] }], store });
const { clientId, clientSecret } = vectorApp;
const view = new ViewClient({ clientId, clientSecret, baseUrl: `${url}/sandbox` });
const email = 'visitor@example.org';

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The application. */
const server = createServer(async (request, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  if (request.url === '/favicon.ico') response.writeHead(204).end();
  else if (request.method === 'GET') response.end(formPage());
  else {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.end(documentsPage(new URLSearchParams(body)));
  }
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => void server.close());
const appUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function formPage(): string {
  const { action, fields } = view.uploadForm({ email, lazy: true, callbackUrl: `${appUrl}/uploaded` });
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
  );
  // a field with this name hides the method `submit()` of a form (jquery/jquery#2755)
  return `<!doctype html><title>Upload</title>
    <form method="post" enctype="multipart/form-data" action="${escaped(action.href)}">
      ${hidden.join('')}
      <textarea name="note"></textarea>
      <input type="hidden" name="submit" value="yes">
      <input type="file" name="files" multiple>
      <input type="file" name="nothing">
      <button id="send">Upload</button>
    </form>`;
}

function documentsPage(form: URLSearchParams): string {
  const documents = view.parseCallback(form);
  const frames = documents.map(
    ({ id, embedUrl }) =>
      `<iframe name="${id}" src="${escaped(embedUrl?.href ?? '')}" width="400" height="300"></iframe>`,
  );
  return `<!doctype html><title>Documents</title><p id="note">${escaped(form.get('note') ?? '')}</p>
    <p id="submit">${escaped(form.get('submit') ?? '')}</p>${frames.join('')}`;
}

const jpeg = Buffer.from(makeJpeg(64, 48, quarters(64, 48)));
const attack = 'parent.postMessage("hacked", "*"); document.documentElement.dataset.hacked = "yes"; alert(1)';
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20" onload='${attack}'><script>${attack}</script><rect width="30" height="20" fill="red"/></svg>`;
const html = `<!doctype html><title>x</title><img src=x onerror='${attack}'><script>${attack}</script>`;

const files = [
  { name: `"><img src=x onerror="${attack}">'.jpg`.replaceAll('/', ''), mimeType: 'image/jpeg', buffer: jpeg },
  { name: 'drawing.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) },
  { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from(html) },
  { name: 'page.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(html) },
  { name: 'sound.wav', mimeType: 'audio/wav', buffer: Buffer.from(makeWav(1)) },
];

const note = `two\r\nlines & "quotes" <script>${attack}</script>`;

/** The frames of the documents, in order. */
function framesOf(page: Page): Frame[] {
  return page.mainFrame().childFrames();
}

describeInBrowsers('a form with a callback', (name) => {
  const browser = openBrowser(name);

  it('uploads, comes back, and shows the documents in frames, without running what is in them', async () => {
    const { context, openPage, printed } = await browser.visitor();
    await context.addInitScript(() => addEventListener('message', ({ data }) => console.error(data)));
    const dialogs: string[] = [];
    context.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const page = await openPage(appUrl);
    await page.locator('[name=note]').fill(note);
    await page.locator('[name=files]').setInputFiles(files);
    await page.locator('#send').click();
    await page.waitForURL(`${appUrl}/uploaded`);
    expect(await page.locator('#note').textContent()).toBe(note.replace('\r\n', '\n'));
    expect(await page.locator('#submit').textContent()).toBe('yes');
    const [photo, drawing, text, fake, sound] = framesOf(page);
    expect(framesOf(page)).toHaveLength(files.length); // not for the file input that was left empty
    expect(new URL(photo?.url() ?? '').origin).toBe(url);

    const sizes = [];
    for (const frame of [photo, drawing]) {
      const image = frame?.locator('img');
      await expect
        .poll(() => image?.evaluate((one: HTMLImageElement) => one.complete && one.naturalWidth))
        .toBeTruthy();
      sizes.push(await image?.evaluate((one: HTMLImageElement) => one.naturalWidth));
    }
    expect(sizes).toEqual([64, 30]);
    expect(await text?.locator('pre').textContent()).toBe(html);
    expect(await fake?.locator('main').textContent()).toContain('There is no preview');
    const duration = () => sound?.locator('audio').evaluate((one: HTMLAudioElement) => one.duration);
    await expect.poll(duration).toBeCloseTo(1, 1);
    for (const frame of framesOf(page)) {
      expect(await frame.evaluate(() => document.documentElement.dataset.hacked)).toBeUndefined();
      expect(await frame.locator('script').count()).toBe(0);
    }

    expect(printed.filter((line) => line.includes('hacked'))).toEqual([]);

    // the content alone, as somebody could open it who knows its URL
    const content = await drawing?.locator('img').evaluate((one: HTMLImageElement) => one.src);
    await page.goto(content ?? '');
    expect(await page.evaluate(() => document.documentElement.dataset.hacked)).toBeUndefined();
    expect(dialogs).toEqual([]);
  });

  it('asks before it goes to a site that the application has not registered', async () => {
    const { openPage } = await browser.visitor();
    const page = await openPage(appUrl);
    await page.evaluate(() => {
      const field = document.querySelector<HTMLInputElement>('[name=dt_callback_url]');
      if (field) field.value = 'https://evil.example/';
    });
    await page.locator('#send').click();
    await page.waitForURL(`${url}/sandbox/upload`);
    expect(await page.locator('main').textContent()).toContain('Continue to evil.example?');
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('shows a page with the reason if the form has expired', async () => {
    const { openPage } = await browser.visitor();
    const page = await openPage(appUrl);
    await page.evaluate(() => {
      document.querySelector('[name=dt_multiauth]')?.setAttribute('value', '0'.repeat(40));
    });
    await page.locator('#send').click();
    await page.waitForURL(`${url}/sandbox/upload`);
    expect(await page.locator('main').textContent()).toContain('the signature is wrong');
  });

  it('is not needed by a script, which uploads from another origin and reads the result', async () => {
    const { openPage } = await browser.visitor();
    const page = await openPage(appUrl);
    const { action, fields } = view.uploadForm({ email, lazy: true });
    const results = await page.evaluate(
      async ([href, all]) => {
        const form = new FormData();
        for (const [field, value] of Object.entries(all)) form.append(field, value);
        form.append('photo', new File(['content'], 'a.txt', { type: 'text/plain' }));
        return (await fetch(href, { method: 'POST', body: form })).json();
      },
      [action.href, fields] as const,
    );
    expect(results).toEqual([{ field: 'photo', id: expect.any(String), size: 7, embed: expect.any(String) }]);
  });
});

describeInBrowsers('the viewer', (name) => {
  const browser = openBrowser(name);

  it('waits until a document is processed, and then shows it', async () => {
    const [document] = await view.upload(email, [
      new File([new Uint8Array(jpeg)], 'photo.jpg', { type: 'image/jpeg' }),
    ]);
    const { id = '' } = document ?? {};
    const key = `${(await store.get('links', id))?.owner}/${id}`;
    const record = await store.get('files', key);
    if (!record) throw new Error('the document is not in the store');
    await store.commit([{ put: 'files', key, record: { ...record, processing_status: 'processing' } }]);
    const { openPage } = await browser.visitor();
    const page = await openPage(view.embedUrl(id).href);
    expect(await page.locator('[role=status]').textContent()).toContain('is being prepared');
    await store.commit([{ put: 'files', key, record }]);
    await page.locator('img').waitFor();
  });

  it('shows a PDF with the viewer of the browser', async () => {
    const pdf = new File([new Uint8Array(makePdf('/Title (A title)'))], 'paper.pdf', { type: 'application/pdf' });
    const [document] = await view.upload(email, [pdf]);
    const { openPage } = await browser.visitor();
    const page = await openPage();
    const downloads: string[] = [];
    page.on('download', (download) => downloads.push(download.suggestedFilename()));
    await page.goto(view.embedUrl(document?.id ?? '').href);
    const text = async () => (await Promise.all(page.frames().map((frame) => frame.content().catch(() => '')))).join();
    await expect.poll(text).toMatch(/<pdf-viewer|PDF\.js viewer/);
    expect(downloads).toEqual([]);
  });

  it('is accessible, and fits a phone', async () => {
    const sources = files.map(
      ({ name: file, mimeType, buffer }) => new File([new Uint8Array(buffer)], file, { type: mimeType }),
    );
    const documents = await view.upload(email, sources);
    expect(documents).toHaveLength(files.length);
    const { openPage } = await browser.visitor();
    for (const { id } of documents) {
      const page = await openPage(view.embedUrl(id).href);
      await page.setViewportSize(phone);
      expect(await accessibilityProblems(page)).toEqual([]);
      await page.close();
    }
  });
});
