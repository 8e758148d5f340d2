import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ImplicitGrantClient } from '../../src/browser.js';
import { ApiClient, type Fetch } from '../../src/index.js';
import { createSandbox } from '../../src/sandbox.js';
import { AuthorizationCodeClient as NoClientHere, createTokenSeal as noSealHere } from '../../src/server.browser.js';
import { AuthorizationCodeClient, createTokenSeal } from '../../src/server.js';
import { watch } from '../../src/transport/http/watch.js';
import { load } from '../../src/transport/load.js';
import { probe } from '../../src/transport/upload/source.js';
import { postByXhr } from '../../src/transport/upload/xhr.js';
import {
  all,
  answering,
  api,
  body,
  breaking,
  clientSecret,
  code,
  made,
  nothingShownBy,
  type Provoke,
  password,
  type Row,
  state,
  token,
  urlWithToken,
  wrongly,
} from '../support/canary.js';
import { failureSites } from '../support/failure-sites.js';
import { consoleWatch } from '../support/fuzz.js';
import { leaks } from '../support/leaks.js';
import { memoryStorage, Page } from '../support/page.js';
import { checkAnswered } from '../support/sandbox-answer.js';

// Every failure of the SDK, made to happen with secrets in all that it is given. None of them may be seen afterwards, in any
// spelling. The table has to reach every place in the source where an error is made, so a new one needs a row here.

const bytesOf = async (response: Promise<Response>) => (await response).bytes();

async function readResponse(): Promise<Response> {
  const response = new Response(all);
  await response.text();
  return response;
}

const apiRows: Row[] = [
  ['options that are none', () => wrongly(() => Reflect.construct(ApiClient, [token]))],
  ['a token that is missing', () => Reflect.construct(ApiClient, [{}])],
  ['a token of another kind', () => Reflect.construct(ApiClient, [{ token: 7 }])],
  ['a token with a line break', () => api({ token: `${token}\n` })],
  ['a token without its text', () => api({ token: { access_token: [token] } })],
  ['a token with its scheme', () => api({ token: `Bearer ${token}` })],
  ['a token in JSON', () => api({ token: JSON.stringify({ access_token: token }) })],
  ['a token that was made of an object', () => api({ token: String({ access_token: token }) })],
  ['a URL while the token is asked for', () => api({ token: async () => token }).files.url('a')],
  ['an option that nobody knows', () => api({ [token]: token })],
  ['options of a call that are none', () => wrongly(api().files.list, token)],
  ['headers that are none', () => api({ headers: token })],
  ['a header of the SDK', () => api({ headers: { authorization: `Bearer ${token}` } })],
  ['a header with a line break', () => api({ headers: { 'x-token': `${token}\n` } })],
  ['another number of files than were sent', () => answering(200, { result: {} }).files.upload(new Blob([all]))],
  ['a token that is promised', () => api({ token: Promise.resolve(token) })],
  ['a token that expires at no time', () => api({ token: { access_token: token, expires_at: token } })],
  ['a token that has expired', () => api({ token: { access_token: token, expires_at: 1 } }).files.list()],
  ['a baseUrl of another kind', () => api({ baseUrl: [urlWithToken] })],
  ['a baseUrl that is a secret', () => api({ baseUrl: clientSecret })],
  ['a baseUrl that is no address', () => api({ baseUrl: `canary:${all.replaceAll(' ', '')}\\[` })],
  ['a baseUrl with a space', () => api({ baseUrl: `https://api.example/${token}` })],
  ['a baseUrl that anybody can read', () => api({ baseUrl: `http://${state}.example/` })],
  ['a baseUrl with credentials', () => api({ baseUrl: `https://user:${password}@api.example/` })],
  ['a baseUrl with a fragment', () => api({ baseUrl: `https://api.example/#${state}` })],
  ['a baseUrl with a query', () => api({ baseUrl: urlWithToken })],
  ['a fetch that is none', () => api({ fetch: token })],
  ['a timeout that is none', () => api({ timeout: token })],
  ['hooks that are none', () => api({ hooks: token })],
  ['retries that are none', () => api({ retry: token })],
  ['retries below zero', () => api({ retry: { limit: -1 } })],
  ['an id of another kind', () => wrongly(api().files.get, [token])],
  ['an id that leads upwards', () => api().files.get('..')],
  ['an id that is half a character', () => api().files.get(`${token}\ud800`)],
  ['a flag that is none', () => wrongly(api().files.list, { includeMeta: token })],
  ['tags that are none', () => wrongly(api().files.update, 'a', { tags: token })],
  ['tags with a comma', () => api().files.upload(new Blob(), { tags: [`${token},`] })],
  ['a name that is none', () => wrongly(api().files.update, 'a', { name: [token] })],
  ['a type that is none', () => api().files.upload(new Blob(), { type: token })],
  ['a rendition that is none', () => wrongly(api().files.download, 'a', token)],
  ['a range that is none', () => wrongly(api().files.download, 'a', 'original', { range: token })],
  [
    'a range of an ill-formed version',
    () => api().files.download('a', 'original', { range: { start: 0, ifRange: `W/${token}` } }),
  ],
  ['a signal that is none', () => wrongly(api().files.get, 'a', { signal: token })],
  ['no changes to a file', () => api().files.update('a', {})],
  ['no changes to a tape', () => api().tapes.update('a', {})],
  ['no sources', () => api().files.uploadAll([])],
  ['an avatar of no size', () => wrongly(api().account.avatar, token)],
  ['a path of another kind', () => wrongly((path: string) => api().request(path), [urlWithToken])],
  ['a path to elsewhere', () => api().request(urlWithToken)],
  ['a path with a token', () => api().request(`account?access_token=${encodeURIComponent(token)}`)],
  ['a method that is none', () => wrongly((method: 'GET') => api().request('a', { method }), token)],
  ['a body for GET', () => api().request('a', { json: { token } })],
  [
    'search parameters that are none',
    () => wrongly((searchParams: Record<string, string>) => api().request('a', { searchParams }), token),
  ],
  [
    'a search parameter that is none',
    () => wrongly((searchParams: Record<string, string>) => api().request('a', { searchParams }), { q: [token] }),
  ],
  ['what JSON cannot hold', () => api().request('a', { method: 'POST', json: { token, big: 1n } })],

  [
    'a failed connection',
    () =>
      api({ fetch: async () => Promise.reject(new TypeError('fetch failed', { cause: new Error(all) })) }).files.list(),
  ],
  [
    'a fetch with a bug',
    () =>
      api({
        fetch: async () => Promise.reject(Object.assign(new TypeError(all), { name: all, code: all })),
      }).files.list(),
  ],
  ['a fetch that fails as a Response', () => api({ fetch: async () => Response.error() }).files.list()],
  [
    'a fetch that hides its Response',
    () =>
      api({ fetch: async () => Object.defineProperty(new Response(all), 'type', { value: 'opaque' }) }).files.list(),
  ],
  ['a fetch that gives a Response that was read', () => api({ fetch: async () => readResponse() }).files.list()],
  [
    'a fetch that makes a text of a stream',
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
  ['a token with the word before it', () => api({ token: `Bearer ${token}` })],
  ['a fetch that gives nothing', () => api({ fetch: async () => undefined }).files.list()],
  ['a redirect of a call', () => answering(302, '', { location: urlWithToken }).files.list()],
  [
    'a redirect of an upload',
    () =>
      api({
        fetch: async () => Promise.reject(new TypeError(all, { cause: new Error('unexpected redirect') })),
      }).files.upload(new Blob()),
  ],
  [
    'a redirect of a download to where anybody can read',
    () => answering(302, '', { location: `http://other.example/?access_token=${code}` }).files.download('a'),
  ],
  ['a body that breaks', () => api({ fetch: async () => new Response(body(3, 'breaks')) }).files.list()],
  ['an answer that is too long', () => answering(200, `${all} `.repeat(20_000)).files.upload(new Blob())],
  ['an answer that never comes', () => api({ timeout: 5, fetch: () => new Promise(() => {}) }).files.list()],
  [
    'an answer that is no envelope',
    () => answering(200, `<p>${all}</p>`, { 'content-type': `text/${state}` }).files.list(),
  ],
  ['a refusal', () => answering(400, { error: { code: 400, message: `you sent ${token}` } }).files.list()],
  ['a refusal for want of a scope', () => answering(403, { error: token }).files.list()],
  ['a result that is none', () => answering(200, { result: { [token]: { id: 7, [token]: token } } }).files.list()],
  [
    'a result that a schema refuses',
    () =>
      answering(200, { result: 1 }).request('a', {
        schema: { '~standard': { version: 1, vendor: 'x', validate: () => ({ issues: [{ path: [token] }] }) } },
      }),
  ],
  [
    'a schema that throws',
    () =>
      answering(200, { result: token }).request('a', {
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
    'a list that is none',
    async () => {
      for await (const _ of answering(200, { result: token }).files.iterate());
    },
  ],
  [
    'a file that could not be processed',
    () =>
      answering(200, {
        result: { id: 'a', name: token, size: 1, time_added: 1, processing_status: 'failed' },
      }).files.waitUntilProcessed('a'),
  ],
  [
    'a part of the SDK that is gone',
    () => load(() => Promise.reject(new TypeError(`${urlWithToken} ${all}`)), undefined),
  ],
  [
    'a part of the SDK that is gone from the server of a page',
    async () => {
      Object.defineProperty(process, 'type', { value: 'renderer', configurable: true });
      try {
        await load(() => Promise.reject(new TypeError(`${urlWithToken} ${all}`)), undefined);
      } finally {
        Reflect.deleteProperty(process, 'type');
      }
    },
  ],
];

const downloadRows: Row[] = [
  ['a download that is none', () => answering(201, 'x').files.download('a')],
  [
    'a download of another version',
    () => answering(200, 'x').files.download('a', 'original', { range: { start: 0, ifRange: `"${state}"` } }),
  ],
  ['a download that breaks', () => bytesOf(breaking({ etag: `W/"${state}"` }).files.download('a'))],
  [
    'a download that ends early',
    () => bytesOf(breaking({ etag: `W/"${state}"`, 'x-ending': 'closes' }).files.download('a')),
  ],
  ['a download that is too long', () => bytesOf(breaking({ 'content-length': '2' }).files.download('a'))],
  [
    'a rest of another version',
    () =>
      bytesOf(
        breaking({}, () => new Response('x', { status: 206, headers: { etag: `"${state}"` } })).files.download('a'),
      ),
  ],
  [
    'a coding that nobody asked for',
    () => answering(200, all, { 'content-encoding': `gzip, ${token.slice(0, 6)}` }).files.download('a'),
  ],
  ['a rest that is refused', () => bytesOf(breaking({}, () => new Response(all, { status: 416 })).files.download('a'))],
  [
    'a rest that is not to be had',
    () =>
      bytesOf(
        breaking(
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

/** Uploads with a server that takes everything. */
const upload = (source: unknown) => wrongly(answering(200, { result: {} }).files.upload, source);

function readAlready(): ReadableStream {
  const stream = new Blob([all]).stream();
  stream.getReader();
  return stream;
}

/** A stream as Node has them, as far as anybody looks. */
function likeNode(state: object): object {
  return { destroy() {}, [Symbol.asyncIterator]: () => gives(), ...state };
}

function twice(source: unknown): unknown {
  return wrongly(answering(200, { result: {} }).files.uploadAll, [source, source]);
}

function transferred(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(null, { transfer: [bytes.buffer] });
  return bytes;
}

/** A client of a server whose responses are those of a library, and not of the platform. */
function ofLibrary(response: object): ApiClient {
  return api({ fetch: async () => ({ headers: new Headers({ 'x-echo': all.slice(0, 99) }), ok: true, ...response }) });
}

/** Downloads from a server whose responses are those of a library. */
function downloaded(response: object): unknown {
  return bytesOf(ofLibrary({ status: 200, ...response }).files.download('a'));
}

const libraryRows: Row[] = [
  ['a download without a body', () => downloaded({ text: all })],
  ['a download whose body is a text', () => downloaded({ body: all })],
  ['a download whose body gives texts', () => downloaded({ body: gives(all) })],
  ['a download whose body was used', () => downloaded({ body: gives(), bodyUsed: true })],
  ['a download whose body is being read', () => downloaded({ body: readAlready() })],
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
  ['a stream that is none', () => upload({ stream: all, size: 3 })],
  ['a stream of no size', () => upload({ stream: new Blob([all]).stream(), size: token })],
  ['a stream that was read', () => upload(readAlready())],
  ['a stream of Node that was read', () => upload(likeNode({ readableEnded: true }))],
  ['a stream of Node that was destroyed', () => upload(likeNode({ destroyed: true }))],
  ['a stream of Node that has failed', () => upload(likeNode({ errored: new Error(all) }))],
  ['a stream of Node that gives text', () => upload(likeNode({ readableEncoding: all }))],
  ['a stream of Node twice', () => twice(likeNode({}))],
  ['a stream of a polyfill that was read', () => upload(likeNode({ _disturbed: true }))],
  [
    'an iterable that cannot be begun',
    () =>
      upload({
        [Symbol.asyncIterator]() {
          throw new Error(all);
        },
      }),
  ],
  ['an old stream', () => upload({ pipe: all })],
  ['a promise', () => upload(Promise.resolve(all))],
  ['a form', () => upload(new FormData())],
  ['a request', () => upload(new Request(urlWithToken))],
  ['a file handle', () => upload({ getFile: all })],
  ['memory that is gone', () => upload(transferred())],
  ['a source of memory that is gone', () => upload(gives(transferred()))],
  ['a fetch that cannot send streams', () => ofLibrary({ body: gives(), status: 200 }).files.upload(new Blob([all]))],
  ['a text', () => upload(all)],
  ['a source of another kind', () => upload({ all })],
  ['a source of texts', () => upload(gives(all))],
  ['a source that gives too much', () => upload({ stream: gives(new Uint8Array(9)), size: 3 })],
  ['a source that gives too little', () => upload({ stream: gives(new Uint8Array(1)), size: 3 })],
  ['a source that fails', () => upload(fails())],
  [
    'an answer before all was sent',
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

/** A stand-in for what browsers have, that ends as a test says. */
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
    'an upload in a page of a file that is gone',
    () => {
      const blob = new Blob([all]);
      blob.slice = () => {
        throw new Error(all);
      };
      return probe(blob);
    },
  ],
  ['an upload in a page that is answered at length', () => xhr((request) => request.onprogress({ loaded: 11 }))],
  ['an upload in a page without a connection', () => xhr((request) => request.onerror())],
  [
    'an upload in a page that is redirected',
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

/** Comes back from a sign-in, with what the callback holds beside its state. */
async function comeBack(more: Record<string, string>, options: Record<string, unknown> = {}): Promise<unknown> {
  const client = codeClient(options);
  const signIn = await client.authorize();
  made.push(signIn.state, signIn.pending);
  return client.exchange(new URLSearchParams({ state: signIn.state, ...more }), signIn.pending);
}

/** The same, with a token endpoint that answers so, and gives back what it was sent. */
function exchanged(
  status: number,
  answer: (held: string) => unknown,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const fetch: Fetch = async (input, init) => {
    const form = new URLSearchParams(await new Request(input, init).text());
    made.push(form.get('code_verifier') ?? '');
    const body = answer([...form.values()].join(' '));
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
  };
  return comeBack({ code }, { fetch });
}

function inPage(action: Provoke): unknown {
  vi.stubGlobal('window', { document: {} });
  onTestFinished(() => void vi.unstubAllGlobals());
  return action();
}

const codeRows: Row[] = [
  ['a client in a browser bundle', () => new NoClientHere()],
  ['a token seal in a browser bundle', () => wrongly(noSealHere, clientSecret)],
  ['a token seal with a short secret', () => createTokenSeal(clientSecret.slice(0, 12))],
  ['a token seal with a line break', () => createTokenSeal(`${clientSecret}\n`)],
  ['a token seal with unknown options', () => wrongly(createTokenSeal, clientSecret, { [password]: token })],
  ['a token to seal that is none', () => wrongly(createTokenSeal(clientSecret).seal, { access_token: token })],
  ['a sealed token of another kind', () => wrongly(createTokenSeal(clientSecret).open, [token])],
  ['a secret in a page', () => inPage(() => codeClient())],
  ['a secret that is undefined', () => codeClient({ clientSecret: undefined })],
  ['a client without an id', () => codeClient({ clientId: '' })],
  ['an option of a client that is unknown', () => codeClient({ secret: clientSecret })],
  ['an option that is named like a secret', () => codeClient({ [clientSecret]: token })],
  ['a permission for http that is none', () => codeClient({ allowInsecureHttp: token })],
  ['previous secrets that are none', () => codeClient({ previousSecrets: clientSecret })],
  ['a previous secret with a line break', () => codeClient({ previousSecrets: [`${password}\n`] })],
  [
    'previous secrets without a secret',
    () =>
      wrongly(() => new AuthorizationCodeClient({ clientId: 'app', redirectUri: pageUri, previousSecrets: [token] })),
  ],
  ['a redirect URI of a native application without a slash', () => codeClient({ redirectUri: `com.example:${code}` })],
  ['a redirect URI of a native application without a dot', () => codeClient({ redirectUri: `canary:/${code}` })],
  [
    'a redirect URI of a native application with a fragment',
    () => codeClient({ redirectUri: `com.example:/#${code}` }),
  ],
  ['a page to return to of another kind', () => wrongly(() => codeClient().authorize({ returnTo: [token] as never }))],
  ['a page to return to elsewhere', () => codeClient().authorize({ returnTo: urlWithToken })],
  ['a page to return to that is too long', () => codeClient().authorize({ returnTo: `/${state.repeat(100)}` })],
  [
    'a runtime without WebCrypto',
    () => {
      vi.stubGlobal('crypto', undefined);
      onTestFinished(() => void vi.unstubAllGlobals());
      return codeClient().authorize();
    },
  ],
  ['PKCE that is none', () => codeClient({ pkce: clientSecret })],
  [
    'a public client without PKCE',
    () => Reflect.construct(AuthorizationCodeClient, [{ clientId: clientSecret, redirectUri: pageUri, pkce: false }]),
  ],
  ['scopes that are none', () => codeClient({ scope: clientSecret })],
  ['a scope that is none', () => codeClient({ scope: [`${clientSecret} ${token}`] })],
  ['a redirect URI that is parsed already', () => codeClient({ redirectUri: new URL(urlWithToken) })],
  ['a redirect URI with a token', () => codeClient({ redirectUri: urlWithToken })],
  ['an endpoint with a code', () => codeClient({ authorizationEndpoint: `https://auth.example/?code=${code}` })],
  [
    'parameters that are none',
    () => wrongly((params: Record<string, string>) => codeClient().authorize({ params }), token),
  ],
  ['parameters that are ours', () => codeClient().authorize({ params: { client_secret: clientSecret } })],
  [
    'parameters of another kind',
    () => wrongly((params: Record<string, string>) => codeClient().authorize({ params }), { a: [token] }),
  ],

  ['a callback of another kind', () => wrongly((callback: string) => codeClient().exchange(callback, state), 7)],
  [
    'a callback that is a promise',
    () => wrongly(codeClient().cookieName.bind(codeClient()), Promise.resolve({ code })),
  ],
  ['a callback that is an object of another kind', () => wrongly(() => codeClient().cookieName({ token: 7 } as never))],
  [
    'a callback with a code that was converted',
    () => wrongly(() => codeClient().exchange({ code: 7, state } as never, all)),
  ],
  ['a parsed callback with two codes', () => codeClient().exchange({ code: [code, code], state }, all)],
  ['a parsed callback with a nested code', () => codeClient().exchange({ code: { [code]: code }, state }, all)],
  ['a parsed callback that is too long', () => codeClient().exchange({ code: code.repeat(2_000), state }, all)],
  ['a callback without a query', () => codeClient().exchange(`https://app.example/${code}/${state}`, all)],
  ['a callback that is too long', () => codeClient().exchange(`code=${code}&state=${state}${'x'.repeat(40_000)}`, all)],
  ['a callback that cannot be decoded', () => codeClient().exchange(`code=${code}%&state=${state}`, all)],
  ['a callback with two codes', () => codeClient().exchange(`code=${code}&code=${code}&state=${state}`, all)],
  ['a callback without a state', () => codeClient().exchange(`code=${code}`, all)],
  ['a callback without a sign-in', () => codeClient().exchange(`code=${code}&state=${state}`, '')],
  [
    'a sign-in of another kind',
    () => wrongly((pending: string) => codeClient().exchange(`code=${code}&state=${state}`, pending), [state]),
  ],
  ['a sign-in that is altered', () => codeClient().exchange(`code=${code}&state=${state}`, `${state}.${code}`)],
  [
    'a sign-in that took too long',
    async () => {
      let now = 0;
      const client = codeClient({ now: () => now });
      const { state, pending } = await client.authorize();
      made.push(state, pending);
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
    'a callback that was used',
    async () => {
      const client = codeClient({ fetch: async () => Response.json({ access_token: token, token_type: 'Bearer' }) });
      const { state, pending } = await client.authorize();
      made.push(state, pending);
      const callback = new URLSearchParams({ code, state });
      await client.exchange(callback, pending);
      return client.exchange(callback, pending);
    },
  ],
  [
    'a callback of another issuer',
    () => comeBack({ code, iss: `https://${code.replace('+', '-')}.example` }, { issuer: 'https://auth.example' }),
  ],
  ['a callback with an ill-formed error', () => comeBack({ code, error: `"${code}"` })],
  [
    'a callback with an error',
    () =>
      comeBack({ code, error: code, error_description: `the code ${code}`, error_uri: `https://a.example/${code}` }),
  ],
  ['a callback without a code', () => comeBack({})],
  ['a callback with an ill-formed code', () => comeBack({ code: `${code}\n` })],

  [
    'a token endpoint that is not there',
    () => comeBack({ code }, { fetch: async () => Promise.reject(new TypeError(all)) }),
  ],
  [
    'a token endpoint of another server that is not there',
    () =>
      comeBack(
        { code },
        {
          tokenEndpoint: 'https://auth.example/token',
          fetch: async () => Promise.reject(new TypeError(all, { cause: new Error(all) })),
        },
      ),
  ],
  [
    'a token endpoint that gives an envelope',
    () => exchanged(401, (held) => ({ result: null, error: { code: 401, message: held } })),
  ],
  ['a token endpoint that gives an ill-formed error', () => exchanged(400, (held) => ({ error: `"${held}"` }))],
  [
    'a token endpoint that gives an error',
    () =>
      exchanged(400, (held) => ({
        error: 'invalid_grant',
        error_description: held,
        error_uri: `https://a.example/?${held}`,
      })),
  ],
  ['a token endpoint that gives a page', () => exchanged(500, (held) => held, { 'content-type': 'text/html' })],
  ['a token endpoint that gives no object', () => exchanged(200, (held) => [held])],
  [
    'a token endpoint that gives another token',
    () => exchanged(200, (held) => ({ access_token: token, token_type: held })),
  ],
  ['a token endpoint that gives no token', () => exchanged(200, (held) => ({ [held]: held }))],
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

/** Comes back to a page with this in its fragment, where THE-STATE is that of a sign-in. */
function backInPage(fragment: string, options: Record<string, unknown> = {}, uri: string = pageUri): unknown {
  const client = pageClient(options);
  const signIn = client.authorize();
  made.push(signIn.state);
  return client.handleCallback(`${uri}#${fragment.replaceAll('THE-STATE', signIn.state)}`);
}

const good = `state=THE-STATE&access_token=${encodeURIComponent(token)}&token_type=Bearer`;

/** Signs in in a popup that does this. */
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
        made.push(popupState);
        visits(popup, popupState);
      },
    },
  };
  vi.stubGlobal('open', () => popup);
  vi.stubGlobal('document', { hasFocus: () => true });
  onTestFinished(() => void vi.unstubAllGlobals());
  return pageClient(options).signInWithPopup();
}

/** The popup gives this to the page that opened it. */
function handsOver(popupState: string, fragment: string): void {
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
  ['a page that allows http in words', () => pageClient({ allowInsecureHttp: token })],
  ['a page without random numbers', () => without('crypto', () => pageClient().authorize())],
  [
    'a popup of a page of another origin',
    () => inPopup(() => {}, { location: new Page(`https://other.example/?${state}`) }),
  ],
  ['a popup that is blocked', () => without('open', () => pageClient().signInWithPopup())],
  ['a popup that cannot be heard', () => without('BroadcastChannel', () => inPopup(() => {}))],
  [
    'a popup whose part is gone',
    async () => {
      const part = '../../src/oauth/implicit-grant/popup.js';
      vi.doMock(part, () => {
        throw new Error(all);
      });
      onTestFinished(() => vi.doUnmock(part));
      return inPopup(() => {});
    },
  ],
  ['a popup with the state of another', () => inPopup((_, own) => handsOver(own, good.replace('THE-STATE', state)))],
  ['a popup with nothing', () => inPopup((_, own) => handsOver(own, encodeURIComponent(token)))],
  [
    'a popup that comes back with an error and a token',
    () =>
      inPopup((_, own) =>
        handsOver(own, `${good.replace('THE-STATE', own)}&error=${own}&error_description=${encodeURIComponent(token)}`),
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
        setTimeout(() => Object.assign(popup, { closed: true }), 250);
      }),
  ],
  [
    'a popup that another one replaces',
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
  ['a secret for a page', () => pageClient({ clientSecret })],
  ['a page that has no address', () => pageClient({ redirectUri: 'urn:ietf:wg:oauth:2.0:oob' })],
  ['a location that is none', () => pageClient({}, urlWithToken)],
  ['a page that is none', () => pageClient({ location: undefined })],
  ['a storage that is none', () => pageClient({ storage: token })],
  ['an address to return to elsewhere', () => pageClient().authorize({ returnTo: urlWithToken })],
  ['an address that is none', () => pageClient().handleCallback(all)],
  ['an address that is no callback', () => pageClient().handleCallback(`${pageUri}#/${encodeURIComponent(token)}`)],
  [
    'an address that stays as it is',
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
  ['a callback to another page', () => backInPage(good, {}, 'https://app.example/other')],
  ['a callback in two halves', () => backInPage(good, {}, `${pageUri}?state=${state}`)],
  ['a callback without its state', () => backInPage(good.replace('state=THE-STATE&', ''))],
  ['a callback of a sign-in elsewhere', () => backInPage(good.replace('THE-STATE', state))],
  [
    'a callback twice',
    () => {
      const client = pageClient();
      const signIn = client.authorize();
      made.push(signIn.state);
      const address = `${pageUri}#${good.replace('THE-STATE', signIn.state)}`;
      client.handleCallback(address);
      return client.handleCallback(address);
    },
  ],
  [
    'a callback too late',
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
  ['a callback with another token', () => backInPage(good.replace('Bearer', state))],
  [
    'a callback with an error and a token',
    () => backInPage(`${good}&error=THE-STATE&error_description=${encodeURIComponent(token)}`),
  ],
];

const sandboxRows: Row[] = [
  ['a sandbox with a password for a name', () => createSandbox({ users: [{ username: `${password}!`, password }] })],
  ['a sandbox with faults that are none', () => createSandbox({ faults: `latency=x` })],
  [
    'a sandbox asked for a stranger',
    () =>
      createSandbox({ users: [{ username: 'alice', password }] }).authorize('http://localhost/oauth2', {
        username: 'eve',
      }),
  ],
  [
    'a sandbox asked for nothing',
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
const reached = nothingShownBy(rows);

describe('nothing is shown of a secret by', () => {
  it('a sign-in with the wrong password', async () => {
    const said = consoleWatch();
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
      const { status, text, headers } = await checkAnswered(sandbox, sent);
      expect(status).toBe(403);
      expect(leaks([text, [...headers], said], [password])).toEqual([]);
    }
  });
});

describe('the table', () => {
  it('reaches every place where the SDK makes an error: a new one needs a row', () => {
    const sites = failureSites(['src/protocol', 'src/transport', 'src/oauth', 'src/api']);
    expect(sites.length).toBeGreaterThan(100);
    expect(sites.filter(({ place }) => !reached.has(place))).toEqual([]);
  });
});
