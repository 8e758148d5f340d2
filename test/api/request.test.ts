import { expect, it } from 'vitest';
import * as z from 'zod/mini';
import { ConfigurationError, type RequestOptions, ResponseError } from '../../src/index.js';
import { apiAt, bodyOf, rejection, reply, scriptedServer } from '../support/scripted-server.js';

async function echo() {
  const bodies: string[] = [];
  const server = await scriptedServer(async (request, response) => {
    bodies.push((await bodyOf(request)).toString());
    reply(response, 200, { error: null, result: { answer: 8_675_309 } });
  });
  return { ...server, bodies };
}

it('calls any path below baseUrl with the token in the header', async () => {
  const { url, requests, bodies } = await echo();
  const api = apiAt(url);
  expect(await api.request('app')).toEqual({ answer: 8_675_309 });
  await api.request('/app/x?y=1', { method: 'POST', searchParams: { z: 2, none: undefined }, json: { a: true } });
  expect(requests.map((request) => `${request.method} ${request.url}`)).toEqual([
    'GET /v1/app',
    'POST /v1/app/x?y=1&z=2',
  ]);
  expect(requests.every(({ headers }) => headers.authorization?.startsWith('Bearer '))).toBe(true);
  expect(bodies[1]).toBe('{"a":true}');
  expect(requests[1]?.headers['content-type']).toContain('application/json');
});

it.each<[string, NonNullable<RequestOptions<unknown>['searchParams']>, string]>([
  ['an object', { q: 'a b', n: 2, all: false, none: undefined }, '?page=1&q=a+b&n=2&all=false'],
  ['URLSearchParams, with a name more than once', new URLSearchParams('q=1&q=2'), '?page=1&q=1&q=2'],
  ['a name that the path has too', { page: 9 }, '?page=9'],
])('sends %s as the query', async (_what, searchParams, query) => {
  const { url, requests } = await echo();
  await apiAt(url).request('app?page=1', { searchParams });
  expect(requests.map((request) => request.url)).toEqual([`/v1/app${query}`]);
});

it.each([
  null,
  'q=1',
  7,
  new Map([['q', '1']]),
  [['q', '1']],
  { q: null },
  { q: ['x', 'y'] },
  { q: Object.create(null) },
])('refuses %j as the query', async (searchParams) => {
  const { url, requests } = await echo();
  const error = await rejection(apiAt(url).request('app', { searchParams: searchParams as never }), ConfigurationError);
  expect(error.message).toMatch(/^searchParams must be URLSearchParams/);
  expect(requests).toEqual([]);
});

it.each([
  'https://evil.example/v1/account',
  '//evil.example/account',
  '\\\\evil.example',
  '/\\evil.example',
  '../oauth2/token',
  'doc/../../oauth2',
  'doc/%2e%2e/%2E%2E/oauth2',
  '.%2e/oauth2',
  'javascript:alert(1)',
  'doc#fragment',
  'do c',
  'doc?access_token=x',
  'doc?%61ccess_token=x',
])('refuses the path %j, and sends nothing', async (path) => {
  const { url, requests } = await echo();
  await rejection(apiAt(url).request(path), ConfigurationError);
  expect(requests).toEqual([]);
});

it('refuses a token in the query, a body that JSON cannot represent, and unknown methods', async () => {
  const { url, requests } = await echo();
  const api = apiAt(url);
  const circle: { self?: unknown } = {};
  circle.self = circle;
  for (const searchParams of [{ access_token: 'x' }, new URLSearchParams('access_token=x')]) {
    await rejection(api.request('doc', { searchParams }), ConfigurationError);
  }
  await rejection(api.request('doc', { method: 'POST', json: circle }), ConfigurationError);
  await rejection(api.request('doc', { method: 'POST', json: 1n }), ConfigurationError);
  await rejection(api.request('doc', { json: {} }), ConfigurationError);
  await rejection(api.request('doc', { method: 'TRACE' as never }), ConfigurationError);
  await rejection(api.request(5 as never), ConfigurationError);
  expect(requests).toEqual([]);
});

it('validates the result with a schema of any Standard Schema library', async () => {
  const { url } = await echo();
  const result = await apiAt(url).request('app', { schema: z.object({ answer: z.number() }) });
  expect(result.answer).toBe(8_675_309);
  const error = await rejection(apiAt(url).request('app', { schema: z.object({ answer: z.string() }) }), ResponseError);
  expect(error.message).toContain('result.answer');
  expect(error.message).not.toContain('8675309');
});
