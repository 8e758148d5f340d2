import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, type MockInstance, vi } from 'vitest';
import { ApiClient, DoctapeError } from '../src/index.js';
import { AuthorizationCodeClient, type AuthorizationCodeClientOptions, type Fetch } from '../src/server.js';
import { leaks, shown } from './support/leaks.js';

// What must not be seen anywhere. In small letters, because some of what is shown is made small.
const clientSecret = 'canary-secret-4b1f6a0e92';
const code = 'canary-code-77c20d5b31';
const token = 'canary-token-e09a64f8d5';
const planted = [clientSecret, code, token];

const servers: Server[] = [];
const printed: string[] = [];
const spies: MockInstance[] = [];

/** Whatever a test prints is caught here, and read in the end. */
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
        printed.push(...values.map(shown));
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
  printed.push(shown(warning));
}

async function rejectionOf(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    () => 'it succeeded',
    (error: unknown) => ({ error }),
  );
  if (typeof outcome === 'string') throw new Error(outcome);
  return outcome.error;
}

/** What a constructor throws on options that no type would let pass. */
function refusalOf(type: typeof ApiClient | typeof AuthorizationCodeClient, options: unknown): unknown {
  try {
    Reflect.construct(type, [options]);
  } catch (error) {
    return error;
  }
  throw new Error('the options were accepted');
}

interface Asked {
  /** All that the request held of credentials, as one text. */
  held: string;
  /** The same, one by one. */
  credentials: string[];
}

type Answer = (response: ServerResponse, asked: Asked, request: IncomingMessage) => void;

async function listen(answer: Answer): Promise<string> {
  const server = createServer({ maxHeaderSize: 256 * 1024 }, async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // the client has hung up
    }
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const credentials = [
      request.headers.authorization?.replace(/^Bearer /, ''),
      form.get('client_secret'),
      form.get('code'),
      form.get('code_verifier'),
    ].filter((value) => typeof value === 'string');
    answer(response, { held: credentials.join(' '), credentials }, request);
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

/** Answers of servers that give back what they were sent, in every place that an answer has. */
const hostile: Record<string, Answer> = {
  'a refusal that quotes the request': (response, { held, credentials }) =>
    send(response, 400, {
      error: 'invalid_request',
      error_description: `you sent ${held}`,
      error_uri: `https://auth.example/${credentials.join('/')}?${credentials.join('&')}#${credentials[0]}`,
    }),
  'a refusal whose code is a credential': (response, { credentials }) =>
    send(response, 401, { error: credentials.at(-1), error_description: credentials[0] }),
  'a refusal with credentials beside its error': (response, { held, credentials }) =>
    send(response, 400, { error: { code: 400, message: held, [credentials[0] ?? '']: held }, result: held, held }),
  'a refusal in a 200': (response, { held }) => send(response, 200, { error: `no: ${held}`, error_description: held }),
  'a refusal with line breaks and escapes around each': (response, { credentials }) =>
    send(response, 400, {
      error: 'invalid_request',
      error_description: credentials.map((one) => `\u0000${one}\r\n\u001b[1m${one}\u202e`).join(''),
    }),
  'a refusal that is long': (response, { held }) =>
    send(response, 400, { error: 'invalid_request', error_description: `${'x'.repeat(970)}${held.repeat(100)}` }),
  'a refusal with talkative headers': (response, { held, credentials }) =>
    send(
      response,
      401,
      { error: 'invalid_client', result: null },
      {
        'www-authenticate': `Bearer realm="${held}", error="${credentials[0]}", error_description="${held}", scope="${held}"`,
        'x-request-id': held,
        'retry-after': held,
        'set-cookie': `held=${credentials.join('.')}`,
        location: `/${credentials[0]}`,
      },
    ),
  'a refusal for want of a scope': (response, { held, credentials }) =>
    send(
      response,
      403,
      { error: { code: 403, message: held } },
      {
        'www-authenticate': `Bearer scope="${credentials.join(' ')}"`,
      },
    ),
  'a page': (response, { held }) =>
    send(response, 200, `<title>${held}</title>`, { 'content-type': `text/html; held="${held}"` }),
  'a page with a status': (response, { held }) =>
    send(response, 500, `<title>${held}</title>`, { 'content-type': 'text/html' }),
  'a type that is a credential': (response, { held, credentials }) =>
    send(response, 200, held, { 'content-type': `text/${credentials[0]}` }),
  'broken JSON': (response, { held }) => send(response, 200, `{"error":null,"result":"${held}", ${held}`),
  'a credential for JSON': (response, { held }) => send(response, 200, held),
  'a string': (response, { held }) => send(response, 200, JSON.stringify(held)),
  'a list': (response, { credentials }) => send(response, 200, credentials),
  'an object of credentials': (response, { held, credentials }) =>
    send(response, 200, {
      access_token: { [held]: held },
      token_type: held,
      expires_in: held,
      scope: `"${held}"`,
      result: Object.fromEntries(credentials.map((one) => [one, { [one]: one }])),
    }),
  'a list of files under credentials': (response, { credentials }) =>
    send(response, 200, { result: Object.fromEntries(credentials.map((one) => [one, { id: 7, name: one }])) }),
  'a token of another type': (response, { held }) =>
    send(response, 200, { access_token: token, token_type: held, result: [held] }),
  'a token with a bad lifetime': (response, { held }) =>
    send(response, 200, { access_token: token, token_type: 'Bearer', expires_in: held, result: held }),
  'a token of broken grammar': (response) =>
    send(response, 200, { access_token: `${token}\n`, token_type: 'Bearer', result: 7 }),
  'a status that nobody knows': (response, { held }) => send(response, 299, { access_token: token, held }),
  'a reason phrase': (response, { credentials, held }) => {
    response.statusMessage = credentials.join(' ');
    send(response, 503, held, { 'content-type': 'text/plain' });
  },
  'a redirect': (response, { held, credentials }) =>
    send(response, 307, held, {
      location: `http://${credentials[0]}.example/${credentials.join('/')}?${credentials[0]}`,
    }),
  'a redirect that is no URL': (response, { held }) => send(response, 302, held, { location: `http://[${held}` }),
  'a body that breaks off': (response, { held }) => {
    response.writeHead(400, { 'content-type': 'application/json', 'content-length': '100000' });
    response.write(held, () => response.destroy());
  },
  'a body that stops': (response, { held }) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.write(held);
  },
  'a body without end': (response, { held }) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    const block = `${held} `.repeat(2_000);
    const more = () => {
      while (!response.destroyed && response.write(block));
    };
    response.on('drain', more);
    more();
  },
  'no gzip': (response, { held }) => send(response, 400, held, { 'content-encoding': 'gzip' }),
  'another protocol': (_, { held }, request) => void request.socket.end(`${held}\r\n`),
  'a header that is none': (_, { held }, request) => void request.socket.end(`HTTP/1.1 200 OK\r\n${held}\r\n\r\n`),
  'a hung-up line': (_, __, request) => void request.socket.destroy(),
  silence: () => {},
};

/** The errors that platforms make quote what they were given. */
const talkativeFetch: Fetch = async (input, init) => {
  const request = new Request(input, init);
  const held = `${request.headers.get('authorization')} ${await request.text()}`;
  const inner = Object.assign(new Error(held), { code: 'ECONNRESET', request, address: held });
  throw Object.assign(new TypeError(`fetch failed: ${held}`, { cause: inner }), { input: held });
};

/** The other half of a sign-in's secrets, which the client makes itself. */
interface Spied {
  fetch: Fetch;
  verifiers: string[];
}

function spied(): Spied {
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
  it('finds what is planted in any corner of an error', () => {
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
    for (const corner of corners) expect(leaks(corner, planted)).toEqual([token]);
    expect(leaks(new Error('a'), planted)).toEqual([]);
  });
});

describe('the code client', () => {
  it.each(Object.entries(hostile))('shows no credential after %s', async (_, answer) => {
    const { fetch, verifiers } = spied();
    const client = codeClient(await listen(answer), { fetch });
    const { state, pending } = await client.authorize();
    const error = await rejectionOf(client.exchange(new URLSearchParams({ code, state }), pending));
    expect(error).toBeInstanceOf(DoctapeError);
    expect(verifiers).toEqual([expect.stringMatching(/^.{43,}$/)]);
    expect(leaks(error, [...planted, state, ...verifiers])).toEqual([]);
    expect(leaks(client, [...planted, state, ...verifiers])).toEqual([]);
  });

  it('shows no credential when nobody is there, or the platform quotes what it choked on', async () => {
    for (const options of [{}, { fetch: talkativeFetch }]) {
      const client = codeClient('http://127.0.0.1:1', options);
      const { state, pending } = await client.authorize();
      const error = await rejectionOf(client.exchange(new URLSearchParams({ code, state }), pending));
      expect(error).toMatchObject({ name: 'NetworkError' });
      expect(leaks(error, [...planted, state, pending])).toEqual([]);
    }
  });

  it('shows nothing of the query of its endpoint, where some servers want a key', async () => {
    for (const answer of ['a page', 'a redirect', 'a body that stops', 'a hung-up line', 'a token of another type']) {
      const url = await listen(hostile[answer] ?? expect.fail(answer));
      const client = codeClient(url, { tokenEndpoint: `${url}/oauth2/token?key=${token}` });
      const { state, pending } = await client.authorize();
      const error = await rejectionOf(client.exchange(new URLSearchParams({ code, state }), pending));
      expect(error).toBeInstanceOf(DoctapeError);
      expect(leaks(error, planted)).toEqual([]);
    }
  });

  it('shows no token that comes with an error which quotes it', async () => {
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
    const error = await rejectionOf(client.exchange(new URLSearchParams({ code, state }), pending));
    expect(error).toMatchObject({ name: 'OAuthError', code: 'server_error' });
    expect(leaks(error, planted)).toEqual([]);
  });

  it.each<[string, (text: string) => string]>([
    ['as it came', (text) => text],
    ['escaped', encodeURIComponent],
    ['escaped in small letters', (text) => encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase())],
    ['as in a form', (text) => new URLSearchParams({ x: text }).toString().slice(2)],
    ['as in the path of a URL', encodeURI],
  ])('shows no secret of many characters that is echoed %s', async (_, encode) => {
    const awkward = 'canary: (secret)/~ of*app+1 & more!';
    const url = await listen((response, { credentials }) => {
      const echo = encode(credentials[0] ?? '');
      send(response, 400, {
        error: 'invalid_client',
        error_description: `wrong: ${echo}`,
        error_uri: `https://auth.example/?secret=${echo}`,
      });
    });
    const client = codeClient(url, { clientSecret: awkward });
    const { state, pending } = await client.authorize();
    const error = await rejectionOf(client.exchange(new URLSearchParams({ code, state }), pending));
    expect(error).toMatchObject({ name: 'OAuthError', code: 'invalid_client' });
    expect(leaks(error, [awkward, encode(awkward)])).toEqual([]);
  });

  it('shows no secret when the body of the request is echoed as it was sent', async () => {
    const awkward = 'canary: (secret)/~ of*app+1 & more!';
    let body = '';
    const client = codeClient('http://127.0.0.1:1', {
      clientSecret: awkward,
      fetch: async (input, init) => {
        body = await new Request(input, init).text();
        return Response.json({ error: 'invalid_request', error_description: body }, { status: 400 });
      },
    });
    const { state, pending } = await client.authorize();
    const error = await rejectionOf(client.exchange(new URLSearchParams({ code, state }), pending));
    const sent = /client_secret=([^&]*)/.exec(body)?.[1] ?? '';
    expect(new URLSearchParams(body).get('client_secret')).toBe(awkward);
    expect(leaks(error, [awkward, sent, code])).toEqual([]);
  });

  it.each<[string, (state: string) => string]>([
    ['no query', () => `https://app.example/${code}/${token}`],
    ['a code that comes twice', (state) => `?code=${code}&code=${code}&state=${state}`],
    ['a code that cannot be decoded', (state) => `?code=${code}%zz&state=${state}`],
    ['a state that cannot be decoded', (state) => `?code=${code}&state=${state}%ff`],
    ['no state', () => `?code=${code}`],
    ['a state too many letters long', (state) => `?code=${code}&state=${state}x`],
    ['another issuer', (state) => `?code=${code}&state=${state}&iss=https://${code}.example`],
    ['no code', (state) => `?state=${state}&iss=https://auth.example&kode=${code}`],
    ['a code of broken grammar', (state) => `?state=${state}&iss=https://auth.example&code=${code}%0a`],
    ['an error of broken grammar', (state) => `?state=${state}&iss=https://auth.example&error=${code}%0a&code=${code}`],
    [
      'an error that quotes everything',
      (state) => {
        const all = `${code}+${state}+${clientSecret}`;
        const page = encodeURIComponent(`https://auth.example/${code}/${state}?${clientSecret}`);
        const said = `error=${code}&error_description=${all}&error_uri=${page}`;
        return `?code=${code}&state=${state}&iss=https://auth.example&${said}`;
      },
    ],
  ])('shows no credential after a callback with %s', async (_, callback) => {
    const client = codeClient('http://127.0.0.1:1', { issuer: 'https://auth.example' });
    const { state, pending } = await client.authorize();
    const error = await rejectionOf(client.exchange(callback(state), pending));
    expect(error).toBeInstanceOf(DoctapeError);
    expect(leaks(error, [...planted, state, pending])).toEqual([]);
  });

  it('shows no credential after a pending that is expired, altered, foreign or used', async () => {
    let now = Date.now();
    const fetch: Fetch = async () => Response.json({ access_token: token, token_type: 'Bearer' });
    const client = codeClient('http://127.0.0.1:1', { fetch, now: () => now });
    const foreign = codeClient('http://127.0.0.1:1', { clientSecret: 'canary-other-secret' });
    const { state, pending } = await client.authorize();
    const callback = `?code=${code}&state=${state}`;
    const attempts = [
      () => client.exchange(callback, `${pending}${clientSecret}`),
      () => client.exchange(callback, clientSecret),
      () => foreign.exchange(callback, pending),
      () => client.exchange(callback, pending).then(() => client.exchange(callback, pending)),
      () => {
        now += 660_000;
        return client.exchange(callback, pending);
      },
    ];
    const codes: unknown[] = [];
    for (const attempt of attempts) {
      const error = await rejectionOf(attempt());
      codes.push(error instanceof DoctapeError && error.code);
      expect(leaks(error, [...planted, state, pending, 'canary-other-secret'])).toEqual([]);
    }
    expect(codes).toEqual(['state_mismatch', 'state_mismatch', 'state_mismatch', 'state_used', 'state_expired']);
  });

  it('shows no credential when it is constructed or called wrongly', async () => {
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
      expect(leaks(error, planted)).toEqual([]);
    }
    const client = codeClient('http://127.0.0.1:1');
    const error = await rejectionOf(client.authorize({ params: { client_secret: clientSecret } }));
    expect(error).toMatchObject({ name: 'ConfigurationError' });
    expect(leaks(error, planted)).toEqual([]);
  });

  it('shows none of its credentials itself', async () => {
    const client = codeClient('http://127.0.0.1:1');
    const { state, pending } = await client.authorize();
    expect(leaks(client, [...planted, state, pending])).toEqual([]);
    expect(leaks(Object.getPrototypeOf(client), planted)).toEqual([]);
    expect(leaks({ ...client }, planted)).toEqual([]);
  });
});

describe('the API client', () => {
  describe.each(Object.entries(calls))('in %s', (name, call) => {
    it.each(Object.entries(hostile))('shows no token after %s', async (answer, respond) => {
      const api = apiClient(await listen(respond));
      const outcome = await call(api).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      expect(leaks(api, planted)).toEqual([]);
      if ('error' in outcome) {
        expect(outcome.error).toBeInstanceOf(DoctapeError);
        expect(leaks(outcome.error, planted)).toEqual([]);
        return;
      }
      // a download takes any 200 for the file, and a deletion any result for a yes
      expect(`${name} after ${answer}`).toMatch(/^files\.(download|delete) after /);
    });

    it('shows no token when nobody is there, or the platform quotes what it choked on', async () => {
      for (const fetch of [undefined, talkativeFetch]) {
        const error = await rejectionOf(call(apiClient('http://127.0.0.1:1', fetch)));
        expect(error).toMatchObject({ name: 'NetworkError' });
        expect(leaks(error, planted)).toEqual([]);
      }
    });

    it('shows no token once it has expired', async () => {
      const expired = { access_token: token, token_type: 'Bearer' as const, expires_at: 1 };
      const error = await rejectionOf(call(new ApiClient({ token: expired })));
      expect(error).toMatchObject({ name: 'TokenExpiredError' });
      expect(leaks(error, planted)).toEqual([]);
    });

    it('shows no token that no header could hold', async () => {
      const error = await rejectionOf(call(new ApiClient({ token: () => `${token}\r\nx: y` })));
      expect(error).toMatchObject({ name: 'ConfigurationError' });
      expect(leaks(error, planted)).toEqual([]);
    });
  });

  it('shows no token after a file that breaks off', async () => {
    const url = await listen((response, { held }) => {
      response.writeHead(200, { 'content-length': '100000', 'x-request-id': held, etag: `"${held}"` });
      response.write(held, () => setTimeout(() => response.destroy(), 20));
    });
    const error = await rejectionOf(
      apiClient(url)
        .files.download('file-1')
        .then((response) => response.text()),
    );
    expect(error).toMatchObject({ name: 'TransferError' });
    expect(leaks(error, planted)).toEqual([]);
  });

  const rests: Record<string, Answer> = {
    'a reset': (response) => void response.destroy(),
    'the whole file': (response, { held }) => void response.writeHead(200).end(held),
    'another part': (response, { held }) => {
      response.writeHead(206, { 'content-range': `bytes 0-1/2 ${held}`, etag: `"${held}"` }).end(held);
    },
    'another version': (response, { held }) => {
      response.writeHead(206, { 'content-range': 'bytes 9-99999/100000', etag: `"not ${held}"` }).end(held);
    },
    'a redirect': (response, { held }) => void response.writeHead(302, { location: `ftp://${held}/?${held}` }).end(),
    'a refusal': (response, { held }) => {
      send(response, 403, { error: { code: 403, message: held } }, { 'www-authenticate': `Bearer realm="${held}"` });
    },
    'no such range': (response, { held }) => send(response, 416, { error: { code: 416, message: held } }),
  };

  it.each(Object.entries(rests))('shows no token when the rest of a file is %s', async (_, rest) => {
    const url = await listen((response, asked, request) => {
      if (request.headers.range !== undefined) return rest(response, asked, request);
      const headers = { 'content-length': '100000', 'accept-ranges': 'bytes', etag: `"${asked.held}"` };
      response.writeHead(200, headers).write('x'.repeat(9), () => setTimeout(() => response.destroy(), 20));
    });
    const error = await rejectionOf(
      apiClient(url)
        .files.download('file-1')
        .then((response) => response.text()),
    );
    expect(error).toBeInstanceOf(DoctapeError);
    expect(leaks(error, planted)).toEqual([]);
  });

  it('shows no token when it is constructed wrongly', async () => {
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
      expect(leaks(error, planted)).toEqual([]);
    }
  });

  it('shows no token itself, in none of its parts', () => {
    for (const given of [token, () => token, { access_token: token, token_type: 'Bearer' as const }]) {
      const api = new ApiClient({ token: given });
      expect(leaks([api, api.account, api.files, { ...api }], planted)).toEqual([]);
    }
  });
});

describe('the console', () => {
  it('is read', async () => {
    const before = printed.length;
    console.warn('a word in the console');
    process.emitWarning('a word of warning');
    process.stdout.write('');
    process.stderr.write('');
    await delay(1);
    expect(printed.length).toBeGreaterThanOrEqual(before + 4);
    expect(printed.slice(before).join('\n')).toMatch(/a word in the console.*a word of warning/s);
  });

  it('has been shown no credential by any of this', () => {
    const all = printed.join('\n').toLowerCase();
    expect(planted.filter((secret) => all.includes(secret))).toEqual([]);
  });
});

/** Credentials of all sizes: of letters that never repeat in the same way, and of a group that always does. */
const long = [16, 1_000, 8_000, 31_000].flatMap((size): [string, { secret: string; code: string; token: string }][] => {
  const counted = (name: string) => Array.from({ length: size }, (_, i) => `${name}${i}`).join('-');
  const repeated = (name: string) => name.repeat(size);
  return [counted, repeated].map((make) => {
    const [secret = '', code = '', token = ''] = ['secret', 'kode', 'token'].map((name) => make(name).slice(0, size));
    return [`${size} characters, ${make === counted ? 'counted' : 'repeated'}`, { secret, code, token }];
  });
});

/** Answers that end by a time limit, and say nothing that depends on the size of a credential. */
const isSlow = /stops|without end|silence|gzip|protocol|header that is none|hung-up/;

describe.each(long)('with credentials of %s', (_, own) => {
  // their beginnings, because a message has no room for more
  const beginnings = Object.values(own).map((text) => text.slice(0, 60));

  it.each(Object.entries(hostile).filter(([name]) => !isSlow.test(name)))(
    'nothing is shown after %s',
    async (_, answer) => {
      const url = await listen(answer);
      const client = codeClient(url, { clientSecret: own.secret });
      const { state, pending } = await client.authorize();
      const refused = await rejectionOf(client.exchange(new URLSearchParams({ code: own.code, state }), pending));
      expect(refused).toBeInstanceOf(DoctapeError);
      expect(leaks(refused, [...beginnings, state])).toEqual([]);
      const api = new ApiClient({ token: own.token, baseUrl: `${url}/v1`, timeout: 150, retry: false });
      const failed = await rejectionOf(api.files.list());
      expect(failed).toBeInstanceOf(DoctapeError);
      expect(leaks(failed, beginnings)).toEqual([]);
    },
  );

  it('nothing is shown after a callback that is refused', async () => {
    const client = codeClient('http://127.0.0.1:1', { clientSecret: own.secret, issuer: 'https://auth.example' });
    for (const query of [`code=${own.code}`, `code=${own.code}&error=${own.code}`, `code=${own.code}%zz`]) {
      const { state, pending } = await client.authorize();
      const error = await rejectionOf(client.exchange(`?${query}&state=${state}&iss=https://${own.code}`, pending));
      expect(error).toBeInstanceOf(DoctapeError);
      expect(leaks(error, [...beginnings, state])).toEqual([]);
    }
  });
});
