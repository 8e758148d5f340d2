import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { ServedSandbox } from '../../../src/serve.js';
import { makePng, quarters } from '../../fixtures/make-image.js';
import { served, tokenFor } from '../../support/sandbox.js';

/** Names that do not exist, as written in a URL. */
const names = [
  'unknown',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
  'valueOf',
  'null',
  'undefined',
  'NaN',
  '-1',
  '%00',
  '%0A',
  '%0d%0aX-Injected:%20yes',
  '%E2%98%83', // ☃: not in a header
  '%F0%9F%92%A9',
  '%E0%A4%A', // a broken percent-encoding
  '%',
  '%zz',
  '%ff%fe',
  '%ed%a0%80', // half a surrogate pair
  '%22%22',
  '..%2f..%2fetc%2fpasswd',
  '..%5c..%5c',
  '%2F',
  'a%2Fb',
  '*',
  '050',
  '0x32',
  '5e1',
  "'",
  'x'.repeat(4_000),
  'thumb_120.jpg%00',
  'thumb_120.jpg%20',
  'THUMB_120.JPG',
  'thumb_121.jpg',
  'document.pdf',
  'poster_1280.mp4',
];

const conditions: Record<string, string>[] = [
  {},
  { 'if-none-match': '*' },
  { 'if-none-match': '"a", W/"b", *' },
  { 'if-none-match': '"' },
  { 'if-range': '*', range: 'bytes=0-0' },
  { range: 'bytes=5-' },
];

let sandbox: ServedSandbox;
let authorization: string;
let id: string;
let code: string;

beforeAll(async () => {
  sandbox = await served();
  authorization = `Bearer ${(await tokenFor(sandbox.sandbox, 'alice', undefined, sandbox.url)).access_token}`;
  const body = new FormData();
  body.set('file', new File([new Uint8Array(makePng(40, 24, quarters(40, 24)))], 'picture.png', { type: 'image/png' }));
  const uploaded = await fetch(`${sandbox.url}/v1/doc/upload`, { method: 'POST', headers: { authorization }, body });
  id = Object.keys((await uploaded.json()).result)[0] ?? '';
  const publishing = { method: 'POST', headers: { authorization }, body: '{"public":true}' };
  const published = await fetch(`${sandbox.url}/v1/doc/${id}/public`, publishing);
  code = (await published.json()).result.public_url.split('/').at(-1);
});

describe.each([
  ['a rendition', () => `/v1/doc/${id}/`],
  ['a file', () => '/v1/doc/'],
  ['a rendition of a file that does not exist', () => '/v1/doc/nothing/'],
  ['a tape', () => '/v1/tape/'],
  ['an avatar', () => '/v1/account/avatar/'],
  ['a call', () => '/v1/'],
  ['a public file', () => '/s/'],
  ['a rendition of a public file', () => `/s/${code}/`],
  ['a page', () => '/'],
  ['a page of the OAuth endpoint', () => '/oauth2/'],
])('the name of %s', (_what, path) => {
  it.each(names)('%s is a 404, with any conditional header', async (name) => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    for (const condition of conditions) {
      const response = await fetch(`${sandbox.url}${path()}${name}`, { headers: { authorization, ...condition } });
      const text = await response.text();
      expect([response.status, JSON.parse(text)], JSON.stringify(condition)).toEqual([
        404,
        path().startsWith('/oauth2')
          ? { error: 'invalid_request', error_description: expect.any(String) }
          : { error: { code: 404, message: expect.any(String) }, result: null },
      ]);
      expect(response.headers.get('x-injected')).toBeNull();
      expect(text).not.toMatch(/\n\s+at /);
    }
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });
});

it('a conditional request for a file gets the response that HTTP defines', async () => {
  const url = `${sandbox.url}/v1/doc/${id}/thumb_120.jpg`;
  const statusWith = async (known: string) =>
    (await fetch(url, { headers: { authorization, 'if-none-match': known } })).status;
  const { headers } = await fetch(url, { headers: { authorization } });
  const tag = headers.get('etag') ?? '';
  expect(await statusWith('*')).toBe(304);
  expect(await statusWith(tag)).toBe(304);
  expect(await statusWith(`W/${tag}`)).toBe(304);
  expect(await statusWith('"another"')).toBe(200);
});

it('a conditional request for a missing file is a 404', async () => {
  const tag = `"${id}/document.pdf"`;
  const response = await fetch(`${sandbox.url}/v1/doc/${id}/document.pdf`, {
    headers: { authorization, 'if-none-match': tag },
  });
  expect(response.status).toBe(404);
});
