import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ImplicitGrantClient } from '../../src/browser.js';
import { ApiClient, contentDisposition, type Fetch, fileName } from '../../src/index.js';
import { createSandbox } from '../../src/sandbox.js';
import { AuthorizationCodeClient as NoClientHere, createTokenSeal as noSealHere } from '../../src/server.browser.js';
import { AuthorizationCodeClient, createTokenSeal } from '../../src/server.js';
import { responseReader } from '../../src/transport/download/response-reader.js';
import { watch } from '../../src/transport/http/watch.js';
import { loadChunk } from '../../src/transport/load-chunk.js';
import { probe } from '../../src/transport/upload/source.js';
import { postByXhr } from '../../src/transport/upload/xhr.js';
import {
  all,
  api,
  body,
  callUntyped,
  clientSecret,
  clientWithBrokenBody,
  clientWithResponse,
  code,
  generatedSecrets,
  type Provoke,
  password,
  type Row,
  state,
  testNoLeaks,
  token,
  urlWithToken,
} from '../support/canary.js';
import { failureSites } from '../support/failure-sites.js';
import { captureConsole } from '../support/fuzz.js';
import { leaks } from '../support/leaks.js';
import { memoryStorage, Page } from '../support/page.js';
import { fetchChecked } from '../support/sandbox-response.js';

// Provokes all errors of the SDK with secrets in every argument and response. No error and no output may contain a secret, in any
// encoding. The table must reach all places in the source that create an error, so add a row here for each new one.

const bytesOf = async (response: Promise<Response>) => (await response).bytes();

async function readResponse(): Promise<Response> {
  const response = new Response(all);
  await response.text();
  return response;
}

const apiRows: Row[] = [
  ['options that are not an object', () => callUntyped(() => Reflect.construct(ApiClient, [token]))],
  ['a missing token', () => Reflect.construct(ApiClient, [{}])],
  ['a token of the wrong type', () => Reflect.construct(ApiClient, [{ token: 7 }])],
  ['a token with a line break', () => api({ token: `${token}\n` })],
  ['a token whose access_token is not a string', () => api({ token: { access_token: [token] } })],
  ['a token with its scheme', () => api({ token: `Bearer ${token}` })],
  ['a token in quotation marks', () => api({ token: `"${token}"` })],
  ['a token in JSON', () => api({ token: JSON.stringify({ access_token: token }) })],
  ['a token that is a stringified object', () => api({ token: String({ access_token: token }) })],
  ['url() with a token function that has not resolved', () => api({ token: async () => token }).files.url('a')],
  ['an unknown option', () => api({ [token]: token })],
  ['options of a call that are not an object', () => callUntyped(api().files.list, token)],
  ['headers that are not an object', () => api({ headers: token })],
  ['a header that the SDK sets itself', () => api({ headers: { authorization: `Bearer ${token}` } })],
  ['a header with a line break', () => api({ headers: { 'x-token': `${token}\n` } })],
  [
    'a response with another number of files than were uploaded',
    () => clientWithResponse(200, { result: {} }).files.upload(new Blob([all])),
  ],
  ['a token that is a promise', () => api({ token: Promise.resolve(token) })],
  ['a token with an invalid expires_at', () => api({ token: { access_token: token, expires_at: token } })],
  ['an expired token', () => api({ token: { access_token: token, expires_at: 1 } }).files.list()],
  ['a baseUrl of the wrong type', () => api({ baseUrl: [urlWithToken] })],
  ['a baseUrl that is a secret', () => api({ baseUrl: clientSecret })],
  ['a baseUrl that is not a valid URL', () => api({ baseUrl: `canary:${all.replaceAll(' ', '')}\\[` })],
  ['a baseUrl with a space', () => api({ baseUrl: `https://api.example/${token}` })],
  ['a baseUrl with http', () => api({ baseUrl: `http://${state}.example/` })],
  ['a baseUrl with credentials', () => api({ baseUrl: `https://user:${password}@api.example/` })],
  ['a baseUrl with a fragment', () => api({ baseUrl: `https://api.example/#${state}` })],
  ['a baseUrl with a query', () => api({ baseUrl: urlWithToken })],
  ['a fetch that is not a function', () => api({ fetch: token })],
  ['an invalid timeout', () => api({ timeout: token })],
  ['hooks that are not an object', () => api({ hooks: token })],
  ['retry of the wrong type', () => api({ retry: token })],
  ['a negative retry limit', () => api({ retry: { limit: -1 } })],
  ['an id of the wrong type', () => callUntyped(api().files.get, [token])],
  ['an id that is ..', () => api().files.get('..')],
  ['an id with a lone surrogate', () => api().files.get(`${token}\ud800`)],
  ['a flag that is not a boolean', () => callUntyped(api().files.list, { includeMeta: token })],
  ['tags that are not an array', () => callUntyped(api().files.update, 'a', { tags: token })],
  ['tags with a comma', () => api().files.upload(new Blob(), { tags: [`${token},`] })],
  ['a name of the wrong type', () => callUntyped(api().files.update, 'a', { name: [token] })],
  ['an invalid media type', () => api().files.upload(new Blob(), { type: token })],
  ['an unknown rendition', () => callUntyped(api().files.download, 'a', token)],
  ['a range that is not an object', () => callUntyped(api().files.download, 'a', 'original', { range: token })],
  [
    'a range with an ill-formed ifRange',
    () => api().files.download('a', 'original', { range: { start: 0, ifRange: `W/${token}` } }),
  ],
  ['a signal that is not an AbortSignal', () => callUntyped(api().files.get, 'a', { signal: token })],
  ['an update of a file without changes', () => api().files.update('a', {})],
  ['an update of a tape without changes', () => api().tapes.update('a', {})],
  ['an upload without sources', () => api().files.uploadAll([])],
  ['sources that are a string', () => callUntyped(api().files.uploadEach, token)],
  ['sources that are a stream', () => api().files.uploadEach(body(3, 'closes') as unknown as Blob[])],
  ['sources that are not iterable', () => callUntyped(api().files.uploadEach, { token })],
  ['an invalid concurrency', () => callUntyped(api().files.uploadEach, [], { concurrency: token })],
  ['a file without a name', () => callUntyped(fileName, { name: [token], extension: token })],
  ['a disposition of the wrong type', () => callUntyped(contentDisposition, { name: token, extension: '' }, token)],
  ['an avatar with an invalid size', () => callUntyped(api().account.avatar, token)],
  ['a path of the wrong type', () => callUntyped((path: string) => api().request(path), [urlWithToken])],
  ['a path to another host', () => api().request(urlWithToken)],
  ['a path with a token', () => api().request(`account?access_token=${encodeURIComponent(token)}`)],
  ['an unknown method', () => callUntyped((method: 'GET') => api().request('a', { method }), token)],
  ['a body for GET', () => api().request('a', { json: { token } })],
  [
    'search parameters that are not an object',
    () => callUntyped((searchParams: Record<string, string>) => api().request('a', { searchParams }), token),
  ],
  [
    'a search parameter of the wrong type',
    () => callUntyped((searchParams: Record<string, string>) => api().request('a', { searchParams }), { q: [token] }),
  ],
  ['a value that JSON cannot represent', () => api().request('a', { method: 'POST', json: { token, big: 1n } })],

  [
    'a failed connection',
    () =>
      api({ fetch: async () => Promise.reject(new TypeError('fetch failed', { cause: new Error(all) })) }).files.list(),
  ],
  [
    'a fetch that throws an error of its own',
    () =>
      api({
        fetch: async () => Promise.reject(Object.assign(new TypeError(all), { name: all, code: all })),
      }).files.list(),
  ],
  ['a fetch that fails as a Response', () => api({ fetch: async () => Response.error() }).files.list()],
  [
    'a fetch that resolves with an opaque Response',
    () =>
      api({ fetch: async () => Object.defineProperty(new Response(all), 'type', { value: 'opaque' }) }).files.list(),
  ],
  [
    'a fetch that resolves with a Response that was read',
    () => api({ fetch: async () => readResponse() }).files.list(),
  ],
  [
    'a fetch that converts a stream to a string',
    () =>
      api({ fetch: async (_: string, init: { body?: unknown }) => new Response(`${init.body}`) }).files.upload(
        new Blob([all]),
      ),
  ],
  [
    'a runtime without fetch',
    async () => {
      vi.stubGlobal('fetch', undefined);
      try {
        await api().files.list();
      } finally {
        vi.unstubAllGlobals();
      }
    },
  ],
  ['a fetch that resolves with undefined', () => api({ fetch: async () => undefined }).files.list()],
  ['a redirect of a call', () => clientWithResponse(302, '', { location: urlWithToken }).files.list()],
  [
    'a redirect of an upload',
    () =>
      api({
        fetch: async () => Promise.reject(new TypeError(all, { cause: new Error('unexpected redirect') })),
      }).files.upload(new Blob()),
  ],
  [
    'a redirect of a download to http',
    () => clientWithResponse(302, '', { location: `http://other.example/?access_token=${code}` }).files.download('a'),
  ],
  ['a response body that breaks', () => api({ fetch: async () => new Response(body(3, 'breaks')) }).files.list()],
  ['a response that is too long', () => clientWithResponse(200, `${all} `.repeat(20_000)).files.upload(new Blob())],
  ['a response that never arrives', () => api({ timeout: 5, fetch: () => new Promise(() => {}) }).files.list()],
  [
    'a response that is not an envelope',
    () => clientWithResponse(200, `<p>${all}</p>`, { 'content-type': `text/${state}` }).files.list(),
  ],
  [
    'an error response',
    () => clientWithResponse(400, { error: { code: 400, message: `you sent ${token}` } }).files.list(),
  ],
  ['an error response for a missing scope', () => clientWithResponse(403, { error: token }).files.list()],
  ['an invalid result', () => clientWithResponse(200, { result: { [token]: { id: 7, [token]: token } } }).files.list()],
  [
    'a result that the schema of the caller rejects',
    () =>
      clientWithResponse(200, { result: 1 }).request('a', {
        schema: { '~standard': { version: 1, vendor: 'x', validate: () => ({ issues: [{ path: [token] }] }) } },
      }),
  ],
  [
    'a schema of the caller that throws',
    () =>
      clientWithResponse(200, { result: token }).request('a', {
        schema: {
          '~standard': {
            version: 1,
            vendor: 'x',
            validate: () => {
              throw new Error(all);
            },
          },
        },
      }),
  ],
  [
    'a list that is not an object',
    async () => {
      for await (const _ of clientWithResponse(200, { result: token }).files.iterate());
    },
  ],
  [
    'a file that could not be processed',
    () =>
      clientWithResponse(200, {
        result: { id: 'a', name: token, size: 1, time_added: 1, processing_status: 'failed' },
      }).files.waitUntilProcessed('a'),
  ],
  [
    'a chunk of the SDK that cannot be loaded',
    () => loadChunk(() => Promise.reject(new TypeError(`${urlWithToken} ${all}`)), undefined),
  ],
  [
    'a chunk of the SDK that cannot be loaded in a renderer process',
    async () => {
      Object.defineProperty(process, 'type', { value: 'renderer', configurable: true });
      try {
        await loadChunk(() => Promise.reject(new TypeError(`${urlWithToken} ${all}`)), undefined);
      } finally {
        Reflect.deleteProperty(process, 'type');
      }
    },
  ],
];

const downloadRows: Row[] = [
  ['a download with an unexpected status', () => clientWithResponse(201, 'x').files.download('a')],
  [
    'a range of a file that has changed',
    () => clientWithResponse(200, 'x').files.download('a', 'original', { range: { start: 0, ifRange: `"${state}"` } }),
  ],
  ['a download that breaks', () => bytesOf(clientWithBrokenBody({ etag: `W/"${state}"` }).files.download('a'))],
  [
    'a download that is truncated',
    () => bytesOf(clientWithBrokenBody({ etag: `W/"${state}"`, 'x-ending': 'closes' }).files.download('a')),
  ],
  ['a download that is too long', () => bytesOf(clientWithBrokenBody({ 'content-length': '2' }).files.download('a'))],
  [
    'a resumed download of another version',
    () =>
      bytesOf(
        clientWithBrokenBody(
          {},
          () => new Response('x', { status: 206, headers: { etag: `"${state}"` } }),
        ).files.download('a'),
      ),
  ],
  [
    'an unsupported Content-Encoding',
    () => clientWithResponse(200, all, { 'content-encoding': `gzip, ${token.slice(0, 6)}` }).files.download('a'),
  ],
  [
    'a resumed download with a 416 response',
    () => bytesOf(clientWithBrokenBody({}, () => new Response(all, { status: 416 })).files.download('a')),
  ],
  [
    'a download that cannot be resumed',
    () =>
      bytesOf(
        clientWithBrokenBody(
          {},
          () => {
            throw new TypeError(`fetch failed ${all}`);
          },
          () => {
            throw new TypeError(`fetch failed ${all}`);
          },
        ).files.download('a'),
      ),
  ],
];

/** Uploads to a server that accepts everything. */
const upload = (source: unknown) => callUntyped(clientWithResponse(200, { result: {} }).files.upload, source);

function readAlready(): ReadableStream {
  const stream = new Blob([all]).stream();
  stream.getReader();
  return stream;
}

/** An object that looks like a stream of Node. */
function likeNode(state: object): object {
  return { destroy() {}, [Symbol.asyncIterator]: () => gives(), ...state };
}

function twice(source: unknown): unknown {
  return callUntyped(clientWithResponse(200, { result: {} }).files.uploadAll, [source, source]);
}

function transferred(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(null, { transfer: [bytes.buffer] });
  return bytes;
}

/** A client whose `fetch` returns the responses of a library instead of the platform's. */
function ofLibrary(response: object): ApiClient {
  return api({ fetch: async () => ({ headers: new Headers({ 'x-echo': all.slice(0, 99) }), ok: true, ...response }) });
}

/** Downloads with a `fetch` that returns the responses of a library. */
function downloaded(response: object): unknown {
  return bytesOf(ofLibrary({ status: 200, ...response }).files.download('a'));
}

const libraryRows: Row[] = [
  ['a download without a body', () => downloaded({ text: all })],
  ['a download whose arrayBuffer() resolves to a string', () => downloaded({ arrayBuffer: async () => all })],
  ['a download whose body is a string', () => downloaded({ body: all })],
  ['a download whose body yields strings', () => downloaded({ body: gives(all) })],
  [
    'a list whose body yields strings',
    () => ofLibrary({ status: 200, body: new Response(all).body?.pipeThrough(new TextDecoderStream()) }).files.list(),
  ],
  ['a download whose body was used', () => downloaded({ body: gives(), bodyUsed: true })],
  [
    'a download whose body cannot be locked',
    () =>
      downloaded({
        body: {
          getReader() {
            throw new TypeError(all);
          },
        },
      }),
  ],
  ['a download whose body is being read', () => downloaded({ body: readAlready() })],
  ['a body that was used after its response was checked', async () => responseReader(await readResponse())],
  ['a body that is locked after its response was checked', () => responseReader(new Response(), readAlready())],
];

async function* gives(...chunks: unknown[]): AsyncGenerator<unknown> {
  yield* chunks;
}

async function* fails(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
  throw Object.assign(new Error(all), { path: all });
}

const uploadRows: Row[] = [
  ['a Response that failed', () => upload(new Response(all, { status: 400 }))],
  ['a Response without a body', () => upload(new Response())],
  [
    'a Response that was read',
    async () => {
      const response = new Response(all);
      await response.text();
      return upload(response);
    },
  ],
  ['a stream source without a stream', () => upload({ stream: all, size: 3 })],
  ['a stream with an invalid size', () => upload({ stream: new Blob([all]).stream(), size: token })],
  ['a stream that was read', () => upload(readAlready())],
  ['a stream of Node that was read', () => upload(likeNode({ readableEnded: true }))],
  ['a stream of Node that was destroyed', () => upload(likeNode({ destroyed: true }))],
  ['a stream of Node that has failed', () => upload(likeNode({ errored: new Error(all) }))],
  ['a stream of Node that yields strings', () => upload(likeNode({ readableEncoding: all }))],
  ['the same stream of Node twice', () => twice(likeNode({}))],
  ['a stream of a polyfill that was read', () => upload(likeNode({ _disturbed: true }))],
  [
    'an iterable that throws at the start',
    () =>
      upload({
        [Symbol.asyncIterator]() {
          throw new Error(all);
        },
      }),
  ],
  ['a stream of Node without an iterator', () => upload({ pipe: all })],
  ['a promise', () => upload(Promise.resolve(all))],
  ['a FormData', () => upload(new FormData())],
  ['a Request', () => upload(new Request(urlWithToken))],
  ['a file handle', () => upload({ getFile: all })],
  ['a detached buffer', () => upload(transferred())],
  ['a source that yields a detached buffer', () => upload(gives(transferred()))],
  ['a fetch that cannot send streams', () => ofLibrary({ body: gives(), status: 200 }).files.upload(new Blob([all]))],
  ['a string', () => upload(all)],
  ['a source of an unknown type', () => upload({ all })],
  ['a source that yields strings', () => upload(gives(all))],
  ['a source that yields too many bytes', () => upload({ stream: gives(new Uint8Array(9)), size: 3 })],
  ['a source that yields too few bytes', () => upload({ stream: gives(new Uint8Array(1)), size: 3 })],
  ['a source that fails', () => upload(fails())],
  [
    'a response before the whole body was sent',
    () =>
      api({
        fetch: async (_input: unknown, init?: RequestInit) => {
          const reader = init?.body instanceof ReadableStream && init.body.getReader();
          for (let reads = 0; reads < 3 && reader; reads++) await reader.read();
          return Response.json({ result: {}, all });
        },
      }).files.upload(new Blob([all.repeat(20_000)])),
  ],
  [
    'a Blob that cannot be read',
    () => {
      const blob = new Blob([all]);
      blob.slice = () => {
        throw new Error(all);
      };
      return upload(blob);
    },
  ],
];

/** Replaces XMLHttpRequest, and ends each request as the test says. */
function xhr(end: (request: FakeXhr) => void): Promise<unknown> {
  vi.stubGlobal(
    'XMLHttpRequest',
    class extends FakeXhr {
      send(): void {
        queueMicrotask(() => end(this));
      }
    },
  );
  return postByXhr({
    operation: 'POST https://api.example/v1/doc/upload',
    url: new URL(urlWithToken),
    headers: { authorization: `Bearer ${token}` },
    body: new FormData(),
    onSent: () => {},
    limit: 10,
    watched: watch({ limit: false, code: 'idle_timeout', operation: 'x' }),
  }).finally(() => vi.unstubAllGlobals());
}

class FakeXhr {
  upload: { onprogress?: () => void } = {};
  status = 200;
  responseURL: string = urlWithToken;
  responseText: string = all;
  onprogress: (event: { loaded: number }) => void = () => {};
  onerror: () => void = () => {};
  onload: () => void = () => {};
  open(): void {}
  abort(): void {}
  setRequestHeader(): void {}
  getAllResponseHeaders(): string {
    return `x-echo: ${all}`;
  }
}

const xhrRows: Row[] = [
  [
    'an upload by XMLHttpRequest of a deleted file',
    () => {
      const blob = new Blob([all]);
      blob.slice = () => {
        throw new Error(all);
      };
      return probe(blob);
    },
  ],
  [
    'an upload by XMLHttpRequest of a file that has become shorter',
    () => {
      const blob = new Blob([all]);
      blob.slice = () => new Blob();
      return probe(blob);
    },
  ],
  ['an upload by XMLHttpRequest with a long response', () => xhr((request) => request.onprogress({ loaded: 11 }))],
  ['an upload by XMLHttpRequest without a connection', () => xhr((request) => request.onerror())],
  [
    'an upload by XMLHttpRequest that is redirected',
    () =>
      xhr((request) => {
        request.responseURL = `https://other.example/?${state}`;
        request.onload();
      }),
  ],
];

const pageUri = 'https://app.example/signed-in';
const valid = { clientId: 'app', clientSecret, redirectUri: 'https://app.example/callback' };

function codeClient(options: Record<string, unknown> = {}): AuthorizationCodeClient {
  return Reflect.construct(AuthorizationCodeClient, [{ ...valid, ...options }]);
}

/** Starts a sign-in, and exchanges a callback with its state and these parameters. */
async function handleCallbackWith(
  more: Record<string, string>,
  options: Record<string, unknown> = {},
): Promise<unknown> {
  const client = codeClient(options);
  const signIn = await client.authorize();
  generatedSecrets.push(signIn.state, signIn.pending);
  return client.exchange(new URLSearchParams({ state: signIn.state, ...more }), signIn.pending);
}

/** Exchanges a code with a token endpoint that sends this response, with the credentials of the request in it. */
function exchanged(
  status: number,
  answer: (held: string) => unknown,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const fetch: Fetch = async (input, init) => {
    const form = new URLSearchParams(await new Request(input, init).text());
    generatedSecrets.push(form.get('code_verifier') ?? '');
    const body = answer([...form.values()].join(' '));
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
  };
  return handleCallbackWith({ code }, { fetch });
}

function inPage(action: Provoke): unknown {
  vi.stubGlobal('window', { document: {} });
  onTestFinished(() => void vi.unstubAllGlobals());
  return action();
}

const codeRows: Row[] = [
  ['an AuthorizationCodeClient in a browser bundle', () => new NoClientHere()],
  ['a token seal in a browser bundle', () => callUntyped(noSealHere, clientSecret)],
  ['a token seal with a short secret', () => createTokenSeal(clientSecret.slice(0, 12))],
  ['a token seal with a line break', () => createTokenSeal(`${clientSecret}\n`)],
  ['a token seal with unknown options', () => callUntyped(createTokenSeal, clientSecret, { [password]: token })],
  ['sealing an invalid token', () => callUntyped(createTokenSeal(clientSecret).seal, { access_token: token })],
  ['a sealed token of the wrong type', () => callUntyped(createTokenSeal(clientSecret).open, [token])],
  ['a client secret in a browser', () => inPage(() => codeClient())],
  ['an undefined client secret', () => codeClient({ clientSecret: undefined })],
  ['a client without an id', () => codeClient({ clientId: '' })],
  ['an unknown option of a client', () => codeClient({ secret: clientSecret })],
  ['an option whose name is a secret', () => codeClient({ [clientSecret]: token })],
  ['an allowInsecureHttp that is not a boolean', () => codeClient({ allowInsecureHttp: token })],
  ['previous secrets that are not an array', () => codeClient({ previousSecrets: clientSecret })],
  ['a previous secret with a line break', () => codeClient({ previousSecrets: [`${password}\n`] })],
  [
    'previous secrets without a client secret',
    () =>
      callUntyped(
        () => new AuthorizationCodeClient({ clientId: 'app', redirectUri: pageUri, previousSecrets: [token] }),
      ),
  ],
  ['a private-use redirect URI without a slash', () => codeClient({ redirectUri: `com.example:${code}` })],
  ['a private-use redirect URI without a dot', () => codeClient({ redirectUri: `canary:/${code}` })],
  ['a private-use redirect URI with a fragment', () => codeClient({ redirectUri: `com.example:/#${code}` })],
  ['a returnTo of the wrong type', () => callUntyped(() => codeClient().authorize({ returnTo: [token] as never }))],
  ['a returnTo of another origin', () => codeClient().authorize({ returnTo: urlWithToken })],
  ['a returnTo that is too long', () => codeClient().authorize({ returnTo: `/${state.repeat(100)}` })],
  [
    'a runtime without WebCrypto',
    () => {
      vi.stubGlobal('crypto', undefined);
      onTestFinished(() => void vi.unstubAllGlobals());
      return codeClient().authorize();
    },
  ],
  ['a pkce option that is not a boolean', () => codeClient({ pkce: clientSecret })],
  [
    'a public client without PKCE',
    () => Reflect.construct(AuthorizationCodeClient, [{ clientId: clientSecret, redirectUri: pageUri, pkce: false }]),
  ],
  ['scopes that are not an array', () => codeClient({ scope: clientSecret })],
  ['an ill-formed scope', () => codeClient({ scope: [`${clientSecret} ${token}`] })],
  ['a redirect URI that is a URL object', () => codeClient({ redirectUri: new URL(urlWithToken) })],
  ['a redirect URI with a token', () => codeClient({ redirectUri: urlWithToken })],
  ['an endpoint with a code', () => codeClient({ authorizationEndpoint: `https://auth.example/?code=${code}` })],
  [
    'params that are not an object',
    () => callUntyped((params: Record<string, string>) => codeClient().authorize({ params }), token),
  ],
  ['params that the client sets itself', () => codeClient().authorize({ params: { client_secret: clientSecret } })],
  [
    'params with values of the wrong type',
    () => callUntyped((params: Record<string, string>) => codeClient().authorize({ params }), { a: [token] }),
  ],

  ['a callback of the wrong type', () => callUntyped((callback: string) => codeClient().exchange(callback, state), 7)],
  [
    'a callback that is a promise',
    () => callUntyped(codeClient().cookieName.bind(codeClient()), Promise.resolve({ code })),
  ],
  [
    'a callback that is an object of the wrong shape',
    () => callUntyped(() => codeClient().cookieName({ token: 7 } as never)),
  ],
  [
    'a parsed callback with a numeric code',
    () => callUntyped(() => codeClient().exchange({ code: 7, state } as never, all)),
  ],
  ['a parsed callback with two codes', () => codeClient().exchange({ code: [code, code], state }, all)],
  ['a parsed callback with a nested code', () => codeClient().exchange({ code: { [code]: code }, state }, all)],
  ['a parsed callback that is too long', () => codeClient().exchange({ code: code.repeat(2_000), state }, all)],
  ['a callback without a query', () => codeClient().exchange(`https://app.example/${code}/${state}`, all)],
  ['a callback that is too long', () => codeClient().exchange(`code=${code}&state=${state}${'x'.repeat(40_000)}`, all)],
  ['a callback that cannot be decoded', () => codeClient().exchange(`code=${code}%&state=${state}`, all)],
  ['a callback with two codes', () => codeClient().exchange(`code=${code}&code=${code}&state=${state}`, all)],
  ['a callback without a state', () => codeClient().exchange(`code=${code}`, all)],
  ['a callback without a pending sign-in', () => codeClient().exchange(`code=${code}&state=${state}`, '')],
  [
    'a pending sign-in of the wrong type',
    () => callUntyped((pending: string) => codeClient().exchange(`code=${code}&state=${state}`, pending), [state]),
  ],
  [
    'a pending sign-in that was altered',
    () => codeClient().exchange(`code=${code}&state=${state}`, `${state}.${code}`),
  ],
  [
    'a sign-in that has expired',
    async () => {
      let now = 0;
      const client = codeClient({ now: () => now });
      const { state, pending } = await client.authorize();
      generatedSecrets.push(state, pending);
      now = 10_000_000;
      return client.exchange(new URLSearchParams({ code, state }), pending);
    },
  ],
  [
    'a callback of another sign-in',
    async () => {
      const client = codeClient();
      return client.exchange(new URLSearchParams({ code, state }), (await client.authorize()).pending);
    },
  ],
  [
    'a callback that was used before',
    async () => {
      const client = codeClient({ fetch: async () => Response.json({ access_token: token, token_type: 'Bearer' }) });
      const { state, pending } = await client.authorize();
      generatedSecrets.push(state, pending);
      const callback = new URLSearchParams({ code, state });
      await client.exchange(callback, pending);
      return client.exchange(callback, pending);
    },
  ],
  [
    'a callback of another issuer',
    () =>
      handleCallbackWith(
        { code, iss: `https://${code.replace('+', '-')}.example` },
        { issuer: 'https://auth.example' },
      ),
  ],
  ['a callback with an ill-formed error', () => handleCallbackWith({ code, error: `"${code}"` })],
  [
    'a callback with an error',
    () =>
      handleCallbackWith({
        code,
        error: code,
        error_description: `the code ${code}`,
        error_uri: `https://a.example/${code}`,
      }),
  ],
  ['a callback without a code', () => handleCallbackWith({})],
  ['a callback with an ill-formed code', () => handleCallbackWith({ code: `${code}\n` })],

  [
    'an unreachable token endpoint',
    () => handleCallbackWith({ code }, { fetch: async () => Promise.reject(new TypeError(all)) }),
  ],
  [
    'an unreachable token endpoint of another server',
    () =>
      handleCallbackWith(
        { code },
        {
          tokenEndpoint: 'https://auth.example/token',
          fetch: async () => Promise.reject(new TypeError(all, { cause: new Error(all) })),
        },
      ),
  ],
  [
    'a token endpoint that responds with an envelope',
    () => exchanged(401, (held) => ({ result: null, error: { code: 401, message: held } })),
  ],
  ['a token endpoint that responds with an ill-formed error', () => exchanged(400, (held) => ({ error: `"${held}"` }))],
  [
    'a token endpoint that responds with an error',
    () =>
      exchanged(400, (held) => ({
        error: 'invalid_grant',
        error_description: held,
        error_uri: `https://a.example/?${held}`,
      })),
  ],
  ['a token endpoint that responds with HTML', () => exchanged(500, (held) => held, { 'content-type': 'text/html' })],
  ['a token endpoint that responds with an array', () => exchanged(200, (held) => [held])],
  [
    'a token endpoint that responds with an unknown token type',
    () => exchanged(200, (held) => ({ access_token: token, token_type: held })),
  ],
  ['a token endpoint that responds without a token', () => exchanged(200, (held) => ({ [held]: held }))],
];

function pageClient(
  options: Record<string, unknown> = {},
  page: unknown = new Page('https://app.example/'),
): ImplicitGrantClient {
  const storage = memoryStorage();
  return Reflect.construct(ImplicitGrantClient, [
    { clientId: 'app', redirectUri: pageUri, storage, tokenStorage: null, location: page, history: page, ...options },
  ]);
}

/** Returns to a page with this fragment. THE-STATE is replaced by the state of a pending sign-in. */
function backInPage(fragment: string, options: Record<string, unknown> = {}, uri: string = pageUri): unknown {
  const client = pageClient(options);
  const signIn = client.authorize();
  generatedSecrets.push(signIn.state);
  return client.handleCallback(`${uri}#${fragment.replaceAll('THE-STATE', signIn.state)}`);
}

const good = `state=THE-STATE&access_token=${encodeURIComponent(token)}&token_type=Bearer`;

/** Signs in with a popup. `visits` controls the popup. */
async function inPopup(
  visits: (popup: { closed: boolean; location: { href: string } }, state: string) => void,
  options: Record<string, unknown> = {},
): Promise<unknown> {
  const popup = {
    closed: false,
    close: () => {},
    location: {
      href: 'about:blank',
      replace(url: string | URL) {
        const popupState = new URL(url).searchParams.get('state') ?? '';
        generatedSecrets.push(popupState);
        visits(popup, popupState);
      },
    },
  };
  vi.stubGlobal('open', () => popup);
  vi.stubGlobal('document', { hasFocus: () => true });
  onTestFinished(() => void vi.unstubAllGlobals());
  return pageClient(options).signInWithPopup();
}

/** Sends a callback from the popup to its opener. */
function sendFromPopup(popupState: string, fragment: string): void {
  const channel = new BroadcastChannel(`doctape-sdk:${popupState}`);
  const timer = setInterval(() => channel.postMessage(`${pageUri}#${fragment}`), 10);
  channel.onmessage = () => {
    clearInterval(timer);
    channel.close();
  };
}

function without(name: string, action: Provoke): unknown {
  vi.stubGlobal(name, undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  return action();
}

const pageRows: Row[] = [
  ['an allowInsecureHttp in a browser that is not a boolean', () => pageClient({ allowInsecureHttp: token })],
  ['a browser without crypto', () => without('crypto', () => pageClient().authorize())],
  [
    'a popup whose opener has another origin',
    () => inPopup(() => {}, { location: new Page(`https://other.example/?${state}`) }),
  ],
  ['a popup that is blocked', () => without('open', () => pageClient().signInWithPopup())],
  ['a popup in a browser without BroadcastChannel', () => without('BroadcastChannel', () => inPopup(() => {}))],
  [
    'a popup whose chunk cannot be loaded',
    async () => {
      const part = '../../src/oauth/implicit-grant/popup.js';
      vi.doMock(part, () => {
        throw new Error(all);
      });
      onTestFinished(() => vi.doUnmock(part));
      return inPopup(() => {});
    },
  ],
  [
    'a popup with the state of another sign-in',
    () => inPopup((_, own) => sendFromPopup(own, good.replace('THE-STATE', state))),
  ],
  ['a popup that hands over no callback', () => inPopup((_, own) => sendFromPopup(own, encodeURIComponent(token)))],
  [
    'a popup with an error and a token',
    () =>
      inPopup((_, own) =>
        sendFromPopup(
          own,
          `${good.replace('THE-STATE', own)}&error=${own}&error_description=${encodeURIComponent(token)}`,
        ),
      ),
  ],
  [
    'a popup that takes too long',
    () => {
      const times = [0];
      return inPopup(() => {}, { now: () => times.shift() ?? 1e9 });
    },
  ],
  [
    'a popup that is closed',
    () =>
      inPopup((popup) => {
        popup.location.href = urlWithToken;
        setTimeout(() => Object.assign(popup, { closed: true }), 1_000);
      }),
  ],
  [
    'a popup that is replaced by another one',
    async () => {
      const client = pageClient();
      vi.stubGlobal('open', () => ({
        closed: false,
        close: () => {},
        location: { href: 'about:blank', replace() {} },
      }));
      onTestFinished(() => void vi.unstubAllGlobals());
      const first = client.signInWithPopup();
      const aborted = new AbortController();
      aborted.abort(new DOMException('over', 'AbortError'));
      await client.signInWithPopup({ signal: aborted.signal }).catch(() => {});
      return first;
    },
  ],
  ['a client secret for an ImplicitGrantClient', () => pageClient({ clientSecret })],
  ['the out-of-band redirect URI in a browser', () => pageClient({ redirectUri: 'urn:ietf:wg:oauth:2.0:oob' })],
  ['an invalid location', () => pageClient({}, urlWithToken)],
  ['a missing location', () => pageClient({ location: undefined })],
  ['an invalid storage', () => pageClient({ storage: token })],
  ['a returnTo of another origin in a browser', () => pageClient().authorize({ returnTo: urlWithToken })],
  ['a callback URL that is invalid', () => pageClient().handleCallback(all)],
  ['a URL that is not a callback', () => pageClient().handleCallback(`${pageUri}#/${encodeURIComponent(token)}`)],
  [
    'a URL that cannot be replaced',
    () => {
      const page = new Page(`${pageUri}#${good}`);
      page.replaceState = () => {
        throw new Error(all);
      };
      return pageClient({}, page).resume();
    },
  ],
  [
    'a storage that is full',
    () => {
      const setItem = () => {
        throw new Error(all);
      };
      return pageClient({ storage: { ...memoryStorage(), setItem } }).authorize();
    },
  ],
  ['a callback with another path', () => backInPage(good, {}, 'https://app.example/other')],
  ['a callback with parameters in the query and the fragment', () => backInPage(good, {}, `${pageUri}?state=${state}`)],
  ['a callback without its state', () => backInPage(good.replace('state=THE-STATE&', ''))],
  ['a callback of a sign-in in another browser', () => backInPage(good.replace('THE-STATE', state))],
  [
    'a callback that is handled twice',
    () => {
      const client = pageClient();
      const signIn = client.authorize();
      generatedSecrets.push(signIn.state);
      const address = `${pageUri}#${good.replace('THE-STATE', signIn.state)}`;
      client.handleCallback(address);
      return client.handleCallback(address);
    },
  ],
  [
    'a callback that is too late',
    () => {
      const times = [0];
      return backInPage(good, { now: () => times.shift() ?? 1e9 });
    },
  ],
  ['a callback with a code', () => backInPage(`${good}&code=${code}`)],
  [
    'a callback with its token in the query',
    () => backInPage('state=THE-STATE&token_type=Bearer', {}, `${pageUri}?access_token=${encodeURIComponent(token)}`),
  ],
  ['a callback with an ill-formed lifetime', () => backInPage(`${good}&expires_in=${code}`)],
  ['a callback with an ill-formed scope', () => backInPage(`${good}&scope=%22${code}%22`)],
  ['a callback with an unknown token type', () => backInPage(good.replace('Bearer', state))],
  [
    'a callback with an error and a token',
    () => backInPage(`${good}&error=THE-STATE&error_description=${encodeURIComponent(token)}`),
  ],
];

const sandboxRows: Row[] = [
  ['a sandbox with an invalid username', () => createSandbox({ users: [{ username: `${password}!`, password }] })],
  ['a sandbox with invalid faults', () => createSandbox({ faults: `latency=x` })],
  [
    'sandbox.authorize() with an unknown user',
    () =>
      createSandbox({ users: [{ username: 'alice', password }] }).authorize('http://localhost/oauth2', {
        username: 'eve',
      }),
  ],
  [
    'sandbox.authorize() with an invalid request',
    () =>
      createSandbox({ users: [{ username: 'alice', password }] }).authorize(
        `http://localhost/oauth2?state=${state}&client_secret=${clientSecret}`,
        { username: 'alice' },
      ),
  ],
];

const rows = [
  ...apiRows,
  ...downloadRows,
  ...uploadRows,
  ...libraryRows,
  ...xhrRows,
  ...codeRows,
  ...pageRows,
  ...sandboxRows,
];
const reached = testNoLeaks(rows);

describe('no secret is shown by', () => {
  it('a sign-in with the wrong password', async () => {
    const printed = captureConsole();
    const sandbox = createSandbox({ users: [{ username: 'alice', password }] });
    const query = new URLSearchParams({
      response_type: 'token',
      client_id: sandbox.apps[1]?.clientId ?? '',
      redirect_uri: 'http://localhost/',
    });
    const attempts = [
      `username=alice&password=${password}x`,
      `username=eve&password=${password}`,
      `password=${password}&csrf=x`,
    ];
    for (const attempt of attempts) {
      const sent = {
        method: 'POST',
        path: `/oauth2?${query}`,
        headers: { cookie: 'doctape_sandbox_csrf=c' },
        body: `decision=allow&csrf=c&${attempt}`,
      };
      const { status, text, headers } = await fetchChecked(sandbox, sent);
      expect(status).toBe(403);
      expect(leaks([text, [...headers], printed], [password])).toEqual([]);
    }
  });
});

describe('the table', () => {
  it('reaches all places that create an error (add a row for each new one)', () => {
    const sites = failureSites(['src/protocol', 'src/transport', 'src/oauth', 'src/api']);
    expect(sites.length).toBeGreaterThan(100);
    expect(sites.filter(({ place }) => !reached.has(place))).toEqual([]);
  });
});
