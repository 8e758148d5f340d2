import { getEventListeners, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  AuthorizationCodeClient,
  type AuthorizationCodeClientOptions,
  type Fetch,
  type Token,
} from '../../../src/server.js';
import { reasonOf } from '../../support/scripted-server.js';

const clientId = 'app-1';
const clientSecret = "the secret of app-1: !'()*~&=+%/?";
const redirectUri = 'https://app.example/callback?from=doctape&x=a+b%20c';
const code = 'the+code/of=alice&co';
const mebibyte = 1024 * 1024;

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

interface Endpoint {
  url: string;
  received: Received[];
}

type Handler = (response: ServerResponse, received: Received, request: IncomingMessage) => void;

const servers: Server[] = [];

/** A token endpoint on a free port that sends the given responses. */
async function endpoint(handler: Handler): Promise<Endpoint> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
    received.push(one);
    handler(response, one, request);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map(async (server) => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }),
  );
});

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Handler {
  return text(JSON.stringify(body), 'application/json', status, headers);
}

function text(
  body: string | Uint8Array,
  type: string | undefined,
  status = 200,
  headers: Record<string, string> = {},
): Handler {
  return (response) => {
    response.writeHead(status, { ...(type !== undefined && { 'content-type': type }), ...headers });
    response.end(body);
  };
}

const granted = { access_token: 'token-of-alice', token_type: 'Bearer' };

function clientOf(url: string, options: Partial<AuthorizationCodeClientOptions> = {}): AuthorizationCodeClient {
  return new AuthorizationCodeClient({
    clientId,
    clientSecret,
    redirectUri,
    tokenEndpoint: `${url}/oauth2/token`,
    ...options,
  });
}

/** Performs a sign-in up to the exchange. */
async function exchange(
  url: string,
  options: Partial<AuthorizationCodeClientOptions> = {},
  signal?: AbortSignal,
): Promise<Token> {
  const client = clientOf(url, options);
  const { state, pending } = await client.authorize();
  return client.exchange(new URLSearchParams({ code, state }), pending, signal ? { signal } : {});
}

async function tokenFrom(handler: Handler, options: Partial<AuthorizationCodeClientOptions> = {}): Promise<Token> {
  return exchange((await endpoint(handler)).url, options);
}

async function rejectionFrom(
  handler: Handler,
  options: Partial<AuthorizationCodeClientOptions> = {},
): Promise<unknown> {
  const { url, received } = await endpoint(handler);
  const refusal = await reasonOf(exchange(url, options));
  expect(received).toHaveLength(1);
  return refusal;
}

describe('the token request', () => {
  it('is a POST with the documented form and the verifier', async () => {
    const { url, received } = await endpoint(json(granted));
    await exchange(url);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: 'POST', url: '/oauth2/token' });
    expect([...new URLSearchParams(received[0]?.body)]).toEqual([
      ['client_id', clientId],
      ['client_secret', clientSecret],
      ['grant_type', 'authorization_code'],
      ['redirect_uri', redirectUri],
      ['code', code],
      ['code_verifier', expect.stringMatching(/^[\w.~-]{43,128}$/)],
    ]);
  });

  it('has the headers for a form and a JSON response, and no other credential', async () => {
    const { url, received } = await endpoint(json(granted));
    await exchange(url);
    const headers = received[0]?.headers ?? {};
    expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded(;\s*charset=utf-8)?$/i);
    expect(headers.accept).toBe('application/json');
    expect(headers['content-length']).toBe(String(received[0]?.body.length));
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('cookie');
    expect(headers).not.toHaveProperty('referer');
  });

  it('does not send cookies that the server has set', async () => {
    const { url, received } = await endpoint(json(granted, 200, { 'set-cookie': 'session=1; Path=/' }));
    const client = clientOf(url);
    for (let i = 0; i < 2; i++) {
      const { state, pending } = await client.authorize();
      await client.exchange(new URLSearchParams({ code, state }), pending);
    }
    expect(received.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined]);
  });

  it('calls fetch without redirects, cookies and cache', async () => {
    const requests: Request[] = [];
    await exchange('http://127.0.0.1:1', {
      fetch: async (input, init) => {
        requests.push(new Request(input, init));
        return Response.json(granted);
      },
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ redirect: 'manual', credentials: 'omit', cache: 'no-store' });
  });

  it('has no verifier without PKCE', async () => {
    const { url, received } = await endpoint(json(granted));
    await exchange(url, { pkce: false });
    expect([...new URLSearchParams(received[0]?.body).keys()]).toEqual([
      'client_id',
      'client_secret',
      'grant_type',
      'redirect_uri',
      'code',
    ]);
  });

  it('preserves the query of the endpoint', async () => {
    const { url, received } = await endpoint(json(granted));
    await exchange(url, { tokenEndpoint: `${url}/token?tenant=a%20b` });
    expect(received[0]?.url).toBe('/token?tenant=a%20b');
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with %d is rejected, and its target receives no request', async (status) => {
    const elsewhere = await endpoint(json(granted));
    const refusal = await rejectionFrom(json(granted, status, { location: `${elsewhere.url}/oauth2/token` }));
    expect(refusal).toMatchObject({ name: 'ResponseError', code: 'redirect_refused', status });
    expect(String(refusal)).not.toContain(elsewhere.url);
    expect(elsewhere.received).toHaveLength(0);
  });

  it('to the same server is rejected', async () => {
    const refusal = await rejectionFrom(text('', undefined, 307, { location: '/oauth2/token/' }));
    expect(refusal).toMatchObject({ code: 'redirect_refused' });
  });

  it.each([300, 304, 399])('with the unusual status %d is rejected', async (status) => {
    expect(await rejectionFrom(text('', undefined, status))).toMatchObject({
      name: 'ResponseError',
      code: 'redirect_refused',
      status,
    });
  });

  it('whose body cannot be cancelled is rejected without an unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    try {
      const body = () =>
        new ReadableStream({
          cancel() {
            throw new Error('cannot cancel');
          },
        });
      const fetch: Fetch = async () => new Response(body(), { status: 307, headers: { location: '/elsewhere' } });
      expect(await reasonOf(exchange('http://127.0.0.1:1', { fetch }))).toMatchObject({ code: 'redirect_refused' });
      await delay(10);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', onUnhandled);
    }
  });
});

describe('a failed token request', () => {
  it.each([400, 401, 404, 408, 429, 500, 502, 503, 504])('with status %d is not retried', async (status) => {
    const refusal = await rejectionFrom(text('<h1>Sorry</h1>', 'text/html', status, { 'retry-after': '0' }));
    expect(refusal).toMatchObject({ name: 'ResponseError', code: 'unexpected_status', status });
    expect(refusal).toMatchObject({
      message: expect.stringMatching(/^POST http:\/\/127\.0\.0\.1:\d+\/oauth2\/token /),
    });
  });

  it('is not retried if the connection is closed before the response', async () => {
    const refusal = await rejectionFrom((_, __, request) => request.socket.destroy());
    expect(refusal).toMatchObject({ name: 'NetworkError', code: 'network' });
  });

  it('is not retried if the connection is closed during the response', async () => {
    const refusal = await rejectionFrom((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"access_token":"token-of-alice","token_type":"Bearer"}', () => response.destroy());
    });
    expect(refusal).toMatchObject({ name: 'NetworkError', code: 'network' });
  });

  it('is a NetworkError if the response is not HTTP', async () => {
    const refusal = await rejectionFrom((_, __, request) => request.socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
    expect(refusal).toMatchObject({ name: 'NetworkError', code: 'network' });
  });

  it('is an error of the SDK if the response cannot be decompressed', async () => {
    const refusal = await rejectionFrom(text('no gzip', 'application/json', 200, { 'content-encoding': 'gzip' }));
    expect(refusal).toMatchObject({ name: expect.stringMatching(/^(NetworkError|ResponseError)$/) });
  });

  it('contains only the system error code if the connection is refused', async () => {
    const { url } = await endpoint(json(granted));
    const server = servers.pop();
    server?.close();
    await once(server ?? process, 'close');
    expect(await reasonOf(exchange(url))).toMatchObject({
      name: 'NetworkError',
      code: 'network',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['rejects with undefined', () => Promise.reject(undefined)],
    [
      'throws synchronously',
      () => {
        throw new Error('broken');
      },
    ],
    ['resolves with an object that is not a Response', async () => ({})],
    ['resolves with undefined', async () => undefined],
  ])('is an error of the SDK if fetch %s', async (_, fetch) => {
    const options: object = { fetch };
    const error = await reasonOf(exchange('http://127.0.0.1:1', options));
    expect(['NetworkError', 'ConfigurationError']).toContain(Reflect.get(Object(error), 'name'));
  });
});

describe('the timeout', () => {
  it('ends a request without a response', async () => {
    expect(await rejectionFrom(() => {}, { timeout: 50 })).toMatchObject({
      name: 'TimeoutError',
      code: 'timeout',
      message: expect.stringContaining('50 ms'),
    });
  });

  it('ends a response that stalls after its headers', async () => {
    const refusal = await rejectionFrom(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.flushHeaders();
      },
      { timeout: 100 },
    );
    expect(refusal).toMatchObject({ name: 'TimeoutError', code: 'timeout' });
  });

  it('ends a response that never ends', async () => {
    const refusal = await rejectionFrom(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 5);
        response.on('close', () => clearInterval(drip));
      },
      { timeout: 150 },
    );
    expect(refusal).toMatchObject({ name: 'TimeoutError', code: 'timeout' });
  });

  it('closes the connection', async () => {
    let closed: Promise<unknown> | undefined;
    const { url } = await endpoint((response) => {
      closed = once(response, 'close');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(' ');
    });
    expect(await reasonOf(exchange(url, { timeout: 100 }))).toMatchObject({ name: 'TimeoutError' });
    await closed;
  });

  it('ends a fetch that ignores its signal', async () => {
    const fetch: Fetch = () => new Promise(() => {});
    expect(await reasonOf(exchange('http://127.0.0.1:1', { fetch, timeout: 20 }))).toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('ends a body that ignores the signal', async () => {
    const headers = { 'content-type': 'application/json' };
    const fetch: Fetch = async () =>
      new Response(new ReadableStream({ pull: () => new Promise(() => {}) }), { headers });
    expect(await reasonOf(exchange('http://127.0.0.1:1', { fetch, timeout: 20 }))).toMatchObject({
      name: 'TimeoutError',
    });
  });
});

describe('an abort', () => {
  it.each<[string, unknown]>([
    ['an error', new Error('the user went away')],
    ['a string', 'enough'],
    ['null', null],
    ['zero', 0],
  ])('before the response rejects with its reason: %s', async (_, reason) => {
    const controller = new AbortController();
    const { url, received } = await endpoint(() => controller.abort(reason));
    expect(await reasonOf(exchange(url, {}, controller.signal))).toBe(reason);
    expect(received).toHaveLength(1);
  });

  it('without a reason rejects with an AbortError, as fetch does', async () => {
    const controller = new AbortController();
    const { url } = await endpoint(() => controller.abort());
    const rejection = await reasonOf(exchange(url, {}, controller.signal));
    expect(rejection).toBe(controller.signal.reason);
    expect(rejection).toMatchObject({ name: 'AbortError' });
  });

  it('during the response rejects with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('the user went away');
    const { url } = await endpoint((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{', () => setTimeout(() => controller.abort(reason), 20));
    });
    expect(await reasonOf(exchange(url, {}, controller.signal))).toBe(reason);
  });

  it('by AbortSignal.timeout() rejects with its TimeoutError', async () => {
    const { url } = await endpoint(() => {});
    const signal = AbortSignal.timeout(30);
    expect(await reasonOf(exchange(url, {}, signal))).toBe(signal.reason);
  });

  it('before the call sends no request', async () => {
    const { url, received } = await endpoint(json(granted));
    const reason = new Error('too late');
    expect(await reasonOf(exchange(url, {}, AbortSignal.abort(reason)))).toBe(reason);
    expect(received).toHaveLength(0);
  });

  it('that never happens leaves no listener on the signal', async () => {
    const { url } = await endpoint(json(granted));
    const { signal } = new AbortController();
    await exchange(url, {}, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('the token response', () => {
  it('is returned as a token', async () => {
    const now = () => 1_400_000_000_999;
    const token = await tokenFrom(
      json({ ...granted, expires_in: 157_680_000, refresh_token: '[deprecated]', scope: 'account.read file.read' }),
      { now },
    );
    expect(token).toStrictEqual({
      access_token: 'token-of-alice',
      token_type: 'Bearer',
      expires_at: 1_400_000_000 + 157_680_000,
      scope: ['account.read', 'file.read'],
    });
    expect(JSON.parse(JSON.stringify(token))).toStrictEqual(token);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/vnd.doctape.token+json',
    'application/problem+json;charset=utf-8',
    'text/json',
    'application/json ; charset="utf-8"',
  ])('may have the Content-Type %s', async (type) => {
    expect(await tokenFrom(text(JSON.stringify(granted), type))).toEqual(granted);
  });

  it('may have no Content-Type', async () => {
    expect(await tokenFrom(text(JSON.stringify(granted), undefined))).toEqual(granted);
  });

  it.each([
    'text/html',
    'text/html; charset=application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'application/jsonp',
    'application/xml+json+xml',
    'xapplication/json',
  ])('may not have the Content-Type %s', async (type) => {
    expect(await rejectionFrom(text(JSON.stringify(granted), type))).toMatchObject({
      name: 'ResponseError',
      code: 'malformed_response',
      status: 200,
    });
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['null', 'null'],
    ['an array', '[{"access_token":"token-of-alice","token_type":"Bearer"}]'],
    ['a string', '"token-of-alice"'],
    ['a number', '7'],
    ['true', 'true'],
    ['a truncated object', '{"access_token":"token-of-alice","token_type":"Bea'],
    ['two objects', '{"access_token":"a","token_type":"Bearer"}{}'],
    ['an HTML page', '<!doctype html><title>Log in</title>'],
    ['a form', 'access_token=token-of-alice&token_type=Bearer'],
    ['an object without a token', '{"token_type":"Bearer"}'],
    ['a token that is null', '{"access_token":null,"token_type":"Bearer"}'],
    ['a token that is empty', '{"access_token":"","token_type":"Bearer"}'],
    ['a token that is a number', '{"access_token":7,"token_type":"Bearer"}'],
    ['a token with a line break', '{"access_token":"token\\r\\nX: y","token_type":"Bearer"}'],
    ['a token beyond ASCII', '{"access_token":"tökën","token_type":"Bearer"}'],
    ['no token type', '{"access_token":"token-of-alice"}'],
    ['a token type that is null', '{"access_token":"token-of-alice","token_type":null}'],
    ['a token in the prototype', '{"__proto__":{"access_token":"token-of-alice","token_type":"Bearer"}}'],
    ['an envelope', '{"error":null,"result":{"access_token":"token-of-alice","token_type":"Bearer"}}'],
  ])('may not be %s', async (_, body) => {
    const refusal = await rejectionFrom(text(body, 'application/json'));
    expect(refusal).toMatchObject({ name: 'ResponseError', code: 'malformed_response', status: 200 });
    expect(String(refusal)).not.toContain('token-of-alice');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['the token', { access_token: 7 }, 'access_token'],
    ['the token type', { token_type: [] }, 'token_type'],
    ['the lifetime', { expires_in: {} }, 'expires_in'],
    ['the scope', { scope: ['account.read'] }, 'scope'],
  ])('names the invalid property in the error: %s', async (_, wrong, place) => {
    expect(await rejectionFrom(json({ ...granted, ...wrong }))).toMatchObject({
      code: 'malformed_response',
      message: expect.stringMatching(new RegExp(`\\b${place}\\b`)),
    });
  });

  it('with an invalid property is reported with its request', async () => {
    expect(await rejectionFrom(json({ ...granted, access_token: 7 }))).toMatchObject({
      message: expect.stringMatching(/POST http:\/\/127\.0\.0\.1:\d+\/oauth2\/token\b/),
    });
  });

  it.each([201, 202, 203, 206, 226])('with status %d is rejected', async (status) => {
    expect(await rejectionFrom(json(granted, status))).toMatchObject({
      name: 'ResponseError',
      code: 'unexpected_status',
      status,
    });
  });

  it.each([204, 205])('with status %d, which has no body, is rejected', async (status) => {
    expect(await rejectionFrom(text('', undefined, status))).toMatchObject({ code: 'unexpected_status', status });
  });

  it('may have up to 1 MiB', async () => {
    const body = JSON.stringify(granted).padEnd(mebibyte);
    expect(await tokenFrom(text(body, 'application/json'))).toEqual(granted);
  });

  it('is rejected if it has more than 1 MiB', async () => {
    const body = JSON.stringify(granted).padEnd(mebibyte + 1);
    expect(await rejectionFrom(text(body, 'application/json'))).toMatchObject({
      name: 'ResponseError',
      code: 'malformed_response',
      status: 200,
    });
  });

  it('is limited in bytes, not characters', async () => {
    const body = JSON.stringify({ ...granted, pad: 'ü'.repeat(mebibyte / 2) });
    expect(body.length).toBeLessThan(mebibyte);
    expect(await rejectionFrom(text(body, 'application/json'))).toMatchObject({ code: 'malformed_response' });
  });

  it('is not read beyond the limit if it never ends', async () => {
    let closed: Promise<unknown> | undefined;
    const refusal = await rejectionFrom((response) => {
      closed = once(response, 'close');
      response.writeHead(200, { 'content-type': 'application/json' });
      const block = Buffer.alloc(64 * 1024, 0x20);
      const more = () => {
        while (!response.destroyed && response.write(block));
      };
      response.on('drain', more);
      more();
    });
    expect(refusal).toMatchObject({ name: 'ResponseError', code: 'malformed_response' });
    await closed;
  });

  it('is limited after decompression', async () => {
    const packed = gzipSync(JSON.stringify(granted).padEnd(64 * mebibyte));
    expect(packed.length).toBeLessThan(mebibyte);
    const refusal = await rejectionFrom(text(packed, 'application/json', 200, { 'content-encoding': 'gzip' }));
    expect(refusal).toMatchObject({ name: 'ResponseError', code: 'malformed_response' });
  });

  it('is decoded correctly if a chunk ends in the middle of a character', async () => {
    const body = Buffer.from(JSON.stringify({ error: 'invalid_grant', error_description: 'für 😀' }));
    const refusal = await rejectionFrom(async (response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      for (const byte of body) {
        response.write(Uint8Array.of(byte));
        await delay(1);
      }
      response.end();
    });
    expect(refusal).toMatchObject({ name: 'OAuthError', description: 'für 😀' });
  });
});

describe('the token type', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('may be %s', async (token_type) => {
    expect(await tokenFrom(json({ ...granted, token_type }))).toEqual({ ...granted, token_type: 'Bearer' });
  });

  it.each(['mac', 'DPoP', '', 'Bearer ', 'Bearer, mac', 'bearer\u0000'])('may not be "%s"', async (token_type) => {
    expect(await rejectionFrom(json({ ...granted, token_type }))).toMatchObject({
      name: 'ResponseError',
      code: 'unsupported_token_type',
    });
  });
});

describe('expires_in', () => {
  const now = () => 1_400_000_000_000;

  it.each<[unknown, number]>([
    [157_680_000, 1_557_680_000],
    ['157680000', 1_557_680_000],
    [1, 1_400_000_001],
    [0, 1_400_000_000],
    [9_999_999_999, 11_399_999_999],
  ])('of %j is converted to a time', async (expires_in, expires_at) => {
    expect(await tokenFrom(json({ ...granted, expires_in }), { now })).toEqual({ ...granted, expires_at });
  });

  it.each([{}, { expires_in: null }])('may be missing: %j', async (lifetime) => {
    expect(await tokenFrom(json({ ...granted, ...lifetime }), { now })).toStrictEqual(granted);
  });

  it('counts from the request, not from the response', async () => {
    let clock = 1_400_000_000_000;
    const token = await tokenFrom(
      (response, ...rest) => {
        clock += 60_000;
        json({ ...granted, expires_in: 100 })(response, ...rest);
      },
      { now: () => clock },
    );
    expect(token.expires_at).toBe(1_400_000_100);
  });

  it.each<[unknown]>([
    [-1],
    [1.5],
    [1e300],
    [10_000_000_000],
    ['-1'],
    ['1.5'],
    ['1e3'],
    [' 1'],
    [''],
    ['12345678901'],
    [true],
    [[]],
  ])('may not be %j', async (expires_in) => {
    expect(await rejectionFrom(json({ ...granted, expires_in }))).toMatchObject({
      name: 'ResponseError',
      code: 'malformed_response',
      message: expect.stringContaining('expires_in'),
    });
  });
});

describe('the scope', () => {
  it('is the one in the response', async () => {
    const token = await tokenFrom(json({ ...granted, scope: 'file.read' }), { scope: ['account.read', 'file.read'] });
    expect(token.scope).toEqual(['file.read']);
  });

  it.each([{}, { scope: null }, { scope: '' }])('is the requested one if the response has none: %j', async (fields) => {
    const token = await tokenFrom(json({ ...granted, ...fields }), { scope: ['account.read', 'file.read'] });
    expect(token.scope).toEqual(['account.read', 'file.read']);
  });

  it('is undefined if neither the request nor the response has one', async () => {
    expect(await tokenFrom(json(granted))).toStrictEqual(granted);
  });

  it.each<[unknown]>([['a"b'], ['a\\b'], ['a\nb'], ['für'], [['account.read']], [7], [{}]])(
    'may not be %j',
    async (scope) => {
      expect(await rejectionFrom(json({ ...granted, scope }))).toMatchObject({
        name: 'ResponseError',
        code: 'malformed_response',
        message: expect.stringContaining('scope'),
      });
    },
  );
});

describe('an error response', () => {
  it.each([400, 401, 403, 500, 200, 201])('is an OAuthError with status %d', async (status) => {
    const refusal = await rejectionFrom(
      json({ ...granted, error: 'invalid_grant', error_description: 'the code is used up' }, status),
    );
    expect(refusal).toMatchObject({
      name: 'OAuthError',
      code: 'invalid_grant',
      description: 'the code is used up',
      status,
      message: expect.stringContaining('the code is used up'),
    });
  });

  it.each<[unknown]>([[null], [false], [0], ['']])('is not an error if the error is %j', async (error) => {
    expect(await tokenFrom(json({ ...granted, error }))).toEqual(granted);
  });

  it.each<[unknown]>([
    [{ code: 400, message: 'no' }],
    [['invalid_grant']],
    [true],
    [400],
    ['invalid\ngrant'],
    ['"quoted"'],
    ['für'],
  ])('that is malformed is rejected: %j', async (error) => {
    expect(await rejectionFrom(json({ ...granted, error }))).toMatchObject({
      name: 'ResponseError',
      code: 'malformed_response',
    });
  });

  it.each([
    'text/plain',
    'text/plain; charset=utf-8',
    'text/html',
    'application/xml',
    'text/javascript',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'application/problem+json',
    'nonsense',
    '',
    undefined,
  ])('is read with any Content-Type: %s', async (type) => {
    for (const status of [400, 401, 403, 429, 500, 503]) {
      const body = '{"error":"invalid_grant","error_description":"the code is used up"}';
      expect(await rejectionFrom(text(body, type, status))).toMatchObject({
        name: 'OAuthError',
        code: 'invalid_grant',
        description: 'the code is used up',
        status,
      });
    }
  });

  it.each([
    ['an HTML page', '<!doctype html><title>Bad gateway</title>'],
    ['nothing', ''],
    ['JSON without an error', '{"message":"no"}'],
    ['JSON that is not an object', '["invalid_grant"]'],
    ['truncated JSON', '{"error":"invalid_grant"'],
    ['a form, which OAuth does not define here', 'error=invalid_grant'],
  ])('is not read from %s', async (_, body) => {
    for (const type of ['application/json', 'text/html', undefined]) {
      expect(await rejectionFrom(text(body, type, 502))).toMatchObject({
        name: 'ResponseError',
        code: 'unexpected_status',
        status: 502,
      });
    }
  });

  it.each(['text/plain', 'text/html'])('does not allow a success with Content-Type %s', async (type) => {
    expect(await rejectionFrom(text(JSON.stringify(granted), type))).toMatchObject({
      name: 'ResponseError',
      code: 'malformed_response',
    });
  });

  it.each<[string, unknown, number, string, string?]>([
    ['as documented', { result: null, error: { code: 401, message: 'Unauthorized' } }, 401, 'http_401', 'Unauthorized'],
    ['without a result', { error: { code: 400, message: 'Bad Request' } }, 400, 'http_400', 'Bad Request'],
    ['with a code other than the status', { error: { code: 403, message: 'Forbidden' } }, 400, 'http_403', 'Forbidden'],
    ['without a code', { error: { message: 'Server trouble' } }, 500, 'http_500', 'Server trouble'],
    ['without a message', { error: { code: 401 } }, 401, 'http_401'],
    ['with an empty error', { error: {} }, 503, 'http_503'],
    [
      'with an error code of OAuth',
      { error: { code: 400, message: 'invalid_grant' } },
      400,
      'invalid_grant',
      'invalid_grant',
    ],
    ['with a string, as in early 2013', { result: null, error: 'Unauthorized' }, 401, 'Unauthorized'],
  ])("is read from doctape's envelope: %s", async (_, body, status, code, description) => {
    for (const type of ['application/json', 'text/plain']) {
      const refusal = await rejectionFrom(text(JSON.stringify(body), type, status));
      expect(refusal).toMatchObject({ name: 'OAuthError', code, status });
      if (description === undefined) expect(refusal).not.toHaveProperty('description');
      else expect(refusal).toMatchObject({ description, message: expect.stringContaining(description) });
    }
  });

  it("in doctape's envelope is quoted without the secret", async () => {
    const refusal = await rejectionFrom(
      json({ error: { code: 401, message: `no such secret: ${clientSecret}` } }, 401),
    );
    expect(refusal).toMatchObject({ name: 'OAuthError', description: 'no such secret: [redacted]' });
  });

  it.each<[unknown]>([[undefined], [null], [7], [{}], [['no']], ['']])(
    'may have an invalid description, which is ignored: %j',
    async (error_description) => {
      const refusal = await rejectionFrom(json({ error: 'invalid_client', error_description, error_uri: 7 }, 401));
      expect(refusal).toMatchObject({ name: 'OAuthError', code: 'invalid_client', status: 401 });
      expect(refusal).not.toHaveProperty('description');
      expect(refusal).not.toHaveProperty('uri');
    },
  );

  it('is quoted without control characters', async () => {
    const error_description = '\u0000no\r\nlog: forged\u001b[2J\u0085\u2028\u202e.\u007f';
    const refusal = await rejectionFrom(json({ error: 'invalid_grant', error_description }, 400));
    expect(refusal).toMatchObject({ description: expect.stringMatching(/^no log: forged ?\[2J ?\.$/) });
    expect(refusal).toMatchObject({ message: expect.stringMatching(/^[\x20-\x7e]+$/) });
  });

  it('is quoted up to 1,000 characters', async () => {
    const refusal = await rejectionFrom(json({ error: 'invalid_grant', error_description: 'x'.repeat(100_000) }, 400));
    expect(refusal).toMatchObject({ description: 'x'.repeat(1_000) });
    expect(String(refusal).length).toBeLessThan(1_200);
  });

  it('is not cut in the middle of a character', async () => {
    const refusal = await rejectionFrom(
      json({ error: 'invalid_grant', error_description: `x${'😀'.repeat(999)}` }, 400),
    );
    expect(refusal).toHaveProperty('description');
    expect(String(refusal).isWellFormed()).toBe(true);
  });

  it('has a code of at most 1,000 characters', async () => {
    expect(String(await rejectionFrom(json({ error: 'x'.repeat(100_000) }, 400))).length).toBeLessThan(1_200);
  });

  it.each(['https://auth.example/errors/7?lang=de#why', 'http://auth.example/'])(
    'may have the error_uri %s',
    async (uri) => {
      expect(await rejectionFrom(json({ error: 'invalid_grant', error_uri: uri }, 400))).toMatchObject({ uri });
    },
  );

  it.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://auth.example/', '/errors/7', 'errors', '', ' '])(
    'may not have the error_uri "%s"',
    async (error_uri) => {
      const refusal = await rejectionFrom(json({ error: 'invalid_grant', error_uri }, 400));
      expect(refusal).toMatchObject({ name: 'OAuthError', code: 'invalid_grant' });
      expect(refusal).not.toHaveProperty('uri');
    },
  );

  it.each<[string, (form: URLSearchParams) => string]>([
    ['the secret', (form) => form.get('client_secret') ?? ''],
    ['the code', (form) => form.get('code') ?? ''],
    ['the verifier', (form) => form.get('code_verifier') ?? ''],
    ['the URL-encoded secret', (form) => encodeURIComponent(form.get('client_secret') ?? '')],
  ])('is quoted without %s that the server echoes', async (_, echo) => {
    let echoed = '';
    const refusal = await rejectionFrom((response, received, request) => {
      echoed = echo(new URLSearchParams(received.body));
      const error_description = `you sent ${echoed}, twice: ${echoed}`;
      const error_uri = `https://auth.example/?sent=${encodeURIComponent(echoed)}`;
      json({ error: 'invalid_grant', error_description, error_uri }, 400)(response, received, request);
    });
    expect(echoed.length).toBeGreaterThan(8);
    expect(refusal).toMatchObject({ name: 'OAuthError', message: expect.stringContaining('you sent') });
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain(echoed);
    expect(JSON.stringify(refusal)).not.toContain(encodeURIComponent(echoed));
  });

  it('is quoted without a secret that crosses the limit', async () => {
    for (const before of [970, 985, 995, 3_990]) {
      const refusal = await rejectionFrom(
        json({ error: 'invalid_grant', error_description: 'x'.repeat(before) + clientSecret }, 400),
      );
      expect(String(refusal)).not.toContain(clientSecret.slice(0, 10));
    }
  });
});
