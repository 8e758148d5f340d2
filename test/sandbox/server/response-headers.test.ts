import { expect, it, onTestFinished, vi } from 'vitest';
import { serveSandbox } from '../../../src/serve.js';
import { served } from '../../support/sandbox.js';

const { url, sandbox } = await served({ quirks: ['jsonp'], now: () => 1_700_000_000_000 });
const { access_token } = await sandbox.signIn('alice');
const headers = { authorization: `Bearer ${access_token}`, 'x-request-id': 'chosen' };
const form = new FormData();
form.set('file', new File(['text'], 'a.txt'));
const uploaded = await fetch(`${url}/v1/doc/upload`, { method: 'POST', headers, body: form });
const [id = ''] = Object.keys((await uploaded.json()).result);

/** What the server adds, or cannot send. */
const ofConnection = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'];

async function partsOf(response: Response) {
  const fields = [...response.headers].filter(([name]) => !ofConnection.includes(name));
  return { status: response.status, headers: Object.fromEntries(fields), body: await response.text() };
}

const requests: [string, RequestInit?][] = [
  ['/v1/account'],
  [`/v1/doc/${id}`],
  [`/v1/doc/${id}`, { method: 'HEAD' }],
  [`/v1/doc/${id}`, { method: 'OPTIONS', headers: { ...headers, 'access-control-request-method': 'POST' } }],
  [
    `/v1/doc/${id}`,
    { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"tags":["ä"]}' },
  ],
  [`/v1/doc/${id}/original`],
  [`/v1/doc/${id}?callback=f`],
  ['/v1/doc'],
  ['/v1/doc/none'],
  ['/v1/doc/none?callback=f'],
  ['/v1/account', { headers: { 'x-request-id': 'chosen' } }],
  ['/v1/account', { headers: { ...headers, 'x-doctape-fault': 'status=503,retry-after=7' } }],
  ['/v1/account', { headers: { ...headers, 'x-doctape-fault': 'stall=1000000' } }],
  ['/none'],
  ['/start/none'],
  ['/oauth2'],
  ['/oauth2/token'],
  ['/s/none'],
  ['/favicon.ico'],
];

it.each(requests)('a server sends what sandbox.fetch returns: %s %j', async (path, init = {}) => {
  const own = await partsOf(await sandbox.fetch(url + path, { headers, ...init }));
  expect(await partsOf(await fetch(url + path, { headers, ...init }))).toEqual(own);
});

it.each([
  ['/v1/account', '*'],
  ['/v1', '*'],
  ['/v1/none', '*'],
  ['/oauth2/token', '*'],
  ['/v10', null],
  ['/oauth2', null],
  ['/', null],
])('the header Access-Control-Allow-Origin of %s is %s', async (path, expected) => {
  const response = await fetch(url + path, { headers });
  expect(response.headers.get('access-control-allow-origin')).toBe(expected);
  expect(response.headers.get('access-control-expose-headers')?.includes('X-Request-Id')).toBe(
    expected ? true : undefined,
  );
});

it.each([
  ['chosen-by_the=client', true],
  ['a'.repeat(255), true],
  ['a'.repeat(256), false],
  ['two words', false],
])('X-Request-Id: %s is kept: %s', async (chosen, isKept) => {
  const response = await fetch(`${url}/v1/account`, { headers: { ...headers, 'x-request-id': chosen } });
  const sent = response.headers.get('x-request-id');
  if (isKept) expect(sent).toBe(chosen);
  else expect(sent).toMatch(/^[\da-f-]{36}$/);
});

it('a failure after the response was made has a body', async () => {
  const print = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => print.mockRestore());
  const failing = await serveSandbox({ port: 0, log: async () => Promise.reject(new Error('the log is closed')) });
  onTestFinished(failing.close);
  const response = await fetch(`${failing.url}/v1/account`);
  expect(response.status).toBe(500);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(await response.json()).toEqual({ error: { code: 500, message: 'Internal Server Error' }, result: null });
});
