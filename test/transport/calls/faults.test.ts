import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import {
  ApiClient,
  type ApiClientOptions,
  type DoctapeError,
  NetworkError,
  TimeoutError,
  TransferError,
} from '../../../src/index.js';
import {
  byteServer,
  head,
  headersFor,
  headFor,
  type RawRequest,
  resumable,
  sendAndClose,
  sendAndReset,
  startOf,
} from '../../support/byte-server.js';
import { tokenFor } from '../../support/sandbox.js';
import { accessToken, rejection, servedForTest, socketServer } from '../../support/scripted-server.js';
import { stopTimers } from '../../support/stopped-timers.js';

const digits = '0123456789';
const size = digits.length;

const apiAt = (url: string, options: Partial<ApiClientOptions> = {}) =>
  new ApiClient({ token: accessToken, baseUrl: `${url}/v1`, retry: { limit: 2, maxDelay: 5 }, ...options });

type Handler = (request: RawRequest, socket: Socket) => void;

/** Handles the first requests with these handlers, and responds correctly to all others. */
function faulty(...handlers: Handler[]) {
  return byteServer((request, socket) => {
    const correct: Handler = () => socket.end(headFor(request, size) + digits.slice(startOf(request)));
    (handlers[request.number] ?? correct)(request, socket);
  });
}

/** The first `bytes` bytes of the requested range. */
function nextBytes(request: RawRequest, bytes: number): string {
  return digits.slice(startOf(request), startOf(request) + bytes);
}

const broken: Handler = (request, socket) => sendAndClose(socket, headFor(request, size), nextBytes(request, 4));

/** The same without a length. */
function chunkedHead(request: RawRequest): string {
  const { 'content-length': _, ...headers } = headersFor(request, size);
  return head(startOf(request) > 0 ? 206 : 200, { ...headers, 'transfer-encoding': 'chunked' });
}

const text = async (url: string, options: Partial<ApiClientOptions> = {}) =>
  (await apiAt(url, options).files.download('a')).text();

describe('a connection that breaks', () => {
  it.each<[string, Handler]>([
    ['before its headers', (_, socket) => void socket.resetAndDestroy()],
    ['within its headers', (_, socket) => sendAndReset(socket, 'HTTP/1.1 200 OK\r\ncontent-le')],
    ['after its headers', (request, socket) => sendAndReset(socket, headFor(request, size))],
    ['within its body', (request, socket) => sendAndReset(socket, headFor(request, size), nextBytes(request, 4))],
    ['with an end within its headers', (_, socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
    ['with an end after its headers', (request, socket) => void socket.end(headFor(request, size))],
    ['with an end within its body', broken],
    [
      'within a chunk',
      (request, socket) => sendAndReset(socket, `${chunkedHead(request)}a\r\n${nextBytes(request, 3)}`),
    ],
    [
      'between chunks',
      (request, socket) => void socket.end(`${chunkedHead(request)}3\r\n${nextBytes(request, 3)}\r\n`),
    ],
  ])('%s does not change the result, in the first response and in the rest', async (_, answer) => {
    expect(await text((await faulty(answer)).url)).toBe(digits);
    expect(await text((await faulty(answer, answer)).url)).toBe(digits);
  });

  it('before every response is a NetworkError', async () => {
    const server = await byteServer((_, socket) => void socket.resetAndDestroy());
    await rejection(text(server.url), NetworkError);
    expect(server.requests).toHaveLength(3);
  });
});

describe('a stalled body', () => {
  it('at any position does not change the result', async () => {
    const answer: Handler = (request, socket) => {
      socket.write(headFor(request, size) + nextBytes(request, 3));
    };
    const server = await faulty(() => {}, answer, answer);
    expect(await text(server.url, { idleTimeout: 1_000 })).toBe(digits);
    expect(server.requests.map(({ headers }) => headers.get('range'))).toEqual([null, null, 'bytes=3-', 'bytes=6-']);
  });

  it('from a fetch that ignores its signal is ended by the timeout and by an abort', async () => {
    const fetch = async () => new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(4)) }));
    const error = await rejection(text('http://localhost', { fetch, idleTimeout: 100 }), TimeoutError);
    expect(error.code).toBe('idle_timeout');

    const controller = new AbortController();
    const { signal } = controller;
    const response = await apiAt('http://localhost', { fetch }).files.download('a', 'original', { signal });
    const reading = readAll(response);
    setTimeout(() => controller.abort('enough'), 20);
    expect((await reading).error).toBe('enough');
  });
});

describe('a server that cannot send the rest', () => {
  const weak = { 'accept-ranges': 'bytes', etag: 'W/"v1"' };
  const modified = 'Tue, 25 Nov 2014 08:00:00 GMT';
  const cannot: [string, Record<string, string>][] = [
    ['does not mention ranges', { etag: '"v1"' }],
    ['does not support ranges', { 'accept-ranges': 'none', etag: '"v1"' }],
    ['supports ranges of another unit', { 'accept-ranges': 'kilobytes', etag: '"v1"' }],
    ['has no validator', { 'accept-ranges': 'bytes' }],
    ['has a weak validator', weak],
    ['has a weak validator and a date, which must not replace it', { ...weak, 'last-modified': modified }],
    ['has a malformed ETag', { 'accept-ranges': 'bytes', etag: 'v1' }],
    ['has a malformed date', { 'accept-ranges': 'bytes', 'last-modified': '2014-11-25' }],
    [
      'changed the file within the second',
      { 'accept-ranges': 'bytes', 'last-modified': modified, date: 'Tue, 25 Nov 2014 08:00:00 GMT' },
    ],
    ['compresses', { ...resumable, 'content-encoding': 'br' }],
  ];

  it.each(cannot)('because it %s breaks the download, with the bytes received so far', async (_, headers) => {
    const server = await faulty((request, socket) => {
      sendAndClose(socket, headFor(request, size, headers), digits.slice(0, 4));
    });
    const error = await rejection(text(server.url), TransferError);
    expect(error.code).toBe('interrupted');
    if (!headers['content-encoding']) expect(error.bytes).toBe(4);
    expect(server.requests).toHaveLength(1);
  });

  it('ends a stalled download with a TimeoutError', async () => {
    const server = await faulty((request, socket) => {
      socket.write(headFor(request, size, weak) + digits.slice(0, 4));
    });
    const pass = stopTimers();
    const response = await apiAt(server.url, { idleTimeout: 300 }).files.download('a');
    const failed = rejection(response.text(), TimeoutError);
    pass(300);
    expect((await failed).code).toBe('idle_timeout');
    expect(server.requests).toHaveLength(1);
  });

  it('ends a truncated download with a TransferError', async () => {
    const fetch = async () => new Response('0123', { headers: { 'content-length': '10' } });
    const error = await rejection(text('http://localhost', { fetch }), TransferError);
    expect(error).toMatchObject({ code: 'truncated', bytes: 4 });
    expect(error.message).toContain('4 of 10 bytes');
  });
});

describe('a wrong rest', () => {
  const part = (contentRange: string, bytes: string, headers: Record<string, string> = {}): Handler => {
    const all = { 'content-range': contentRange, 'content-length': bytes.length, etag: '"v1"', ...headers };
    return (_, socket) => void socket.end(head(206, all) + bytes);
  };

  it.each<[string, Handler]>([
    ['the whole file', (_, socket) => void socket.end(head(200, { 'content-length': 10, ...resumable }) + digits)],
    ['the whole file in another version', (_, socket) => void socket.end(`${head(200, { 'content-length': 4 })}abcd`)],
    ['nothing', (_, socket) => void socket.end(head(204))],
    ['the part of another version', part('bytes 4-9/10', '456789', { etag: '"v2"' })],
    ['the part with a weak validator', part('bytes 4-9/10', '456789', { etag: 'W/"v1"' })],
    ['a part that begins earlier', part('bytes 3-9/10', '3456789')],
    ['a part that begins later', part('bytes 5-9/10', '56789')],
    ['a part that ends earlier', part('bytes 4-8/10', '45678')],
    ['a part that ends later', part('bytes 4-10/11', '456789x')],
    ['a part of a larger file', part('bytes 4-9/11', '456789')],
    ['a part beyond its own file', part('bytes 4-9/9', '456789')],
    ['a part that ends before it starts', part('bytes 9-4/10', '456789')],
    ['a part in another unit', part('kilobytes 4-9/10', '456789')],
    ['a part without a Content-Range', (_, socket) => void socket.end(`${head(206, { 'content-length': 6 })}456789`)],
    ['a compressed part', part('bytes 4-9/10', '456789', { 'content-encoding': 'br' })],
    ['many parts', part('', '--x', { 'content-type': 'multipart/byteranges; boundary=x' })],
    ['a failed condition', (_, socket) => void socket.end(head(412, { 'content-length': 0 }))],
    [
      'an unsatisfiable range',
      (_, socket) => void socket.end(head(416, { 'content-range': 'bytes */3', 'content-length': 0 })),
    ],
  ])('%s: rejects with code changed, and never mixes versions', async (_, answer) => {
    const server = await faulty(broken, answer);
    const response = await apiAt(server.url).files.download('a');
    const { given, error } = await readAll(response);
    expect(error).toBeInstanceOf(TransferError);
    expect(error).toMatchObject({ code: 'changed', bytes: 4 });
    expect(given).toBe('0123');
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['ends later', 'bytes 6-10/11', '6789x'],
    ['is of a larger file', 'bytes 6-9/11', '6789'],
  ])('is checked against an earlier rest, if it %s', async (_, contentRange, bytes) => {
    const unknown: Handler = (request, socket) => {
      sendAndClose(socket, `${chunkedHead(request)}4\r\n0123\r\n`);
    };
    const twoMore: Handler = (_request, socket) => {
      const headers = { 'content-range': 'bytes 4-9/10', 'content-length': 6, etag: '"v1"' };
      sendAndClose(socket, head(206, headers), '45');
    };
    const server = await faulty(unknown, twoMore, part(contentRange, bytes));
    const { given, error } = await readAll(await apiAt(server.url).files.download('a'));
    expect(error).toMatchObject({ code: 'changed', bytes: 6 });
    expect(given).toBe('012345');
  });

  it('is not the end of another version, or of a file of another size', async () => {
    const unknown: Handler = (request, socket) => sendAndClose(socket, `${chunkedHead(request)}4\r\n0123\r\n`);
    const end = (headers: Record<string, string>): Handler => {
      const all = { 'content-range': 'bytes */4', 'content-length': 0, ...headers };
      return (_, socket) => void socket.end(head(416, all));
    };
    for (const handlers of [
      [unknown, end({ etag: '"v2"' })],
      [unknown, end({ 'content-range': 'bytes */5' })],
      [unknown, end({ 'content-range': 'bytes */x' })],
      [broken, end({})],
    ]) {
      const { given, error } = await readAll(await apiAt((await faulty(...handlers)).url).files.download('a'));
      expect(error).toMatchObject({ code: 'changed', bytes: 4 });
      expect(given).toBe('0123');
    }
  });

  it('must have the size if it is unknown', async () => {
    const unknown: Handler = (request, socket) => sendAndClose(socket, `${chunkedHead(request)}4\r\n0123\r\n`);
    const server = await faulty(unknown, part('bytes 4-6/*', '456'));
    const { given, error } = await readAll(await apiAt(server.url).files.download('a'));
    expect(error).toMatchObject({ code: 'changed', bytes: 4 });
    expect(given).toBe('0123');
  });

  it('can omit the size', async () => {
    expect(await text((await faulty(broken, part('bytes 4-9/*', '456789'))).url)).toBe(digits);
  });

  it('can omit its validator', async () => {
    const answer: Handler = (_, socket) => {
      socket.end(`${head(206, { 'content-range': 'bytes 4-9/10', 'content-length': 6 })}456789`);
    };
    expect(await text((await faulty(broken, answer)).url)).toBe(digits);
  });
});

describe('a body longer than expected', () => {
  const chunked = (status: number, headers: Record<string, string>, ...chunks: string[]): Handler => {
    const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
    return (_, socket) =>
      void socket.end(`${head(status, { 'transfer-encoding': 'chunked', ...headers })}${body}0\r\n\r\n`);
  };

  it('ends the download, and the extra bytes are not delivered', async () => {
    const fetch = async () => new Response(streamOf('01234567', '89', 'xy'), { headers: { 'content-length': '10' } });
    const { given, error } = await readAll(await apiAt('http://localhost', { fetch }).files.download('a'));
    expect(error).toBeInstanceOf(TransferError);
    expect(error).toMatchObject({ code: 'changed', bytes: 10 });
    expect(given).toBe(digits);
  });

  it('ends the download in the rest, too', async () => {
    const headers = { 'content-range': 'bytes 4-9/10', etag: '"v1"' };
    const server = await faulty(broken, chunked(206, headers, '456789', 'xy'));
    const { given, error } = await readAll(await apiAt(server.url).files.download('a'));
    expect(error).toMatchObject({ code: 'changed' });
    expect(digits.startsWith(given)).toBe(true);
  });

  it('beyond its Content-Length is never delivered', async () => {
    const server = await byteServer((request, socket) => void socket.end(`${headFor(request, size)}${digits}xyz`));
    const { given, error } = await readAll(await apiAt(server.url).files.download('a'));
    expect(digits.startsWith(given)).toBe(true);
    if (!error) expect(given).toBe(digits);
  });
});

/** The bytes of a body, and how it ends. */
async function readAll({ body }: Response): Promise<{ given: string; error?: unknown }> {
  const decoder = new TextDecoder();
  let given = '';
  try {
    for await (const chunk of body ?? []) given += decoder.decode(chunk);
    return { given };
  } catch (error) {
    return { given, error };
  }
}

function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return new Blob(pieces).stream().pipeThrough(new TransformStream());
}

/** Pseudo-random numbers that are the same in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe('any sequence of faults', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => [seed]))(
    'results in the whole file or the right error, never wrong bytes: %i',
    async (seed) => {
      const random = numbers(seed);
      const length = 1 + random(300_000);
      const versions = [0, 1].map((version) => {
        const next = numbers(1_000 + seed + version);
        return Uint8Array.from({ length }, () => next(256));
      });
      let version = 0;
      const server = await byteServer((request, socket) => {
        if (random(40) === 0) version = 1;
        const tag = `"v${version}"`;
        const bytes = versions[version] ?? new Uint8Array();
        const known = request.headers.get('if-range') ?? tag;
        const start = known === tag ? startOf(request) : 0;
        if (start === 0) request.headers.delete('range');
        const headers = { 'accept-ranges': 'bytes', etag: tag };
        const upTo = (most: number) => bytes.subarray(start, Math.min(length, start + random(most)));
        const faults: (() => void)[] = [
          () => void socket.resetAndDestroy(),
          () => sendAndReset(socket, 'HTTP/1.1 20'),
          () => void socket.end(head(503, { 'retry-after': 0, 'content-length': 0 })),
          () => sendAndReset(socket, headFor(request, length, headers), upTo(200_000)),
          () => sendAndReset(socket, headFor(request, length, headers), upTo(200_000)),
          () => {
            socket.write(headFor(request, length, headers));
            socket.end(upTo(200_000));
          },
          () => {
            socket.write(headFor(request, length, headers));
            socket.end(bytes.subarray(start));
          },
        ];
        faults[random(faults.length)]?.();
      });
      const api = apiAt(server.url, { retry: { limit: 3, maxDelay: 2 } });
      let given = Buffer.alloc(0);
      let first: string | null = null;
      const outcome = await api.files
        .download('a')
        .then(async (response) => {
          first = response.headers.get('etag');
          for await (const chunk of response.body ?? []) given = Buffer.concat([given, chunk]);
        })
        .then(
          () => undefined,
          (error: DoctapeError) => error,
        );
      const correct = versions[first === '"v1"' ? 1 : 0] ?? new Uint8Array();
      expect(given.equals(correct.subarray(0, given.byteLength))).toBe(true);
      if (!outcome) expect(given.byteLength).toBe(length);
      else expect(['interrupted', 'truncated', 'changed', 'http_503', 'network']).toContain(outcome.code);
      if (outcome instanceof TransferError) expect(outcome.bytes).toBe(given.byteLength);
      if (outcome?.code === 'changed') expect(version).toBe(1);
    },
  );
});

describe('through a proxy that cuts the connection', () => {
  /** Forwards everything, but closes this many connections after this many bytes each. */
  async function cutting(url: string, cuts: number, after: number) {
    const { hostname, port } = new URL(url);
    let left = cuts;
    const proxy = await socketServer((socket) => {
      const upstream = connect(Number(port), hostname);
      onTestFinished(() => void upstream.destroy());
      upstream.on('error', () => socket.destroy());
      upstream.on('close', () => socket.end());
      socket.on('close', () => upstream.destroy());
      socket.pipe(upstream);
      let passed = 0;
      upstream.on('data', (data) => {
        passed += data.byteLength;
        if (left > 0 && passed > after) {
          left--;
          upstream.destroy();
          socket.destroySoon();
        } else if (!socket.write(data)) {
          upstream.pause();
          socket.once('drain', () => upstream.resume());
        }
      });
    });
    return { url: proxy.url, left: () => left };
  }

  it('50 times, 256 MiB are downloaded completely', async () => {
    const data = await mkdtemp(join(tmpdir(), 'doctape-faults-'));
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    const server = await servedForTest({ data });
    const token = await tokenFor(server.sandbox, 'alice', undefined, server.url);
    const mebibyte = 1024 * 1024;
    const sent = createHash('sha256');
    async function* source() {
      const block = Uint8Array.from({ length: mebibyte }, (_, index) => index * 7);
      for (let number = 0; number < 256; number++) {
        block[0] = number;
        sent.update(block);
        yield block;
      }
    }
    const direct = new ApiClient({ token, baseUrl: `${server.url}/v1` });
    const { id } = await direct.files.upload({ stream: source(), size: 256 * mebibyte }, { name: 'large.bin' });

    const proxy = await cutting(server.url, 50, 5 * mebibyte);
    const api = new ApiClient({ token, baseUrl: `${proxy.url}/v1`, retry: { limit: 2, maxDelay: 20 } });
    const received = createHash('sha256');
    let loaded = 0;
    for await (const chunk of (await api.files.download(id)).body ?? []) {
      received.update(chunk);
      loaded += chunk.byteLength;
    }
    expect(loaded).toBe(256 * mebibyte);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(proxy.left()).toBe(0);
  });
});
