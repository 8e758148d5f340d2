import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { ServedSandbox } from '../../../src/serve.js';
import { served, tokenFor } from '../../support/sandbox.js';

let sandbox: ServedSandbox;
let authorization: string;
let id: string;

beforeAll(async () => {
  sandbox = await served();
  authorization = `Bearer ${(await tokenFor(sandbox.sandbox, 'alice', undefined, sandbox.url)).access_token}`;
  const body = new FormData();
  body.set('file', new File(['hello'], 'a.txt'));
  body.set('tags', '#trip');
  const uploaded = await fetch(`${sandbox.url}/v1/doc/upload`, { method: 'POST', headers: { authorization }, body });
  id = Object.keys((await uploaded.json()).result)[0] ?? '';
});

const mebibyte = 1024 * 1024;

/** The same text, sent in chunks without a Content-Length. */
const streamed = (text: string) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < text.length; at += 65_536) {
        controller.enqueue(new TextEncoder().encode(text.slice(at, at + 65_536)));
      }
      controller.close();
    },
  });

describe.each([
  ['a file', () => `/v1/doc/${id}`],
  ['the publishing of a file', () => `/v1/doc/${id}/public`],
  ['a tape', () => '/v1/tape/any'],
])('the JSON body of a change to %s', (_what, path) => {
  it.each([
    ['more than 1 MiB', 413, `{"name":"${'x'.repeat(mebibyte)}"}`],
    ['1 MiB of opening brackets', 400, '['.repeat(mebibyte)],
    ['deep objects', 400, '{"a":'.repeat(100_000)],
    ['deep arrays as tags', 400, `{"tags":${'['.repeat(100_000)}${']'.repeat(100_000)},"public":1,"live":1}`],
    ['cut off', 400, '{"name":'],
    ['a number', 400, '1e999'],
    ['null', 400, 'null'],
    ['an array', 400, '[]'],
    ['text', 400, 'name=x'],
    ['NULs', 400, '\0'.repeat(1_000)],
    ['a wrong type', 400, '{"name":1,"public":"yes","live":"yes"}'],
    ['a wrong type behind a prototype', 400, '{"__proto__":{"name":"x"},"name":[],"public":[],"live":[]}'],
  ])('is refused with the envelope of an error when it is %s', async (_form, status, text) => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    for (const body of [text, streamed(text)]) {
      const headers = { authorization, 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body, duplex: 'half' };
      const response = await fetch(`${sandbox.url}${path()}`, init);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ error: { code: status, message: expect.any(String) }, result: null });
    }
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });
});

it('a refused body does not change the file', async () => {
  const response = await fetch(`${sandbox.url}/v1/doc/${id}`, { headers: { authorization } });
  expect((await response.json()).result).toMatchObject({
    name: 'a',
    extension: 'txt',
    tags: ['#trip'],
    public_url: null,
  });
});
