import { PassThrough, Readable } from 'node:stream';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ApiClient,
  ConfigurationError,
  DoctapeError,
  type Fetch,
  type FetchResponse,
  NetworkError,
} from '../../../src/index.js';
import { AuthorizationCodeClient } from '../../../src/server.js';
import { accessToken, apiAt, bodyOf, rejection, reply, scriptedServer } from '../../support/scripted-server.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Exchanges a code through a `fetch` of the application. */
async function exchange(url: string, fetch: Fetch): Promise<unknown> {
  const client = new AuthorizationCodeClient({
    clientId: 'an-app',
    clientSecret: 'a-client-secret',
    redirectUri: 'https://app.example/callback',
    tokenEndpoint: `${url}/oauth2/token`,
    fetch,
  });
  const { state, pending } = await client.authorize();
  return client.exchange(new URLSearchParams({ code: 'a-code', state }), pending);
}

const token = { access_token: accessToken, token_type: 'Bearer' };
const file = { id: 'a', name: 'a.txt', size: 3, time_added: 1 };

describe('the fetch option', () => {
  it('is called as a plain function with a string and an object, by every kind of request', async () => {
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      if (request.url === '/oauth2/token') return reply(response, 200, token);
      if (request.url?.endsWith('/original')) return void response.end('abc');
      reply(response, 200, { result: request.url?.includes('upload') ? { a: file } : {} });
    });
    const seen: { self: unknown; url: unknown; init: Parameters<Fetch>[1] }[] = [];
    const recording: Fetch = function (this: unknown, url, init) {
      seen.push({ self: this, url, init });
      return globalThis.fetch(url, init);
    };
    const api = apiAt(server.url, { fetch: recording });
    await exchange(server.url, recording);
    await api.files.list();
    await api.request('x', { method: 'POST', json: { a: 'ü' } });
    for await (const _ of api.files.iterate()) expect.unreachable();
    expect(await (await api.files.download('a')).text()).toBe('abc');
    await api.files.upload(new Blob(['abc']), { name: 'a.txt' });

    expect(seen).toHaveLength(6);
    for (const { self, url, init } of seen) {
      expect(self).toBeUndefined();
      expect(url).toBeTypeOf('string');
      expect(Object.getPrototypeOf(init.headers)).toBe(Object.prototype);
      expect(init.signal.aborted).toBe(false);
    }
    const [form, , json, , , upload] = seen.map(({ init }) => init);
    expect(form?.body).toMatch(/^client_id=an-app&client_secret=a-client-secret&grant_type=authorization_code&/);
    expect(form).toMatchObject({ method: 'POST', redirect: 'manual', credentials: 'omit', cache: 'no-store' });
    expect(form?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
    });
    expect(json).toMatchObject({ body: '{"a":"ü"}', headers: { 'content-type': 'application/json' } });
    expect(upload).toMatchObject({
      duplex: 'half',
      headers: { 'content-type': expect.stringMatching(/^multipart\//) },
    });
  });

  it('can be a wrapper that adds a header', async () => {
    const server = await scriptedServer(async (request, response) => {
      const form = new URLSearchParams((await bodyOf(request)).toString());
      if (request.method === 'POST') return reply(response, 200, { ...token, scope: form.get('grant_type') });
      reply(response, 200, { result: {} });
    });
    const traced: Fetch = (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'x-trace': '7' } });
    expect(await exchange(server.url, traced)).toMatchObject({ scope: ['authorization_code'] });
    expect(await apiAt(server.url, { fetch: traced }).files.list()).toEqual([]);
    expect(server.requests.map(({ headers }) => headers['x-trace'])).toEqual(['7', '7']);
    expect(server.requests[0]?.headers['content-type']).toContain('application/x-www-form-urlencoded');
  });
});

/** A Response like those of libraries: with these properties instead of the platform's. */
function responseOf(parts: Record<string, unknown>): FetchResponse {
  const bytes = new TextEncoder().encode('abc');
  return {
    ok: true,
    status: 200,
    statusText: 'OK',
    headers: new Headers({ 'content-length': '3' }),
    text: async () => 'abc',
    arrayBuffer: async () => bytes.buffer,
    ...parts,
  };
}

describe('a Response', () => {
  it.each<[string, Record<string, unknown>]>([
    ['without a body, as polyfills make it', {}],
    ['whose body is undefined, as in React Native', { body: undefined }],
    [
      'whose body is a Node.js stream, as in node-fetch',
      { body: Readable.from([Buffer.from('ab'), Buffer.from('c')]) },
    ],
    [
      'whose body is a Node.js PassThrough stream',
      { body: Readable.from(['abc'], { objectMode: false }).pipe(new PassThrough()) },
    ],
    [
      'whose body is an async iterable',
      {
        body: (async function* () {
          yield new TextEncoder().encode('abc');
        })(),
      },
    ],
    ['whose body is a stream of the platform', { body: new Blob(['abc']).stream() }],
  ])('%s is downloaded completely', async (_, parts) => {
    const api = apiAt('https://api.example', { fetch: async () => responseOf(parts) });
    const response = await api.files.download('a');
    expect(response).toBeInstanceOf(Response);
    expect(await response.text()).toBe('abc');
  });

  it('of a library is cancelled if its body is not needed', async () => {
    const body = new PassThrough();
    const api = apiAt('https://api.example', { fetch: async () => responseOf({ status: 302, ok: false, body }) });
    await expect(api.files.list()).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(body.destroyed).toBe(true);
  });

  it('whose stream fails before it is read does not end the process', async () => {
    const body = new PassThrough();
    const fetch: Fetch = async () => {
      setImmediate(() => body.destroy(Object.assign(new Error(accessToken), { code: 'ECONNRESET' })));
      return responseOf({ body });
    };
    const api = apiAt('https://api.example', { fetch });
    const response = await api.files.download('a');
    await new Promise((resolve) => body.once('close', resolve));
    await expect(response.text()).rejects.toBeInstanceOf(DoctapeError);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', '{"result":{}}'],
    ['parsed JSON', { result: {} }],
    ['a response of axios', { data: {}, status: 200, headers: {} }],
    ['headers as a plain object', responseOf({ headers: {} })],
    ['no status', responseOf({ status: undefined })],
    ['an opaque response', responseOf({ type: 'opaque', status: 0, ok: false })],
  ])('replaced with %s is a ConfigurationError, and is not retried', async (_, value) => {
    let calls = 0;
    const fetch = async () => {
      calls++;
      return value;
    };
    const api: ApiClient = Reflect.construct(ApiClient, [
      { token: accessToken, baseUrl: 'https://api.example', fetch },
    ]);
    const error = await rejection(api.files.list(), ConfigurationError);
    expect(error.message).toContain('fetch');
    expect(error.message).toContain('Response');
    expect(calls).toBe(1);
  });

  it('returned for two calls is explained, and is not retried', async () => {
    const response = Response.json({ result: {} });
    let calls = 0;
    const api = new ApiClient({
      token: accessToken,
      fetch: async () => {
        calls++;
        return response;
      },
    });
    await api.files.list();
    const error = await rejection(api.files.list(), ConfigurationError);
    expect(error.message).toContain('return a new Response for each call');
    expect(calls).toBe(2);
  });

  it('returned for two calls at once is explained', async () => {
    const response = Response.json({ result: {} });
    const gate = Promise.withResolvers<void>();
    const fetch: Fetch = async () => {
      await gate.promise;
      return response;
    };
    const api = new ApiClient({ token: accessToken, fetch });
    const outcomes = Promise.allSettled([api.files.list(), api.files.list()]);
    gate.resolve();
    const [first, second] = await outcomes;
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { name: 'ConfigurationError' } });
  });

  it('of Response.error() is a network failure', async () => {
    await rejection(apiAt('https://api.example', { fetch: async () => Response.error() }).files.list(), NetworkError);
  });
});

function coded(code: string, message = 'as the system says', error: Error = new Error(message)): Error {
  return Object.assign(error, { code });
}

function named(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

// Network failures, as each runtime and library reports them.
const networkFailures: [string, unknown, string?][] = [
  ['undici, refused', new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }), 'ECONNREFUSED'],
  ['undici, unknown host', new TypeError('fetch failed', { cause: coded('ENOTFOUND') }), 'ENOTFOUND'],
  [
    'undici, no response',
    new TypeError('fetch failed', { cause: coded('UND_ERR_HEADERS_TIMEOUT') }),
    'UND_ERR_HEADERS_TIMEOUT',
  ],
  [
    'undici, TLS',
    new TypeError('fetch failed', { cause: coded('SELF_SIGNED_CERT_IN_CHAIN') }),
    'SELF_SIGNED_CERT_IN_CHAIN',
  ],
  [
    'undici, wrong name',
    new TypeError('fetch failed', { cause: coded('ERR_TLS_CERT_ALTNAME_INVALID') }),
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ],
  [
    'undici, proxy',
    new TypeError('fetch failed', {
      cause: named('RequestAbortedError', 'Proxy response (407) !== 200 when HTTP Tunneling', {
        code: 'UND_ERR_ABORTED',
      }),
    }),
    'UND_ERR_ABORTED',
  ],
  ['undici, no cause', new TypeError('fetch failed')],
  [
    'Bun, refused',
    coded(
      'ECONNREFUSED',
      '',
      new TypeError('ECONNREFUSED: Unable to connect. Is the computer able to access the url?'),
    ),
    'ECONNREFUSED',
  ],
  [
    'an older Bun',
    named('Error', 'Unable to connect. Is the computer able to access the url?', { code: 'ConnectionRefused' }),
  ],
  [
    'Deno, refused',
    new TypeError('fetch failed', {
      cause: new Error(
        'error sending request for url (https://x): client error (Connect): tcp connect error: Connection refused (os error 111)',
      ),
    }),
    'ECONNREFUSED',
  ],
  [
    'an older Deno',
    new TypeError(
      'error sending request for url (https://x): connection error: Connection reset by peer (os error 104)',
    ),
    'ECONNRESET',
  ],
  ['workerd', new Error('Network connection lost.')],
  ['Chromium', new TypeError('Failed to fetch')],
  ['Chromium, with the host', new TypeError('Failed to fetch (api.example)')],
  ['Chromium, body', new TypeError('network error')],
  ['Firefox', new TypeError('NetworkError when attempting to fetch resource.')],
  ['WebKit', new TypeError('Load failed')],
  ['WebKit, offline', new TypeError('The Internet connection appears to be offline.')],
  [
    'WebKit in another language, without a stack',
    Object.assign(new TypeError('Es besteht keine Verbindung.'), { stack: '' }),
  ],
  [
    'node-fetch',
    named('FetchError', 'request to https://x failed, reason: connect ECONNREFUSED', {
      type: 'system',
      code: 'ECONNREFUSED',
    }),
    'ECONNREFUSED',
  ],
  [
    'node-fetch, cut off',
    named('FetchError', 'Premature close', { code: 'ERR_STREAM_PREMATURE_CLOSE' }),
    'ERR_STREAM_PREMATURE_CLOSE',
  ],
  ['cross-fetch and whatwg-fetch', new TypeError('Network request failed')],
  ['axios', named('AxiosError', 'Network Error', { code: 'ERR_NETWORK' }), 'ERR_NETWORK'],
  ['got', named('RequestError', 'getaddrinfo EAI_AGAIN', { code: 'EAI_AGAIN' }), 'EAI_AGAIN'],
  ['Electron', new Error('net::ERR_INTERNET_DISCONNECTED in a network process')],
  ['a timeout of the application', new DOMException('The operation timed out.', 'TimeoutError')],
  ['an abort of the application', new DOMException('This operation was aborted', 'AbortError')],
  ['Tauri, which rejects with a string', 'error sending request for url (https://x)'],
  ['node:http', coded('ECONNRESET', 'socket hang up'), 'ECONNRESET'],
  ...[
    ...['ECONNABORTED', 'ETIMEDOUT', 'ESOCKETTIMEDOUT', 'EPIPE', 'EPROTO', 'EHOSTUNREACH', 'ENETDOWN', 'EADDRINUSE'],
    ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_INFO', 'UND_ERR_PRX_TLS'],
    ...['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'HPE_INVALID_CONSTANT', 'HPE_HEADER_OVERFLOW'],
    ...['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_TLS_HANDSHAKE_TIMEOUT'],
    ...['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'HOSTNAME_MISMATCH'],
    ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    ...['ERR_HTTP2_STREAM_ERROR', 'ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION', 'ERR_SOCKET_CLOSED'],
    ...['ERR_SOCKET_CONNECTION_TIMEOUT', 'ERR_PROXY_TUNNEL', 'ERR_CANCELED', 'ABORT_ERR', 'ERR_NETWORK_CHANGED'],
  ].map((code): [string, unknown, string] => [`the code ${code}`, coded(code), code]),
  ...[
    ['EACCES', 'connect'],
    ['EPERM', 'connect'],
    ['ENOENT', 'connect'],
    ['EMFILE', 'connect'],
    ['ECONNRESET', 'read'],
    ['EPIPE', 'write'],
    ['ENOTCONN', 'shutdown'],
    ['EADDRNOTAVAIL', 'bind'], // the option `localAddress` of node:http, while that network is down
    ['EADDRINUSE', 'bind'],
  ].map(([code = '', syscall = '']): [string, unknown, string] => [
    `${code} in the system call ${syscall}`,
    Object.assign(coded(code), { syscall }),
    code,
  ]),
];

// Bugs of an application, as each engine reports them.
const mistakes: [string, unknown][] = [
  ['a ReferenceError', new ReferenceError('x is not defined')],
  ['a ReferenceError about the network', new ReferenceError('network is not defined')],
  ['a SyntaxError', new SyntaxError('Unexpected end of JSON input')],
  ['a RangeError', new RangeError('Maximum call stack size exceeded')],
  ['V8, property of undefined', new TypeError("Cannot read properties of undefined (reading 'connection')")],
  ['V8, setting', new TypeError("Cannot set properties of undefined (setting 'socket')")],
  ['V8, not a function', new TypeError('network.fetch is not a function')],
  ['V8, not iterable', new TypeError('undefined is not iterable')],
  ['V8, destructuring', new TypeError("Cannot destructure property 'headers' of 'undefined' as it is undefined.")],
  ['JavaScriptCore, property of undefined', new TypeError("undefined is not an object (evaluating 'connection.x')")],
  ['JavaScriptCore, in an older version', new TypeError("null is not an object (evaluating 'socket.x')")],
  ['SpiderMonkey, property of undefined', new TypeError('can\'t access property "x", connection is undefined')],
  ['SpiderMonkey, null', new TypeError('network is null')],
  ['a method without its object', new TypeError('Illegal invocation')],
  ['a method without its object, Chromium', new TypeError("Failed to execute 'fetch' on 'Window': Illegal invocation")],
  [
    'a method without its object, Bun',
    coded('ERR_INVALID_THIS', '', new TypeError('Can only call Headers.get on instances of Headers')),
  ],
  [
    'an Agent of another undici',
    new TypeError('fetch failed', { cause: coded('UND_ERR_INVALID_ARG', 'invalid onRequestStart method') }),
  ],
  ['a URL that cannot be parsed', coded('ERR_INVALID_URL', '', new TypeError('Failed to parse URL from /v1'))],
  ['a file that is missing', coded('ENOENT', "ENOENT: no such file or directory, open 'ca.pem'")],
  ['a module that is missing', coded('ERR_MODULE_NOT_FOUND', "Cannot find package 'undici'")],
  [
    'no permission in Deno',
    named('NotCapable', 'Requires net access to "api.example:443", run again with the --allow-net flag'),
  ],
  ...[
    ...['ERR_ASSERTION', 'ERR_NOCK_NO_MATCH', 'UND_MOCK_ERR_MOCK_NOT_MATCHED', 'ERR_BAD_REQUEST', 'ERR_BAD_RESPONSE'],
    ...['ERR_SQLITE_ERROR', 'P2002', 'VALIDATION_ERROR', 'ERR_JWT_EXPIRED', 'UNABLE_TO_GET_TOKEN', 'EACCES'],
    ...['UND_ERR_CLOSED', 'UND_ERR_NOT_SUPPORTED', 'TRANSACTION_ABORTED'],
    ...['ERR_PROXY_INVALID_CONFIG', 'ERR_STREAM_DESTROYED', 'ERR_HTTP_HEADERS_SENT', 'ERR_INVALID_HTTP_TOKEN'],
  ].map((code): [string, unknown] => [`the code ${code}`, coded(code, 'no network connection')]),
  ...[
    ['EACCES', 'open'],
    ['ENOENT', 'open'],
    ['EMFILE', 'open'],
    ['ETIMEDOUT', 'open'],
    ['EHOSTDOWN', 'stat'],
    ['ENOSPC', 'write'],
    ['EAGAIN', 'spawn curl'],
    ['EADDRINUSE', 'listen'],
  ].map(([code = '', syscall = '']): [string, unknown] => [
    `${code} in the system call ${syscall}`,
    Object.assign(coded(code), { syscall }),
  ]),
  ['a port that is not a number', coded('ERR_SOCKET_BAD_PORT', 'Port should be', new RangeError('Port'))],
  [
    'a certificate that cannot be parsed',
    new TypeError('fetch failed', { cause: coded('ERR_OSSL_PEM_NO_START_LINE') }),
  ],
  ['a custom error', new Error('boom')],
  ['a custom error class', named('QuotaError', 'not today')],
  ['a string', 'boom'],
  ['undefined', undefined],
  ['a plain object', { boom: true }],
];

describe('a rejection of fetch', () => {
  it.each(networkFailures)('is a NetworkError, and is retried: %s', async (_, reason, code) => {
    let calls = 0;
    const fetch = () => {
      calls++;
      return Promise.reject(reason);
    };
    const api = apiAt('https://api.example', { fetch, retry: { limit: 1, maxDelay: 1 } });
    const error = await rejection(api.files.list(), NetworkError);
    expect(error.reason).toBe(code);
    expect(calls).toBe(2);
  });

  it.each(mistakes)('is a ConfigurationError about fetch, and is not retried: %s', async (_, reason) => {
    let calls = 0;
    const fetch = () => {
      calls++;
      return Promise.reject(reason);
    };
    const api = apiAt('https://api.example', { fetch, retry: { limit: 1, maxDelay: 1 } });
    const error = await rejection(api.files.list(), ConfigurationError);
    expect(error).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('check the `fetch` option'),
    });
    expect(calls).toBe(1);
    await rejection(exchange('https://auth.example', fetch), ConfigurationError);
  });

  it('is a ConfigurationError even if it is thrown synchronously', async () => {
    const fetch = () => {
      throw new ReferenceError(accessToken);
    };
    const error = await rejection(apiAt('https://api.example', { fetch }).files.list(), ConfigurationError);
    expect(error.message).toContain('`fetch` threw ReferenceError');
    expect(inspect(error)).not.toContain(accessToken);
  });

  it.each(mistakes.slice(0, 5))(
    'is not treated as a network failure in a replaced global fetch: %s',
    async (_, reason) => {
      vi.stubGlobal('fetch', () => Promise.reject(reason));
      const error = await rejection(apiAt('https://api.example').files.list(), ConfigurationError);
      expect(error.message).toContain('check the global `fetch`');
    },
  );

  it('is treated as a network failure in the global fetch, with any message', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Es besteht keine Verbindung.')));
    await rejection(apiAt('https://api.example').files.list(), NetworkError);
  });
});

describe('a body that fails while it is read from the Response of a fetch of the application', () => {
  /** Counts the calls, and returns a Response whose body fails after its first bytes. */
  function failing(reason: unknown) {
    const calls: string[] = [];
    const fetch: Fetch = async (url) => {
      calls.push(url);
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"result":')),
        pull: (controller) => controller.error(reason),
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    };
    return { calls, fetch };
  }

  it.each(mistakes.slice(0, 8))('is a ConfigurationError about that fetch, and not retried: %s', async (_, reason) => {
    const { calls, fetch } = failing(reason);
    const api = apiAt('https://api.example', { fetch, retry: { limit: 1, maxDelay: 1 } });
    const error = await rejection(api.files.list(), ConfigurationError);
    expect(error.message).toContain('check the `fetch` option');
    expect(calls).toHaveLength(1);
    await expect(exchange('https://auth.example', fetch)).rejects.toMatchObject({
      message: error.message.replace(/^GET \S+/, 'POST https://auth.example/oauth2/token'),
    });
    const upload = api.files.upload(new Blob(['abc']), { name: 'a.txt' });
    expect((await rejection(upload, ConfigurationError)).message).toContain('check the `fetch` option');
  });

  it.each<[string, unknown, string?]>([
    ['undici', new TypeError('terminated', { cause: coded('UND_ERR_SOCKET', 'other side closed') }), 'UND_ERR_SOCKET'],
    [
      'node-fetch',
      named('Error', 'Premature close', { code: 'ERR_STREAM_PREMATURE_CLOSE' }),
      'ERR_STREAM_PREMATURE_CLOSE',
    ],
    ['Chromium', new TypeError('network error')],
    ['Firefox', new TypeError('Error in input stream')],
    ['a body that is not gzip', new TypeError('terminated', { cause: coded('Z_DATA_ERROR') }), 'Z_DATA_ERROR'],
    ['a gzip body that was cut off', coded('Z_BUF_ERROR', 'unexpected end of file'), 'Z_BUF_ERROR'],
  ])('is a NetworkError, and retried, when it is what %s says', async (_, reason, code) => {
    const { calls, fetch } = failing(reason);
    const api = apiAt('https://api.example', { fetch, retry: { limit: 1, maxDelay: 1 } });
    expect((await rejection(api.files.list(), NetworkError)).reason).toBe(code);
    expect(calls).toHaveLength(2);
  });
});

describe('a library that cannot send a stream', () => {
  it('does not upload the text of the object', async () => {
    const bodies: string[] = [];
    const fetch: Fetch = async (_, init) => {
      bodies.push(String(init.body)); // as node-fetch does
      return Response.json({ result: { a: file } });
    };
    const error = await rejection(
      apiAt('https://api.example', { fetch }).files.upload(new Blob(['abc']), { name: 'a.txt' }),
      ConfigurationError,
    );
    expect(error.message).toContain('cannot send a ReadableStream');
    expect(bodies).toEqual([]);
  });
});

describe('a runtime without', () => {
  it.each(['fetch', 'ReadableStream', 'TextEncoder'])('%s rejects with an error that names it', async (name) => {
    const api = new ApiClient({ token: accessToken, baseUrl: 'http://127.0.0.1:1', retry: false });
    vi.stubGlobal(name, undefined);
    const error = await rejection(api.files.download('a'), ConfigurationError);
    expect(error).toMatchObject({
      code: 'unsupported_platform',
      message: expect.stringContaining(`no global ${name}:`),
    });
  });
});
