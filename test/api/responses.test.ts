import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  type Account,
  ApiError,
  ConfigurationError,
  DoctapeError,
  type FileInfo,
  ForbiddenError,
  InsufficientScopeError,
  NetworkError,
  NotFoundError,
  QuotaExceededError,
  RateLimitError,
  ResponseError,
  TimeoutError,
  UnauthorizedError,
} from '../../src/index.js';
import {
  accessToken,
  apiAt,
  reasonOf,
  rejection,
  reply,
  type ScriptedServer,
  scriptedServer,
  socketServer,
  unreachable,
  wait,
} from '../support/scripted-server.js';
import { stopTimers } from '../support/stopped-timers.js';

const id = '2224c539-e5d6-425a-8e0d-9516db6dc462';

/** The file object in doctape's documentation. */
const file = {
  id,
  public_url: 'http://dt.pe/w23Oj9',
  name: 'example017872',
  extension: 'jpg',
  size: 730782,
  time_added: 1358457759,
  media_type: 'image',
  tags: ['+bobby', '#bobby/wallpaper'],
  origin: 'bobby/wallpaper',
  starred: true,
  shared: 0,
  processing_status: 'ok',
  meta: { width: 1920 },
};

const account = {
  quota: 5_000_000_000,
  username: 'bob',
  firstname: 'Bob',
  lastname: '',
  email: 'bob@bobsdomain.com',
  country_code: 'DE',
  avatar: 'https://my.doctape.com/v1/account/avatar?1412345678901',
  quota_used: 3_121_749,
  quota_free: 4_996_878_251,
  type: 'basic',
};

/** A server that sends the same response to every request. */
function respondWith(
  body: unknown,
  status: number = 200,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<ScriptedServer> {
  return scriptedServer((_, response) => reply(response, status, body, headers));
}

async function fileFrom(wire: unknown): Promise<FileInfo> {
  return apiAt((await respondWith({ result: wire })).url).files.get(id);
}

async function accountFrom(wire: unknown): Promise<Account> {
  return apiAt((await respondWith({ result: wire })).url).account.get();
}

describe('an envelope', () => {
  test.each<[string, unknown]>([
    ['with error null', { error: null, result: file }],
    ['without error', { result: file }],
    ['with error false', { error: false, result: file }],
    ['with an empty error', { error: '', result: file }],
    ['with error 0', { error: 0, result: file }],
    ['with fields of its own', { result: file, took: 5 }],
  ])('%s is a success', async (_, body) => {
    const got = await apiAt((await respondWith(body)).url).files.get(id);
    expect(got.id).toBe(id);
  });

  test.each([['application/json; charset=utf-8'], ['text/plain'], ['text/html'], ['application/vnd.doctape+json']])(
    'is accepted with any content type: %s',
    async (type) => {
      const server = await respondWith({ result: file }, 200, { 'content-type': type });
      expect((await apiAt(server.url).files.get(id)).name).toBe('example017872');
    },
  );

  test('may start with a byte order mark', async () => {
    const server = await respondWith(`\ufeff${JSON.stringify({ result: file })}`);
    expect((await apiAt(server.url).files.get(id)).id).toBe(id);
  });

  test.each([
    ['a string', 'Not Found', 404, 'Not Found'],
    ['an object', { code: 404, message: 'Not Found' }, 404, 'Not Found'],
    ['an object in a success', { code: 404, message: 'Not Found' }, 200, 'Not Found'],
  ] as const)(
    'whose error is %s becomes an ApiError with the message of the server',
    async (_, error, status, words) => {
      const server = await respondWith({ error, result: null }, status);
      const failure = await rejection(apiAt(server.url).files.get(id), NotFoundError);
      expect(failure).toMatchObject({ status: 404, code: 'http_404' });
      expect(failure.message).toContain(words);
      expect(failure.message).toContain(`GET ${server.url}/v1/doc/${id}`);
    },
  );

  test.each<[string, unknown]>([
    ['a string', 'Forbidden'],
    ['true', true],
    ['a number', 1],
    ['an empty object', {}],
    ['an array', []],
    ['an object whose code is not a status', { code: 7, message: 'Forbidden' }],
    ['an object whose code is a success', { code: 200, message: 'Forbidden' }],
    ['an object of other types', { code: '404', message: 5 }],
  ])('with a truthy error is an ApiError, even with status 200 and a result: %s', async (_, error) => {
    const server = await respondWith({ error, result: file });
    const failure = await rejection(apiAt(server.url).files.get(id), ApiError);
    expect(failure).toMatchObject({ name: 'ApiError', status: 200, code: 'http_200' });
  });

  test('with a result is an ApiError if the status is an error', async () => {
    const server = await respondWith({ error: null, result: file }, 500);
    expect((await rejection(apiAt(server.url).files.get(id), ApiError)).code).toBe('http_500');
  });
});

describe('a status', () => {
  const envelope = (status: number) => ({ error: { code: status, message: 'in their own words' }, result: null });

  test.each([
    [400, ApiError, 'ApiError'],
    [401, UnauthorizedError, 'UnauthorizedError'],
    [402, ApiError, 'ApiError'],
    [403, ForbiddenError, 'ForbiddenError'],
    [404, NotFoundError, 'NotFoundError'],
    [409, ApiError, 'ApiError'],
    [413, QuotaExceededError, 'QuotaExceededError'],
    [429, RateLimitError, 'RateLimitError'],
    [500, ApiError, 'ApiError'],
    [502, ApiError, 'ApiError'],
    [503, ApiError, 'ApiError'],
    [507, QuotaExceededError, 'QuotaExceededError'],
    [599, ApiError, 'ApiError'],
  ] as const)('%i has its own error class', async (status, type, name) => {
    const server = await respondWith(envelope(status), status);
    const api = apiAt(server.url);
    for (const call of [() => api.files.list(), () => api.files.delete(id), () => api.account.get()]) {
      const error = await rejection(call(), type);
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toBeInstanceOf(DoctapeError);
      expect(error).toMatchObject({ name, code: `http_${status}`, status });
      expect(error.message).toContain('in their own words');
      expect(error.cause).toBeUndefined();
    }
    expect(server.requests).toHaveLength(3); // once each
  });

  test.each<[string, string]>([
    ['HTML', '<html><body>private page</body></html>'],
    ['no body', ''],
    ['broken JSON', '{"error": {"message": "private page'],
    ['an array', '["private page"]'],
    ['null', 'null'],
    ['a string', '"private page"'],
  ])('502 with %s is an ApiError that does not quote the body', async (_, body) => {
    const server = await respondWith(body, 502, { 'content-type': 'text/html' });
    const error = await rejection(apiAt(server.url).files.list(), ApiError);
    expect(error.status).toBe(502);
    expect(error.message).not.toContain('private page');
  });

  test('403 lists the required scopes', async () => {
    const server = await respondWith(envelope(403), 403, {
      'www-authenticate': 'Bearer realm="doctape", error="insufficient_scope", scope="file.delete file.read"',
    });
    const error = await rejection(apiAt(server.url).files.delete(id), InsufficientScopeError);
    expect(error.requiredScopes).toEqual(['file.delete', 'file.read']);
    expect(error.challenge).toEqual({
      realm: 'doctape',
      error: 'insufficient_scope',
      scope: ['file.delete', 'file.read'],
    });
    expect(error.message).toContain('file.delete file.read');
  });

  test.each([
    ['nothing', undefined, []],
    ['no scope', 'Bearer realm="doctape"', []],
    ['another scheme', 'Basic realm="file.read"', []],
    ['another scheme first', 'Basic realm="a, b", Bearer scope="file.read"', ['file.read']],
    ['small letters', 'bearer SCOPE=file.read', ['file.read']],
    ['escaped quotes', String.raw`Bearer realm="a \"scope=\" b", scope="file.read"`, ['file.read']],
    ['nonsense', '=,"', []],
    ['no end of a quote', 'Bearer scope="file.read', []],
  ] as const)(
    'of 403 whose challenge has %s lacks a scope only if the challenge names one',
    async (_, challenge, scopes) => {
      const server = await respondWith(
        envelope(403),
        403,
        challenge === undefined ? {} : { 'www-authenticate': challenge },
      );
      const error = await rejection(apiAt(server.url).files.list(), ForbiddenError);
      expect(error.name).toBe(scopes.length > 0 ? 'InsufficientScopeError' : 'ForbiddenError');
      expect(error instanceof InsufficientScopeError ? error.requiredScopes : []).toEqual(scopes);
    },
  );

  test('401 has the challenge', async () => {
    const server = await respondWith(envelope(401), 401, {
      'www-authenticate': 'Bearer realm="doctape", error="invalid_token", error_description="It is unknown"',
    });
    const error = await rejection(apiAt(server.url).files.list(), UnauthorizedError);
    expect(error.challenge).toEqual({ realm: 'doctape', error: 'invalid_token', error_description: 'It is unknown' });
  });

  const now = Date.parse('2014-11-25T12:00:00Z');
  test.each([
    ['120', 120],
    ['0', 0],
    ['Tue, 25 Nov 2014 12:02:00 GMT', 120],
    ['Tuesday, 25-Nov-14 12:02:00 GMT', 120],
    ['Tue, 25 Nov 2014 11:00:00 GMT', 0],
    ['86400', 86_400],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
  ])('429 with Retry-After: %s has a retryAfter of %s seconds', async (header, seconds) => {
    const server = await respondWith(envelope(429), 429, { 'retry-after': header });
    const error = await rejection(apiAt(server.url, { now: () => now }).files.list(), RateLimitError);
    expect(error.retryAfter).toBe(seconds);
    expect(server.requests).toHaveLength(1);
  });

  test('503 has retryAfter and requestId', async () => {
    const server = await respondWith(envelope(503), 503, { 'retry-after': '7', 'x-request-id': 'req-1' });
    const error = await rejection(apiAt(server.url).files.list(), ApiError);
    expect(error).toMatchObject({ retryAfter: 7, requestId: 'req-1' });
  });

  test('omits the fields that the server did not send', async () => {
    const server = await respondWith(envelope(500), 500);
    const error = await rejection(apiAt(server.url).files.list(), ApiError);
    expect(Object.keys(error).sort()).toEqual(['body', 'callId', 'code', 'method', 'name', 'status', 'url']);
  });

  test('of an error whose response echoes the token does not reveal it', async () => {
    const server = await respondWith({ error: { code: 401, message: `bad token ${accessToken}` } }, 401, {
      'x-request-id': accessToken,
      'www-authenticate': `Bearer realm="${accessToken}", error_description="${accessToken}", scope="${accessToken}"`,
    });
    const error = await rejection(apiAt(server.url).files.list(), UnauthorizedError);
    expect(error.message).toContain('bad token [redacted]');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(accessToken);
    expect(JSON.stringify(error)).not.toContain(accessToken);
  });

  test('of an error has a message without control characters and of limited length', async () => {
    const message = `first\r\nsecond\u0000\u001b[31m\u202e${'x'.repeat(100_000)}`;
    const server = await respondWith({ error: { code: 400, message } }, 400);
    const error = await rejection(apiAt(server.url).files.list(), ApiError);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(error.message).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(error.message.length).toBeLessThan(1500);
  });
});

describe('the body of a success', () => {
  test.each<[string, string, string]>([
    ['is HTML', '<html>private page</html>', 'text/html'],
    ['is empty', '', 'application/json'],
    ['is white space', ' \n', 'application/json'],
    ['is cut off', '{"error":null,"result":{"id":"private page', 'application/json'],
    ['is an array', '[{"name":"private page"}]', 'application/json'],
    ['is null', 'null', 'application/json'],
    ['is a string', '"private page"', 'application/json'],
    ['is a number', '5', 'application/json'],
    ['is an object without an envelope', '{"id":"private page"}', 'application/json'],
    ['is an empty object', '{}', 'application/json'],
    ['has no result', '{"error":null}', 'application/json'],
    ['is two documents', '{"result":{}}{"result":{}}', 'application/json'],
  ])('that %s is a ResponseError that does not quote it', async (_, body, type) => {
    const server = await respondWith(body, 200, { 'content-type': type });
    const api = apiAt(server.url);
    for (const call of [() => api.files.list(), () => api.files.delete(id), () => api.files.upload(new Blob(['a']))]) {
      const error = await rejection(call(), ResponseError);
      expect(error).toMatchObject({ name: 'ResponseError', code: 'malformed_response', status: 200 });
      expect(inspect(error)).not.toContain('private page');
      expect(error.cause).toBeUndefined();
    }
  });

  test('that is missing, with status 204, is a ResponseError', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(204).end();
    });
    const error = await rejection(apiAt(server.url).files.list(), ResponseError);
    expect(error).toMatchObject({ code: 'malformed_response', status: 204 });
  });

  test('that breaks is a NetworkError', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"result":', () => response.destroy());
    });
    const error = await rejection(apiAt(server.url).files.list(), NetworkError);
    expect(error.cause).toBeUndefined();
  });
});

describe('a file', () => {
  test('in the documented form keeps its fields, with time_added as a Date', async () => {
    const got = await fileFrom(file);
    expect(got).toEqual({ ...file, time_added: new Date('2013-01-17T21:22:39Z') });
    expect(got.time_added).toBeInstanceOf(Date);
  });

  test('with only the required fields gets defaults for the others', async () => {
    expect(await fileFrom({ id, name: 'a', size: 5, time_added: 1 })).toEqual({
      id,
      name: 'a',
      size: 5,
      time_added: new Date(1000),
      public_url: null,
      extension: '',
      media_type: 'unknown',
      tags: [],
      origin: '',
      starred: false,
      shared: 0,
      processing_status: 'ok',
      meta: {},
    });
  });

  test('whose optional fields are null gets the same defaults', async () => {
    const names = [
      'public_url',
      'extension',
      'media_type',
      'tags',
      'origin',
      'starred',
      'shared',
      'processing_status',
      'meta',
    ];
    const wire = { id, name: 'a', size: 5, time_added: 1 };
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    expect(await fileFrom({ ...wire, ...nulls })).toEqual(await fileFrom(wire));
  });

  test.each<[unknown, string | null]>([
    [null, null],
    ['', null],
    ['http://dt.pe/w23Oj9', 'http://dt.pe/w23Oj9'],
  ])('with public_url %j has %j', async (wire, expected) => {
    expect((await fileFrom({ ...file, public_url: wire })).public_url).toBe(expected);
  });

  test.each([
    ['doc', 'document'],
    ['document', 'document'],
    ['hologram', 'hologram'],
    ['Doc', 'Doc'],
  ])('with media_type %s has %s', async (wire, expected) => {
    expect((await fileFrom({ ...file, media_type: wire })).media_type).toBe(expected);
  });

  test('keeps unknown values of enumerated fields', async () => {
    const unknown = { processing_status: 'queued', shared: '5ca1ab1e-0000-4000-8000-000000000000', origin: 'fax' };
    expect(await fileFrom({ ...file, ...unknown })).toMatchObject(unknown);
  });

  test('keeps unknown fields', async () => {
    const unknown = { checksum: 'abc', nested: { a: [1, { b: null }] }, constructor: 'field', toString: 5 };
    const got = await fileFrom({ ...file, ...unknown, meta: { anything: [1] } });
    expect(got).toMatchObject({ checksum: 'abc', nested: { a: [1, { b: null }] }, meta: { anything: [1] } });
    expect(Reflect.get(got, 'constructor')).toBe('field');
  });

  test.each<[unknown, number]>([
    ['730782', 730782],
    ['0', 0],
    [0, 0],
    [5_000_000_000, 5_000_000_000],
    ['5000000000', 5_000_000_000],
    ['007', 7],
  ])('with size %j has the number %d', async (wire, expected) => {
    expect((await fileFrom({ ...file, size: wire })).size).toBe(expected);
  });

  test.each<[unknown, number]>([
    ['1358457759', 1358457759000],
    [0, 0],
    [1358457759.5, 1358457759500],
  ])('with time_added %j was added at %d', async (wire, expected) => {
    expect((await fileFrom({ ...file, time_added: wire })).time_added.getTime()).toBe(expected);
  });

  const wrong: [string, unknown][] = [
    ['id', undefined],
    ['id', null],
    ['id', ''],
    ['id', 5],
    ['name', undefined],
    ['name', null],
    ['name', 5],
    ['extension', 5],
    ['size', undefined],
    ['size', null],
    ['size', -1],
    ['size', '-1'],
    ['size', ''],
    ['size', '5 kB'],
    ['size', '0x10'],
    ['size', true],
    ['size', []],
    ['time_added', undefined],
    ['time_added', null],
    ['time_added', '2013-01-17'],
    ['time_added', {}],
    ['time_added', 1e30],
    ['time_added', '999999999999999'],
    ['media_type', 5],
    ['tags', 'private-data'],
    ['tags', {}],
    ['origin', []],
    ['starred', 'yes'],
    ['shared', {}],
    ['processing_status', 0],
    ['meta', 'private-data'],
    ['meta', []],
    ['public_url', 5],
  ];

  test.each(wrong)('whose %s is %j is malformed, and the message names the field', async (field, value) => {
    const error = await rejection(fileFrom({ ...file, [field]: value }), ResponseError);
    expect(error.code).toBe('malformed_response');
    expect(error.message).toContain(`result.${field} `);
    expect(inspect(error)).not.toContain('private-data');
    expect(inspect(error)).not.toContain('example017872');
    expect(error.cause).toBeUndefined();
  });

  test('with an invalid tag is malformed, and the message names its index', async () => {
    const error = await rejection(fileFrom({ ...file, tags: ['private-data', 5] }), ResponseError);
    expect(error.message).toContain('result.tags.1 ');
    expect(error.message).not.toContain('private-data');
  });

  test.each<[unknown]>([[null], [[]], ['private-data'], [5], [true]])('that is %j is malformed', async (wire) => {
    const error = await rejection(fileFrom(wire), ResponseError);
    expect(error.code).toBe('malformed_response');
    expect(error.message).toContain('result ');
    expect(error.message).not.toContain('private-data');
  });

  test('with a number beyond the range of JSON is malformed', async () => {
    const body = JSON.stringify({ result: file }).replace('730782', '1e999');
    const call = apiAt((await respondWith(body)).url).files.get(id);
    expect((await rejection(call, ResponseError)).message).toContain('result.size ');
  });

  test('cannot change the prototype of any object', async () => {
    const evil = '"__proto__":{"polluted":true,"starred":true}';
    const body = `{"result":{${evil},"id":"${id}","name":"a","size":1,"time_added":1,"meta":{${evil}}}}`;
    const got = await apiAt((await respondWith(body)).url).files.get(id);
    expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(got.meta)).toBe(Object.prototype);
    expect(Reflect.get(got, 'polluted')).toBeUndefined();
    expect(Reflect.get(got.meta, 'polluted')).toBeUndefined();
    expect(got.starred).toBe(false);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('a list', () => {
  async function listFrom(result: unknown): Promise<FileInfo[]> {
    return apiAt((await respondWith({ result })).url).files.list();
  }

  test('has the values of the map, in its order', async () => {
    const ids = ['c-3', 'a-1', 'b-2'];
    const result = Object.fromEntries(ids.map((key) => [key, { ...file, id: key }]));
    expect((await listFrom(result)).map((each) => each.id)).toEqual(ids);
  });

  test('of no files is empty', async () => {
    expect(await listFrom({})).toEqual([]);
  });

  test.each<[unknown]>([[null], [[]], ['private-data'], [5]])('that is %j is malformed', async (result) => {
    const error = await rejection(listFrom(result), ResponseError);
    expect(error.code).toBe('malformed_response');
    expect(error.message).toContain('result ');
    expect(error.message).not.toContain('private-data');
  });

  test('with an invalid file is malformed: the message names the first one and its field', async () => {
    const result = { good: file, bad: { ...file, size: 'private-data' }, worse: null };
    const error = await rejection(listFrom(result), ResponseError);
    expect(error.message).toContain('result.bad.size ');
    expect(error.message).not.toContain('private-data');
  });

  test('with a file that is null is malformed', async () => {
    expect((await rejection(listFrom({ a: null }), ResponseError)).message).toContain('result.a ');
  });

  test('with a file whose id is __proto__ does not pollute a prototype', async () => {
    const body = `{"result":{"__proto__":${JSON.stringify({ ...file, id: '__proto__' })},"a":${JSON.stringify(file)}}}`;
    const files = await apiAt((await respondWith(body)).url).files.list();
    expect(files.map((each) => each.id)).toContain(id);
    expect(Object.getPrototypeOf(files)).toBe(Array.prototype);
    expect(Reflect.get({}, 'extension')).toBeUndefined();
  });

  test('of ten thousand files is complete', async () => {
    const result = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, { ...file, id: `f${i}` }]));
    const files = await listFrom(result);
    expect(files).toHaveLength(10_000);
    expect(files[9_999]?.id).toBe('f9999');
  });
});

describe('an uploaded file', () => {
  async function uploadedFrom(result: unknown): Promise<unknown> {
    return apiAt((await respondWith({ result })).url).files.upload(new Blob(['a']));
  }

  test('has a numeric size, and keeps unknown fields', async () => {
    expect(await uploadedFrom({ [id]: { id, name: '017872.jpg', size: '730782', extra: [1] } })).toEqual({
      id,
      name: '017872.jpg',
      size: 730782,
      extra: [1],
    });
  });

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['null', null],
    ['an array', []],
    ['two files', { a: { id: 'a', name: 'a', size: 1 }, b: { id: 'b', name: 'b', size: 1 } }],
  ])('is malformed if it is %s', async (_, result) => {
    expect((await rejection(uploadedFrom(result), ResponseError)).code).toBe('malformed_response');
  });

  test.each<[string, unknown]>([
    ['id', undefined],
    ['id', ''],
    ['name', undefined],
    ['size', true],
    ['size', 'private-data'],
  ])('whose %s is %j is malformed, and the message names the field as in a list', async (field, value) => {
    const result = { [id]: { id, name: 'a', size: '1', [field]: value } };
    const error = await rejection(uploadedFrom(result), ResponseError);
    expect(error.message).toContain(`result.${id}.${field} `);
    expect(error.message).not.toContain('private-data');
  });
});

describe('an account', () => {
  test('in the documented form keeps its fields', async () => {
    expect(await accountFrom(account)).toEqual(account);
  });

  test('keeps the fields that the server added in practice', async () => {
    const added = {
      referer_token: 'f'.repeat(32),
      paymill: null,
      permissions: { downloadAs: { pdf: false } },
      linkedApps: {},
      type: 'enterprise',
    };
    expect(await accountFrom({ ...account, ...added })).toEqual({ ...account, ...added });
  });

  test('has numbers even if the server sends strings', async () => {
    const got = await accountFrom({ ...account, quota: '5000000000', quota_used: '0', quota_free: '5000000000' });
    expect(got).toMatchObject({ quota: 5_000_000_000, quota_used: 0, quota_free: 5_000_000_000 });
  });

  const optional = ['firstname', 'lastname', 'email', 'country_code', 'avatar', 'type'];
  const byDefault = { firstname: '', lastname: '', email: '', country_code: '', avatar: '', type: 'basic' };

  test('gets defaults for absent fields', async () => {
    const { quota, username, quota_used, quota_free } = account;
    expect(await accountFrom({ quota, username, quota_used, quota_free })).toMatchObject(byDefault);
  });

  test.each(optional)('gets the default for a %s that is null', async (field) => {
    const got = await accountFrom({ ...account, [field]: null });
    expect(Reflect.get(got, field)).toBe(byDefault[field as keyof typeof byDefault]);
  });

  test.each<[string, unknown]>([
    ['username', undefined],
    ['username', null],
    ['username', 5],
    ['quota', undefined],
    ['quota', 'private-data'],
    ['quota_used', -1],
    ['email', 5],
  ])('whose %s is %j is malformed, and the message names the field', async (field, value) => {
    const error = await rejection(accountFrom({ ...account, [field]: value }), ResponseError);
    expect(error.message).toContain(`result.${field} `);
    expect(error.message).not.toContain('private-data');
  });
});

describe('the time limit of a call', () => {
  test('ends a call without a response', async () => {
    const pass = stopTimers();
    const server = await scriptedServer(() => pass(150));
    const error = await rejection(apiAt(server.url, { timeout: 150 }).files.list(), TimeoutError);
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'timeout' });
    expect(error.message).toContain(`GET ${server.url}/v1/doc`);
    expect(error.message).not.toContain(accessToken);
    expect(server.requests).toHaveLength(1);
  });

  test('includes a slow body, and closes its connection', async () => {
    const closed = Promise.withResolvers<void>();
    const pass = stopTimers();
    const server = await scriptedServer((_, response) => {
      let pieces = 0;
      const drip = setInterval(() => {
        response.write(' ');
        if (++pieces === 3) pass(300);
      }, 20);
      response.on('close', () => {
        clearInterval(drip);
        closed.resolve();
      });
    });
    const error = await rejection(apiAt(server.url, { timeout: 300 }).files.list(), TimeoutError);
    expect(error.code).toBe('timeout');
    await closed.promise;
  });

  test('includes the body of an error', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(500).write('{');
    });
    await rejection(apiAt(server.url, { timeout: 150 }).files.list(), TimeoutError);
  });

  test('applies to a custom fetch that ignores its signal', async () => {
    const api = apiAt('http://localhost', { timeout: 100, fetch: () => new Promise<Response>(() => {}) });
    await rejection(api.files.list(), TimeoutError);
  });

  test('can be disabled', async () => {
    const server = await scriptedServer(async (_, response) => {
      await wait(300);
      reply(response, 200, { result: {} });
    });
    expect(await apiAt(server.url, { timeout: false, idleTimeout: 50 }).files.list()).toEqual([]);
  });
});

describe('an abort', () => {
  const reasons: [string, unknown][] = [
    ['an Error', new Error('not now')],
    ['a string', 'not now'],
    ['null', null],
    ['zero', 0],
  ];

  test.each(reasons)('before the call rejects with its reason, %s, and nothing is sent', async (_, reason) => {
    const server = await respondWith({ result: {} });
    const api = apiAt(server.url);
    const signal = AbortSignal.abort(reason);
    expect(await reasonOf(api.files.list({ signal }))).toBe(reason);
    expect(await reasonOf(api.files.get(id, { signal }))).toBe(reason);
    expect(await reasonOf(api.files.delete(id, { signal }))).toBe(reason);
    expect(await reasonOf(api.account.get({ signal }))).toBe(reason);
    expect(server.requests).toEqual([]);
  });

  test.each(reasons)('before the response rejects with its reason, %s', async (_, reason) => {
    const controller = new AbortController();
    const server = await scriptedServer(() => controller.abort(reason));
    expect(await reasonOf(apiAt(server.url).files.list({ signal: controller.signal }))).toBe(reason);
  });

  test('during the response rejects with its reason and closes the connection', async () => {
    const controller = new AbortController();
    const reason = new Error('not now');
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      response.write('{"result":', () => setTimeout(() => controller.abort(reason), 50));
    });
    expect(await reasonOf(apiAt(server.url).files.list({ signal: controller.signal }))).toBe(reason);
    await closed.promise;
  });

  test('without a reason rejects with an AbortError, as fetch does', async () => {
    const controller = new AbortController();
    const server = await scriptedServer(() => controller.abort());
    const reason = await reasonOf(apiAt(server.url).files.list({ signal: controller.signal }));
    expect(reason).toBeInstanceOf(DOMException);
    expect(reason).toMatchObject({ name: 'AbortError' });
  });

  test('by a value that is not an AbortSignal is a ConfigurationError', async () => {
    const server = await respondWith({ result: {} });
    for (const other of [new AbortController(), new EventTarget(), {}, true]) {
      const signal = other as unknown as AbortSignal;
      const error = await rejection(apiAt(server.url).files.list({ signal }), ConfigurationError);
      expect(error.message).toMatch(/^signal\b/);
    }
    expect(server.requests).toEqual([]);
  });
});

describe('a connection', () => {
  test('that is refused is a NetworkError that names the call and the reason', async () => {
    const error = await rejection(apiAt(unreachable).files.list(), NetworkError);
    expect(error).toMatchObject({ name: 'NetworkError', code: 'network' });
    expect(error.message).toContain(`GET ${unreachable}/v1/doc got no response: the connection failed (ECONNREFUSED)`);
    expect(error.cause).toBeUndefined();
    expect(inspect(error)).not.toContain(accessToken);
  });

  test.each<[string, string | undefined]>([
    ['is closed without a response', undefined],
    ['speaks something else', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['ends within the headers', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ])('that %s is a NetworkError', async (_, greeting) => {
    const server = await socketServer((socket) => {
      socket.once('data', () => (greeting === undefined ? socket.destroy() : socket.end(greeting)));
    });
    await rejection(apiAt(server.url).files.list(), NetworkError);
  });

  test.each<[string, string]>([
    ['a chunk', 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"err\r\n'],
    ['its length', 'Content-Length: 100\r\n\r\n{"err'],
  ])('that ends before the end of the body, by %s, is a NetworkError that says so', async (_, sent) => {
    const server = await socketServer((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${sent}`));
    });
    const { account, files } = apiAt(server.url, { retry: false });
    for (const call of [
      () => account.get(),
      () => files.get(id),
      () => files.list(),
      () => files.delete(id),
      () => files.upload(new Blob(['a'])),
    ]) {
      const error = await rejection(call(), NetworkError);
      expect(error.message).toContain(`${server.url}/v1/`);
      expect(error.message).toContain(' got an incomplete response: the connection failed');
    }
  });

  test('through a custom fetch that fails is a NetworkError that does not quote the error', async () => {
    const fetch = () => {
      throw Object.assign(new Error(`cannot reach it with ${accessToken}`), { code: 'EHOSTUNREACH' });
    };
    const api = apiAt('http://localhost', { fetch });
    for (const call of [
      () => api.files.list(),
      () => api.files.download(id),
      () => api.files.upload(new Blob(['a'])),
    ]) {
      expect(inspect(await rejection(call(), NetworkError))).not.toContain(accessToken);
    }
  });
});
