import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  ApiClient,
  type ApiClientOptions,
  ConfigurationError,
  type Fetch,
  ResponseError,
  type Token,
  TokenExpiredError,
} from '../../src/index.js';
import { accessToken, apiAt, bodyOf, rejection, reply, scriptedServer, thrown } from '../support/scripted-server.js';

const token: Token = { access_token: accessToken, token_type: 'Bearer' };

/** A custom fetch that records its arguments and responds with an empty map. */
function recordingFetch(): { fetch: Fetch; seen: Request[] } {
  const seen: Request[] = [];
  return {
    seen,
    fetch: async (input, init) => {
      seen.push(new Request(input, init));
      return Response.json({ result: {} });
    },
  };
}

/** Builds a client from options that do not compile. */
function build(options: unknown): ApiClient {
  return new ApiClient(options as ApiClientOptions);
}

describe('the constructor refuses', () => {
  test.each([
    ['no options', undefined],
    ['null', null],
    ['the bare token', accessToken],
  ])('%s instead of options', (_, options) => {
    const error = thrown(() => build(options), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.name).toBe('ConfigurationError');
    expect(error.message).toContain('options of ApiClient');
  });

  const timers = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '30000', null, true, {}];
  test.each<[string, unknown]>([
    ['token', undefined],
    ['token', null],
    ['token', ''],
    ['token', 12345678],
    ['token', true],
    ['token', []],
    ['token', {}],
    ['token', 'line\nbreak'],
    ['token', 'trailing\n'],
    ['token', 'ünïcode'],
    ['token', { access_token: '' }],
    ['token', { access_token: 5 }],
    ['token', { access_token: 'a\r\nX-Injected: 1' }],
    ['token', { ...token, expires_at: '2030' }],
    ['token', { ...token, expires_at: Number.NaN }],
    ['token', { ...token, expires_at: null }],
    ['baseUrl', null],
    ['baseUrl', ''],
    ['baseUrl', 5],
    ['baseUrl', '/v1'],
    ['baseUrl', 'api.doctape.com/v1'],
    ['baseUrl', 'https://'],
    ['baseUrl', ' https://api.example.com'],
    ['baseUrl', 'https://api.example.com/a b'],
    ['fetch', 'fetch'],
    ['fetch', {}],
    ['fetch', true],
    ...timers.map((value): [string, unknown] => ['timeout', value]),
    ...timers.map((value): [string, unknown] => ['idleTimeout', value]),
    ['now', null],
    ['now', 1_700_000_000],
    ['now', new Date()],
  ])('the option %s as %j, and names it', (name, value) => {
    const error = thrown(() => build({ token, [name]: value }), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(new RegExp(`^${name}\\b`));
  });

  test.each([null, false, 0, ''])('a fetch that is %j, like any other value that is not a function', (value) => {
    const error = thrown(() => build({ token, fetch: value }), ConfigurationError);
    expect(error.message).toMatch(/^fetch\b/);
  });

  test('a token without quoting it', () => {
    const error = thrown(() => build({ token: `${accessToken}\n` }), ConfigurationError);
    expect(error.message).not.toContain(accessToken);
  });

  test('a promise of a token, and says so', () => {
    const error = thrown(() => build({ token: Promise.resolve(token) }), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/^token must not be a promise/);
  });
});

test('the constructor accepts false for both time limits', () => {
  expect(() => build({ token, timeout: false, idleTimeout: false })).not.toThrow();
});

describe('the token', () => {
  test.each<[string, ApiClientOptions['token']]>([
    ['a string', accessToken],
    ['a Token', token],
    ['a function that returns a string', () => accessToken],
    ['a function that returns a Token', () => ({ ...token, expires_at: 4_000_000_000 })],
  ])('can be %s', async (_, given) => {
    const { fetch, seen } = recordingFetch();
    const api = new ApiClient({ token: given, fetch });
    await api.files.list();
    expect(seen[0]?.headers.get('authorization')).toBe(`Bearer ${accessToken}`);
    expect(api.files.url('a').searchParams.get('access_token')).toBe(accessToken);
  });

  test('is read at every call, and not before, if it is a function', async () => {
    const { fetch, seen } = recordingFetch();
    let calls = 0;
    const api = new ApiClient({ token: () => `token-number-${++calls}`, fetch });
    expect(calls).toBe(0);
    await api.files.list();
    await api.files.list();
    expect(seen.map((request) => request.headers.get('authorization'))).toEqual([
      'Bearer token-number-1',
      'Bearer token-number-2',
    ]);
    expect(api.files.url('a').searchParams.get('access_token')).toBe('token-number-3');
  });

  test('is copied by the constructor, so that later changes of the object have no effect', () => {
    const changing: Token = { ...token };
    const api = new ApiClient({ token: changing });
    changing.access_token = 'another';
    expect(api.files.url('a').searchParams.get('access_token')).toBe(accessToken);
  });

  test.each<[string, () => unknown]>([
    ['a promise of nothing', async () => undefined],
    ['nothing', () => undefined],
    ['null', () => null],
    ['a number', () => 5],
    ['an empty string', () => ''],
    ['a line break', () => 'a\nb'],
    ['an object without a token', () => ({})],
  ])('is refused by the call if its function returns %s, and no request is sent', async (_, given) => {
    const { fetch, seen } = recordingFetch();
    const api = build({ token: given, fetch });
    const error = await rejection(api.files.list(), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toContain('token');
    expect(thrown(() => api.files.url('a'), ConfigurationError).code).toBe('invalid_argument');
    expect(seen).toEqual([]);
  });

  test('is not sent after it has expired: no call sends a request', async () => {
    const { fetch, seen } = recordingFetch();
    const api = new ApiClient({ token: { ...token, expires_at: 1_000 }, now: () => 1_000_000, fetch });
    const calls = [
      () => api.account.get(),
      () => api.files.list(),
      () => api.files.get('a'),
      () => api.files.download('a'),
      () => api.files.delete('a'),
      () => api.files.upload(new Blob(['a'])),
    ];
    for (const call of calls) {
      const error = await rejection(call(), TokenExpiredError);
      expect(error).toMatchObject({ name: 'TokenExpiredError', code: 'token_expired' });
      expect(error.message).not.toContain(accessToken);
    }
    expect(seen).toEqual([]);
  });

  test('is not put into a URL after it has expired', () => {
    const api = new ApiClient({ token: { ...token, expires_at: 1_000 }, now: () => 1_000_000 });
    expect(thrown(() => api.files.url('a'), TokenExpiredError).code).toBe('token_expired');
  });

  test('is valid until the second it expires, by the clock of the client', () => {
    let now = 999_999;
    const api = new ApiClient({ token: { ...token, expires_at: 1_000 }, now: () => now });
    expect(() => api.files.url('a')).not.toThrow();
    now = 1_000_000;
    expect(() => api.files.url('a')).toThrow(TokenExpiredError);
  });

  test('that has already expired does not make the constructor throw', () => {
    expect(() => new ApiClient({ token: { ...token, expires_at: 0 } })).not.toThrow();
  });

  test('with a negative expires_at counts as expired', () => {
    const api = new ApiClient({ token: { ...token, expires_at: -1e20 } });
    expect(thrown(() => api.files.url('a'), TokenExpiredError).code).toBe('token_expired');
  });

  test('returned by a function is checked for its expiry', async () => {
    const { fetch, seen } = recordingFetch();
    const api = new ApiClient({ token: () => ({ ...token, expires_at: 1_000 }), fetch });
    await rejection(api.files.list(), TokenExpiredError);
    expect(seen).toEqual([]);
  });

  test('is not sent with an upload after it has expired, and the source is released', async () => {
    const api = new ApiClient({ token: { ...token, expires_at: 0 } });
    const cancelled = Promise.withResolvers<void>();
    const source = new ReadableStream<Uint8Array>({ cancel: () => cancelled.resolve() });
    await rejection(api.files.upload(source), TokenExpiredError);
    await cancelled.promise;
  });
});

describe('baseUrl', () => {
  test.each([
    ['https://api.example.com', 'https://api.example.com/doc/a/original'],
    ['https://api.example.com/', 'https://api.example.com/doc/a/original'],
    ['https://api.example.com///', 'https://api.example.com/doc/a/original'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/doc/a/original'],
    ['https://api.example.com/v1/', 'https://api.example.com/v1/doc/a/original'],
    ['https://api.example.com/v1//', 'https://api.example.com/v1/doc/a/original'],
    ['https://api.example.com/old%20doctape/v1', 'https://api.example.com/old%20doctape/v1/doc/a/original'],
    ['https://api.example.com:8443/x/y/', 'https://api.example.com:8443/x/y/doc/a/original'],
    ['http://localhost', 'http://localhost/doc/a/original'],
    ['http://LOCALHOST:4400/v1', 'http://localhost:4400/v1/doc/a/original'],
    ['http://127.0.0.1:4400/v1', 'http://127.0.0.1:4400/v1/doc/a/original'],
    ['http://127.255.0.9/v1', 'http://127.255.0.9/v1/doc/a/original'],
    ['http://127.1/v1', 'http://127.0.0.1/v1/doc/a/original'],
    ['http://2130706433/v1', 'http://127.0.0.1/v1/doc/a/original'],
    ['http://[::1]:4400/v1', 'http://[::1]:4400/v1/doc/a/original'],
    ['http://[0:0::0:1]/v1', 'http://[::1]/v1/doc/a/original'],
  ])('%s is resolved to %s', (baseUrl, expected) => {
    const url = new ApiClient({ token, baseUrl }).files.url('a');
    expect(url.origin + url.pathname).toBe(expected);
  });

  test.each([
    'http://api.example.com/v1',
    'http://localhost.evil.com/v1',
    'http://127.0.0.1.evil.com/v1',
    'http://evil.com/localhost',
    'http://localhost@evil.com/v1',
    'http://evil-localhost/v1',
    'http://128.0.0.1/v1',
    'http://0.0.0.0/v1',
    'http://[::2]/v1',
    'http://127.evil.com/',
    'ftp://localhost/v1',
    'ws://localhost/v1',
    'file:///v1',
    'javascript:alert(1)',
  ])('%s is insecure', (baseUrl) => {
    const error = thrown(() => new ApiClient({ token, baseUrl }), ConfigurationError);
    expect(error.code).toBe('insecure_url');
    expect(error.message).toMatch(/^baseUrl\b/);
  });

  test.each([
    'https://api.example.com/v1?x=1',
    'https://api.example.com/v1?',
    'https://api.example.com/v1#top',
    'https://api.example.com/v1#',
    'https://user@api.example.com/v1',
    'https://user:pass-word@api.example.com/v1',
    'http://user:pass-word@localhost/v1',
  ])('%s is not a valid base URL', (baseUrl) => {
    const error = thrown(() => new ApiClient({ token, baseUrl }), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/^baseUrl\b/);
    expect(error.message).not.toContain('pass-word');
  });

  test('can be a URL, which is copied', () => {
    const baseUrl = new URL('https://api.example.com/v1/');
    const api = new ApiClient({ token, baseUrl });
    baseUrl.host = 'evil.com';
    expect(api.files.url('a').host).toBe('api.example.com');
    expect(baseUrl.pathname).toBe('/v1/');
  });

  test('is checked if it is a URL object', () => {
    expect(thrown(() => new ApiClient({ token, baseUrl: new URL('http://evil.com') }), ConfigurationError).code).toBe(
      'insecure_url',
    );
    expect(() => new ApiClient({ token, baseUrl: new URL('https://example.com/?q') })).toThrow(/^baseUrl .*query/);
  });

  test('is not affected by changes to a URL that the client returned', () => {
    const api = new ApiClient({ token });
    api.files.url('a').pathname = '/elsewhere';
    expect(api.files.url('a').href).toBe(
      `https://api.doctape.com/v1/doc/a/original?access_token=${encodeURIComponent(accessToken)}`,
    );
  });
});

describe('the global fetch', () => {
  const mock = setupServer();
  const before = new ApiClient({ token }); // created before the application mocks fetch
  beforeAll(() => mock.listen({ onUnhandledFrame: 'error' }));
  afterEach(() => mock.resetHandlers());
  afterAll(() => mock.close());

  test('is looked up at each JSON call', async () => {
    mock.use(
      http.get('https://api.doctape.com/v1/account', ({ request }) =>
        HttpResponse.json({
          result: {
            username: request.headers.get('authorization') ?? '',
            quota: 3,
            quota_used: 1,
            quota_free: 2,
          },
        }),
      ),
    );
    expect(await before.account.get()).toMatchObject({ username: `Bearer ${accessToken}`, quota: 3 });
  });

  test('is looked up at each download', async () => {
    mock.use(http.get('https://api.doctape.com/v1/doc/a/original', () => HttpResponse.text('the bytes')));
    expect(await (await before.files.download('a')).text()).toBe('the bytes');
  });

  test('is looked up at each upload', async () => {
    mock.use(
      http.post('https://api.doctape.com/v1/doc/upload', async ({ request }) => {
        const file = (await request.formData()).get('file');
        const size = file instanceof File ? await file.text() : '';
        return HttpResponse.json({ result: { x: { id: 'x', name: 'a.txt', size: String(size.length) } } });
      }),
    );
    expect(await before.files.upload(new Blob(['four']))).toEqual({ id: 'x', name: 'a.txt', size: 4 });
  });

  test('can be replaced between two calls', async () => {
    const api = new ApiClient({ token });
    const original = globalThis.fetch;
    const seen: Request[] = [];
    globalThis.fetch = async (input, init) => {
      seen.push(new Request(input, init));
      return Response.json({ result: {} });
    };
    try {
      expect(await api.files.list()).toEqual([]);
      await (await api.files.download('a')).text();
    } finally {
      globalThis.fetch = original;
    }
    expect(seen.map(({ url }) => url)).toEqual([
      'https://api.doctape.com/v1/doc',
      'https://api.doctape.com/v1/doc/a/original',
    ]);
  });
});

describe('over HTTP', () => {
  test('every call sends the token in the header to baseUrl, and never in the query', async () => {
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      if (request.url?.includes('/original')) response.end('bytes');
      else if (request.url?.includes('/upload')) {
        reply(response, 200, { result: { x: { id: 'x', name: 'x', size: '1' } } });
      } else if (request.url?.includes('/account')) {
        reply(response, 200, { result: { username: 'u', quota: 1, quota_used: 0, quota_free: 1 } });
      } else if (request.url?.startsWith('/v1/doc/a')) {
        reply(response, 200, { result: { id: 'a', name: 'a', size: 1, time_added: 1 } });
      } else reply(response, 200, { result: {} });
    });
    const api = apiAt(server.url);
    await api.account.get();
    await api.files.list({ includeMeta: true });
    await api.files.get('a');
    await api.files.upload(new Blob(['a']), { tags: ['b'], starred: true });
    await (await api.files.download('a')).text();
    await api.files.delete('a');
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/account',
      'GET /v1/doc?include_meta=true',
      'GET /v1/doc/a',
      'POST /v1/doc/upload?tags=b&starred=true',
      'GET /v1/doc/a/original',
      'DELETE /v1/doc/a',
    ]);
    for (const { url, headers } of server.requests) {
      expect(headers.authorization).toBe(`Bearer ${accessToken}`);
      expect(url).not.toContain('access_token');
      expect(JSON.stringify(url)).not.toContain(accessToken);
    }
  });

  test.each([301, 302, 303, 307, 308])(
    'a JSON call refuses a %i, and the other origin sees nothing',
    async (status) => {
      const other = await scriptedServer((_, response) => reply(response, 200, { result: {} }));
      const server = await scriptedServer((_, response) => {
        response.writeHead(status, { location: `${other.url}/v1/doc` }).end();
      });
      const api = apiAt(server.url);
      for (const call of [() => api.files.list(), () => api.files.get('a'), () => api.files.delete('a')]) {
        const error = await rejection(call(), ResponseError);
        expect(error).toMatchObject({ name: 'ResponseError', code: 'redirect_refused', status });
        expect(error.message).not.toContain(accessToken);
      }
      expect(other.requests).toEqual([]);
      expect(server.requests).toHaveLength(3);
    },
  );

  test('a JSON call refuses a redirect even below baseUrl', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(302, { location: '/v1/account' }).end();
    });
    expect((await rejection(apiAt(server.url).files.list(), ResponseError)).code).toBe('redirect_refused');
    expect(server.requests).toHaveLength(1);
  });
});

test('a client does not reveal its token when it is printed or serialised', async () => {
  const { inspect } = await import('node:util');
  const api = new ApiClient({ token });
  expect(inspect(api, { depth: 10, showHidden: true })).not.toContain(accessToken);
  expect(JSON.stringify(api)).not.toContain(accessToken);
});
