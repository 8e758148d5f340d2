import { describe, expect, it } from 'vitest';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { served, signIn } from '../../support/sandbox.js';

// The files of each user, on pages that are served to this machine only.

const server = await served({
  users: [
    { username: 'alice', password: 'a' },
    { username: 'bob', password: 'b' },
    { username: '..', password: 'c' },
  ],
});
const { api } = await signIn(server, 'alice');
const jpeg = new Uint8Array(makeJpeg(40, 30, quarters(40, 30)));

async function upload(name: string, content: BlobPart, type: string): Promise<string> {
  return (await api.files.upload(new File([content], name, { type }))).id;
}

const page = (path: string, accept = 'text/html') => fetch(server.url + path, { headers: { accept } });
const linksIn = (html: string, pattern: RegExp) => [...html.matchAll(pattern)].map(([, href = '']) => href);

describe('the files of a user', () => {
  it('are listed in parts, with links to pages, previews and downloads', async () => {
    const { api: bob } = await signIn(server, 'bob');
    for (let index = 1; index <= 101; index++) await bob.files.upload(new File([`${index}`], `${index}.txt`));
    const first = await (await page('/start/@bob')).text();
    const second = await (await page('/start/@bob?part=2')).text();
    expect(first).toContain('1 to 100,');
    expect(second).toContain('101 to 101,');
    const [all, rest] = [first, second].map((html) => linksIn(html, /<a href="(\/start\/@bob\/[^"]+)"/g));
    expect([all?.length, rest?.length]).toEqual([100, 1]);
    expect(linksIn(first, /<a href="(\?[^"]+)"/g)).toEqual(['?part=2']);
    expect(linksIn(second, /<a href="(\?[^"]+)"/g)).toEqual(['?part=1']);
    const html = await (await page(rest?.[0] ?? '')).text();
    expect(html).toContain('<title>101.txt</title>');
    expect(html).toContain('<code>101</code>');
    const download = await page(/<a class="button" href="([^"]+)" download>/.exec(html)?.[1] ?? '');
    expect(download.headers.get('content-disposition')).toBe('attachment; filename=101.txt');
    expect(await download.text()).toBe('101');
  });

  it.each(['0', '-1', 'x', '1e9', '', '3'])('are none or the first ones in part %j', async (part) => {
    const response = await page(`/start/@..?part=${part}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/no files yet|no more files/);
  });

  it('belong to a user whose name is a relative path', async () => {
    const { api: odd } = await signIn(server, '..');
    const { id } = await odd.files.upload(new File(['x'], 'x.txt'));
    const html = await (await page('/start/@..')).text();
    expect(html).toContain(`href="/start/@../${id}"`);
    expect((await page(`/start/@../${id}`)).status).toBe(200);
    await odd.files.delete(id);
  });

  it.each([
    ['drawing.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'img'],
    ['photo.jpg', 'image/jpeg', jpeg, 'img'],
    ['page.html', 'text/html', '<script>alert(1)</script>', 'pre'],
    [
      'page.xhtml',
      'application/xhtml+xml',
      '<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
      'pre',
    ],
    ['data.bin', 'application/octet-stream', new Uint8Array([0, 1, 2]), undefined],
  ])('are never sent as a page that runs scripts: %s', async (name, type, content, element) => {
    const id = await upload(name, content, type);
    const html = (await (await page(`/start/@alice/${id}`)).text()).replace(/<style.*?<\/style>/s, '');
    expect(html).not.toMatch(/<script/i);
    expect(/<div class="preview"><(img|pre)/.exec(html)?.[1]).toBe(element);
    const original = await page(`/start/@alice/${id}/original`);
    expect(original.headers.get('content-disposition')).toMatch(/^attachment;/);
    const shown = await page(`/start/@alice/${id}/content`);
    expect(shown.status).toBe(element === 'img' ? 200 : 404);
    if (element !== 'img') return;
    expect(shown.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*; sandbox$/);
    expect(shown.headers.get('x-content-type-options')).toBe('nosniff');
    expect(shown.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(shown.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each(['/start/@nobody', '/start/@alice/nothing', '/start/@alice/nothing/content', '/start/@alice/../original'])(
    'do not include %s',
    async (path) => {
      const response = await page(path);
      expect(response.status).toBe(404);
      if (path !== '/start/@alice/../original') expect(await response.text()).toContain('<h1>Not found</h1>');
      const json = await page(path, 'application/json');
      expect([json.status, (await json.json()).error.code]).toEqual([404, 404]);
    },
  );

  it('do not include those of others', async () => {
    const id = await upload('a.txt', 'x', 'text/plain');
    expect((await page(`/start/@bob/${id}`)).status).toBe(404);
  });
});
