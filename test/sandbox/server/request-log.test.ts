import { expect, it, onTestFinished, vi } from 'vitest';
import { createSandbox, type LoggedRequest } from '../../../src/sandbox.js';
import { appOf, tokenFor } from '../../support/sandbox.js';

const logged: LoggedRequest[] = [];
const sandbox = createSandbox({ log: (request) => logged.push(request) });
const { access_token } = await tokenFor(sandbox, 'alice');

async function lineOf(path: string, init?: RequestInit): Promise<LoggedRequest | undefined> {
  logged.length = 0;
  await sandbox.fetch(`http://localhost${path}`, init);
  expect(logged).toHaveLength(1);
  return logged[0];
}

it('log receives the user, the request and the status', async () => {
  const before = Date.now();
  const line = await lineOf('/v1/doc?include_meta=true', { headers: { authorization: `Bearer ${access_token}` } });
  expect(line).toEqual({
    time: expect.any(Date),
    method: 'GET',
    path: '/v1/doc?include_meta=true',
    status: 200,
    durationMs: expect.any(Number),
    username: 'alice',
    clientId: appOf(sandbox, 'server').clientId,
  });
  expect(line?.time.getTime()).toBeGreaterThanOrEqual(before);
});

it.each([
  ['a path that does not exist', '/nothing', 404, '/nothing'],
  ['a request without a token', '/v1/account', 401, '/v1/account'],
  [
    'a page',
    '/oauth2?response_type=code&client_id=x&state=secret',
    400,
    '/oauth2?response_type=code&client_id=x&state=...',
  ],
  ['a path of several lines', '/v1/%0Adoc', 401, '/v1/%0Adoc'],
  ['a name of several lines', '/v1/doc?%0A=1&a=2', 401, '/v1/doc?%0A=...&a=...'],
])('log receives %s', async (_what, requested, status, path) => {
  expect(await lineOf(requested)).toMatchObject({ status, path });
});

it('log receives a redacted token of the query', async () => {
  const line = await lineOf(`/v1/account?access_token=${access_token}&access_token=${access_token}`);
  expect(line).toMatchObject({ status: 200, username: 'alice', path: '/v1/account?access_token=...&access_token=...' });
  expect(JSON.stringify(line)).not.toContain(access_token);
});

it.each([
  ['an encoded =', '?access_token%3DTOKEN', '?...'],
  ['an = that was encoded twice', '?access_token%253DTOKEN', '?...'],
  ['an encoded = and padding', '?access_token%3DTOKEN==', '?access_token%3D...=...'],
  ['no name', '?TOKEN', '?...'],
  ['an encoded ?', '%3Faccess_token=TOKEN', '%3Faccess_token=...'],
  ['an encoded ? and =', '%3faccess_token%3dTOKEN/x', '%3faccess_token%3d...'],
  ['& instead of ?', '&access_token=TOKEN', '&access_token=...'],
  ['; instead of ?', ';access_token=TOKEN?a=1', ';access_token=...?a=...'],
  [
    'the query within a value that is shown',
    '?client_id=x%26access_token%3DTOKEN',
    '?client_id=x%26access_token%3D...',
  ],
])('log receives no token of a query with %s', async (_what, query, expected) => {
  const line = await lineOf(`/v1/account${query.replace('TOKEN', access_token)}`);
  expect(line).toMatchObject({ status: 401, path: `/v1/account${expected}` });
});

it.each([null, 'console', {}])('createSandbox refuses %j as log', (log) => {
  expect(() => createSandbox({ log: log as never })).toThrow('log must be a function');
});

it('a log that rejects fails the request, like one that throws', async () => {
  const print = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => print.mockRestore());
  const failing = createSandbox({ log: async () => Promise.reject(new Error('the log is closed')) });
  expect((await failing.fetch('http://localhost/nothing')).status).toBe(500);
  expect(print).toHaveBeenCalledOnce();
});
