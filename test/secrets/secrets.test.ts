import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, type MockInstance, vi } from 'vitest';
import { ApiClient, DoctapeError } from '../../src/index.js';
import { AuthorizationCodeClient, type AuthorizationCodeClientOptions, type Fetch } from '../../src/server.js';
import { inspected, leaks } from '../support/leaks.js';
import { reasonOf, unreachable } from '../support/scripted-server.js';

// Secrets that must not appear anywhere. In lower case, because host names in messages are lower-cased.
const clientSecret = 'canary-secret-4b1f6a0e92';
const code = 'canary-code-77c20d5b31';
const token = 'canary-token-e09a64f8d5';
const secrets = [clientSecret, code, token];

const servers: Server[] = [];
const printed: string[] = [];
const spies: MockInstance[] = [];

/** Captures everything that the tests print. The last test searches it. */
beforeAll(() => {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    spies.push(
      vi.spyOn(stream, 'write').mockImplementation((chunk, ...rest) => {
        printed.push(String(chunk));
        return Reflect.apply(write, stream, [chunk, ...rest]);
      }),
    );
  }
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const) {
    spies.push(
      vi.spyOn(console, method).mockImplementation((...values: unknown[]) => {
        printed.push(...values.map(inspected));
      }),
    );
  }
  process.on('warning', onWarning);
});

afterAll(() => {
  for (const spy of spies) spy.mockRestore();
  process.off('warning', onWarning);
});

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map(async (server) => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }),
  );
});

function onWarning(warning: Error): void {
  printed.push(inspected(warning));
}

/** Returns the error that a constructor throws for options that do not compile. */
function refusalOf(type: typeof ApiClient | typeof AuthorizationCodeClient, options: unknown): unknown {
  try {
    Reflect.construct(type, [options]);
  } catch (error) {
    return error;
  }
  throw new Error('the options were accepted');
}

interface ReceivedSecrets {
  /** All credentials of the request, as one text. */
  text: string;
  /** The same credentials as a list. */
  credentials: string[];
}

type Handler = (response: ServerResponse, received: ReceivedSecrets, request: IncomingMessage) => void;

async function listen(handler: Handler): Promise<string> {
  const server = createServer({ maxHeaderSize: 256 * 1024 }, async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // the client has disconnected
    }
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const credentials = [
      request.headers.authorization?.replace(/^Bearer /, ''),
      form.get('client_secret'),
      form.get('code'),
      form.get('code_verifier'),
    ].filter((value) => typeof value === 'string');
    handler(response, { text: credentials.join(' '), credentials }, request);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string | string[]> = {},
): void {
  const isText = typeof body === 'string' || body instanceof Uint8Array;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

/** Servers that echo the credentials they received, in every part of a response. */
const hostile: Record<string, Handler> = {
  'an error that quotes the request': (response, { text, credentials }) =>
    send(response, 400, {
      error: 'invalid_request',
      error_description: `you sent ${text}`,
      error_uri: `https://auth.example/${credentials.join('/')}?${credentials.join('&')}#${credentials[0]}`,
    }),
  'an error whose code is a credential': (response, { credentials }) =>
    send(response, 401, { error: credentials.at(-1), error_description: credentials[0] }),
  'an error with credentials in other fields': (response, { text, credentials }) =>
    send(response, 400, { error: { code: 400, message: text, [credentials[0] ?? '']: text }, result: text, text }),
  'an error with status 200': (response, { text }) =>
    send(response, 200, { error: `no: ${text}`, error_description: text }),
  'an error with line breaks and escapes around each credential': (response, { credentials }) =>
    send(response, 400, {
      error: 'invalid_request',
      error_description: credentials.map((one) => `\u0000${one}\r\n\u001b[1m${one}\u202e`).join(''),
    }),
  'a long error': (response, { text }) =>
    send(response, 400, { error: 'invalid_request', error_description: `${'x'.repeat(970)}${text.repeat(100)}` }),
  'an error with credentials in its headers': (response, { text, credentials }) =>
    send(
      response,
      401,
      { error: 'invalid_client', result: null },
      {
        'www-authenticate': `Bearer realm="${text}", error="${credentials[0]}", error_description="${text}", scope="${text}"`,
        'x-request-id': text,
        'retry-after': text,
        'set-cookie': `held=${credentials.join('.')}`,
        location: `/${credentials[0]}`,
      },
    ),
  'an error for a missing scope': (response, { text, credentials }) =>
    send(
      response,
      403,
      { error: { code: 403, message: text } },
      {
        'www-authenticate': `Bearer scope="${credentials.join(' ')}"`,
      },
    ),
  'an HTML page': (response, { text }) =>
    send(response, 200, `<title>${text}</title>`, { 'content-type': `text/html; held="${text}"` }),
  'an HTML page with an error status': (response, { text }) =>
    send(response, 500, `<title>${text}</title>`, { 'content-type': 'text/html' }),
  'a media type that is a credential': (response, { text, credentials }) =>
    send(response, 200, text, { 'content-type': `text/${credentials[0]}` }),
  'broken JSON': (response, { text }) => send(response, 200, `{"error":null,"result":"${text}", ${text}`),
  'a credential instead of JSON': (response, { text }) => send(response, 200, text),
  'a string': (response, { text }) => send(response, 200, JSON.stringify(text)),
  'a list': (response, { credentials }) => send(response, 200, credentials),
  'an object of credentials': (response, { text, credentials }) =>
    send(response, 200, {
      access_token: { [text]: text },
      token_type: text,
      expires_in: text,
      scope: `"${text}"`,
      result: Object.fromEntries(credentials.map((one) => [one, { [one]: one }])),
    }),
  'a list of files with credentials as ids': (response, { credentials }) =>
    send(response, 200, { result: Object.fromEntries(credentials.map((one) => [one, { id: 7, name: one }])) }),
  'a token of another type': (response, { text }) =>
    send(response, 200, { access_token: token, token_type: text, result: [text] }),
  'a token with an invalid lifetime': (response, { text }) =>
    send(response, 200, { access_token: token, token_type: 'Bearer', expires_in: text, result: text }),
  'a malformed token': (response) =>
    send(response, 200, { access_token: `${token}\n`, token_type: 'Bearer', result: 7 }),
  'an unknown status': (response, { text }) => send(response, 299, { access_token: token, text }),
  'a reason phrase': (response, { credentials, text }) => {
    response.statusMessage = credentials.join(' ');
    send(response, 503, text, { 'content-type': 'text/plain' });
  },
  'a redirect': (response, { text, credentials }) =>
    send(response, 307, text, {
      location: `http://${credentials[0]}.example/${credentials.join('/')}?${credentials[0]}`,
    }),
  'a redirect that is not a URL': (response, { text }) => send(response, 302, text, { location: `http://[${text}` }),
  'a truncated body': (response, { text }) => {
    response.writeHead(400, { 'content-type': 'application/json', 'content-length': '100000' });
    response.write(text, () => response.destroy());
  },
  'a body that stalls': (response, { text }) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.write(text);
  },
  'an endless body': (response, { text }) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    const block = `${text} `.repeat(2_000);
    const more = () => {
      while (!response.destroyed && response.write(block));
    };
    response.on('drain', more);
    more();
  },
  'an invalid gzip body': (response, { text }) => send(response, 400, text, { 'content-encoding': 'gzip' }),
  'another protocol': (_, { text }, request) => void request.socket.end(`${text}\r\n`),
  'a malformed header': (_, { text }, request) => void request.socket.end(`HTTP/1.1 200 OK\r\n${text}\r\n\r\n`),
  'a closed connection': (_, __, request) => void request.socket.destroy(),
  'no response': () => {},
};

/** Fails with an error that quotes its arguments, as the errors of platforms do. */
const loggingFetch: Fetch = async (input, init) => {
  const request = new Request(input, init);
  const text = `${request.headers.get('authorization')} ${await request.text()}`;
  const inner = Object.assign(new Error(text), { code: 'ECONNRESET', request, address: text });
  throw Object.assign(new TypeError(`fetch failed: ${text}`, { cause: inner }), { input: text });
};

/** A `fetch` that records the PKCE verifiers, which the client generates. */
interface RecordingFetch {
  fetch: Fetch;
  verifiers: string[];
}

function recordingFetch(): RecordingFetch {
  const verifiers: string[] = [];
  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    verifiers.push(new URLSearchParams(await request.clone().text()).get('code_verifier') ?? '');
    return globalThis.fetch(request);
  };
  return { fetch, verifiers };
}

const valid: AuthorizationCodeClientOptions = {
  clientId: 'app-1',
  clientSecret,
  redirectUri: 'https://app.example/callback',
};

function codeClient(url: string, options: Partial<AuthorizationCodeClientOptions> = {}): AuthorizationCodeClient {
  return new AuthorizationCodeClient({
    ...valid,
    tokenEndpoint: `${url}/oauth2/token`,
    timeout: 150,
    ...options,
  });
}

function apiClient(url: string, fetch?: Fetch): ApiClient {
  return new ApiClient({ token, baseUrl: `${url}/v1`, timeout: 150, idleTimeout: 150, ...(fetch && { fetch }) });
}

const calls: Record<string, (api: ApiClient) => Promise<unknown>> = {
  'account.get': (api) => api.account.get(),
  'files.list': (api) => api.files.list(),
  'files.get': (api) => api.files.get('file-1'),
  'files.upload': (api) => api.files.upload(new Blob(['x']), { name: 'x.txt' }),
  'files.download': async (api) => (await api.files.download('file-1')).text(),
  'files.delete': (api) => api.files.delete('file-1'),
};

describe('the search', () => {
  it('finds a secret in every property of an error', () => {
    const corners: unknown[] = [
      new Error(`a ${token} b`),
      new Error('a', { cause: new Error('b', { cause: token.toUpperCase() }) }),
      Object.assign(new Error('a'), { deep: { er: [{ in: token }] } }),
      Object.assign(new Error('a'), { [token]: 1 }),
      Object.defineProperty(new Error('a'), 'hidden', { value: token, enumerable: false }),
      Object.assign(new Error('a'), { headers: new Headers({ authorization: `Bearer ${token}` }) }),
      Object.assign(new Error('a'), { [Symbol('a')]: new Map([['a', token]]) }),
      new Error(`in JSON: ${JSON.stringify({ json: JSON.stringify(token) })}`),
      new Error(`in hexadecimal: ${Buffer.from(token).toString('hex')}`),
      new Error(`in a URL: ${Buffer.from(token).toString('latin1').replaceAll('-', '%2D').replaceAll('c', '%63')}`),
      ...['', 'a', 'ab', 'abc'].map((before) => new Error(btoa(`${before}${token}${before}`))),
      token,
    ];
    for (const corner of corners) expect(leaks(corner, secrets)).toEqual([token]);
    expect(leaks(new Error('a'), secrets)).toEqual([]);
  });
});

describe('the code client', () => {
  it.each(Object.entries(hostile))('shows no credential after %s', async (_, handler) => {
    const { fetch, verifiers } = recordingFetch();
    const client = codeClient(await listen(handler), { fetch });
    const { state, pending } = await client.authorize();
    const error = await reasonOf(client.exchange(new URLSearchParams({ code, state }), pending));
    expect(error).toBeInstanceOf(DoctapeError);
    expect(verifiers).toEqual([expect.stringMatching(/^.{43,}$/)]);
    expect(leaks(error, [...secrets, state, ...verifiers])).toEqual([]);
    expect(leaks(client, [...secrets, state, ...verifiers])).toEqual([]);
  });

  it('shows no credential if the server is unreachable or the platform quotes its input', async () => {
    for (const options of [{}, { fetch: loggingFetch }]) {
      const client = codeClient(unreachable, options);
      const { state, pending } = await client.authorize();
      const error = await reasonOf(client.exchange(new URLSearchParams({ code, state }), pending));
      expect(error).toMatchObject({ name: 'NetworkError' });
      expect(leaks(error, [...secrets, state, pending])).toEqual([]);
    }
  });

  it('does not show the query of its endpoint, which can contain a key', async () => {
    for (const name of [
      'an HTML page',
      'a redirect',
      'a body that stalls',
      'a closed connection',
      'a token of another type',
    ]) {
      const url = await listen(hostile[name] ?? expect.fail(name));
      const client = codeClient(url, { tokenEndpoint: `${url}/oauth2/token?key=${token}` });
      const { state, pending } = await client.authorize();
      const error = await reasonOf(client.exchange(new URLSearchParams({ code, state }), pending));
      expect(error).toBeInstanceOf(DoctapeError);
      expect(leaks(error, secrets)).toEqual([]);
    }
  });

  it('shows no token from a response that quotes it in an error', async () => {
    const url = await listen((response) =>
      send(response, 200, {
        access_token: token,
        token_type: 'Bearer',
        error: 'server_error',
        error_description: `could not store ${token}`,
      }),
    );
    const client = codeClient(url);
    const { state, pending } = await client.authorize();
    const error = await reasonOf(client.exchange(new URLSearchParams({ code, state }), pending));
    expect(error).toMatchObject({ name: 'OAuthError', code: 'server_error' });
    expect(leaks(error, secrets)).toEqual([]);
  });

  it.each<[string, (text: string) => string]>([
    ['unchanged', (text) => text],
    ['escaped', encodeURIComponent],
    ['escaped in lower case', (text) => encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase())],
    ['as in a form', (text) => new URLSearchParams({ x: text }).toString().slice(2)],
    ['as in the path of a URL', encodeURI],
  ])('shows no long secret that is echoed %s', async (_, encode) => {
    const secretWithSymbols = 'canary: (secret)/~ of*app+1 & more!';
    const url = await listen((response, { credentials }) => {
      const echo = encode(credentials[0] ?? '');
      send(response, 400, {
        error: 'invalid_client',
        error_description: `wrong: ${echo}`,
        error_uri: `https://auth.example/?secret=${echo}`,
      });
    });
    const client = codeClient(url, { clientSecret: secretWithSymbols });
    const { state, pending } = await client.authorize();
    const error = await reasonOf(client.exchange(new URLSearchParams({ code, state }), pending));
    expect(error).toMatchObject({ name: 'OAuthError', code: 'invalid_client' });
    expect(leaks(error, [secretWithSymbols, encode(secretWithSymbols)])).toEqual([]);
  });

  it('shows no secret if the server echoes the request body', async () => {
    const secretWithSymbols = 'canary: (secret)/~ of*app+1 & more!';
    let body = '';
    const client = codeClient('http://127.0.0.1:1', {
      clientSecret: secretWithSymbols,
      fetch: async (input, init) => {
        body = await new Request(input, init).text();
        return Response.json({ error: 'invalid_request', error_description: body }, { status: 400 });
      },
    });
    const { state, pending } = await client.authorize();
    const error = await reasonOf(client.exchange(new URLSearchParams({ code, state }), pending));
    const sent = /client_secret=([^&]*)/.exec(body)?.[1] ?? '';
    expect(new URLSearchParams(body).get('client_secret')).toBe(secretWithSymbols);
    expect(leaks(error, [secretWithSymbols, sent, code])).toEqual([]);
  });

  it.each<[string, (state: string) => string]>([
    ['no query', () => `https://app.example/${code}/${token}`],
    ['a repeated code', (state) => `?code=${code}&code=${code}&state=${state}`],
    ['a code that cannot be decoded', (state) => `?code=${code}%zz&state=${state}`],
    ['a state that cannot be decoded', (state) => `?code=${code}&state=${state}%ff`],
    ['no state', () => `?code=${code}`],
    ['a state with an extra character', (state) => `?code=${code}&state=${state}x`],
    ['another issuer', (state) => `?code=${code}&state=${state}&iss=https://${code}.example`],
    ['no code', (state) => `?state=${state}&iss=https://auth.example&kode=${code}`],
    ['a malformed code', (state) => `?state=${state}&iss=https://auth.example&code=${code}%0a`],
    ['a malformed error', (state) => `?state=${state}&iss=https://auth.example&error=${code}%0a&code=${code}`],
    [
      'an error that quotes everything',
      (state) => {
        const all = `${code}+${state}+${clientSecret}`;
        const page = encodeURIComponent(`https://auth.example/${code}/${state}?${clientSecret}`);
        const error = `error=${code}&error_description=${all}&error_uri=${page}`;
        return `?code=${code}&state=${state}&iss=https://auth.example&${error}`;
      },
    ],
  ])('shows no credential after a callback with %s', async (_, callback) => {
    const client = codeClient('http://127.0.0.1:1', { issuer: 'https://auth.example' });
    const { state, pending } = await client.authorize();
    const error = await reasonOf(client.exchange(callback(state), pending));
    expect(error).toBeInstanceOf(DoctapeError);
    expect(leaks(error, [...secrets, state, pending])).toEqual([]);
  });

  it('shows no credential if the pending sign-in is expired, altered, used or of another client', async () => {
    let now = Date.now();
    const fetch: Fetch = async () => Response.json({ access_token: token, token_type: 'Bearer' });
    const client = codeClient('http://127.0.0.1:1', { fetch, now: () => now });
    const other = codeClient('http://127.0.0.1:1', { clientSecret: 'canary-other-secret' });
    const { state, pending } = await client.authorize();
    const callback = `?code=${code}&state=${state}`;
    const attempts = [
      () => client.exchange(callback, `${pending}${clientSecret}`),
      () => client.exchange(callback, clientSecret),
      () => other.exchange(callback, pending),
      () => client.exchange(callback, pending).then(() => client.exchange(callback, pending)),
      () => {
        now += 660_000;
        return client.exchange(callback, pending);
      },
    ];
    const codes: unknown[] = [];
    for (const attempt of attempts) {
      const error = await reasonOf(attempt());
      codes.push(error instanceof DoctapeError && error.code);
      expect(leaks(error, [...secrets, state, pending, 'canary-other-secret'])).toEqual([]);
    }
    expect(codes).toEqual(['state_mismatch', 'state_mismatch', 'state_mismatch', 'state_used', 'state_expired']);
  });

  it('shows no credential if it is constructed or called with invalid arguments', async () => {
    const wrong = [
      { clientSecret: `${clientSecret}\n` },
      { clientSecret: [clientSecret] },
      { clientId: `${clientSecret}\u0000` },
      { redirectUri: `http://${clientSecret}.example/` },
      { redirectUri: `https://user:${clientSecret}@app.example/` },
      { redirectUri: clientSecret },
      { tokenEndpoint: `https://auth.example/#${clientSecret}` },
      { issuer: `https://auth.example/?${clientSecret}` },
      { scope: [`${clientSecret} ${token}`] },
      { scope: clientSecret },
      { maxAge: clientSecret },
      { fetch: clientSecret },
    ];
    for (const options of wrong) {
      const error = refusalOf(AuthorizationCodeClient, { ...valid, ...options });
      expect(error).toMatchObject({ name: 'ConfigurationError' });
      expect(leaks(error, secrets)).toEqual([]);
    }
    const client = codeClient('http://127.0.0.1:1');
    const error = await reasonOf(client.authorize({ params: { client_secret: clientSecret } }));
    expect(error).toMatchObject({ name: 'ConfigurationError' });
    expect(leaks(error, secrets)).toEqual([]);
  });

  it('shows no credential if it is inspected', async () => {
    const client = codeClient('http://127.0.0.1:1');
    const { state, pending } = await client.authorize();
    expect(leaks(client, [...secrets, state, pending])).toEqual([]);
    expect(leaks(Object.getPrototypeOf(client), secrets)).toEqual([]);
    expect(leaks({ ...client }, secrets)).toEqual([]);
  });
});

describe('the API client', () => {
  describe.each(Object.entries(calls))('in %s', (name, call) => {
    it.each(Object.entries(hostile))('shows no token after %s', async (server, handler) => {
      const api = apiClient(await listen(handler));
      const outcome = await call(api).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      expect(leaks(api, secrets)).toEqual([]);
      if ('error' in outcome) {
        expect(outcome.error).toBeInstanceOf(DoctapeError);
        expect(leaks(outcome.error, secrets)).toEqual([]);
        return;
      }
      // a download accepts any 200 as the file, and a deletion any result
      expect(`${name} after ${server}`).toMatch(/^files\.(download|delete) after /);
    });

    it('shows no token if the server is unreachable or the platform quotes its input', async () => {
      for (const fetch of [undefined, loggingFetch]) {
        const error = await reasonOf(call(apiClient(unreachable, fetch)));
        expect(error).toMatchObject({ name: 'NetworkError' });
        expect(leaks(error, secrets)).toEqual([]);
      }
    });

    it('shows no expired token', async () => {
      const expired = { access_token: token, token_type: 'Bearer' as const, expires_at: 1 };
      const error = await reasonOf(call(new ApiClient({ token: expired })));
      expect(error).toMatchObject({ name: 'TokenExpiredError' });
      expect(leaks(error, secrets)).toEqual([]);
    });

    it('shows no token that is not valid in a header', async () => {
      const error = await reasonOf(call(new ApiClient({ token: () => `${token}\r\nx: y` })));
      expect(error).toMatchObject({ name: 'ConfigurationError' });
      expect(leaks(error, secrets)).toEqual([]);
    });
  });

  it('shows no token after an interrupted download', async () => {
    const url = await listen((response, { text }) => {
      response.writeHead(200, { 'content-length': '100000', 'x-request-id': text, etag: `"${text}"` });
      response.write(text, () => setTimeout(() => response.destroy(), 20));
    });
    const error = await reasonOf(
      new ApiClient({ token, baseUrl: `${url}/v1` }).files.download('file-1').then((response) => response.text()),
    );
    expect(error).toMatchObject({ name: 'TransferError' });
    expect(leaks(error, secrets)).toEqual([]);
  });

  const resumeResponses: Record<string, Handler> = {
    'a reset': (response) => void response.destroy(),
    'the whole file': (response, { text }) => void response.writeHead(200).end(text),
    'another part': (response, { text }) => {
      response.writeHead(206, { 'content-range': `bytes 0-1/2 ${text}`, etag: `"${text}"` }).end(text);
    },
    'another version': (response, { text }) => {
      response.writeHead(206, { 'content-range': 'bytes 9-99999/100000', etag: `"not ${text}"` }).end(text);
    },
    'a redirect': (response, { text }) => void response.writeHead(302, { location: `ftp://${text}/?${text}` }).end(),
    'an error': (response, { text }) => {
      send(response, 403, { error: { code: 403, message: text } }, { 'www-authenticate': `Bearer realm="${text}"` });
    },
    'an unsatisfiable range': (response, { text }) => send(response, 416, { error: { code: 416, message: text } }),
  };

  it.each(Object.entries(resumeResponses))('shows no token when the rest of a file is %s', async (_, rest) => {
    const url = await listen((response, received, request) => {
      if (request.headers.range !== undefined) return rest(response, received, request);
      const headers = { 'content-length': '100000', 'accept-ranges': 'bytes', etag: `"${received.text}"` };
      response.writeHead(200, headers).write('x'.repeat(9), () => setTimeout(() => response.destroy(), 20));
    });
    const error = await reasonOf(
      apiClient(url)
        .files.download('file-1')
        .then((response) => response.text()),
    );
    expect(error).toBeInstanceOf(DoctapeError);
    expect(leaks(error, secrets)).toEqual([]);
  });

  it('shows no token if it is constructed with invalid options', async () => {
    const wrong = [
      { token: `${token}\n` },
      { token: [token] },
      { token: { access_token: `${token}\n` } },
      { token: { access_token: token, expires_at: 'never' } },
      { token: Promise.resolve(token) },
      { token, baseUrl: `http://${token}.example/` },
      { token, baseUrl: `https://api.example/?access_token=${token}` },
      { token, timeout: token },
      { token, fetch: token },
    ];
    for (const options of wrong) {
      const error = refusalOf(ApiClient, options);
      expect(error).toMatchObject({ name: 'ConfigurationError' });
      expect(leaks(error, secrets)).toEqual([]);
    }
  });

  it('shows no token if it or a part of it is inspected', () => {
    for (const given of [token, () => token, { access_token: token, token_type: 'Bearer' as const }]) {
      const api = new ApiClient({ token: given });
      expect(leaks([api, api.account, api.files, { ...api }], secrets)).toEqual([]);
    }
  });
});

describe('the console', () => {
  it('is captured', async () => {
    const before = printed.length;
    console.warn('a message in the console');
    process.emitWarning('a warning of the process');
    process.stdout.write('');
    process.stderr.write('');
    await delay(1);
    expect(printed.length).toBeGreaterThanOrEqual(before + 4);
    expect(printed.slice(before).join('\n')).toMatch(/a message in the console.*a warning of the process/s);
  });

  it('contains no credential after all tests above', () => {
    const all = printed.join('\n').toLowerCase();
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
  });
});

/** Credentials of several sizes: without repetition, and with one repeated group. */
const long = [16, 1_000, 8_000, 31_000].flatMap((size): [string, { secret: string; code: string; token: string }][] => {
  const counted = (name: string) => Array.from({ length: size }, (_, i) => `${name}${i}`).join('-');
  const repeated = (name: string) => name.repeat(size);
  return [counted, repeated].map((make) => {
    const [secret = '', code = '', token = ''] = ['secret', 'kode', 'token'].map((name) => make(name).slice(0, size));
    return [`${size} characters, ${make === counted ? 'counted' : 'repeated'}`, { secret, code, token }];
  });
});

/** Responses that end by a time limit. Their errors do not depend on the size of a credential. */
const isSlow = /stalls|endless|no response|gzip|protocol|malformed header|closed connection/;

describe.each(long)('with credentials of %s', (_, own) => {
  // only the beginning of a long credential fits into a message
  const prefixes = Object.values(own).map((text) => text.slice(0, 60));

  it.each(Object.entries(hostile).filter(([name]) => !isSlow.test(name)))(
    'shows no credential after %s',
    async (_, handler) => {
      const url = await listen(handler);
      const client = codeClient(url, { clientSecret: own.secret });
      const { state, pending } = await client.authorize();
      const rejected = await reasonOf(client.exchange(new URLSearchParams({ code: own.code, state }), pending));
      expect(rejected).toBeInstanceOf(DoctapeError);
      expect(leaks(rejected, [...prefixes, state])).toEqual([]);
      const api = new ApiClient({ token: own.token, baseUrl: `${url}/v1`, timeout: 150, retry: false });
      const failed = await reasonOf(api.files.list());
      expect(failed).toBeInstanceOf(DoctapeError);
      expect(leaks(failed, prefixes)).toEqual([]);
    },
  );

  it('shows no credential after a rejected callback', async () => {
    const client = codeClient('http://127.0.0.1:1', { clientSecret: own.secret, issuer: 'https://auth.example' });
    for (const query of [`code=${own.code}`, `code=${own.code}&error=${own.code}`, `code=${own.code}%zz`]) {
      const { state, pending } = await client.authorize();
      const error = await reasonOf(client.exchange(`?${query}&state=${state}&iss=https://${own.code}`, pending));
      expect(error).toBeInstanceOf(DoctapeError);
      expect(leaks(error, [...prefixes, state])).toEqual([]);
    }
  });
});
