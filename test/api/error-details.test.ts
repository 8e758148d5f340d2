import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  ApiClient,
  ApiError,
  ConfigurationError,
  DoctapeError,
  NetworkError,
  NotFoundError,
  ResponseError,
} from '../../src/index.js';
import { AuthorizationCodeClient } from '../../src/server.js';
import {
  accessToken,
  apiAt,
  rejection,
  reply,
  scriptedServer,
  thrown,
  unreachable,
} from '../support/scripted-server.js';

// The details of an error, besides its class: for logs, for forms, and for a wrong configuration.

function clientWithResponse(status: number, body: unknown, type = 'application/json') {
  return scriptedServer((_, response) => reply(response, status, body, { 'content-type': type }));
}

describe('an ApiError', () => {
  it('has the method, the URL without its query, and the field errors of a 422', async () => {
    const body = {
      error: { code: 422, message: 'invalid', fields: { name: ['is too long', 'has a slash'], tags: [] } },
      took: 0.5,
      ok: false,
      none: null,
    };
    const server = await clientWithResponse(422, body);
    const api = apiAt(server.url);
    const error = await rejection(
      api.request('doc/a', { method: 'POST', searchParams: { q: accessToken }, json: {} }),
      ApiError,
    );
    expect(error).toMatchObject({ status: 422, method: 'POST', url: `${server.url}/v1/doc/a`, body });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name: 'ApiError', code: 'http_422', body });
  });

  it('has a body without the token, wherever the server echoed it', async () => {
    const server = await clientWithResponse(400, {
      error: { message: 'no', [accessToken]: [`Bearer ${accessToken}`, { deep: encodeURIComponent(accessToken) }] },
    });
    const error = await rejection(apiAt(server.url).files.list(), ApiError);
    expect(error.body).toEqual({
      error: { message: 'no', '[redacted]': ['Bearer [redacted]', { deep: '[redacted]' }] },
    });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(accessToken);
  });

  it('has no body if the response is not JSON', async () => {
    const server = await clientWithResponse(500, '<p>sorry</p>', 'text/html');
    expect((await rejection(apiAt(server.url).files.list(), ApiError)).body).toBeUndefined();
  });

  it('of an error envelope with status 200 has a body too', async () => {
    const server = await clientWithResponse(200, { error: { code: 404, message: 'gone' }, result: null });
    const error = await rejection(apiAt(server.url).files.get('a'), NotFoundError);
    expect(error).toMatchObject({ method: 'GET', body: { error: { code: 404, message: 'gone' } } });
  });
});

describe('a NetworkError', () => {
  it('has the error code of the system as its reason', async () => {
    const error = await rejection(apiAt(unreachable).files.list(), NetworkError);
    expect(error.reason).toBe('ECONNREFUSED');
    expect(error.message).toContain('(ECONNREFUSED)');
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name: 'NetworkError', reason: 'ECONNREFUSED' });
  });
});

describe('a wrong baseUrl', () => {
  it.each<[string, number, unknown, string]>([
    ['a page that does not exist', 404, '<h1>Not Found</h1>', 'text/html'],
    ['a route that does not exist', 404, { message: 'no route', code: 'nope' }, 'application/json'],
    ['a method that is not allowed', 405, 'Method Not Allowed', 'text/plain'],
    ['a page', 200, '<h1>Welcome</h1>', 'text/html'],
    ['other JSON', 200, { hello: 'world' }, 'application/json'],
  ])('is suggested by the message if the server responds with %s', async (_, status, body, type) => {
    const server = await clientWithResponse(status, body, type);
    const { files } = apiAt(server.url);
    for (const call of [() => files.list(), () => files.delete('a')]) {
      const error = await rejection<DoctapeError>(call(), DoctapeError);
      expect(error).toBeInstanceOf(status === 200 ? ResponseError : ApiError);
      expect(error.message).toContain(`${status} with ${type}`);
      expect(error.message).toContain('check baseUrl');
    }
  });

  it('is not suggested if the server follows the protocol, or fails', async () => {
    for (const [status, body] of [
      [404, { error: { code: 404, message: 'no such file' }, result: null }],
      [502, '<h1>Bad Gateway</h1>'],
    ] as const) {
      const error = await rejection(apiAt((await clientWithResponse(status, body)).url).files.get('a'), ApiError);
      expect(error.message).not.toContain('baseUrl');
    }
  });
});

describe('the default servers', () => {
  it.each<[string, () => Promise<Response>]>([
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed'))],
    [
      'belong to somebody else',
      async () => new Response('<h1>For sale</h1>', { headers: { 'content-type': 'text/html' } }),
    ],
    ['have nothing there', async () => new Response('Not Found', { status: 404 })],
    ['do not answer', () => new Promise(() => {})],
  ])('are described as retired if they %s', async (_, fetch) => {
    const api = new ApiClient({ token: accessToken, fetch, retry: false, timeout: 20 });
    await expect(api.files.list()).rejects.toThrow(
      'doctape was retired in 2014: set the option baseUrl to another server',
    );
  });

  it('are described as retired by AuthorizationCodeClient, which names its own option', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')));
    onTestFinished(() => void vi.unstubAllGlobals());
    const client = new AuthorizationCodeClient({
      clientId: 'a',
      clientSecret: 'secret-1',
      redirectUri: 'https://app.example/',
    });
    const { state, pending } = await client.authorize();
    const outcome = client.exchange(`?code=x&state=${state}`, pending);
    await expect(outcome).rejects.toThrow('set the option tokenEndpoint to another server');
  });

  it('are not mentioned if another server fails', async () => {
    const error = await rejection(apiAt(unreachable).files.list(), NetworkError);
    expect(error.message).not.toContain('doctape');
  });
});

describe('a token that was copied together with something else', () => {
  // such as the line break of a file: sendgrid/sendgrid-nodejs#732
  it.each<[string, string, string]>([
    ['a line break', `${accessToken}\n`, 'trim it'],
    ['a Windows line break', `${accessToken}\r\n`, 'trim it'],
    ['a no-break space', `\u00a0${accessToken}`, 'trim it'],
    ['a byte order mark', `\ufeff${accessToken}`, 'trim it'],
    ['a space before it', ` ${accessToken}`, 'begins or ends with a space or a quotation mark'],
    ['a space after it', `${accessToken} `, 'begins or ends with a space or a quotation mark'],
    ['quotation marks', `"${accessToken}"`, 'begins or ends with a space or a quotation mark'],
    ['apostrophes', `'${accessToken}'`, 'begins or ends with a space or a quotation mark'],
    ['an escaped scheme', `Bearer%20${accessToken}`, 'must not begin with "Bearer"'],
    ['a scheme from a form', `Bearer+${accessToken}`, 'must not begin with "Bearer"'],
    ['a scheme with a colon', `Bearer: ${accessToken}`, 'must not begin with "Bearer"'],
    ['the whole header', `Authorization: Bearer ${accessToken}`, 'must not begin with "Bearer"'],
    ['the whole header and a line break', `Authorization: Bearer ${accessToken}\n`, 'trim it'],
  ])('is refused with a message about %s', async (_, text, problem) => {
    for (const token of [text, { access_token: text, token_type: 'Bearer' as const }]) {
      const error = thrown(() => new ApiClient({ token }), ConfigurationError);
      expect(error.message).toMatch(/^token(\.access_token)? /);
      expect(error.message).toContain(problem);
      expect(error.message).not.toContain(accessToken);
    }
    const error = await rejection(new ApiClient({ token: () => text }).files.list(), ConfigurationError);
    expect(error.message).toContain(problem);
  });
});

describe('a token that starts with Bearer', () => {
  it.each(['Bearer ', 'bearer ', 'BEARER '])('is refused: %j', async (word) => {
    const text = `${word}${accessToken}`;
    for (const token of [text, { access_token: text, token_type: 'Bearer' as const }]) {
      const error = thrown(() => new ApiClient({ token }), ConfigurationError);
      expect(error.message).toContain('must not begin with "Bearer"');
      expect(error.message).not.toContain(accessToken);
    }
    await rejection(new ApiClient({ token: () => text }).files.list(), ConfigurationError);
  });

  it('is refused only if Bearer is a separate word', () => {
    expect(() => new ApiClient({ token: 'bearer-0123456789' })).not.toThrow();
  });
});
