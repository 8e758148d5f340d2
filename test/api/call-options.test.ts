import { expect, it, test, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import {
  ApiClient,
  ApiError,
  ConfigurationError,
  type Fetch,
  ResponseError,
  TimeoutError,
  type Token,
  TokenExpiredError,
} from '../../src/index.js';
import { version } from '../../src/protocol/version.js';
import {
  accessToken,
  apiAt,
  bodyOf,
  rejection,
  reply,
  scriptedServer,
  thrown,
  wait,
} from '../support/scripted-server.js';
import { stopTimers } from '../support/stopped-timers.js';

const envelope = (result: unknown) => ({ error: null, result });
const account = { username: 'alice', quota: 1, quota_used: 0, quota_free: 1 };

/** Sends a successful response to every call. */
const respondingServer = () =>
  scriptedServer(async (request, response) => {
    await bodyOf(request);
    const { url = '' } = request;
    const one = { id: 'a', name: 'a', size: 1, time_added: 1, cloned: true, public_url: 'https://doctape.example/a' };
    if (/original|avatar/.test(url)) reply(response, 200, 'bytes', { 'content-length': '5' });
    else if (url.endsWith('/account')) reply(response, 200, envelope(account));
    else if (url.startsWith('/v1/tape'))
      reply(response, 200, envelope(url.endsWith('tape') ? {} : { id: 'a', name: 'a' }));
    else reply(response, 200, envelope(/doc$/.test(url) ? {} : url.includes('upload') ? { a: one } : one));
  });

const silentServer = () => scriptedServer(() => {});

/** Every call that sends a request, with its options. */
const calls: Record<
  string,
  (api: ApiClient, options: { timeout?: number; headers?: Record<string, string> }) => unknown
> = {
  'account.get': (api, options) => api.account.get(options),
  'account.avatar': (api, options) => api.account.avatar(50, options),
  'files.list': (api, options) => api.files.list(options),
  'files.iterate': (api, options) => api.files.iterate(options).next(),
  'files.get': (api, options) => api.files.get('a', options),
  'files.update': (api, options) => api.files.update('a', { starred: true }, options),
  'files.upload': (api, options) => api.files.upload(new Blob(['a']), options),
  'files.uploadAll': (api, options) => api.files.uploadAll([new Blob(['a'])], options),
  'files.uploadEach': async (api, options) => {
    const [result] = await api.files.uploadEach([new Blob(['a'])], options);
    if (result?.status === 'rejected') throw result.reason;
  },
  'files.download': (api, options) => api.files.download('a', 'original', options),
  'files.clone': (api, options) => api.files.clone('a', options),
  'files.publish': (api, options) => api.files.publish('a', options),
  'files.unpublish': (api, options) => api.files.unpublish('a', options),
  'files.delete': (api, options) => api.files.delete('a', options),
  'files.extract': (api, options) => api.files.extract('a', options),
  'files.waitUntilProcessed': (api, options) => api.files.waitUntilProcessed('a', options),
  'tapes.list': (api, options) => api.tapes.list(options),
  'tapes.get': (api, options) => api.tapes.get('a', options),
  'tapes.update': (api, options) => api.tapes.update('a', { live: true }, options),
  request: (api, options) => api.request('account', options),
};

it.each(Object.entries(calls))('%s sends its own headers in addition to those of the client', async (_, call) => {
  const server = await respondingServer();
  const api = apiAt(server.url, { headers: { traceparent: '00-a', 'X-Client': 'one' }, userAgent: 'photos/2.1' });
  await call(api, { headers: { 'X-Client': 'two', 'x-call': 'three' } });
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.headers).toMatchObject({
    authorization: `Bearer ${accessToken}`,
    traceparent: '00-a',
    'x-client': 'two',
    'x-call': 'three',
    'user-agent': `doctape-sdk/${version} photos/2.1`,
  });
});

it.each(Object.entries(calls))('%s has its own time limit', async (_, call) => {
  const server = await silentServer();
  const error = await rejection(Promise.resolve(call(apiAt(server.url), { timeout: 50 })), TimeoutError);
  expect(error.code).toBe('timeout');
});

it.each(['files.get', 'files.download', 'files.upload', 'tapes.list'] as const)(
  '%s reports its time limit once, without a retry',
  async (name) => {
    const server = await silentServer();
    const events: string[] = [];
    const record = ({ type }: { type: string }) => void events.push(type);
    const api = apiAt(server.url, { hooks: { request: record, retry: record, error: record } });
    await rejection(Promise.resolve(calls[name]?.(api, { timeout: 50 })), TimeoutError);
    expect(events).toEqual(['request', 'error']);
  },
);

test('the time limit of a download includes its body', async () => {
  const pass = stopTimers();
  const server = await scriptedServer((_, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('x');
  });
  const response = await apiAt(server.url).files.download('a', 'original', { timeout: 200 });
  const text = response.text();
  pass(200);
  expect((await rejection(text, TimeoutError)).code).toBe('timeout');
});

it('retries as often as the call says, and inherits omitted fields from the client', async () => {
  const server = await scriptedServer((_, response) => reply(response, 503, { error: 'busy' }, { 'retry-after': '9' }));
  const api = apiAt(server.url, { retry: { limit: 5, maxDelay: 100 } });
  await rejection(api.files.list({ retry: false }), ApiError);
  expect(server.requests).toHaveLength(1);
  await rejection(api.files.list({ retry: { limit: 3 } }), ApiError); // maxDelay is still 100 ms
  expect(server.requests).toHaveLength(2);

  const failing = await scriptedServer((_, response) => reply(response, 500, { error: 'no' }));
  await rejection(apiAt(failing.url).files.list({ retry: { limit: 2, maxDelay: 1 } }), ApiError);
  expect(failing.requests).toHaveLength(3);
});

it('ends when the signal of the call is aborted', async () => {
  const server = await silentServer();
  for (const call of [
    (signal: AbortSignal) => apiAt(server.url).files.clone('a', { signal }),
    (signal: AbortSignal) => apiAt(server.url).files.upload(new Blob(['a']), { signal }),
    (signal: AbortSignal) => apiAt(server.url).request('a', { signal }),
  ]) {
    const controller = new AbortController();
    const pending = call(controller.signal);
    setTimeout(() => controller.abort('enough'), 20);
    await expect(pending).rejects.toBe('enough');
  }
});

const reserved = [
  'Authorization',
  'content-type',
  'Content-Length',
  'range',
  'If-Range',
  'accept-encoding',
  'Cookie',
  'host',
  'Connection',
  'expect',
  'keep-alive',
  'trailer',
  'Upgrade',
];
it.each<[string, unknown]>([
  ...reserved.map((name): [string, unknown] => [name, { [name]: 'a' }]),
  ['a line break', { 'x-a': 'a\r\nauthorization: b' }],
  ['an emoji', { 'x-a': '🙂' }],
  ['a name with a space', { 'x a': 'a' }],
  ['an empty name', { '': 'a' }],
  ['a number', { 'x-a': 5 }],
  ['null', { 'x-a': null }],
  ['a list of names', ['x-a']],
  ['pairs with Authorization', [['Authorization', 'a']]],
  ['Headers with Authorization', new Headers({ authorization: 'a' })],
  ['a string', 'x-a: a'],
])('refuses headers with %s, without quoting a value', (_, headers) => {
  const options = { token: accessToken, headers };
  const error = thrown(() => Reflect.construct(ApiClient, [options]), ConfigurationError);
  expect(error.message).toMatch(/^headers must/);
  expect(error.message).not.toContain('🙂');
});

it.each([
  ['an object', { 'X-A': 'a', 'x-b': undefined }],
  ['Headers', new Headers({ 'x-a': 'a' })],
  ['pairs', [['X-A', 'a']] as [string, string][]],
])('accepts headers as %s', async (_, headers) => {
  const server = await respondingServer();
  await apiAt(server.url, { headers }).account.get();
  expect(server.requests[0]?.headers['x-a']).toBe('a');
  expect(server.requests[0]?.headers).not.toHaveProperty('x-b');
});

it('does not send custom headers to another origin that a download is redirected to', async () => {
  const elsewhere = await scriptedServer((_, response) => reply(response, 200, 'bytes', { 'content-length': '5' }));
  const server = await scriptedServer((_, response) => reply(response, 302, '', { location: `${elsewhere.url}/a` }));
  const api = apiAt(server.url, { headers: { 'x-api-key': 'mine' } });
  expect(await (await api.files.download('a')).text()).toBe('bytes');
  expect(server.requests[0]?.headers['x-api-key']).toBe('mine');
  expect(elsewhere.requests[0]?.headers).not.toHaveProperty('x-api-key');
  expect(elsewhere.requests[0]?.headers).not.toHaveProperty('authorization');
});

it('has the version of the package', () => expect(version).toBe(manifest.version));

it.each(['', 'a\nb', 5, null])('refuses %j as userAgent', (userAgent) => {
  const error = thrown(() => Reflect.construct(ApiClient, [{ token: accessToken, userAgent }]), ConfigurationError);
  expect(error.message).toMatch(/^userAgent/);
});

it('with() creates a client with other settings and inherits the rest', async () => {
  const server = await respondingServer();
  const events: string[] = [];
  const record = (name: string) => () => void events.push(name);
  const api = apiAt(server.url, {
    headers: { 'x-a': '1', 'x-b': '1' },
    userAgent: 'photos',
    hooks: { request: record('first') },
  });
  const other = api.with({ token: 'another-token', headers: { 'x-b': '2' }, timeout: undefined });
  const third = other.with({ hooks: { request: record('third') } });
  await api.account.get();
  await other.account.get();
  await third.account.get();
  expect(server.requests.map(({ headers }) => [headers.authorization, headers['x-a'], headers['x-b']])).toEqual([
    [`Bearer ${accessToken}`, '1', '1'],
    ['Bearer another-token', '1', '2'],
    ['Bearer another-token', '1', '2'],
  ]);
  expect(server.requests[2]?.headers['user-agent']).toBe(`doctape-sdk/${version} photos`);
  expect(events).toEqual(['first', 'first', 'third']);
});

it('with() keeps the token of the constructor, even if its object was changed since', async () => {
  const server = await respondingServer();
  const token = { access_token: accessToken, token_type: 'Bearer' as const };
  const api = apiAt(server.url, { token });
  token.access_token = 'changed';
  await api.with({ timeout: 1_000 }).account.get();
  expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${accessToken}`);
});

it('calls an API over http on another host than loopback, and follows its redirects, only with allowInsecureHttp', async () => {
  const options = { token: accessToken, baseUrl: 'http://sandbox.example:4400/v1' };
  expect(thrown(() => new ApiClient(options), ConfigurationError).message).toContain('allowInsecureHttp');
  const seen: string[] = [];
  const fetch: Fetch = async (input) => {
    seen.push(String(input));
    if (seen.length > 1) return new Response('bytes');
    return new Response(null, { status: 302, headers: { location: 'http://blobs.example/a' } });
  };
  const api = new ApiClient({ ...options, allowInsecureHttp: true, fetch });
  expect(await (await api.with({ retry: false }).files.download('a')).text()).toBe('bytes');
  expect(seen).toEqual(['http://sandbox.example:4400/v1/doc/a/original', 'http://blobs.example/a']);

  seen.length = 0;
  const secure = new ApiClient({ token: accessToken, baseUrl: 'https://api.example', allowInsecureHttp: true, fetch });
  await rejection(secure.files.download('a'), ResponseError);
  expect(seen).toHaveLength(1);
});

it('with() sets the time limit and the retries of the new client', async () => {
  const quiet = await silentServer();
  await rejection(apiAt(quiet.url).with({ timeout: 50 }).account.get(), TimeoutError);
  const failing = await scriptedServer((_, response) => reply(response, 500, { error: 'no' }));
  const api = apiAt(failing.url).with({ retry: { limit: 2, maxDelay: 1 } });
  await rejection(api.account.get(), ApiError);
  expect(failing.requests).toHaveLength(3);
});

test('an async token function is awaited once per attempt', async () => {
  const server = await respondingServer();
  let calls = 0;
  const api = apiAt(server.url, { token: async () => `token-${++calls}` });
  expect(thrown(() => api.files.url('a'), ConfigurationError).message).toContain('await a call first');
  await wait(5); // the token function that url() called has resolved
  expect(api.files.url('a').searchParams.get('access_token')).toBe('token-1');
  await api.account.get();
  await api.files.upload(new Blob(['a']));
  await (await api.files.download('a')).text();
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-2',
    'Bearer token-3',
    'Bearer token-4',
  ]);
  expect(api.files.url('a').searchParams.get('access_token')).toBe('token-4');
  expect(api.account.avatarUrl().searchParams.get('access_token')).toBe('token-4');
});

test('url() uses the current token of a function that is async only when it renews the token', async () => {
  const server = await respondingServer();
  const inTenSeconds = (text: string) => ({
    access_token: text,
    token_type: 'Bearer' as const,
    expires_at: now / 1000 + 10,
  });
  let now = Date.now();
  let current: Token | undefined;
  const renew = async () => (current = inTenSeconds('of-alice'));
  const api = apiAt(server.url, { now: () => now, token: () => current ?? renew() });
  const inUrl = () => api.files.url('a').searchParams.get('access_token');
  await api.account.get();
  expect(inUrl()).toBe('of-alice');

  current = inTenSeconds('of-bob'); // another user has signed in
  await api.account.get();
  expect(inUrl()).toBe('of-bob');

  current = undefined;
  await api.account.get();
  now += 10_000; // the token of the last call has expired
  current = inTenSeconds('of-carol');
  expect(inUrl()).toBe('of-carol');
});

test('an async token function that rejects makes the call reject, and nothing is sent', async () => {
  const server = await respondingServer();
  const mistake = new Error('no session');
  const failing = apiAt(server.url, { token: () => Promise.reject(mistake) });
  const expired = apiAt(server.url, {
    token: async () => ({ access_token: accessToken, token_type: 'Bearer', expires_at: 1 }),
  });
  for (const call of Object.values(calls)) {
    await expect(Promise.resolve(call(failing, {}))).rejects.toBe(mistake);
    await rejection(Promise.resolve(call(expired, {})), TokenExpiredError);
  }
  expect(thrown(() => expired.files.url('a'), ConfigurationError).message).toMatch(/^token/);
  expect(server.requests).toEqual([]);
});

test('a call whose async token function hangs is ended by the time limit and by the signal', async () => {
  const server = await respondingServer();
  const api = apiAt(server.url, { token: () => new Promise(() => {}), idleTimeout: 50, timeout: 50 });
  for (const call of Object.values(calls)) await rejection(Promise.resolve(call(api, {})), TimeoutError);
  const patient = api.with({ timeout: false });
  await expect(patient.files.list({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  const controller = new AbortController();
  setTimeout(() => controller.abort('later'), 10);
  await expect(patient.files.list({ signal: controller.signal })).rejects.toBe('later');
  expect(server.requests).toEqual([]);
});

it.each([
  `Bearer ${accessToken}`,
  `bearer ${accessToken}`,
  ` Bearer  ${accessToken}`,
  `Authorization: Bearer ${accessToken}`,
  'Bearer',
  'undefined',
  'null',
  '[object Object]',
  '[object Promise]',
  `{"access_token":"${accessToken}","token_type":"Bearer"}`,
])('refuses %j as token, and names the remedy', async (token) => {
  const server = await respondingServer();
  const of = (given: object) => () => Reflect.construct(ApiClient, [{ baseUrl: `${server.url}/v1`, ...given }]);
  for (const action of [of({ token }), of({ token: { access_token: token, token_type: 'Bearer' } })]) {
    const error = thrown(action, ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/^token.* (pass|parse) /);
    expect(error.message).not.toContain(accessToken);
  }
  for (const given of [
    () => token,
    async () => token,
    () => ({ access_token: token, token_type: 'Bearer' as const }),
  ]) {
    const api = apiAt(server.url, { token: given });
    expect((await rejection(api.account.get(), ConfigurationError)).code).toBe('invalid_argument');
  }
  expect(server.requests).toEqual([]);
});

it.each(['bearer-token', 'Bearer_1', 'nullable', '{'])('accepts %j as token', async (token) => {
  const server = await respondingServer();
  await apiAt(server.url, { token }).account.get();
  expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
});

test('Date.now is looked up when it is used', async () => {
  const server = await respondingServer();
  const api = apiAt(server.url, {
    token: { access_token: accessToken, token_type: 'Bearer', expires_at: 4_000_000_000 },
  });
  await api.account.get();
  vi.useFakeTimers({ now: 4_000_000_001_000, toFake: ['Date'] });
  try {
    await rejection(api.account.get(), TokenExpiredError);
  } finally {
    vi.useRealTimers();
  }
  await api.account.get();
  expect(server.requests).toHaveLength(2);
});

test('timers and fetch are looked up when they are used', async () => {
  const api = new ApiClient({ token: accessToken, timeout: 10_000, retry: false });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.stubGlobal('fetch', () => new Promise(() => {}));
  try {
    const pending = rejection(api.account.get(), TimeoutError);
    await vi.advanceTimersByTimeAsync(10_001);
    await pending;
  } finally {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  }
});
