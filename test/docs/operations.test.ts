import { describe, expect, it } from 'vitest';
import { ApiClient, scopes } from '../../src/index.js';
import { createSandbox } from '../../src/sandbox.js';
import { origin, tokenFor } from '../support/sandbox.js';
import { codeIn, rowsUnder } from './tables.js';

// Compares the table of operations with the requests of the client and the scopes that the sandbox requires.

const values: Record<string, unknown> = {
  id: 'some-id',
  size: 300,
  rendition: 'thumb_120.jpg',
  source: new Blob(['content']),
  sources: [new Blob(['content'])],
};

const changes: Record<string, unknown> = { files: { starred: true }, tapes: { live: true } };

const rows = rowsUnder('Call', 'docs/operations.md').map(({ cells: [calls, route, needed] }) => ({
  calls: codeIn(calls),
  route: codeIn(route)[0] ?? '',
  needed: codeIn(needed),
}));

function requestOf(route: string): string {
  return route.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** The method and path of the request that a documented call sends. */
async function sentBy(written: string): Promise<string[]> {
  const sent: string[] = [];
  const record = (method: string | undefined, url: URL) => sent.push(`${method} ${url.pathname.replace('/v1', '')}`);
  const api = new ApiClient({
    token: 'a-token',
    baseUrl: `${origin}/v1`,
    retry: false,
    async fetch(input, init) {
      record(init?.method, new URL(String(input)));
      return Response.json({ error: {} }, { status: 418 });
    },
  });
  const [, resource = '', method = '', list = ''] = /^(\w+)\.(\w+)\((.*)\)$/.exec(written) ?? [];
  const args =
    list === '' ? [] : list.split(', ').map((name) => (name === 'changes' ? changes[resource] : values[name]));
  const part = Reflect.get(api, resource);
  const result = Reflect.apply(Reflect.get(part, method), part, args);
  if (result instanceof URL) record('GET', result);
  await run(result).catch(() => {}); // the response is an error
  return sent;
}

/** `iterate()` sends its request when it is iterated. */
async function run(result: unknown): Promise<void> {
  if (isList(result)) for await (const _ of result);
  else await result;
}

function isList(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

describe('docs/operations.md', () => {
  it('lists every method', () => {
    const api = new ApiClient({ token: 'a-token' });
    const { account, files, tapes } = api;
    const all = Object.entries({ account, files, tapes }).flatMap(([resource, part]) =>
      Object.keys(part).map((method) => `${resource}.${method}`),
    );
    const listed = rows.flatMap(({ calls }) => calls.map((call) => call.replace(/\(.*/, '')));
    expect([...new Set(listed)].sort()).toEqual(all.sort());
  });

  it.each(rows.flatMap(({ calls, route }) => calls.map((call) => ({ call, route }))))(
    'has the route of $call: $route',
    async ({ call, route }) => {
      expect(await sentBy(call)).toEqual([requestOf(route)]);
    },
  );

  it.each(rows)('has the scopes of $route', async ({ route, needed }) => {
    const sandbox = createSandbox();
    const other = scopes.filter((scope) => !needed.includes(scope)).slice(0, 1);
    const { access_token } = await tokenFor(sandbox, 'alice', other);
    const [method = '', path] = requestOf(route).split(' ');
    const headers = { authorization: `Bearer ${access_token}` };
    const response = await sandbox.fetch(`${origin}/v1${path}`, { method, headers });
    expect(response.status).toBe(403);
    const [, required = ''] = /scope="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '') ?? [];
    expect(required.split(' ').sort()).toEqual(needed.sort());
  });
});

describe('the OpenAPI document', async () => {
  const { paths } = await (await createSandbox().fetch(`${origin}/openapi.json`)).json();
  const operations: { tags: string[]; route: string; scopes: string[] }[] = Object.entries<object>(paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).flatMap(([method, { tags, security }]) =>
        tags ? [{ tags, route: `${method.toUpperCase()} ${path}`, scopes: security[0]?.oauth }] : [],
      ),
  );

  it.each(rows)('has $route with its scopes', ({ route, needed }) => {
    const operation = operations.find((each) => each.route === route.replace(' /', ' /v1/'));
    expect(operation?.scopes.sort()).toEqual(needed.sort());
  });

  it('has no other operation below /v1', () => {
    const core = operations.filter(({ route }) => route.includes(' /v1/')).map(({ route }) => route.replace('/v1', ''));
    expect(core.sort()).toEqual([...new Set(rows.map(({ route }) => route))].sort());
  });

  it('has exactly the operations of the View API', () => {
    const view = operations.filter(({ tags }) => tags.includes('view')).map(({ route }) => route);
    const listed = rowsUnder('View call', 'docs/operations.md').flatMap(({ cells: [, route] }) => codeIn(route));
    expect(view.sort()).toEqual([...new Set(listed.map((route) => route.replace(' /', ' /sandbox/')))].sort());
  });
});
