import { describe, expect, it } from 'vitest';
import { ApiClient, NotFoundError } from '../../../src/index.js';
import { served, tokenFor } from '../../support/sandbox.js';
import { rejection } from '../../support/scripted-server.js';

// A path that is not a route must not look like a file that does not exist: a `baseUrl` without `/v1` would be hard to find.

const { url, sandbox } = await served();
const token = await tokenFor(sandbox, 'alice');
const missing = '3f1f0c43-1d29-4a36-a1a0-8f2f8c0f7e11';

const calls: [string, (api: ApiClient) => Promise<unknown>][] = [
  ['account.get', (api) => api.account.get()],
  ['account.avatar', (api) => api.account.avatar()],
  ['files.list', (api) => api.files.list()],
  ['files.get', (api) => api.files.get(missing)],
  ['files.download', (api) => api.files.download(missing)],
  ['files.upload', (api) => api.files.upload(new Blob(['a']), { name: 'a.txt' })],
  ['files.update', (api) => api.files.update(missing, { starred: true })],
  ['files.delete', (api) => api.files.delete(missing)],
  ['files.clone', (api) => api.files.clone(missing)],
  ['tapes.list', (api) => api.tapes.list()],
  ['tapes.get', (api) => api.tapes.get(missing)],
];

describe.each(['', '/', '/v1/v1', '/v2', '/api/v1'])('with the baseUrl of the sandbox and %j', (path) => {
  it.each(calls)('%s says to check baseUrl', async (_, call) => {
    const api = new ApiClient({ token, baseUrl: url + path });
    const error = await rejection(call(api), NotFoundError);
    expect(error.message).toMatch(/there is no route with this method and path.*baseUrl must end with \/v1$/);
  });
});

it('a file that does not exist is reported without a word about routes', async () => {
  const api = new ApiClient({ token, baseUrl: `${url}/v1` });
  for (const call of [
    api.files.get(missing),
    api.files.download(missing),
    api.files.download(missing, 'thumb_120.jpg'),
  ]) {
    expect((await rejection(call, NotFoundError)).message).toMatch(/failed with 404: Not Found$/);
  }
});

it.each(['/account', '/account/avatar/50', '/tape', '/tape/x', '/doc'])(
  'a page of another origin can read the response to %s, which needs a preflight',
  async (path) => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' };
    const preflight = await fetch(url + path, {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-headers': 'authorization' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${token.access_token}` } });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([404, '*']);
    const { error, result } = (await response.json()) as { error: unknown; result: unknown };
    expect([error, result]).toEqual([{ code: 404, message: expect.stringContaining('/v1') }, null]);
  },
);
