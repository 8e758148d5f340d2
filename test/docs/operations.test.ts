import { describe, expect, it } from 'vitest';
import { ApiClient, scopes } from '../../src/index.js';
import { createSandbox } from '../../src/sandbox.js';
import { origin, tokenFor } from '../support/sandbox.js';
import { codeIn, rowsUnder } from './tables.js';

// The table of operations, held against what the client sends and what the sandbox asks for.

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

/** What a call that is written down sends: its method and path. */
async function sentBy(written: string): Promise<string[]> {
  const sent: string[] = [];
  const tell = (method: string | undefined, url: URL) => sent.push(`${method} ${url.pathname.replace('/v1', '')}`);
  const api = new ApiClient({
    token: 'a-token',
    baseUrl: `${origin}/v1`,
    retry: false,
    async fetch(input, init) {
      tell(init?.method, new URL(String(input)));
      return Response.json({ error: {} }, { status: 418 });
    },
  });
  const [, resource = '', method = '', list = ''] = /^(\w+)\.(\w+)\((.*)\)$/.exec(written) ?? [];
  const args =
    list === '' ? [] : list.split(', ').map((name) => (name === 'changes' ? changes[resource] : values[name]));
  const part = Reflect.get(api, resource);
  const given = Reflect.apply(Reflect.get(part, method), part, args);
  if (given instanceof URL) tell('GET', given);
  await run(given).catch(() => {}); // the answer is a failure
  return sent;
}

/** A list that is read as it arrives is asked for when it is read. */
async function run(given: unknown): Promise<void> {
  if (isList(given)) for await (const _ of given);
  else await given;
}

function isList(given: unknown): given is AsyncIterable<unknown> {
  return typeof given === 'object' && given !== null && Symbol.asyncIterator in given;
}

describe('docs/operations.md', () => {
  it('has every call', () => {
    const api = new ApiClient({ token: 'a-token' });
    const { account, files, tapes } = api;
    const all = Object.entries({ account, files, tapes }).flatMap(([resource, part]) =>
      Object.keys(part).map((method) => `${resource}.${method}`),
    );
    const told = rows.flatMap(({ calls }) => calls.map((call) => call.replace(/\(.*/, '')));
    expect([...new Set(told)].sort()).toEqual(all.sort());
  });

  it.each(rows.flatMap(({ calls, route }) => calls.map((call) => ({ call, route }))))(
    'tells the route of $call: $route',
    async ({ call, route }) => {
      expect(await sentBy(call)).toEqual([requestOf(route)]);
    },
  );

  it.each(rows)('tells the scopes of $route', async ({ route, needed }) => {
    const sandbox = createSandbox();
    const other = scopes.filter((scope) => !needed.includes(scope)).slice(0, 1);
    const { access_token } = await tokenFor(sandbox, 'alice', other);
    const [method = '', path] = requestOf(route).split(' ');
    const headers = { authorization: `Bearer ${access_token}` };
    const response = await sandbox.fetch(`${origin}/v1${path}`, { method, headers });
    expect(response.status).toBe(403);
    const [, asked = ''] = /scope="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '') ?? [];
    expect(asked.split(' ').sort()).toEqual(needed.sort());
  });
});
