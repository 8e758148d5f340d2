import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import {
  ApiClient,
  type ApiClientOptions,
  ApiError,
  ConfigurationError,
  NetworkError,
  NotFoundError,
  RateLimitError,
  TimeoutError,
} from '../../../src/index.js';
import { accessToken, bodyOf, rejection, reply, scriptedServer, thrown } from '../../support/scripted-server.js';
import { stopTimers } from '../../support/stopped-timers.js';

const apiAt = (url: string, options: Partial<ApiClientOptions> = {}) =>
  new ApiClient({ token: accessToken, baseUrl: `${url}/v1`, ...options });

const account = { username: 'alice', quota: 1, quota_used: 0, quota_free: 1 };

/** Responds to the requests with these handlers in order, and then repeats the last one. */
function respondInOrder(...handlers: ((response: ServerResponse) => void)[]) {
  let call = 0;
  return scriptedServer(async (request, response) => {
    await bodyOf(request);
    handlers[Math.min(call++, handlers.length - 1)]?.(response);
  });
}

const failing =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    reply(response, status, { error: { code: status, message: 'no' }, result: null }, headers);
const good = (response: ServerResponse) => reply(response, 200, { error: null, result: account });
const reset = (response: ServerResponse) => void response.socket?.resetAndDestroy();

it.each([408, 429, 500, 502, 503, 504])('retries a GET after %i', async (status) => {
  const server = await respondInOrder(failing(status), good);
  expect((await apiAt(server.url).account.get()).username).toBe('alice');
  expect(server.requests).toHaveLength(2);
});

it.each([400, 401, 403, 404, 409, 413, 501])('does not retry after %i', async (status) => {
  const server = await respondInOrder(failing(status), good);
  await rejection(apiAt(server.url).account.get(), ApiError);
  expect(server.requests).toHaveLength(1);
});

it('retries a GET if the connection breaks, before and during the response', async () => {
  const half = (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"error"', () => response.socket?.resetAndDestroy());
  };
  const server = await respondInOrder(reset, half, good);
  expect((await apiAt(server.url).account.get()).username).toBe('alice');
  expect(server.requests).toHaveLength(3);
});

it('retries a GET after a timeout', async () => {
  const pass = stopTimers();
  const stalled = () => pass(100);
  const hooks = { retry: () => pass(300) }; // the longest wait before an attempt
  const server = await respondInOrder(stalled, good);
  expect((await apiAt(server.url, { timeout: 100, hooks }).account.get()).username).toBe('alice');
  const silent = await respondInOrder(stalled);
  await rejection(apiAt(silent.url, { timeout: 100, retry: 1, hooks }).account.get(), TimeoutError);
  expect(silent.requests).toHaveLength(2);
});

it('rejects with the last error after the limit', async () => {
  const server = await respondInOrder(failing(500), failing(502), failing(503), good);
  const error = await rejection(apiAt(server.url).account.get(), ApiError);
  expect(error.status).toBe(503);
  expect(server.requests).toHaveLength(3);
});

it.each([
  [false, 1],
  [0, 1],
  [1, 2],
  [{ limit: 1 }, 2],
  [{ maxDelay: 1 }, 3],
] as const)('retry: %j sends %i requests in all', async (retry, requests) => {
  const server = await respondInOrder(failing(500));
  await rejection(apiAt(server.url, { retry }).account.get(), ApiError);
  expect(server.requests).toHaveLength(requests);
});

it.each([{ limit: -1 }, { limit: 1.5 }, { maxDelay: 0 }, -1, 'often', null])('refuses retry: %j', (retry) => {
  const error = thrown(() => apiAt('http://127.0.0.1:1', { retry: retry as never }), ConfigurationError);
  expect(error.message).toContain('retry');
});

it('waits for Retry-After, in seconds or until a date', async () => {
  for (const retryAfter of [() => '1', () => new Date(Date.now() + 1_900).toUTCString()]) {
    const server = await respondInOrder((response) => failing(503, { 'retry-after': retryAfter() })(response), good);
    const waits: number[] = [];
    const started = performance.now();
    const hooks = { request: () => void waits.push(performance.now() - started) };
    await apiAt(server.url, { hooks }).account.get();
    expect(waits).toHaveLength(2);
    expect((waits[1] ?? 0) - (waits[0] ?? 0)).toBeGreaterThan(500); // a jittered wait would be 300 ms at most
  }
});

it('fails at once if Retry-After is longer than maxDelay', async () => {
  const server = await respondInOrder(failing(429, { 'retry-after': '86400' }), good);
  const error = await rejection(apiAt(server.url).account.get(), RateLimitError);
  expect(error.retryAfter).toBe(86_400);
  expect(server.requests).toHaveLength(1);
});

it('rejects with the reason if the signal is aborted during the wait', async () => {
  const server = await respondInOrder(failing(503, { 'retry-after': '30' }), good);
  const controller = new AbortController();
  const hooks = { retry: () => void setTimeout(() => controller.abort('enough'), 10) };
  await expect(apiAt(server.url, { hooks }).account.get({ signal: controller.signal })).rejects.toBe('enough');
  expect(server.requests).toHaveLength(1);
});

it.each([500, 502, 504, 408])('does not retry a POST after %i', async (status) => {
  const server = await respondInOrder(failing(status, { 'retry-after': '0' }), good);
  await rejection(apiAt(server.url).files.update('x', { starred: true }), ApiError);
  await rejection(apiAt(server.url).files.clone('x'), Error);
  expect(server.requests).toHaveLength(2);
});

it('does not retry a POST after a broken connection or a timeout', async () => {
  const broken = await respondInOrder(reset);
  await rejection(apiAt(broken.url).files.update('x', { starred: true }), NetworkError);
  expect(broken.requests).toHaveLength(1);
  const pass = stopTimers();
  const silent = await respondInOrder(() => pass(100));
  await rejection(apiAt(silent.url, { timeout: 100 }).files.clone('x'), TimeoutError);
  expect(silent.requests).toHaveLength(1);
});

it.each([429, 503])('retries a POST after %i only with Retry-After', async (status) => {
  const retried = await respondInOrder(failing(status, { 'retry-after': '0' }), (response) =>
    reply(response, 200, { result: { id: 'copy', cloned: true } }),
  );
  expect(await apiAt(retried.url).files.clone('x')).toBe('copy');
  const notRetried = await respondInOrder(failing(status));
  await rejection(apiAt(notRetried.url).files.clone('x'), ApiError);
  expect(notRetried.requests).toHaveLength(1);
});

it('retries an upload after Retry-After if its source can be read again, and its progress never decreases', async () => {
  const uploaded = (response: ServerResponse) =>
    reply(response, 200, { result: { a: { id: 'a', name: 'x', size: '3000000' } } });
  const server = await respondInOrder(failing(503, { 'retry-after': '0' }), uploaded);
  const loaded: number[] = [];
  const file = await apiAt(server.url).files.upload(new Blob([new Uint8Array(3_000_000)]), {
    name: 'x',
    onProgress: (progress) => loaded.push(progress.loaded),
  });
  expect(file.id).toBe('a');
  expect(loaded).toEqual([...loaded].sort((a, b) => a - b));

  const stream = await respondInOrder(failing(503, { 'retry-after': '0' }), uploaded);
  await rejection(apiAt(stream.url).files.upload(new Blob(['once']).stream(), { name: 'x' }), ApiError);
  expect(stream.requests).toHaveLength(1);
});

it('treats a DELETE as done if a lost response is followed by a 404', async () => {
  const server = await respondInOrder(reset, failing(404));
  await apiAt(server.url).files.delete('x');
  expect(server.requests).toHaveLength(2);
  const unknown = await respondInOrder(failing(404));
  await rejection(apiAt(unknown.url).files.delete('x'), NotFoundError);
});

it('retries a download before its first byte', async () => {
  const server = await respondInOrder(reset, failing(503), (response) =>
    reply(response, 200, 'bytes', { 'content-length': '5' }),
  );
  expect(await (await apiAt(server.url).files.download('x')).text()).toBe('bytes');
});
