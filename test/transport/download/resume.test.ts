import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import {
  ApiClient,
  type ApiClientOptions,
  ApiError,
  ConfigurationError,
  ForbiddenError,
  type HookEvent,
  NotFoundError,
  type Progress,
  RateLimitError,
  ResponseError,
  TimeoutError,
  TokenExpiredError,
  TransferError,
  UnauthorizedError,
} from '../../../src/index.js';
import { byteServer, head, headFor, resumable, sendAndClose, startOf } from '../../support/byte-server.js';
import { accessToken, reasonOf, rejection, scriptedServer, wait } from '../../support/scripted-server.js';

const digits = '0123456789';

/** A client with two retries and short delays. */
const apiAt = (url: string, options: Partial<ApiClientOptions> = {}) =>
  new ApiClient({ token: accessToken, baseUrl: `${url}/v1`, retry: { limit: 2, maxDelay: 5 }, ...options });

function readerOf({ body }: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (!body) throw new Error('the response has no body');
  return body.getReader();
}

/** Interrupts the first response after this many bytes. `then` handles all other requests. */
function interruptedOnce(bytes: number, then: Parameters<typeof byteServer>[0], headers = resumable) {
  return byteServer((request, socket) => {
    if (request.number > 0) return then(request, socket);
    sendAndClose(socket, headFor(request, digits.length, headers), digits.slice(0, bytes));
  });
}

/** Sends the requested range. */
const correct: Parameters<typeof byteServer>[0] = (request, socket) => {
  socket.end(headFor(request, digits.length) + digits.slice(startOf(request)));
};

describe('a download that breaks', () => {
  it('is resumed with the same version, and is complete', async () => {
    const server = await interruptedOnce(4, correct);
    const response = await apiAt(server.url).files.download('a');
    expect(await response.text()).toBe(digits);
    expect(server.requests).toHaveLength(2);
    const [first, second] = server.requests;
    expect(first?.headers.get('range')).toBeNull();
    expect(first?.headers.get('if-range')).toBeNull();
    expect(second?.path).toBe('/v1/doc/a/original');
    expect(second?.headers.get('range')).toBe('bytes=4-');
    expect(second?.headers.get('if-range')).toBe('"v1"');
    expect(second?.headers.get('accept-encoding')).toMatch(/^identity/); // Node emits the error a second time
  });

  it('is a single response for its reader', async () => {
    const server = await interruptedOnce(4, correct);
    const response = await apiAt(server.url).files.download('a');
    expect(await response.clone().text()).toBe(digits);
    expect(response).toMatchObject({ status: 200, ok: true, redirected: false, statusText: 'Scripted' });
    expect(response.url).toBe(`${server.url}/v1/doc/a/original`);
    expect(response.headers.get('content-length')).toBe('10');
    expect(response.headers.get('content-range')).toBeNull();
    expect(response.headers.get('etag')).toBe('"v1"');
  });

  it('before its first byte is requested again from the start', async () => {
    const server = await interruptedOnce(0, correct);
    expect(await (await apiAt(server.url).files.download('a')).text()).toBe(digits);
    expect(server.requests[1]?.headers.get('range')).toBe('bytes=0-');
  });

  it('is resumed within the requested range', async () => {
    const server = await byteServer((request, socket) => {
      const start = startOf(request);
      const headers = { 'content-range': `bytes ${start}-7/10`, 'content-length': 8 - start, etag: '"v1"' };
      const bytes = digits.slice(start, 8);
      if (request.number > 0) socket.end(head(206, headers) + bytes);
      else sendAndClose(socket, head(206, headers), bytes.slice(0, 2));
    });
    const response = await apiAt(server.url).files.download('a', 'original', { range: { start: 2, end: 7 } });
    expect(await response.text()).toBe('234567');
    expect(server.requests.map(({ headers }) => headers.get('range'))).toEqual(['bytes=2-7', 'bytes=4-7']);
    expect(response).toMatchObject({ status: 206 });
    expect(response.headers.get('content-range')).toBe('bytes 2-7/10');
  });

  it('of a clipped range checks the rest against the first response', async () => {
    const server = await byteServer((request, socket) => {
      const answer = headFor(request, digits.length) + digits.slice(startOf(request));
      if (request.number > 0) socket.end(answer);
      else sendAndClose(socket, answer.slice(0, -2));
    });
    const response = await apiAt(server.url).files.download('a', 'original', { range: { start: 5, end: 99 } });
    expect(await response.text()).toBe('56789');
    expect(server.requests[1]?.headers.get('range')).toBe('bytes=8-99');
  });

  it('is resumed if the body ends early without an error, with or without Content-Length', async () => {
    const short = await byteServer((request, socket) => {
      if (request.number > 0) return correct(request, socket);
      socket.end(headFor(request, digits.length) + digits.slice(0, 3));
    });
    expect(await (await apiAt(short.url).files.download('a')).text()).toBe(digits);
    expect(short.requests[1]?.headers.get('range')).toBe('bytes=3-');

    const chunked = await byteServer((request, socket) => {
      if (request.number > 0) return correct(request, socket);
      sendAndClose(socket, head(200, { 'transfer-encoding': 'chunked', ...resumable }), '3\r\n012\r\n');
    });
    expect(await (await apiAt(chunked.url).files.download('a')).text()).toBe(digits);
    expect(chunked.requests[1]?.headers.get('range')).toBe('bytes=3-');
  });

  it('is complete if the connection broke after the last byte', async () => {
    const server = await byteServer((request, socket) => {
      const headers = { 'content-range': 'bytes 0-9/10', 'transfer-encoding': 'chunked', ...resumable };
      if (request.headers.has('range')) sendAndClose(socket, head(206, headers), `a\r\n${digits}\r\n`);
    });
    const response = await apiAt(server.url).files.download('a', 'original', { range: { start: 0 } });
    expect(await response.text()).toBe(digits);
    expect(server.requests).toHaveLength(1);
  });

  it.each([digits, ''])('is complete if only the last chunk marker is missing: %j', async (bytes) => {
    const chunk = bytes && `a\r\n${bytes}\r\n`;
    const server = await byteServer((request, socket) => {
      const size = { 'content-range': `bytes */${bytes.length}`, 'content-length': 0, etag: '"v1"' };
      if (request.number > 0) socket.end(head(416, size));
      else sendAndClose(socket, head(200, { 'transfer-encoding': 'chunked', ...resumable }), chunk);
    });
    const reports: Progress[] = [];
    const onProgress = (progress: Progress) => void reports.push(progress);
    const response = await apiAt(server.url).files.download('a', 'original', { onProgress });
    expect(await response.text()).toBe(bytes);
    expect(reports.at(-1)).toEqual({ loaded: bytes.length });
    expect(server.requests[1]?.headers.get('range')).toBe(`bytes=${bytes.length}-`);
  });

  it('with Content-Encoding: identity is resumed', async () => {
    const server = await interruptedOnce(4, correct, { ...resumable, 'content-encoding': 'identity' });
    expect(await (await apiAt(server.url).files.download('a')).text()).toBe(digits);
    expect(server.requests[1]?.headers.get('range')).toBe('bytes=4-');
  });

  it('is resumed with the fetch option', async () => {
    const asked: (string | null)[] = [];
    const fetch = async (_: unknown, init?: RequestInit) => {
      const range = new Headers(init?.headers).get('range');
      asked.push(range);
      if (!range) return new Response('0123', { headers: { 'content-length': '10', ...resumable } });
      return new Response('456789', { status: 206, headers: { 'content-range': 'bytes 4-9/10', etag: '"v1"' } });
    };
    expect(await (await apiAt('http://localhost', { fetch }).files.download('a')).text()).toBe(digits);
    expect(asked).toEqual([null, 'bytes=4-']);
  });

  it('does not keep the bodies of interrupted parts', async () => {
    const signals: AbortSignal[] = [];
    const fetch = async (_: unknown, init?: RequestInit) => {
      if (init?.signal) signals.push(init.signal);
      const start = Number(/\d+/.exec(new Headers(init?.headers).get('range') ?? '0')?.[0]);
      const headers = { 'content-range': `bytes ${start}-9/10`, ...resumable };
      const status = start > 0 ? 206 : 200;
      return new Response(digits[start], { status, headers: { ...headers, 'content-length': String(10 - start) } });
    };
    expect(await (await apiAt('http://localhost', { fetch }).files.download('a')).text()).toBe(digits);
    expect(signals).toHaveLength(10);
    expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
  });

  it('is resumed if it stalls', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await byteServer((request, socket) => {
      if (request.number > 0) return correct(request, socket);
      socket.on('close', () => closed.resolve());
      socket.write(headFor(request, digits.length) + digits.slice(0, 6));
    });
    const response = await apiAt(server.url, { idleTimeout: 1_000 }).files.download('a');
    expect(await response.text()).toBe(digits);
    expect(server.requests[1]?.headers.get('range')).toBe('bytes=6-');
    await closed.promise;
  });

  it('is resumed with Last-Modified if there is no ETag', async () => {
    const modified = 'Tue, 25 Nov 2014 08:00:00 GMT';
    const dated = { 'accept-ranges': 'bytes', 'last-modified': modified };
    const server = await interruptedOnce(
      4,
      (request, socket) => {
        socket.end(headFor(request, digits.length, dated) + digits.slice(startOf(request)));
      },
      dated,
    );
    expect(await (await apiAt(server.url).files.download('a')).text()).toBe(digits);
    expect(server.requests[1]?.headers.get('if-range')).toBe(modified);
  });

  it('is resumed with the validator of the caller if the response has none', async () => {
    const server = await byteServer((request, socket) => {
      const answer = headFor(request, digits.length, {}) + digits.slice(startOf(request));
      if (request.number > 0) socket.end(answer);
      else sendAndClose(socket, answer.slice(0, -2));
    });
    const range = { start: 3, ifRange: '"v1"' };
    const response = await apiAt(server.url).files.download('a', 'original', { range });
    expect(await response.text()).toBe('3456789');
    expect(server.requests.map(({ headers }) => headers.get('if-range'))).toEqual(['"v1"', '"v1"']);
  });
});

describe('the reader of a resumed download', () => {
  it('receives progress that never decreases', async () => {
    const server = await byteServer((request, socket) => {
      const start = startOf(request);
      const piece = digits.slice(start, start + 3);
      if (start + 3 >= digits.length) correct(request, socket);
      else sendAndClose(socket, headFor(request, digits.length), piece);
    });
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000)); // every chunk is reported
    onTestFinished(() => clock.mockRestore());
    const reports: Progress[] = [];
    const onProgress = (progress: Progress) => void reports.push(progress);
    const response = await apiAt(server.url).files.download('a', 'original', { onProgress });
    expect(await response.text()).toBe(digits);
    expect(reports.map(({ loaded }) => loaded)).toEqual([3, 6, 9, 10]);
    expect(reports.every(({ total }) => total === 10)).toBe(true);
  });

  it('can be slow, with or without a broken connection', async () => {
    const size = 4 * 1024 * 1024;
    const half = Buffer.alloc(size / 2, 'x');
    const server = await byteServer((request, socket) => {
      socket.write(headFor(request, size));
      if (request.number > 0) socket.end(Buffer.alloc(size - startOf(request), 'x'));
      else socket.write(half, () => setTimeout(() => socket.resetAndDestroy(), 500));
    });
    const reader = readerOf(await apiAt(server.url, { idleTimeout: 1_000 }).files.download('a'));
    let loaded = 0;
    for (let reads = 0; ; reads++) {
      if (reads < 3) await wait(1_300);
      const { done, value } = await reader.read();
      if (done) break;
      loaded += value.byteLength;
    }
    expect(loaded).toBe(size);
    expect(server.requests).toHaveLength(2);
  });

  it('that does not read does not cause a resume of a long download', async () => {
    const long = Buffer.alloc(3_000_000, digits);
    const server = await byteServer((request, socket) => {
      socket.write(headFor(request, long.length));
      socket.end(long.subarray(startOf(request), request.number === 0 ? 1_000_000 : undefined));
    });
    const response = await apiAt(server.url).files.download('a');
    await wait(200);
    expect(server.requests).toHaveLength(1);
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), long)).toBe(0);
    expect(server.requests).toHaveLength(2);
  });

  it('can make several reads at once', async () => {
    const server = await interruptedOnce(4, correct);
    const reader = readerOf(await apiAt(server.url).files.download('a'));
    const chunks = await Promise.all([reader.read(), reader.read(), reader.read()]);
    expect(chunks.map(({ value }) => new TextDecoder().decode(value))).toEqual(['0123', '456789', '']);
    expect(chunks.map(({ done }) => done)).toEqual([false, false, true]);
  });

  /** Responds to the request for the rest with a long Retry-After. */
  const interruptedThenBusy = () =>
    interruptedOnce(4, (_, socket) => void socket.end(head(503, { 'retry-after': 30, 'content-length': 0 })));

  it('can cancel during a wait', async () => {
    const server = await interruptedThenBusy();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const waiting = Promise.withResolvers<void>();
    const hooks = { retry: ({ attempt }: HookEvent) => void (attempt === 2 && setTimeout(waiting.resolve, 20)) };
    const api = apiAt(server.url, { hooks, retry: { limit: 2 } });
    const reader = readerOf(await api.files.download('a', 'original', { signal }));
    await reader.read();
    const pending = reader.read();
    await waiting.promise;
    await reader.cancel('enough');
    expect((await pending).done).toBe(true);
    expect(removed).toHaveBeenCalled();
    await wait(50);
    expect(server.requests).toHaveLength(2);
  });

  it('can abort during a wait, with the reason', async () => {
    const server = await interruptedThenBusy();
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const hooks = { retry: ({ attempt }: HookEvent) => void (attempt === 2 && controller.abort(reason)) };
    const api = apiAt(server.url, { hooks, retry: { limit: 2 } });
    const response = await api.files.download('a', 'original', { signal: controller.signal });
    expect(await reasonOf(response.text())).toBe(reason);
    expect(server.requests).toHaveLength(2);
  });

  it('can abort and cancel during the request for the rest, which closes its connection', async () => {
    for (const method of ['abort', 'cancel'] as const) {
      const closed = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      const server = await interruptedOnce(4, (_, socket) => {
        socket.on('close', () => closed.resolve());
        asked.resolve();
      });
      const controller = new AbortController();
      const response = await apiAt(server.url).files.download('a', 'original', { signal: controller.signal });
      const reader = readerOf(response);
      await reader.read();
      const pending = reader.read().then(
        ({ done }) => done,
        (reason: unknown) => reason,
      );
      await asked.promise;
      if (method === 'abort') controller.abort('enough');
      else await reader.cancel();
      expect(await pending).toBe(method === 'abort' ? 'enough' : true);
      await closed.promise;
    }
  });

  it('leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const server = await interruptedOnce(4, correct);
    await (await apiAt(server.url).files.download('a', 'original', { signal })).text();
    const failing = await interruptedOnce(4, (_, socket) => void socket.end(head(404)));
    await reasonOf((await apiAt(failing.url).files.download('a', 'original', { signal })).text());
    expect(added.mock.calls.length).toBeGreaterThan(1);
    const left = added.mock.calls.filter(([, one]) => !removed.mock.calls.some(([, other]) => other === one));
    expect(left).toEqual([]);
  });
});

describe('the attempts', () => {
  it('are limited between two received bytes, not in total', async () => {
    const server = await byteServer((request, socket) => {
      const start = startOf(request);
      // each byte takes three attempts: two without bytes, and one with one byte before the connection breaks
      if (request.number % 3 > 0) return void socket.resetAndDestroy();
      if (start === digits.length - 1) return correct(request, socket);
      sendAndClose(socket, headFor(request, digits.length), digits.slice(start, start + 1));
    });
    expect(await (await apiAt(server.url, { retry: { limit: 3, maxDelay: 5 } }).files.download('a')).text()).toBe(
      digits,
    );
    expect(server.requests.length).toBeGreaterThan(2 * digits.length);
  });

  it('end if no more bytes arrive', async () => {
    const resets = await interruptedOnce(4, (_, socket) => void socket.resetAndDestroy());
    const error = await rejection((await apiAt(resets.url).files.download('a')).text(), TransferError);
    expect(error).toMatchObject({ code: 'interrupted', bytes: 4 });
    expect(resets.requests).toHaveLength(3);

    const empty = await byteServer((request, socket) => {
      const bytes = request.number === 0 ? digits.slice(0, 4) : '';
      sendAndClose(socket, headFor(request, digits.length), bytes);
    });
    const other = await rejection((await apiAt(empty.url).files.download('a')).text(), TransferError);
    expect(other).toMatchObject({ code: 'interrupted', bytes: 4 });
    expect(empty.requests).toHaveLength(3);
  });

  it('end if the rest stalls repeatedly', async () => {
    const server = await interruptedOnce(4, () => {});
    const response = await apiAt(server.url, { idleTimeout: 1_000 }).files.download('a');
    expect(await rejection(response.text(), TimeoutError)).toMatchObject({ code: 'idle_timeout' });
    expect(server.requests).toHaveLength(3);
  });

  it.each([false, 0] as const)('are none with retry: %j', async (retry) => {
    const server = await interruptedOnce(4, correct);
    const error = await rejection((await apiAt(server.url, { retry }).files.download('a')).text(), TransferError);
    expect(error).toMatchObject({ code: 'interrupted', bytes: 4 });
    expect(server.requests).toHaveLength(1);
  });

  it.each([408, 429, 500, 502, 503, 504])('continue after %i', async (status) => {
    const server = await interruptedOnce(4, (request, socket) => {
      if (request.number === 1) socket.end(head(status, { 'content-length': 0, 'retry-after': 0 }));
      else correct(request, socket);
    });
    expect(await (await apiAt(server.url).files.download('a')).text()).toBe(digits);
    expect(server.requests).toHaveLength(3);
    expect(server.requests[2]?.headers.get('range')).toBe('bytes=4-');
  });

  it('end at once if the server requests a longer wait than allowed', async () => {
    const server = await interruptedOnce(4, (_, socket) => {
      socket.end(head(429, { 'content-length': 0, 'retry-after': 86_400 }));
    });
    const error = await rejection((await apiAt(server.url).files.download('a')).text(), RateLimitError);
    expect(error.retryAfter).toBe(86_400);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [401, UnauthorizedError],
    [403, ForbiddenError],
    [404, NotFoundError],
    [410, ApiError],
    [501, ApiError],
  ])('end with the error of the server: %i', async (status, type) => {
    const envelope = JSON.stringify({ error: { code: status, message: 'as it says' }, result: null });
    const server = await interruptedOnce(4, (_, socket) => void socket.end(head(status) + envelope));
    const error: ApiError = await rejection((await apiAt(server.url).files.download('a')).text(), type);
    expect(error).toMatchObject({ status, code: `http_${status}` });
    expect(error.message).toContain('as it says');
    expect(server.requests).toHaveLength(2);
  });

  it('are reported to the hooks with consecutive numbers', async () => {
    const server = await interruptedOnce(4, (request, socket) => {
      if (request.number === 1) socket.end(head(503, { 'content-length': 0 }));
      else correct(request, socket);
    });
    const events: HookEvent[] = [];
    const record = (event: HookEvent) => void events.push(event);
    const hooks = { request: record, response: record, retry: record };
    await (await apiAt(server.url, { hooks }).files.download('a')).text();
    expect(events.map(({ type, attempt }) => [type, attempt])).toEqual([
      ['request', 1],
      ['response', 1],
      ['retry', 1],
      ['request', 2],
      ['response', 2],
      ['retry', 2],
      ['request', 3],
      ['response', 3],
    ]);
    expect(events.flatMap((event) => (event.type === 'response' ? [event.status] : []))).toEqual([200, 503, 206]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
  });

  it('end with the error of a hook that throws', async () => {
    const server = await interruptedOnce(4, correct);
    const mistake = new Error('a mistake in the application');
    const hooks = {
      retry() {
        throw mistake;
      },
    };
    expect(await reasonOf((await apiAt(server.url, { hooks }).files.download('a')).text())).toBe(mistake);
  });
});

describe('the token', () => {
  it('is read again for each request', async () => {
    const server = await interruptedOnce(4, correct);
    let number = 0;
    await (await apiAt(server.url, { token: () => `token-${++number}` }).files.download('a')).text();
    expect(server.requests.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('that has expired in the meantime is not sent', async () => {
    const server = await interruptedOnce(4, correct);
    let now = 1_000_000;
    const token = { access_token: accessToken, token_type: 'Bearer' as const, expires_at: 2_000 };
    const response = await apiAt(server.url, { token, now: () => now }).files.download('a');
    now = 3_000_000;
    await rejection(response.text(), TokenExpiredError);
    expect(server.requests).toHaveLength(1);
  });

  it('is not sent to another origin that serves the rest', async () => {
    const other = await byteServer(correct);
    const server = await interruptedOnce(4, (_, socket) => {
      socket.end(head(302, { location: `${other.url}/elsewhere?signature=1`, 'content-length': 0 }));
    });
    const response = await apiAt(server.url).files.download('a');
    expect(await response.text()).toBe(digits);
    expect(response).toMatchObject({ url: `${server.url}/v1/doc/a/original`, redirected: false });
    expect(server.requests[1]?.headers.get('authorization')).toBe(`Bearer ${accessToken}`);
    expect(other.requests).toHaveLength(1);
    const [request] = other.requests;
    expect(request?.path).toBe('/elsewhere?signature=1');
    expect(request?.headers.get('authorization')).toBeNull();
    expect(JSON.stringify([...(request?.headers ?? [])])).not.toContain(accessToken);
    expect(request?.headers.get('range')).toBe('bytes=4-');
    expect(request?.headers.get('if-range')).toBe('"v1"');
  });

  it('is not sent to another origin, which may have another version', async () => {
    const other = await byteServer((request, socket) => {
      socket.end(`${headFor(request, digits.length, { etag: '"v2"' })}abcdef`);
    });
    const server = await interruptedOnce(4, (_, socket) => {
      socket.end(head(307, { location: `${other.url}/elsewhere?signature=1`, 'content-length': 0 }));
    });
    const error = await rejection((await apiAt(server.url).files.download('a')).text(), TransferError);
    expect(error).toMatchObject({ code: 'changed', bytes: 4 });
    expect(error.message).not.toContain('signature');
    expect(other.requests[0]?.headers.get('authorization')).toBeNull();
  });

  it('is read again after a redirect to another origin: redirects are followed again from the API', async () => {
    let broken = false;
    const other = await byteServer((request, socket) => {
      if (broken) return correct(request, socket);
      broken = true;
      sendAndClose(socket, headFor(request, digits.length), digits.slice(0, 4));
    });
    const server = await scriptedServer((_, response) => {
      response.writeHead(302, { location: `${other.url}/signed?key=${server.requests.length}` }).end();
    });
    const response = await apiAt(server.url).files.download('a');
    expect(await response.text()).toBe(digits);
    expect(response).toMatchObject({ url: `${other.url}/signed?key=1`, redirected: true });
    expect(other.requests.map(({ path }) => path)).toEqual(['/signed?key=1', '/signed?key=2']);
    expect(other.requests.every(({ headers }) => !headers.has('authorization'))).toBe(true);
  });
});

describe('a range with a validator', () => {
  const ifRange = '"v1"';
  const from = (url: string, options: { start: number; end?: number; ifRange: string }) =>
    apiAt(url).files.download('a', 'original', { range: options });

  it.each(['"v1"', 'Tue, 25 Nov 2014 08:00:00 GMT'])('sends %s as If-Range', async (validator) => {
    const server = await byteServer((request, socket) => {
      socket.end(headFor(request, digits.length, {}) + digits.slice(startOf(request)));
    });
    const response = await from(server.url, { start: 4, ifRange: validator });
    expect(await response.text()).toBe('456789');
    expect(server.requests[0]?.headers.get('range')).toBe('bytes=4-');
    expect(server.requests[0]?.headers.get('if-range')).toBe(validator);
  });

  it.each([
    ['the whole file', () => head(200, { 'content-length': 10, etag: '"v2"' }) + digits],
    ['the whole file, though it is the same', () => head(200, { 'content-length': 10, etag: ifRange }) + digits],
    [
      'the part of another version',
      () => `${head(206, { 'content-length': 6, 'content-range': 'bytes 4-9/10', etag: '"v2"' })}456789`,
    ],
    [
      'a part that is only about the same',
      () => `${head(206, { 'content-length': 6, 'content-range': 'bytes 4-9/10', etag: 'W/"v1"' })}456789`,
    ],
  ])('rejects with code changed, without any bytes, if the server sends %s', async (_, answer) => {
    const server = await byteServer((_request, socket) => void socket.end(answer()));
    const error = await rejection(from(server.url, { start: 4, ifRange }), TransferError);
    expect(error).toMatchObject({ code: 'changed', bytes: 0 });
    expect(server.requests).toHaveLength(1);
  });

  it('compares a date with the Last-Modified of the response', async () => {
    const server = await byteServer((request, socket) => {
      const headers = { 'last-modified': 'Wed, 26 Nov 2014 08:00:00 GMT' };
      socket.end(headFor(request, digits.length, headers) + digits.slice(startOf(request)));
    });
    const call = from(server.url, { start: 4, ifRange: 'Tue, 25 Nov 2014 08:00:00 GMT' });
    expect(await rejection(call, TransferError)).toMatchObject({ code: 'changed' });
  });

  it('that starts at the end of the file is an ApiError with status 416', async () => {
    const server = await byteServer((_, socket) => {
      socket.end(head(416, { 'content-range': 'bytes */10', 'content-length': 0 }));
    });
    const error = await rejection(from(server.url, { start: 10, ifRange }), ApiError);
    expect(error).toMatchObject({ code: 'http_416', status: 416 });
  });

  it('with a response of other bytes is an error', async () => {
    const server = await byteServer((_, socket) => {
      socket.end(`${head(206, { 'content-length': 10, 'content-range': 'bytes 0-9/10', etag: ifRange })}${digits}`);
    });
    await rejection(from(server.url, { start: 4, ifRange }), ResponseError);
  });

  test.each<[unknown]>([[''], [5], [null], ['"v\u00e41"'], ['"v1"\r\nx: y'], ['\t'], [{}], ['W/"v1"']])(
    'of %j is refused and nothing is sent',
    async (validator) => {
      const server = await byteServer(correct);
      const error = await rejection(from(server.url, { start: 4, ifRange: validator as string }), ConfigurationError);
      expect(error.code).toBe('invalid_argument');
      expect(error.message).toMatch(/^range\.ifRange /);
      expect(server.requests).toEqual([]);
    },
  );
});
