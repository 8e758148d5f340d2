import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { type ServedSandbox, serveSandbox } from '../../../src/serve.js';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { makePdf } from '../../fixtures/make-pdf.js';
import { makeMp3, makeVideo } from '../../fixtures/make-sound.js';
import { served, tokenFor } from '../../support/sandbox.js';

// Files with a public URL: what is visible without a token, and what is not.

const { url, sandbox } = await served();
const clientOf = async (username: string, at = { url, sandbox }) =>
  new ApiClient({
    token: await tokenFor(at.sandbox, username, undefined, at.url),
    baseUrl: `${at.url}/v1`,
    retry: false,
  });
const alice = await clientOf('alice');
const bob = await clientOf('bob');
const { access_token: token } = await tokenFor(sandbox, 'alice', undefined, url);

async function upload(name: string, content: Uint8Array | string = 'for everybody', type = 'text/plain') {
  const bytes = typeof content === 'string' ? content : new Uint8Array(content);
  return (await alice.files.upload(new File([bytes], name, { type }))).id;
}

async function published(name: string, content?: Uint8Array | string, type?: string): Promise<URL> {
  return alice.files.publish(await upload(name, content, type));
}

function publish(id: string, body: unknown, bearer = token): Promise<Response> {
  return fetch(`${url}/v1/doc/${id}/public`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json; charset=UTF-8' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function expectNotFound(response: Response): Promise<void> {
  expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/json']);
  expect(await response.json()).toEqual({ error: { code: 404, message: 'Not Found' }, result: null });
}

describe('the response to publishing', () => {
  it('has the state under both documented names, and the URL', async () => {
    const id = await upload('a.txt');
    const response = await publish(id, { public: true });
    const { error, result } = await response.json();
    expect([response.status, error]).toEqual([200, null]);
    expect(result).toEqual({ public: true, published: true, public_url: expect.stringMatching(/\/s\/[A-Za-z\d]{6}$/) });
    expect((await alice.files.get(id)).public_url).toBe(result.public_url);
    const closed = await (await publish(id, { public: false })).json();
    expect(closed).toEqual({ error: null, result: { public: false, published: false, public_url: '' } });
    expect((await alice.files.get(id)).public_url).toBeNull();
  });

  it('has the same URL when it is repeated, and a new one after unpublishing', async () => {
    const id = await upload('a.txt');
    const first = await alice.files.publish(id);
    expect(await alice.files.publish(id)).toEqual(first);
    await alice.files.unpublish(id);
    await alice.files.unpublish(id);
    const second = await alice.files.publish(id);
    expect(second).not.toEqual(first);
    await expectNotFound(await fetch(first));
    expect((await fetch(second)).status).toBe(200);
  });

  it.each([
    ['over HTTP', fetch],
    ['in process', sandbox.fetch],
  ])('has the same URL for all concurrent requests %s', async (_how, call) => {
    const id = await upload('a.txt');
    const api = new ApiClient({ token, baseUrl: `${url}/v1`, retry: false, fetch: call });
    const publicUrls = await Promise.all(Array.from({ length: 20 }, () => api.files.publish(id)));
    const [first] = publicUrls;
    expect(new Set(publicUrls.map(String))).toEqual(new Set([String(first)]));
    for (const publicUrl of publicUrls) expect((await fetch(publicUrl)).status).toBe(200);
  });

  it.each(['{"public":"true"}', '{"public":1}', '{"public":null}', '{"published":true}', '{}', '', '[]', 'true', '{'])(
    'is a refusal of %s, and nothing changes',
    async (body) => {
      const id = await upload('a.txt');
      const response = await publish(id, body);
      expect([response.status, (await response.json()).error.code]).toEqual([400, 400]);
      expect((await alice.files.get(id)).public_url).toBeNull();
      const publicUrl = await alice.files.publish(id);
      expect((await publish(id, body)).status).toBe(400);
      expect((await fetch(publicUrl)).status).toBe(200);
    },
  );

  it('is a failure unless the user owns the file', async () => {
    const id = await upload('a.txt');
    await expect(bob.files.publish(id)).rejects.toMatchObject({ status: 404 });
    await alice.files.update(id, { tags: ['+bob'] });
    await expect(bob.files.publish(id)).rejects.toMatchObject({ status: 403 });
    expect((await alice.files.get(id)).public_url).toBeNull();
    const publicUrl = await alice.files.publish(id);
    await expect(bob.files.unpublish(id)).rejects.toMatchObject({ status: 403 });
    expect((await fetch(publicUrl)).status).toBe(200);
  });
});

describe('the public page', () => {
  it('shows a file without a token', async () => {
    const response = await fetch(await published('notes.txt', 'twelve bytes'));
    expect([response.status, response.headers.get('content-type')?.toLowerCase()]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    const html = await response.text();
    expect(html).toContain('<title>notes.txt</title>');
    expect(html).toContain('Published by alice. 12 B.');
    expect(html).not.toContain(token);
  });

  it('cannot be framed, run scripts, or load resources of other origins', async () => {
    const { headers } = await fetch(await published('notes.txt'));
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "img-src 'self'"]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toMatch(/script-src|unsafe|\*/);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toContain('no-store');
    expect(headers.getSetCookie()).toEqual([]);
  });

  it.each([
    '<img src=x onerror=alert(1)>.txt',
    '<title><script>alert(1)<script>.txt',
    '"><svg onload=alert(1)>.jpg',
    "' onmouseover='alert(1).mp3",
    '&lt;b&gt;.txt',
    '{{7*7}}.txt',
    '\u202egnp.exe',
    'javascript:alert(1)',
  ])('escapes the name %s', async (name) => {
    for (const type of ['text/plain', 'image/jpeg', 'audio/mpeg', 'video/mp4']) {
      const content = type === 'image/jpeg' ? makeJpeg(40, 30, quarters(40, 30)) : 'x'; // only a valid image is shown
      const id = await upload('x', content, type);
      await alice.files.update(id, { name }); // an upload would treat the part before a slash as a folder
      const html = await (await fetch(await alice.files.publish(id))).text();
      const escaped = name
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;');
      expect(html).toContain(`<title>${escaped}</title>`);
      const tags = [...html.replace(/<style.*?<\/style>/s, '').matchAll(/<([a-z]+\d?)\b/gi)].map(([, tag]) => tag);
      for (const tag of ['script', 'svg', 'iframe']) expect(tags).not.toContain(tag);
      expect(tags.filter((tag) => tag === 'img').length).toBe(type === 'image/jpeg' ? 1 : 0);
      for (const [attributes] of html.matchAll(/<[a-z]+\s[^>]*>/gi)) {
        expect(attributes.replace(/"[^"]*"/g, '""')).not.toMatch(/\son\w+\s*=/i);
      }
    }
  });

  it.each([
    ['image/jpeg', 'photo.jpg', 'img'],
    ['audio/mpeg', 'song.mp3', 'audio'],
    ['video/mp4', 'film.mp4', 'video'],
  ])('shows a file that browsers support: %s', async (type, name, tag) => {
    const content = { img: makeJpeg(40, 30, quarters(40, 30)), audio: makeMp3(20), video: await makeVideo(640, 360) };
    const bytes = content[tag as keyof typeof content];
    const publicUrl = await published(name, bytes, type);
    const html = await (await fetch(publicUrl)).text();
    const source = new RegExp(`<${tag} src="([^"]+)"`).exec(html)?.[1] ?? '';
    const shown = await fetch(new URL(source, publicUrl), { headers: { range: 'bytes=0-9' } });
    expect([shown.status, shown.headers.get('content-type')]).toEqual([206, type]);
    expect(new Uint8Array(await shown.arrayBuffer())).toEqual(new Uint8Array(bytes.slice(0, 10)));
  });

  it('has a link that downloads the file under its name', async () => {
    const publicUrl = await published('Grüße.txt', 'twelve bytes');
    const html = await (await fetch(publicUrl)).text();
    const link = /<a class="button" href="([^"]+)" download>/.exec(html)?.[1] ?? '';
    const download = await fetch(new URL(link, publicUrl));
    expect(await download.text()).toBe('twelve bytes');
    expect(download.headers.get('content-disposition')).toMatch(
      /^attachment;.*filename\*=UTF-8''Gr%C3%BC%C3%9Fe\.txt/i,
    );
  });

  it('has the current name of the file', async () => {
    const id = await upload('before.txt');
    const publicUrl = await alice.files.publish(id);
    await alice.files.update(id, { name: 'after' });
    expect(await (await fetch(publicUrl)).text()).toContain('after.txt');
  });

  it('responds to HEAD without a body', async () => {
    const response = await fetch(await published('a.txt'), { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('does not render an uploaded HTML page', async () => {
    const publicUrl = await published('page.html', '<script>alert(1)</script>', 'text/html');
    const response = await fetch(`${publicUrl}/original`);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
  });
});

describe('the public page in a browser', () => {
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  const open = (at: URL | string) => fetch(at, { headers: { accept } });

  it.each([
    [
      'notes.txt',
      'text/plain',
      '\nfirst <b>line</b>',
      '<pre tabindex="0"><code>\nfirst &lt;b&gt;line&lt;/b&gt;</code></pre>',
    ],
    [
      'page.html',
      'text/html',
      '<script>alert(1)</script>',
      '<pre tabindex="0"><code>&lt;script&gt;alert(1)&lt;/script&gt;</code></pre>',
    ],
    ['data.bin', 'application/octet-stream', '\u0000', '<p>There is no preview of this file.</p>'],
  ])('has a preview of %s', async (name, type, content, element) => {
    expect(await (await open(await published(name, content, type))).text()).toContain(
      `<div class="preview">${element}</div>`,
    );
  });

  it('has a frame for a PDF, which is sent as nothing else', async () => {
    const publicUrl = await published('report.pdf', makePdf('Report'), 'application/pdf');
    const response = await open(publicUrl);
    expect(response.headers.get('content-security-policy')).toContain("frame-src 'self'");
    const source = /<iframe src="([^"]+)" title="report.pdf">/.exec(await response.text())?.[1] ?? '';
    const { headers } = await open(new URL(source, publicUrl));
    expect(headers.get('content-type')).toBe('application/pdf');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-disposition')).toMatch(/^inline/);
  });

  it('sends an image with a policy under which it cannot run scripts', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
    const publicUrl = await published('drawing.svg', svg, 'image/svg+xml');
    const { headers } = await open(`${publicUrl}/content`);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*; sandbox$/);
    expect(headers.get('content-type')).toBe('image/svg+xml');
  });

  it.each(['', '/original', '/content', '/thumb_120.jpg'])('says that a link does not work: %s', async (path) => {
    const id = await upload('a.txt');
    const publicUrl = await alice.files.publish(id);
    await alice.files.unpublish(id);
    const response = await open(publicUrl + path);
    const html = await response.text();
    expect([response.status, response.headers.get('cache-control')]).toEqual([404, 'no-store']);
    expect(html).toContain('<h1>This link does not work</h1>');
    expect(html).not.toContain('a.txt');
    await expectNotFound(await fetch(publicUrl + path));
    await expectNotFound(await fetch(publicUrl + path, { headers: { accept: 'application/json' } }));
  });
});

describe('the files of a public URL', () => {
  it('are the original and its renditions', async () => {
    const photo = makeJpeg(400, 300, quarters(400, 300));
    const publicUrl = await published('photo.jpg', photo, 'image/jpeg');
    const original = await fetch(`${publicUrl}/original`);
    expect(new Uint8Array(await original.arrayBuffer())).toEqual(new Uint8Array(photo));
    for (const rendition of ['thumb_120.jpg', 'thumb_320.jpg', 'image.jpg']) {
      const response = await fetch(`${publicUrl}/${rendition}`);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
      expect([...new Uint8Array(await response.arrayBuffer()).subarray(0, 2)]).toEqual([0xff, 0xd8]);
      const tag = response.headers.get('etag') ?? '';
      const again = await fetch(`${publicUrl}/${rendition}`, { headers: { 'if-none-match': tag } });
      expect(again.status).toBe(304);
    }
    for (const rendition of ['audio.mp3', 'nothing', 'public', 'clone', '']) {
      await expectNotFound(await fetch(`${publicUrl}/${rendition}`));
    }
  });

  it('cannot be changed through the URL', async () => {
    const id = await upload('a.txt');
    const publicUrl = await alice.files.publish(id);
    for (const method of ['POST', 'DELETE', 'PUT']) {
      for (const path of ['', '/original', '/public', '/extract']) {
        await expectNotFound(await fetch(`${publicUrl}${path}`, { method }));
      }
    }
    expect((await alice.files.get(id)).public_url).toBe(publicUrl.href);
  });

  it.each(['unpublish', 'delete'] as const)('are not found after %s, even with their entity tag', async (how) => {
    const id = await upload('photo.jpg', makeJpeg(40, 30, quarters(40, 30)), 'image/jpeg');
    const publicUrl = await alice.files.publish(id);
    const paths = ['', '/original', '/thumb_120.jpg', '/image.jpg'];
    const tags = [];
    for (const path of paths) {
      const response = await fetch(`${publicUrl}${path}`);
      expect(response.status).toBe(200);
      await response.body?.cancel();
      tags.push(response.headers.get('etag') ?? '*');
    }
    await alice.files[how](id);
    for (const [index, path] of paths.entries()) {
      await expectNotFound(await fetch(`${publicUrl}${path}`, { headers: { 'if-none-match': tags[index] ?? '*' } }));
    }
  });

  it('do not include those of a copy', async () => {
    const id = await upload('a.txt');
    await alice.files.publish(id);
    expect((await alice.files.get(await alice.files.clone(id))).public_url).toBeNull();
  });

  it('are not found if the file was deleted and published concurrently', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await upload('a.txt');
      const [publicUrl] = await Promise.all([alice.files.publish(id).catch(() => undefined), alice.files.delete(id)]);
      await expect(alice.files.get(id)).rejects.toMatchObject({ status: 404 });
      if (publicUrl) await expectNotFound(await fetch(publicUrl));
      expect((await alice.files.list()).filter((file) => file.id === id)).toEqual([]);
    }
  });
});

it.each(['AAAAAA', '', 'x', '%00', '%2e%2e%2f', 'a/b/c', '<script>', 'constructor', '__proto__', 'a'.repeat(5000)])(
  'a wrong code is not found: %s',
  async (code) => {
    await expectNotFound(await fetch(`${url}/s/${code}`));
    await expectNotFound(await fetch(`${url}/s/${code}/original`));
  },
);

it('the code of a public URL is case-sensitive', async () => {
  for (let attempt = 0; attempt < 5; attempt++) {
    const publicUrl = await published('a.txt');
    const code = publicUrl.pathname.split('/').at(-1) ?? '';
    const other = code.replace(/[a-z]/gi, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    );
    if (other !== code) await expectNotFound(await fetch(`${url}/s/${other}`));
  }
});

it('the id of a file is not a code', async () => {
  const id = await upload('a.txt');
  await alice.files.publish(id);
  await expectNotFound(await fetch(`${url}/s/${id}`));
});

describe('a sandbox that stores its files on disk', () => {
  it('has the same public URLs after a restart', async () => {
    const data = await mkdtemp(join(tmpdir(), 'doctape-publishing-'));
    let current: ServedSandbox = await serveSandbox({ port: 0, data });
    onTestFinished(async () => {
      await current.close();
      await rm(data, { recursive: true, force: true });
    });
    const first = await clientOf('alice', current);
    const open = await first.files.upload(new File(['still here'], 'open.txt'));
    const closed = await first.files.upload(new File(['secret'], 'closed.txt'));
    const { pathname } = await first.files.publish(open.id);
    const { pathname: closedPath } = await first.files.publish(closed.id);
    await first.files.unpublish(closed.id);
    await current.close();

    current = await serveSandbox({ port: 0, data });
    expect(await (await fetch(current.url + pathname)).text()).toContain('open.txt');
    expect(await (await fetch(`${current.url}${pathname}/original`)).text()).toBe('still here');
    await expectNotFound(await fetch(current.url + closedPath));
    const second = await clientOf('alice', current);
    expect((await second.files.get(open.id)).public_url).toBe(current.url + pathname);
    await second.files.delete(open.id);
    await current.close();

    current = await serveSandbox({ port: 0, data });
    await expectNotFound(await fetch(current.url + pathname));
  });
});
