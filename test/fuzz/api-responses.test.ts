import { parse } from 'content-disposition';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiClient, type HookEvent, ProcessingError } from '../../src/index.js';
import { parseChallenge } from '../../src/transport/http/challenge.js';
import { parseRetryAfter } from '../../src/transport/http/http-date.js';
import { contentsOf } from '../../src/transport/upload/source.js';
import {
  anyText,
  captureConsole,
  fuzzTimeout,
  headerText,
  inHeader,
  inPieces,
  mutated,
  outcomeOf,
  pieceLengths,
  testProperty,
  usually,
} from '../support/fuzz.js';
import { leaks } from '../support/leaks.js';

// Each call of the API receives random responses: valid ones, damaged ones, and those of proxies.

const token = 'canary "token" e09a64f8d5';

const file = {
  id: 'file-1',
  public_url: null,
  name: 'holiday',
  extension: 'jpg',
  size: '1234',
  time_added: 1_400_000_000,
  media_type: 'image',
  tags: ['sun', '+bob'],
  origin: 'webupload',
  starred: false,
  shared: 0,
  processing_status: 'ok',
  meta: { width: '400', iso: '100' },
};
const tape = { id: 'tape-1', name: 'summer', live: true, shared_with: ['bob'], files: ['file-1'] };
const account = { username: 'alice', quota: '5000', quota_used: 1, quota_free: -1, type: 'basic', avatar: '' };
const results = [
  file,
  tape,
  account,
  { 'file-1': file },
  { 'file-1': file, 'file-2': { ...file, id: 'file-2' } },
  { 'tape-1': tape },
  { 'file-1': { id: 'file-1', name: 'x.txt', size: '1' } },
  { cloned: true, id: 'file-2' },
  { public: true, public_url: 'https://doctape.example/s/ABCDEF' },
  { deleted: true },
];

const word = fc.oneof(anyText, fc.constantFrom(token, `you sent ${token}`));
const json = fc.oneof(
  word,
  fc.jsonValue({ depthSize: 'small' }),
  fc.constantFrom(null, -1, 1e300, '1e3', ' 1', true, {}, []),
);

/** A documented result, with random values in some of its fields. */
const result = fc.constantFrom(...results).chain((usual) => {
  const names = fc.oneof(fc.constantFrom(...Object.keys(usual)), fc.constantFrom('__proto__', token), word);
  return fc.oneof(
    fc.constant(usual),
    fc.dictionary(names, json, { maxKeys: 2 }).map((changes) => ({ ...usual, ...changes })),
    fc.dictionary(names, fc.constantFrom(...results), { maxKeys: 2 }),
    fc.tuple(names, json).map(([name, value]) => ({ [token]: { ...usual, [name]: value } })),
    json,
  );
});
const envelope = fc.oneof(
  result.map((value) => ({ result: value })),
  result.map((value) => ({ error: null, result: value })),
  fc.record({ error: fc.oneof(json, fc.record({ code: json, message: word })), result }),
  json,
);
const body = fc.oneof(
  envelope.map((value) => JSON.stringify(value)),
  fc.constantFrom(...results).chain((value) => mutated(JSON.stringify({ error: null, result: value }))),
  word,
);

const challenge = fc.oneof(
  fc.constantFrom('Bearer realm="doctape", error="insufficient_scope", scope="file.read"', `Bearer realm="${token}"`),
  inHeader(
    mutated('Bearer realm="doctape", error="invalid_token", error_description="it \\"has\\" expired", scope="a b"'),
  ),
  fc
    .array(fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'realm', 'scope', 'Basic', 'a', token), {
      maxLength: 20,
    })
    .map((all) => all.join('')),
  headerText,
);
const wait = fc.oneof(
  fc.constantFrom('0', '1', '99999', '-1', '1.5', '1e3', token, 'Sun, 06 Nov 1994 08:49:37 GMT'),
  inHeader(mutated('Sunday, 06-Nov-94 08:49:37 GMT')),
  headerText,
);
const headers = fc.record(
  {
    'content-type': usually(fc.constantFrom('application/json', 'text/html', `text/${token}`), headerText),
    'www-authenticate': challenge,
    'retry-after': wait,
    'x-request-id': fc.oneof(fc.constant(token), headerText),
    etag: headerText,
    location: fc.oneof(
      headerText,
      fc.constantFrom('/v1/account', `https://evil.example/${encodeURIComponent(token)}`, 'http://['),
    ),
    'content-encoding': fc.constantFrom('identity', 'gzip'),
    'content-length': fc.constantFrom('0', '7', '-1', 'many'),
  },
  { requiredKeys: [] },
);

const calls: Record<string, (api: ApiClient) => Promise<unknown>> = {
  'account.get': (api) => api.account.get(),
  'account.avatar': async (api) => (await api.account.avatar()).arrayBuffer(),
  'files.list': (api) => api.files.list(),
  'files.iterate': async (api) => {
    for await (const { id } of api.files.iterate({ includeMeta: true })) expect(id).not.toBe('');
  },
  'files.get': (api) => api.files.get('file-1'),
  'files.update': (api) => api.files.update('file-1', { starred: true }),
  'files.upload': (api) => api.files.upload(new Blob(['x']), { name: 'x.txt' }),
  'files.uploadAll': (api) => api.files.uploadAll([new Blob(['x']), new Blob(['y'])]),
  'files.download': async (api) => (await api.files.download('file-1')).text(),
  'files.clone': (api) => api.files.clone('file-1'),
  'files.publish': (api) => api.files.publish('file-1'),
  'files.unpublish': (api) => api.files.unpublish('file-1'),
  'files.delete': (api) => api.files.delete('file-1'),
  'files.extract': (api) => api.files.extract('file-1'),
  'files.waitUntilProcessed': (api) => api.files.waitUntilProcessed('file-1', { interval: 1, timeout: 20 }),
  'tapes.list': (api) => api.tapes.list(),
  'tapes.get': (api) => api.tapes.get('tape-1'),
  'tapes.update': (api) => api.tapes.update('tape-1', { live: false }),
  request: (api) => api.request('anything', { method: 'PUT', json: { a: 1 } }),
};

describe('an API response', { timeout: fuzzTimeout }, () => {
  it.each(Object.entries(calls))('to %s becomes a value or an error without secrets', async (_, call) => {
    const printed = captureConsole();
    const status = usually(fc.constantFrom(200, 200, 200, 400, 401, 403, 404, 429), fc.integer({ min: 200, max: 599 }));
    const end = usually(fc.constant('closes' as const), fc.constant('breaks' as const));
    await testProperty(60, [status, headers, body, pieceLengths, end], async (code, fields, text, lengths, ending) => {
      const events: HookEvent[] = [];
      const record = (event: HookEvent) => void events.push(event);
      const api = new ApiClient({
        token,
        baseUrl: 'https://api.example/v1',
        retry: { limit: 1, maxDelay: 1 },
        hooks: { request: record, response: record, retry: record, error: record },
        fetch: async (_input, init) => {
          if (init?.body instanceof ReadableStream) await new Response(init.body).bytes();
          const stream = inPieces(new TextEncoder().encode(text), lengths, ending);
          return new Response([204, 205, 304].includes(code) ? null : stream, { status: code, headers: fields });
        },
      });
      const outcome = await outcomeOf(() => call(api), [token]);
      expect(leaks(events, [token])).toEqual([]);
      expect(leaks(api, [token])).toEqual([]);
      if ('error' in outcome && !(outcome.error instanceof ProcessingError)) expect(events).not.toEqual([]);
    });
    expect(leaks(printed, [token])).toEqual([]);
  });
});

describe('a response header', { timeout: fuzzTimeout }, () => {
  it('Retry-After is read if it is a number or an HTTP date, and ignored otherwise', async () => {
    const now = Date.UTC(2020, 0, 1);
    // no two-digit years: their century depends on the current date
    const seconds = fc.integer({ min: 0, max: 4_102_444_800 });
    await testProperty(300, [seconds], (at) => {
      const date = new Date(at * 1000);
      const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ');
      const asctime = `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
      const expected = Math.max(0, Math.ceil((date.getTime() - now) / 1000));
      expect(parseRetryAfter(date.toUTCString(), now)).toBe(expected);
      expect(parseRetryAfter(asctime, now)).toBe(expected);
      expect(parseRetryAfter(` ${at} `, now)).toBe(at);
    });
    await testProperty(300, [wait], (text) => {
      const read = parseRetryAfter(text, now);
      if (read !== undefined) expect(Number.isSafeInteger(read) && read >= 0).toBe(true);
    });
  });

  it('WWW-Authenticate is read as far as it is well-formed', async () => {
    await testProperty(500, [challenge], (text) => {
      const read = parseChallenge(text) ?? {};
      for (const [name, value] of Object.entries(read)) {
        expect(['realm', 'error', 'error_description', 'scope']).toContain(name);
        for (const one of [value].flat()) expect(typeof one).toBe('string');
      }
    });
    const plain = fc.string().filter((text) => text !== '');
    await testProperty(200, [plain, fc.constantFrom('Bearer', 'bearer', 'Basic realm="x", Bearer')], (text, scheme) => {
      const quoted = `"${text.replace(/[\\"]/g, '\\$&')}"`;
      expect(parseChallenge(`${scheme} realm=${quoted}, error=${quoted}`)).toEqual({ realm: text, error: text });
    });
  });

  it('Content-Disposition yields a file name or undefined', async () => {
    const disposition = fc.oneof(
      headerText,
      inHeader(mutated(`attachment; filename="a \\"b\\".txt"; filename*=UTF-8''a%20%E2%82%AC.txt`)),
      headerText.map((text) => `attachment; filename=${text}`),
      headerText.map((text) => `attachment; filename*=UTF-8''${text}`),
    );
    await testProperty(400, [disposition], (text) => {
      const [content] = contentsOf([new Response('x', { headers: { 'content-disposition': text } })]);
      const name = content?.name;
      expect(['string', 'undefined']).toContain(typeof name);
    });
    await testProperty(400, [disposition], (text) => {
      const { filename, ...others } = parse(text).parameters;
      // a name with bytes of Latin-1 may be UTF-8, which content-disposition does not decode
      if (/[^ -~]/.test(filename ?? '') || others['filename*']) return;
      const [content] = contentsOf([new Response('x', { headers: { 'content-disposition': text } })]);
      expect(content?.name ?? '').toBe(filename ?? '');
    });
    await testProperty(200, [anyText.filter((text) => text !== '' && text.isWellFormed())], (text) => {
      const encoded = encodeURIComponent(text);
      const headers = { 'content-disposition': `attachment; filename*=UTF-8''${encoded}` };
      const [content] = contentsOf([new Response('x', { headers })]);
      expect(content?.name).toBe(text);
    });
  });
});
