import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  CallbackError,
  ConfigurationError,
  type HookEvent,
  NotFoundError,
  UnauthorizedError,
} from '../../src/index.js';
import { type ViewCallback, ViewClient, type ViewClientOptions } from '../../src/view.js';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { served } from '../support/sandbox.js';
import { scriptedServer } from '../support/scripted-server.js';
import { advanced, otherApp, vectorApp } from '../support/view.js';

const users = [{ username: 'alice', password: 'wonderland', email: 'alice@example.org', quota: 50_000_000 }];
const { url, sandbox } = await served({ users, apps: [vectorApp, otherApp] });

const { clientId, clientSecret } = vectorApp;
const email = 'alice@example.org';
const document = '2224c539-e5d6-425a-8e0d-9516db6dc462';

function client(options: Partial<ViewClientOptions> = {}): ViewClient {
  return new ViewClient({ clientId, clientSecret, baseUrl: `${url}/sandbox`, retry: false, ...options });
}
const view = client();

describe('uploadForm()', () => {
  it('signs as in vector 2, and sends nothing', () => {
    const { action, fields } = new ViewClient({ clientId, clientSecret }).uploadForm({ email, expires: 1_400_000_000 });
    expect(action.href).toBe('https://my.doctape.com/sandbox/upload');
    expect(fields).toEqual({
      dt_app: clientId,
      dt_target: email,
      dt_expires: '1400000000',
      dt_multiauth: 'babcbfd942d9f94d0df3823a24e5a95fc3137c48',
    });
  });

  it('signs as in vector 6, and does not sign the callback', () => {
    const target = "jürgen o'neil+docs@example.org";
    const { fields } = view.uploadForm({ email: target, lazy: true, callbackUrl: 'http://localhost/done' });
    expect(fields).toEqual({
      dt_app: clientId,
      dt_target: target,
      dt_lazy: '1',
      dt_multiauth: 'ff7c3882ef8d0976c26b469435acb9b5f9943907',
      dt_callback_url: 'http://localhost/done',
    });
  });

  it('takes an expiry as a Date, in whole seconds', () => {
    const { fields } = view.uploadForm({ email, expires: new Date(1_400_000_000_999), lazy: false });
    expect(fields).toMatchObject({
      dt_expires: '1400000000',
      dt_multiauth: 'babcbfd942d9f94d0df3823a24e5a95fc3137c48',
    });
    expect(fields).not.toHaveProperty('dt_lazy');
  });
});

describe('embedUrl() and url()', () => {
  it('sign as in vector 5', () => {
    const multiauth = 'f879acfe7cc7edc980db05d49d2af880368b67fa';
    const query = `app=${clientId}&multiauth=${multiauth}`;
    expect(view.embedUrl(document).href).toBe(`${url}/sandbox/widget/${document}?${query}`);
    expect(view.url(document).href).toBe(`${url}/sandbox/doc/${document}/original?${query}`);
    expect(view.url(document, 'thumb_120.jpg').pathname).toBe(`/sandbox/doc/${document}/thumb_120.jpg`);
  });

  it('sign the expiry', () => {
    const { searchParams } = view.embedUrl(document, { expires: 1_400_000_000 });
    expect(searchParams.get('expires')).toBe('1400000000');
    expect(searchParams.get('multiauth')).toBe(advanced({ app: clientId, expires: '1400000000', target: document }));
  });

  it('give URLs that work for everyone until they expire', async () => {
    const [stored] = await view.upload(email, [new File(['content'], 'a.txt', { type: 'text/plain' })]);
    const id = stored?.id ?? '';
    expect(await (await fetch(view.url(id))).text()).toBe('content');
    expect(await (await fetch(view.embedUrl(id))).text()).toContain('<code>content</code>');
    expect((await fetch(view.url(id, 'original', { expires: new Date(Date.now() - 1_000) }))).status).toBe(401);
    expect((await fetch(view.url(id, 'original', { expires: new Date(Date.now() + 60_000) }))).status).toBe(200);
  });
});

describe('upload()', () => {
  it('sends every kind of source, and returns their results in order', async () => {
    const results = await view.upload(email, [
      new File(['file'], 'letter.txt', { type: 'text/plain' }),
      new Blob(['a blob']),
      new TextEncoder().encode('some bytes'),
      Readable.from([Buffer.from('a '), Buffer.from('stream')]),
      await fetch(`data:text/plain,response`),
    ]);
    expect(results.map(({ field, size, error, embedUrl }) => ({ field, size, error, embedUrl }))).toEqual(
      [4, 6, 10, 8, 8].map((size) => ({ field: 'file', size, error: undefined, embedUrl: undefined })),
    );
    const contents = await Promise.all(results.map(async ({ id }) => (await view.download(id)).text()));
    expect(contents).toEqual(['file', 'a blob', 'some bytes', 'a stream', 'response']);
    const [first, second] = await Promise.all(results.map(({ id }) => view.get(id)));
    expect(first).toMatchObject({ name: 'letter', extension: 'txt', media_type: 'document', size: 4 });
    expect(first?.time_added).toBeInstanceOf(Date);
    expect(second).toMatchObject({ name: 'untitled', extension: '' });
  });

  it('returns embed URLs if it is lazy', async () => {
    const [stored] = await view.upload(email, [new Blob(['content'])], { lazy: true });
    expect(stored?.embedUrl?.href).toBe(view.embedUrl(stored?.id ?? '').href);
  });

  it('reports the file that exceeds the quota, and the progress of all', async () => {
    const fractions: (number | undefined)[] = [];
    const results = await view.upload(
      email,
      [new Blob(['a']), new Blob([new Uint8Array(60_000_000)]), new Blob(['b'])],
      {
        onProgress: ({ fraction }) => fractions.push(fraction),
      },
    );
    expect(results.map(({ id, error }) => [id !== '', error])).toEqual([
      [true, undefined],
      [false, 'the quota is used up'],
      [true, undefined],
    ]);
    expect(fractions.at(-1)).toBe(1);
  });

  it('is an UnauthorizedError with another secret, and with an expiry in the past', async () => {
    const wrong = client({ clientSecret: otherApp.clientSecret });
    await expect(wrong.upload(email, [new Blob(['content'])])).rejects.toThrow(UnauthorizedError);
    await expect(view.upload(email, [new Blob(['content'])], { expires: 1 })).rejects.toThrow(
      'the signature has expired',
    );
  });

  it('sends its fields before the files', async () => {
    let body = '';
    const server = await scriptedServer(async (request, response) => {
      for await (const chunk of request) body += chunk;
      response.setHeader('content-type', 'application/json').end('[{"field":"file","id":"1","size":"7"}]');
    });
    const now = () => 1_399_913_600_000; // a day before vector 2 expires
    const scripted = client({ baseUrl: server.url, now });
    expect(await scripted.upload(email, [new Blob(['content'])])).toEqual([{ field: 'file', id: '1', size: 7 }]);
    expect(body.match(/(?<= name=").*(?=")/g)).toEqual([
      'dt_app',
      'dt_target',
      'dt_expires',
      'dt_multiauth',
      'file"; filename="untitled',
    ]);
    expect(body).toContain('babcbfd942d9f94d0df3823a24e5a95fc3137c48');
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    expect(server.requests[0]?.headers['content-length']).toBe(String(Buffer.byteLength(body)));
  });

  it.each([
    [
      'an envelope around the array',
      { error: null, result: [{ field: 'file', id: '1', size: 7 }] },
      { id: '1', size: 7 },
    ],
    [
      'an error as an object',
      [{ field: 'file', error: { code: 413, message: 'too large' } }],
      { id: '', error: 'too large' },
    ],
    ['an error without a text', [{ field: 'file', error: true }], { id: '', error: 'the server gave no reason' }],
  ])('reads %s', async (_, body, expected) => {
    const fetch = async () => Response.json(body);
    const [result] = await client({ fetch }).upload(email, [new Blob(['content'])]);
    expect(result).toMatchObject(expected);
  });

  it.each([
    ['an object', {}],
    ['fewer documents', []],
    ['more documents', [1, 2].map((id) => ({ field: 'file', id: String(id), size: 7 }))],
    ['a document without an id', [{ field: 'file', size: 7 }]],
    ['an embed URL that is a script', [{ field: 'file', id: '1', size: 7, embed: 'javascript:alert(1)' }]],
    ['a page', '<!doctype html>'],
  ])('rejects %s', async (_, body) => {
    const fetch = async () => new Response(typeof body === 'string' ? body : JSON.stringify(body));
    const upload = client({ fetch }).upload(email, [new Blob(['content'])]);
    await expect(upload).rejects.toMatchObject({ name: 'ResponseError', code: 'malformed_response' });
  });

  it('can be aborted', async () => {
    const reason = new Error('enough');
    await expect(view.upload(email, [new Blob(['a'])], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('get(), download() and unlink()', () => {
  it('get a document and its renditions, until it is unlinked', async () => {
    const jpeg = new Uint8Array(makeJpeg(400, 200, quarters(400, 200)));
    const [stored] = await view.upload(email, [new File([jpeg], 'photo.jpg', { type: 'image/jpeg' })]);
    const id = stored?.id ?? '';
    expect((await view.get(id)).meta).toMatchObject({ width: 400, height: 200 });
    expect(await (await view.download(id)).bytes()).toEqual(jpeg);
    const thumbnail = await view.download(id, 'thumb_120.jpg');
    expect(thumbnail.headers.get('content-type')).toBe('image/jpeg');
    await thumbnail.body?.cancel();
    const part = await view.download(id, 'original', { range: { start: 2, end: 5 } });
    expect(await part.bytes()).toEqual(jpeg.slice(2, 6));
    await expect(view.download(id, 'audio.mp3')).rejects.toThrow(NotFoundError);
    await view.unlink(id);
    for (const call of [() => view.get(id), () => view.download(id), () => view.unlink(id)])
      await expect(call()).rejects.toThrow(NotFoundError);
  });

  it('resume a download that breaks', async () => {
    const content = new Uint8Array(300_000).fill(7);
    const [stored] = await view.upload(email, [new Blob([content])]);
    let cut = false;
    const fetch: ViewClientOptions['fetch'] = async (input, init) => {
      const headers = { ...init.headers, ...(!cut && { 'x-doctape-fault': 'cut=100000' }) };
      cut = true;
      return globalThis.fetch(input, { ...init, headers });
    };
    const response = await client({ fetch, retry: { limit: 2, maxDelay: 1 } }).download(stored?.id ?? '');
    expect(await response.bytes()).toEqual(content);
  });

  it('retry reading, sign for one day, and send no token', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(503, { 'retry-after': '0' }).end();
    });
    const now = () => 1_399_913_600_000;
    const patient = client({ baseUrl: server.url, retry: { limit: 1 }, now });
    await expect(patient.get(document)).rejects.toMatchObject({ code: 'http_503' });
    expect(server.requests).toHaveLength(2);
    const { searchParams } = new URL(server.requests[0]?.url ?? '', server.url);
    expect(Object.fromEntries(searchParams)).toEqual({
      app: clientId,
      expires: '1400000000',
      multiauth: advanced({ app: clientId, expires: '1400000000', target: document }),
    });
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('take the options of every call, and call hooks with redacted URLs', async () => {
    const events: HookEvent[] = [];
    const tell = (event: HookEvent) => void events.push(event);
    const server = await scriptedServer((_, response) => void response.writeHead(404).end());
    const told = client({ baseUrl: server.url, hooks: { request: tell, error: tell } });
    await expect(told.unlink(document, { headers: { 'x-trace': '1' } })).rejects.toThrow(NotFoundError);
    expect(server.requests[0]).toMatchObject({ method: 'POST', headers: { 'x-trace': '1' } });
    expect(events).toMatchObject([
      { type: 'request', operation: 'view.unlink', url: `${server.url}/unlink/${document}` },
      { type: 'error', operation: 'view.unlink' },
    ]);
    expect(JSON.stringify(events)).not.toContain('multiauth');
  });

  it('say that doctape is retired', async () => {
    const fetch = async () => Promise.reject(new TypeError('fetch failed'));
    const own = new ViewClient({ clientId, clientSecret, fetch, retry: false });
    await expect(own.get(document)).rejects.toThrow('doctape was retired in 2014: set the option baseUrl');
  });
});

describe('parseCallback()', () => {
  const documents = [
    { field: 'photo', id: document, size: 7 },
    { field: 'other', id: null, size: 0, error: 'too large' },
  ];
  const expected = [
    { field: 'photo', id: document, size: 7 },
    { field: 'other', id: '', size: 0, error: 'too large' },
  ];
  const text = JSON.stringify(documents);
  const form = new FormData();
  form.set('dt_docs', text);

  it.each<[string, ViewCallback]>([
    ['FormData', form],
    ['URLSearchParams', new URLSearchParams({ dt_docs: text })],
    ['the body as text', String(new URLSearchParams({ note: 'x', dt_docs: text }))],
    ['a parsed body', { dt_docs: text, note: 'x' }],
    ['the other name of the field', { dt_docids: text }],
    ['both names', { dt_docs: text, dt_docids: '[]' }],
  ])('reads %s', (_, given) => {
    expect(view.parseCallback(given)).toEqual(expected);
  });

  it('keeps an embed URL that was signed for the document, on the own server', () => {
    const { search } = view.embedUrl(document, { expires: 1_400_000_000 });
    const embed = `https://proxy.example/anything${search}`;
    const [parsed] = view.parseCallback({ dt_docs: JSON.stringify([{ ...documents[0], embed }]) });
    expect(parsed?.embedUrl?.href).toBe(view.embedUrl(document, { expires: 1_400_000_000 }).href);
  });

  it.each([
    ['without a signature', `${url}/sandbox/widget/${document}?app=${clientId}`],
    ['of another document', view.embedUrl('another').href],
    ['of another application', new ViewClient({ ...ofOtherApp(), baseUrl: `${url}/sandbox` }).embedUrl(document).href],
    ['with another expiry', view.embedUrl(document, { expires: 1 }).href.replace('expires=1', 'expires=9999999999')],
    ['that is a script', 'javascript:alert(1)'],
    ['that is not a URL', '\ud800'],
  ])('rejects an embed URL %s', (_, embed) => {
    const dt_docs = JSON.stringify([{ ...documents[0], embed }]);
    expect(() => view.parseCallback({ dt_docs })).toThrow(CallbackError);
  });

  it.each<[string, ViewCallback]>([
    ['an empty form', {}],
    ['text that is not JSON', { dt_docs: 'x' }],
    ['JSON that is not an array', { dt_docs: '{}' }],
    ['an array of something else', { dt_docs: '[1]' }],
    ['the field twice', `dt_docs=${text}&dt_docs=${text}`],
    ['the field twice, parsed', { dt_docs: [text, text] }],
    ['an object in place of the text', { dt_docs: documents }],
    // a form of uploadForm() without an expiry has a signature that fits it
    ['an e-mail address as an id', { dt_docs: JSON.stringify([{ ...documents[0], id: email }]) }],
    ['an inherited field', Object.create({ dt_docs: text })],
    ['an id with half of a character', { dt_docs: '[{"field":"a","id":"\\ud800","size":1,"embed":"x"}]' }],
  ])('rejects %s', (_, given) => {
    expect(() => view.parseCallback(given)).toThrow(CallbackError);
  });

  function ofOtherApp() {
    return { clientId: otherApp.clientId, clientSecret: otherApp.clientSecret };
  }
});

describe('a wrong argument', () => {
  const wrongly = (value: unknown) => value as never;
  const source = [new Blob(['content'])];

  it.each<[string, () => unknown]>([
    ['clientSecret is missing', () => new ViewClient(wrongly({ clientId }))],
    ['clientId is missing', () => new ViewClient(wrongly({ clientSecret }))],
    ['baseUrl must be an https URL', () => client({ baseUrl: 'http://view.example/sandbox' })],
    ['did you mean clientSecret?', () => new ViewClient(wrongly({ clientId, client_secret: clientSecret }))],
    ['email is missing', () => view.uploadForm(wrongly({}))],
    ['email must be an e-mail address', () => view.uploadForm({ email: 'alice' })],
    ['email must be an e-mail address', () => view.uploadForm({ email: 'a@b\r\n' })],
    ['email must be an e-mail address', () => view.uploadForm({ email: '\ud800@b' })],
    ['email must not begin or end with white space', () => view.uploadForm({ email: 'alice@example.org ' })],
    ['email must be a string', () => view.upload(wrongly(7), source)],
    ['expires is too large', () => view.uploadForm({ email, expires: Date.now() })],
    ['expires must be a valid Date', () => view.embedUrl('a', { expires: new Date(Number.NaN) })],
    ['expires must be a valid Date', () => view.embedUrl('a', { expires: wrongly('2014-05-13') })],
    ['lazy must be true or false', () => view.uploadForm({ email, lazy: wrongly('1') })],
    ['callbackUrl must be an absolute http', () => view.uploadForm({ email, callbackUrl: 'javascript:alert(1)' })],
    ['callbackUrl must be an absolute http', () => view.uploadForm({ email, callbackUrl: '/done' })],
    ['did you mean expires?', () => view.url('a', 'original', wrongly({ expire: 1 }))],
    ['id must be', () => view.embedUrl('..')],
    // the signature would be one for an upload to this address, and ids come from callbacks
    ['id must be the id of a document', () => view.embedUrl('bob@example.org')],
    ['id must be the id of a document', () => view.url('bob@example.org')],
    ['id must be the id of a document', () => view.get('bob@example.org')],
    ['id must be the id of a document', () => view.download('bob@example.org')],
    ['id must be the id of a document', () => view.unlink('bob@example.org')],
    ['id must be a string', () => view.get(wrongly(7))],
    ['rendition must be one of', () => view.download('a', wrongly('thumb.jpg'))],
    ['did you mean signal?', () => view.get('a', wrongly({ signals: 1 }))],
    ['sources must be an array', () => view.upload(email, [])],
    ['sources must be an array', () => view.upload(email, wrongly(new Blob(['a'])))],
    ['sources must be an array', () => view.upload(email, wrongly(new Uint8Array(1)))],
    ['source must not be a string', () => view.upload(email, wrongly(['/etc/passwd']))],
    ['form must be the form', () => view.parseCallback(wrongly(undefined))],
    ['must not contain authorization', () => view.get('a', { headers: { authorization: 'x' } })],
  ])('is named: %s', async (message, call) => {
    const error = await Promise.resolve()
      .then(call)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(message);
  });

  it('releases the streams of an upload', async () => {
    const stream = Readable.from([Buffer.from('a')]);
    await expect(view.upload('nobody', [stream])).rejects.toThrow(ConfigurationError);
    expect(stream.destroyed).toBe(true);
  });
});

it('works with the sandbox as a function', async () => {
  const own = new ViewClient({ clientId, clientSecret, fetch: sandbox.fetch });
  const [stored] = await own.upload(email, [new Blob(['content'])]);
  expect(await (await own.download(stored?.id ?? '')).text()).toBe('content');
});
