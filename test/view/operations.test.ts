import { describe, expect, it } from 'vitest';
import { NotFoundError, renditions } from '../../src/index.js';
import { ViewClient } from '../../src/view.js';
import { codeIn, rowsUnder } from '../docs/tables.js';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { served } from '../support/sandbox.js';
import { formOf, vectorApp } from '../support/view.js';

// Every operation of the View API over HTTP, named by its route. docs/operations.md refers to these names.

const { url } = await served({ apps: [vectorApp] });
const { clientId, clientSecret } = vectorApp;
const view = new ViewClient({ clientId, clientSecret, baseUrl: `${url}/sandbox` });
const email = 'somebody@example.org';
const jpeg = new Uint8Array(makeJpeg(640, 480, quarters(640, 480)));

async function storedPhoto(): Promise<string> {
  const [photo] = await view.upload(email, [new File([jpeg], 'photo.jpg', { type: 'image/jpeg' })]);
  return photo?.id ?? '';
}

const operations: Record<string, () => Promise<void>> = {
  async 'POST /upload'() {
    const results = await view.upload(email, [new File(['a'], 'a.txt'), new File(['bc'], 'b.txt')], { lazy: true });
    expect(results.map(({ size }) => size)).toEqual([1, 2]);
    for (const { embedUrl } of results) expect((await fetch(embedUrl ?? '')).status).toBe(200);
  },

  async 'POST /upload from a form'() {
    const { action, fields } = view.uploadForm({ email, callbackUrl: 'https://app.example/uploaded' });
    const body = formOf({ ...fields, note: 'mine' }, { photo: new File([jpeg], 'photo.jpg', { type: 'image/jpeg' }) });
    const page = await (await fetch(action, { method: 'POST', body })).text();
    const [, list = ''] = /name="dt_docs" value="([^"]*)"/.exec(page) ?? [];
    const [document] = view.parseCallback({ dt_docs: list.replaceAll('&quot;', '"') });
    expect(document).toMatchObject({ field: 'photo', size: jpeg.length });
    expect(await view.get(document?.id ?? '')).toMatchObject({ name: 'photo', media_type: 'image' });
  },

  async 'GET /widget/{id}'() {
    const response = await fetch(view.embedUrl(await storedPhoto()));
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await response.text()).toContain('<img src=');
  },

  async 'GET /doc/{id}'() {
    const file = await view.get(await storedPhoto());
    expect(file).toMatchObject({
      name: 'photo',
      extension: 'jpg',
      size: jpeg.length,
      meta: { width: 640, height: 480 },
    });
  },

  async 'GET /doc/{id}/original'() {
    const id = await storedPhoto();
    for (const response of [await view.download(id), await fetch(view.url(id))]) {
      expect(response.headers.get('content-type')).toBe('binary/octet-stream');
      expect(await response.bytes()).toEqual(jpeg);
    }
  },

  async 'GET /doc/{id}/{rendition}'() {
    const id = await storedPhoto();
    const made = ['original', 'thumb_120.jpg', 'thumb_320.jpg', 'image.jpg'];
    for (const rendition of renditions) {
      const expected = made.includes(rendition) ? 200 : 404;
      expect((await fetch(view.url(id, rendition))).status, rendition).toBe(expected);
      const response = await view.download(id, rendition).catch((error: unknown) => error);
      if (response instanceof Response) await response.body?.cancel();
      expect(response, rendition).toBeInstanceOf(expected === 200 ? Response : NotFoundError);
    }
  },

  async 'POST /unlink/{id}'() {
    const id = await storedPhoto();
    await view.unlink(id);
    await expect(view.get(id)).rejects.toThrow(NotFoundError);
  },
};

describe('an operation of the View API', () => {
  it.each(Object.entries(operations))('%s', (_, check) => check());
});

describe('the table in docs/operations.md', () => {
  const rows = rowsUnder('View call', 'docs/operations.md').map(({ cells: [calls, route, test] }) => ({
    calls: codeIn(calls),
    route: codeIn(route)[0] ?? '',
    test: codeIn(test)[0] ?? '',
  }));

  it('lists every method', () => {
    const methods = Object.getOwnPropertyNames(ViewClient.prototype).filter((name) => name !== 'constructor');
    const listed = rows.flatMap(({ calls }) => calls.map((call) => call.replace(/^view\.|\(.*$/g, '')));
    expect([...new Set(listed)].sort()).toEqual(methods.sort());
  });

  it('names the tests above', () => {
    expect(rows.map(({ test }) => test)).toEqual(Object.keys(operations));
    for (const { route, test } of rows) expect(test.startsWith(route)).toBe(true);
  });

  it.each(rows.filter(({ calls }) => !calls.includes('view.parseCallback(form)')))(
    'has the route of each call: $route',
    async ({ calls, route }) => {
      const expected = route.replace('{id}', 'an-id').replace('{rendition}', 'thumb_120.jpg');
      for (const call of calls) {
        const sent: string[] = [];
        const recording = new ViewClient({
          clientId,
          clientSecret,
          retry: false,
          async fetch(input, { method }) {
            sent.push(`${method} ${new URL(input).pathname.replace('/sandbox', '')}`);
            return Response.json({ error: {} }, { status: 418 });
          },
        });
        const values: Record<string, unknown> = {
          email,
          sources: [new Blob(['content'])],
          id: 'an-id',
          rendition: 'thumb_120.jpg',
        };
        const [, method = '', list = ''] = /^view\.(\w+)\((.*)\)$/.exec(call) ?? [];
        const result = Reflect.apply(
          Reflect.get(recording, method),
          recording,
          list.split(', ').map((name) => values[name]),
        );
        if (result instanceof URL) sent.push(`GET ${result.pathname.replace('/sandbox', '')}`);
        else await Promise.resolve(result).catch(() => {}); // the response is an error
        expect(sent, call).toEqual([expected]);
      }
    },
  );
});
