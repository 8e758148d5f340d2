import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'node:querystring';
import { runInNewContext } from 'node:vm';
import { Hono } from 'hono';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { AuthorizationCodeClient, type Callback, type Fetch } from '../../../src/server.js';

/** A client whose token endpoint accepts every code, and the codes it received. */
function setUp(redirectUri = 'https://app.example/callback') {
  const codes: (string | null)[] = [];
  const fetch: Fetch = async (input, init) => {
    codes.push(new URLSearchParams(await new Request(input, init).text()).get('code'));
    return Response.json({ access_token: 'token-of-alice', token_type: 'Bearer' });
  };
  const client = new AuthorizationCodeClient({
    clientId: 'app-1',
    clientSecret: 'the-secret-of-app-1',
    redirectUri,
    fetch,
  });
  return { client, codes };
}

/** Passes a value of any type to `exchange()` and `cookieName()`. */
async function outcomeOf(callbackOf: (query: string) => unknown, query = 'code=a%2Bb%20c%25&state=STATE') {
  const { client, codes } = setUp();
  const { state, pending, cookieName } = await client.authorize();
  const callback = callbackOf(query.replaceAll('STATE', state));
  const error: unknown = await Reflect.apply(client.exchange, client, [callback, pending]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const nameOf = () => Reflect.apply(client.cookieName, client, [callback]);
  return { error, codes, cookieName, nameOf };
}

/** Sends one request to a server on a free port. */
async function visit(listener: RequestListener, path: string): Promise<void> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  await response.text();
}

/** The value that a Hono route receives. */
async function fromHono(query: string, pick: (request: import('hono').HonoRequest) => unknown): Promise<unknown> {
  let picked: unknown;
  const app = new Hono().get('/callback', (c) => {
    picked = pick(c.req);
    return c.text('');
  });
  await app.request(`https://app.example/callback?${query}`);
  return picked;
}

/** A `URL` and a `Request` that are not instances of the global classes, like those of another realm. */
class ForeignUrl {
  readonly #url: URL;
  constructor(href: string) {
    this.#url = new URL(href);
  }
  get href() {
    return this.#url.href;
  }
  get searchParams() {
    return new ForeignSearchParams(this.#url.search);
  }
}

class ForeignSearchParams {
  readonly #params: URLSearchParams;
  constructor(query: string) {
    this.#params = new URLSearchParams(query);
  }
  getAll(name: string) {
    return this.#params.getAll(name);
  }
}

class ForeignRequest {
  readonly #url: string;
  constructor(url: string) {
    this.#url = url;
  }
  get url() {
    return this.#url;
  }
}

/** An instance of a class, as validation libraries create. */
class CallbackDto {
  readonly code: string;
  readonly state: string;
  constructor(query: string) {
    const params = new URLSearchParams(query);
    this.code = params.get('code') ?? '';
    this.state = params.get('state') ?? '';
  }
}

const urlOf = (query: string) => `https://app.example/callback?${query}`;
const flat = (query: string) => Object.fromEntries(new URLSearchParams(query));
const inArrays = (query: string) =>
  Object.fromEntries([...new URLSearchParams(query)].map(([name, value]) => [name, [value]]));

describe('a callback is accepted as', () => {
  it.each<[string, (query: string) => unknown]>([
    ['a URL in a string', urlOf],
    ['a path with a query', (query) => `/callback?${query}`],
    ['a path that the server has normalised', (query) => `/callback/?${query}`],
    ['a URL that was pasted without its scheme', (query) => `app.example/callback?${query}`],
    ['a query', (query) => query],
    ['a query with a question mark', (query) => `?${query}`],
    ['a URL', (query) => new URL(urlOf(query))],
    ['a URL of another realm', (query) => new ForeignUrl(urlOf(query))],
    ['URLSearchParams', (query) => new URLSearchParams(query)],
    ['URLSearchParams of another realm', (query) => new ForeignSearchParams(query)],
    ['the FormData of a form_post response', formData],
    ['a Request', (query) => new Request(urlOf(query))],
    ['a Request of another realm', (query) => new ForeignRequest(urlOf(query))],
    ['the event of SvelteKit or h3, whose url is a URL', (query) => ({ url: new URL(urlOf(query)) })],
    ['an event whose url is a URL of another realm', (query) => ({ url: new ForeignUrl(urlOf(query)) })],
    ['a request mock with method and url', (query) => ({ method: 'GET', url: `/callback?${query}` })],
    ['the location of a page', (query) => ({ href: urlOf(query), search: `?${query}` })],
    ['a plain query object', flat],
    ['a query object without a prototype, as in Koa and Fastify', (query) => parse(query)],
    ['a query object in which all values are arrays, as on AWS', inArrays],
    [
      'a query object of another realm',
      (query) => runInNewContext('JSON.parse(text)', { text: JSON.stringify(flat(query)) }),
    ],
    [
      'arrays of another realm',
      (query) => runInNewContext('JSON.parse(text)', { text: JSON.stringify(inArrays(query)) }),
    ],
    ['a query object with absent parameters', (query) => ({ ...flat(query), error: undefined, iss: null })],
    ['a query object with empty parameters', (query) => ({ ...flat(query), error: '', iss: [] })],
    ['a query object with an empty code beside the code', (query) => parse(`code=&${query}&code=&state=`)],
    ['URLSearchParams with an empty code beside the code', (query) => new URLSearchParams(`code=&${query}&state=`)],
    ['a query object with unknown nested parameters', (query) => ({ ...flat(query), filter: { tag: ['a'] } })],
    ['a query object with a parameter url', (query) => ({ ...flat(query), url: 'https://evil.example/?code=other' })],
    ['a query object with a parameter href', (query) => ({ ...flat(query), href: 'https://evil.example/?code=other' })],
    ['a frozen query object', (query) => Object.freeze(flat(query))],
    ['an instance of a class', (query) => new CallbackDto(query)],
  ])('%s', async (_, form) => {
    const { error, codes, cookieName, nameOf } = await outcomeOf(form);
    expect(error).toBeUndefined();
    expect(codes).toEqual(['a+b c%']);
    expect(nameOf()).toBe(cookieName);
  });

  it.each<[string, (query: string) => Promise<unknown>]>([
    ['the c.req of Hono', (query) => fromHono(query, (request) => request)],
    ['the c.req.raw of Hono', (query) => fromHono(query, (request) => request.raw)],
    ['c.req.query() of Hono', (query) => fromHono(query, (request) => request.query())],
    ['c.req.queries() of Hono', (query) => fromHono(query, (request) => request.queries())],
  ])('%s', async (_, fromFramework) => {
    const { client, codes } = setUp();
    const { state, pending } = await client.authorize();
    const callback = await fromFramework(`code=a%2Bb%20c%25&state=${state}`);
    await Reflect.apply(client.exchange, client, [callback, pending]);
    expect(codes).toEqual(['a+b c%']);
  });

  it('the request of a Node server', async () => {
    const { client, codes } = setUp();
    const { state, pending } = await client.authorize();
    let exchanged: Promise<unknown> | undefined;
    await visit((request, response) => {
      exchanged = client.exchange(request, pending);
      response.end();
    }, `/callback?code=some-code&state=${state}`);
    await exchanged;
    expect(codes).toEqual(['some-code']);
  });

  it.each<[string, (url: string) => string]>([
    ['a line break after it', (url) => `${url}\n`],
    ['a space and a Windows line break', (url) => ` ${url}\r\n`],
    ['tabs and no-break spaces', (url) => `\t\u00a0${url}\u00a0`],
    ['quotation marks', (url) => `"${url}"`],
    ['only a closing quotation mark', (url) => `${url}"`],
    ['apostrophes', (url) => `'${url}'`],
    ['typographic quotation marks', (url) => `\u201c${url}\u201d`],
    ['angle brackets, as in an email', (url) => `<${url}>`],
    ['backticks, as in a chat', (url) => `\`${url}\``],
    ['all of them', (url) => `\n "<${url}>" \n`],
  ])('a URL that was pasted with %s', async (_, paste) => {
    const { error, codes } = await outcomeOf((query) => paste(urlOf(query)));
    expect(error).toBeUndefined();
    expect(codes).toEqual(['a+b c%']);
  });

  it('a query whose code ends with an apostrophe', async () => {
    const { codes } = await outcomeOf((query) => query, "state=STATE&code=it's'");
    expect(codes).toEqual(["it's'"]);
  });

  it('an out-of-band code that was pasted with a line break', async () => {
    const { client, codes } = setUp('urn:ietf:wg:oauth:2.0:oob');
    const { state, pending } = await client.authorize();
    await client.exchange({ code: ' some-code\r\n', state }, pending);
    expect(codes).toEqual(['some-code']);
  });
});

describe('a callback is rejected', () => {
  it.each<[string, (query: string) => unknown, string?]>([
    ['with a repeated code', parse, 'code=a&state=STATE&code=b'],
    ['with a repeated state', parse, 'code=a&state=STATE&state=STATE'],
    ['with a repeated code beside an empty one', parse, 'code=&code=a&state=STATE&code=b'],
    ['with a nested code beside an empty one', (query) => ({ ...flat(query), code: ['', { x: 'y' }] })],
    ['with a nested code', (query) => ({ ...flat(query), code: { x: 'y' } })],
    ['with a nested array', (query) => ({ ...flat(query), code: [['y']] })],
    ['with a nested state', (query) => ({ ...flat(query), state: { toString: () => 'y' } })],
    ['with too many characters', (query) => ({ ...flat(query), error_description: 'x'.repeat(40_000) })],
    ['with a repeated code in URLSearchParams', (query) => new URLSearchParams(query), 'code=a&code=b&state=STATE'],
  ])('as malformed: a query %s', async (_, form, query) => {
    const { error, codes, nameOf } = await outcomeOf(form, query);
    expect(error).toMatchObject({ name: 'CallbackError', code: 'malformed_callback' });
    expect(codes).toEqual([]);
    expect(nameOf()).toMatch(/^__Host-doctape-[\w-]*$/);
  });

  it.each<[string, unknown]>([
    ['an empty query object', {}],
    ['an empty query object without a prototype', Object.create(null)],
    ['a query object with other parameters', { utm_source: 'mail', filter: { tag: 'a' } }],
    [
      'a state from a polluted prototype',
      Object.create(Object.freeze(Object.assign(Object.create(null), { state: 'x' }))),
    ],
  ])('as state_missing: %s', async (_, callback) => {
    const { error, codes } = await outcomeOf(() => callback);
    expect(error).toMatchObject({ name: 'CallbackError', code: 'state_missing' });
    expect(codes).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^callback must be the request .* not undefined/],
    ['null, which AWS passes for no query', null, /not null/],
    ['a number', 7, /not number/],
    ['a function', () => '?code=a', /not function/],
    ['an array', ['?code=a'], /not an array/],
    ['a promise, such as searchParams of Next.js', Promise.resolve({ code: 'a' }), /^callback is a promise: await it/],
    ['an object whose url is a number', { url: 7 }, /^callback must be/],
    ['an instance without a URL', new (class Context {})(), /^callback must be/],
    ['a Date', new Date(0), /^callback must be/],
    ['a Map', new Map([['code', 'a']]), /^callback must be/],
    [
      'a code that was converted to another type',
      { code: 123, state: 'x' },
      /^callback\.code must be a string, not number: pass the query/,
    ],
    [
      'a state that was converted to another type',
      { code: 'a', state: true },
      /^callback\.state must be a string, not boolean/,
    ],
  ])('as invalid_argument: %s', async (_, callback, message) => {
    const { error, codes, nameOf } = await outcomeOf(() => callback);
    const refusal = { name: 'ConfigurationError', code: 'invalid_argument', message: expect.stringMatching(message) };
    expect(error).toMatchObject(refusal);
    expect(nameOf).toThrow(expect.objectContaining(refusal));
    expect(codes).toEqual([]);
  });

  it('in linear time if it is a long string of spaces', async () => {
    const { error } = await outcomeOf((query) => `${' '.repeat(5_000_000)}x${' '.repeat(5_000_000)}${query}`);
    expect(error).toMatchObject({ code: 'malformed_callback' });
  });
});

it('the type Callback accepts the values of frameworks', () => {
  expectTypeOf<Record<string, string>>().toExtend<Callback>();
  expectTypeOf<Record<string, string[]>>().toExtend<Callback>();
  expectTypeOf<{ [name: string]: string | string[] | undefined }>().toExtend<Callback>();
  expectTypeOf<{ code: string; state: string }>().toExtend<Callback>();
  expectTypeOf<CallbackDto>().toExtend<Callback>();
  expectTypeOf<Request>().toExtend<Callback>();
  expectTypeOf<URL>().toExtend<Callback>();
  expectTypeOf<URLSearchParams>().toExtend<Callback>();
  expectTypeOf<{ url: URL; request: Request }>().toExtend<Callback>();
  // @ts-expect-error: it must be awaited
  void ((promise: Promise<Record<string, string>>): Callback => promise);
  expectTypeOf<undefined>().not.toExtend<Callback>();
  expectTypeOf<number>().not.toExtend<Callback>();
});

function formData(query: string): FormData {
  const data = new FormData();
  for (const [name, value] of new URLSearchParams(query)) data.append(name, value);
  return data;
}
