import { describe, expect, it } from 'vitest';
import { createSandbox, memoryStore } from '../../../src/sandbox.js';
import { ViewClient } from '../../../src/view.js';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { makePdf } from '../../fixtures/make-pdf.js';
import { makeWav } from '../../fixtures/make-sound.js';
import { origin } from '../../support/sandbox.js';
import { vectorApp } from '../../support/view.js';

// The page for an <iframe>, and what it loads.

const store = memoryStore();
const sandbox = createSandbox({ apps: [vectorApp], store });
const { clientId, clientSecret } = vectorApp;
const view = new ViewClient({ clientId, clientSecret, baseUrl: `${origin}/sandbox`, fetch: sandbox.fetch });
const email = 'somebody@example.org';

async function stored(content: BlobPart, name: string, type: string): Promise<string> {
  const [document] = await view.upload(email, [new File([content], name, { type })]);
  return document?.id ?? '';
}

async function open(id: string): Promise<{ page: string; response: Response }> {
  const response = await sandbox.fetch(view.embedUrl(id, { expires: 4_000_000_000 }));
  return { page: await response.clone().text(), response };
}

/** The URL in an attribute of the page, as a browser resolves it. */
function urlIn(page: string, id: string, attribute = 'src'): URL {
  const [, path = ''] = new RegExp(`${attribute}="([^"]*)"`).exec(page) ?? [];
  return new URL(path.replaceAll('&amp;', '&'), view.embedUrl(id));
}

const photo = new Uint8Array(makeJpeg(40, 20, quarters(40, 20)));

describe('the viewer', () => {
  it('can be framed by every website, runs no script, and loads from this server only', async () => {
    const { page, response } = await open(await stored(photo, 'photo.jpg', 'image/jpeg'));
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'nonce-/);
    expect(policy).not.toMatch(/script-src|frame-ancestors|unsafe|\*/);
    expect(response.headers.get('x-frame-options')).toBeNull();
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(page).not.toContain('<script');
  });

  // neither scripts in SVG (multica-ai/multica#3022) nor a sandbox around PDF, which Chrome does not show (kiwix/libkiwix#916)
  it.each([
    ['image', photo, 'photo.jpg', 'image/jpeg', /<img src=/],
    ['PDF', new Uint8Array(makePdf('/Title (A title)')), 'paper.pdf', 'application/pdf', /<iframe src=/],
    ['sound', new Uint8Array(makeWav(1)), 'sound.wav', 'audio/wav', /<audio src=/],
    ['image in SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'drawing.svg', 'image/svg+xml', /<img src=/],
  ])('shows an %s, and sends it inline with its type', async (_, content, name, type, element) => {
    const id = await stored(content, name, type);
    const { page } = await open(id);
    expect(page).toMatch(element);
    const response = await sandbox.fetch(urlIn(page, id));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-disposition')).toMatch(/^inline/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = response.headers.get('content-security-policy');
    if (type === 'application/pdf') expect(policy).toBeNull();
    else expect(policy).toMatch(/default-src 'none'.*sandbox$/);
    const original = await sandbox.fetch(urlIn(page, id, 'href'));
    expect(original.headers.get('content-type')).toBe('binary/octet-stream');
    expect(original.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(await original.bytes()).toEqual(await new Response(content).bytes());
  });

  it.each([
    ['text', 'text/plain'],
    ['HTML', 'text/html'],
    ['XML', 'application/xml'],
    ['JSON', 'application/json'],
    ['a script', 'text/javascript'],
  ])('shows %s as text, and never sends it inline', async (_, type) => {
    const text = `\n<script>alert('x')</script> & "quotes" </pre></code>`;
    const id = await stored(text, 'file.x', type);
    const { page } = await open(id);
    expect(page).toContain(
      `<code>\n&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quotes&quot; &lt;/pre&gt;&lt;/code&gt;</code>`,
    );
    expect(page).not.toContain('<script');
    const url = view.embedUrl(id);
    url.pathname += '/content';
    expect((await sandbox.fetch(url)).status).toBe(404);
  });

  it('shows the beginning of a long text, and no half of a character', async () => {
    const { page } = await open(await stored('ä'.repeat(200_000), 'long.txt', 'text/plain'));
    expect(page).toMatch(/ä{131072}\n\[…\]<\/code>/);
  });

  it('decodes UTF-16', async () => {
    const bytes = new Uint8Array([
      0xff,
      0xfe,
      ...new Uint8Array(Uint16Array.from('Zoë', (one) => one.charCodeAt(0)).buffer),
    ]);
    expect((await open(await stored(bytes, 'utf-16.txt', 'text/plain'))).page).toContain('<code>Zoë</code>');
  });

  it.each([
    ['an archive', `PK\x05\x06${'\0'.repeat(18)}`, 'a.zip', 'application/zip'],
    ['an office document', `PK\x05\x06${'\0'.repeat(18)}`, 'a.odt', 'application/vnd.oasis.opendocument.text'],
    ['a file that is not what it claims to be', 'not a JPEG', 'a.jpg', 'image/jpeg'],
    ['an image that browsers cannot show', 'II*\0', 'a.tiff', 'image/tiff'],
  ])('has no preview of %s, but a download', async (_, content, name, type) => {
    const id = await stored(content, name, type);
    const { page } = await open(id);
    expect(page).toContain('There is no preview');
    expect(await (await sandbox.fetch(urlIn(page, id, 'href'))).text()).toBe(content);
  });

  it('shows the source of a page that claims to be an image', async () => {
    const { page } = await open(await stored('<script>alert(1)</script>', 'a.html', 'image/x-page'));
    expect(page).not.toContain('<img');
    expect(page).toContain('<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>');
  });

  it('escapes the name', async () => {
    const name = `"><img src=x onerror=alert(1)>'&.jpg`;
    const { page } = await open(await stored(photo, name, 'image/jpeg'));
    expect(page.match(/<img/g)).toHaveLength(1);
    expect(page).toContain('alt="&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&amp;.jpg"');
  });

  it('waits and refreshes itself while the document is processed', async () => {
    const id = await stored(photo, 'photo.jpg', 'image/jpeg');
    const owner = (await store.get('links', id))?.owner ?? '';
    const record = await store.get('files', `${owner}/${id}`);
    if (!record) throw new Error('there is no record');
    const set = (processing_status: typeof record.processing_status) =>
      store.commit([{ put: 'files', key: `${owner}/${id}`, record: { ...record, processing_status } }]);
    await set('processing');
    const waiting = await open(id);
    expect(waiting.page).toContain('<meta http-equiv="refresh" content="2">');
    expect(waiting.page).not.toContain('<img');
    expect((await view.get(id)).processing_status).toBe('processing');
    await set('ok');
    const ready = await open(id);
    expect(ready.page).toContain('<img');
    expect(ready.page).not.toContain('http-equiv="refresh"');
  });

  it('is a readable page in a browser if the signature is wrong, and JSON for programs', async () => {
    const url = view.embedUrl(await stored(photo, 'photo.jpg', 'image/jpeg'), { expires: 1 });
    const shown = await sandbox.fetch(url, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(shown.status).toBe(401);
    expect(await shown.text()).toContain('Unauthorized: the signature has expired.');
    expect(shown.headers.get('x-frame-options')).toBeNull();
    const json = await sandbox.fetch(url);
    expect(await json.json()).toEqual({
      error: { code: 401, message: 'Unauthorized: the signature has expired' },
      result: null,
    });
  });
});
