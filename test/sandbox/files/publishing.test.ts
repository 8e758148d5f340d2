import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { type ServedSandbox, serveSandbox } from '../../../src/serve.js';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { makeMp3, makeVideo } from '../../fixtures/make-sound.js';
import { served, tokenFor } from '../../support/sandbox.js';

// Files with a public address: what anybody can see of them, and what nobody can.

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

describe('the answer to publishing', () => {
  it('has the state by both names of the documentation, and the address', async () => {
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

  it('is the same address again, and a new one after it was taken away', async () => {
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
    ['within the program', sandbox.fetch],
  ])('is one address, however many ask for it at once %s', async (_how, call) => {
    const id = await upload('a.txt');
    const api = new ApiClient({ token, baseUrl: `${url}/v1`, retry: false, fetch: call });
    const addresses = await Promise.all(Array.from({ length: 20 }, () => api.files.publish(id)));
    const [first] = addresses;
    expect(new Set(addresses.map(String))).toEqual(new Set([String(first)]));
    for (const address of addresses) expect((await fetch(address)).status).toBe(200);
  });

  it.each(['{"public":"true"}', '{"public":1}', '{"public":null}', '{"published":true}', '{}', '', '[]', 'true', '{'])(
    'is a refusal of %s, and nothing changes',
    async (body) => {
      const id = await upload('a.txt');
      const response = await publish(id, body);
      expect([response.status, (await response.json()).error.code]).toEqual([400, 400]);
      expect((await alice.files.get(id)).public_url).toBeNull();
      const address = await alice.files.publish(id);
      expect((await publish(id, body)).status).toBe(400);
      expect((await fetch(address)).status).toBe(200);
    },
  );

  it('is only for the owner', async () => {
    const id = await upload('a.txt');
    await expect(bob.files.publish(id)).rejects.toMatchObject({ status: 404 });
    await alice.files.update(id, { tags: ['+bob'] });
    await expect(bob.files.publish(id)).rejects.toMatchObject({ status: 403 });
    expect((await alice.files.get(id)).public_url).toBeNull();
    const address = await alice.files.publish(id);
    await expect(bob.files.unpublish(id)).rejects.toMatchObject({ status: 403 });
    expect((await fetch(address)).status).toBe(200);
  });
});

describe('the public page', () => {
  it('shows a file to anybody, without a token', async () => {
    const response = await fetch(await published('notes.txt', 'twelve bytes'));
    expect([response.status, response.headers.get('content-type')?.toLowerCase()]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    const html = await response.text();
    expect(html).toContain('<title>notes.txt</title>');
    expect(html).toContain('12 bytes');
    expect(html).not.toContain(token);
  });

  it('may not be framed, run a script, or load from elsewhere', async () => {
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
      const id = await upload('x', 'x', type);
      await alice.files.update(id, { name }); // an upload would take what stands before a slash for a folder
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
  ])('shows what a browser can show: %s', async (type, name, tag) => {
    const content = { img: makeJpeg(40, 30, quarters(40, 30)), audio: makeMp3(20), video: await makeVideo(640, 360) };
    const bytes = content[tag as keyof typeof content];
    const address = await published(name, bytes, type);
    const html = await (await fetch(address)).text();
    const source = new RegExp(`<${tag} src="([^"]+)"`).exec(html)?.[1] ?? '';
    const shown = await fetch(new URL(source, address), { headers: { range: 'bytes=0-9' } });
    expect([shown.status, shown.headers.get('content-type')]).toEqual([206, type]);
    expect(new Uint8Array(await shown.arrayBuffer())).toEqual(new Uint8Array(bytes.slice(0, 10)));
  });

  it('has a link that downloads the file under its name', async () => {
    const address = await published('Grüße.txt', 'twelve bytes');
    const html = await (await fetch(address)).text();
    const link = /<a href="([^"]+)" download>/.exec(html)?.[1] ?? '';
    const download = await fetch(new URL(link, address));
    expect(await download.text()).toBe('twelve bytes');
    expect(download.headers.get('content-disposition')).toMatch(
      /^attachment;.*filename\*=UTF-8''Gr%C3%BC%C3%9Fe\.txt/i,
    );
  });

  it('follows what its file is called', async () => {
    const id = await upload('before.txt');
    const address = await alice.files.publish(id);
    await alice.files.update(id, { name: 'after' });
    expect(await (await fetch(address)).text()).toContain('after.txt');
  });

  it('can be asked for without its body', async () => {
    const response = await fetch(await published('a.txt'), { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('never shows a page that somebody uploaded in its own place', async () => {
    const address = await published('page.html', '<script>alert(1)</script>', 'text/html');
    const response = await fetch(`${address}/original`);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
  });
});

describe('the files of a public address', () => {
  it('are the original, and what was made of it', async () => {
    const photo = makeJpeg(400, 300, quarters(400, 300));
    const address = await published('photo.jpg', photo, 'image/jpeg');
    const original = await fetch(`${address}/original`);
    expect(new Uint8Array(await original.arrayBuffer())).toEqual(new Uint8Array(photo));
    for (const rendition of ['thumb_120.jpg', 'thumb_320.jpg', 'image.jpg']) {
      const response = await fetch(`${address}/${rendition}`);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
      expect([...new Uint8Array(await response.arrayBuffer()).subarray(0, 2)]).toEqual([0xff, 0xd8]);
      const tag = response.headers.get('etag') ?? '';
      const again = await fetch(`${address}/${rendition}`, { headers: { 'if-none-match': tag } });
      expect(again.status).toBe(304);
    }
    for (const rendition of ['audio.mp3', 'nothing', 'public', 'clone', '']) {
      await expectNotFound(await fetch(`${address}/${rendition}`));
    }
  });

  it('cannot be changed through it', async () => {
    const id = await upload('a.txt');
    const address = await alice.files.publish(id);
    for (const method of ['POST', 'DELETE', 'PUT']) {
      for (const path of ['', '/original', '/public', '/extract']) {
        await expectNotFound(await fetch(`${address}${path}`, { method }));
      }
    }
    expect((await alice.files.get(id)).public_url).toBe(address.href);
  });

  it.each(['unpublish', 'delete'] as const)('are gone after %s, for those who had them as well', async (how) => {
    const id = await upload('photo.jpg', makeJpeg(40, 30, quarters(40, 30)), 'image/jpeg');
    const address = await alice.files.publish(id);
    const paths = ['', '/original', '/thumb_120.jpg', '/image.jpg'];
    const tags = [];
    for (const path of paths) {
      const response = await fetch(`${address}${path}`);
      expect(response.status).toBe(200);
      await response.body?.cancel();
      tags.push(response.headers.get('etag') ?? '*');
    }
    await alice.files[how](id);
    for (const [index, path] of paths.entries()) {
      await expectNotFound(await fetch(`${address}${path}`, { headers: { 'if-none-match': tags[index] ?? '*' } }));
    }
  });

  it('of a copy are not public', async () => {
    const id = await upload('a.txt');
    await alice.files.publish(id);
    expect((await alice.files.get(await alice.files.clone(id))).public_url).toBeNull();
  });

  it('of a file whose delete and publishing happen at once are not public afterwards', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await upload('a.txt');
      const [address] = await Promise.all([alice.files.publish(id).catch(() => undefined), alice.files.delete(id)]);
      await expect(alice.files.get(id)).rejects.toMatchObject({ status: 404 });
      if (address) await expectNotFound(await fetch(address));
    }
    expect((await alice.files.list()).filter(({ public_url, size }) => public_url !== null && size === 0)).toEqual([]);
  });
});

it.each(['AAAAAA', '', 'x', '%00', '%2e%2e%2f', 'a/b/c', '<script>', 'constructor', '__proto__', 'a'.repeat(5000)])(
  'a wrong code is not found: %s',
  async (code) => {
    await expectNotFound(await fetch(`${url}/s/${code}`));
    await expectNotFound(await fetch(`${url}/s/${code}/original`));
  },
);

it('a code is case-sensitive', async () => {
  for (let attempt = 0; attempt < 5; attempt++) {
    const address = await published('a.txt');
    const code = address.pathname.split('/').at(-1) ?? '';
    const other = code.replace(/[a-z]/gi, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    );
    if (other !== code) await expectNotFound(await fetch(`${url}/s/${other}`));
  }
});

it('an id is no code', async () => {
  const id = await upload('a.txt');
  await alice.files.publish(id);
  await expectNotFound(await fetch(`${url}/s/${id}`));
});

describe('a sandbox that keeps its files on disk', () => {
  it('has the same public addresses after a restart', async () => {
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
