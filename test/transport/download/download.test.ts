import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import {
  ApiError,
  type ByteRange,
  ConfigurationError,
  DoctapeError,
  type Fetch,
  InsufficientScopeError,
  NetworkError,
  NotFoundError,
  type Progress,
  ResponseError,
  TimeoutError,
  TransferError,
  UnauthorizedError,
} from '../../../src/index.js';
import { byteServer, head, sendAndClose } from '../../support/byte-server.js';
import {
  accessToken,
  apiAt,
  countReachable,
  reasonOf,
  rejection,
  reply,
  scriptedServer,
  socketServer,
  unreachable,
  wait,
} from '../../support/scripted-server.js';
import { stopTimers } from '../../support/stopped-timers.js';

const mebibyte = 1024 * 1024;

function bodyReader(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (!response.body) throw new Error('the response has no body');
  return response.body.getReader();
}

/** Writes with backpressure, and reports the number of bytes written. */
async function writeSlowly(response: ServerResponse, total: number, written: (bytes: number) => void): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let sent = 0; sent < total && !response.destroyed; sent += chunk.byteLength) {
    if (!response.write(chunk)) await drained(response);
    written(chunk.byteLength);
  }
  response.end();
}

async function drained(response: ServerResponse): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  stop.abort();
}

describe('the response', () => {
  test.each(['zstd', 'gzip, br', 'compress'])(
    'with the content coding %s is refused, because some runtimes cannot decompress it',
    async (coding) => {
      const server = await scriptedServer((_, response) => {
        response.writeHead(200, { 'content-encoding': coding }).end('whatever it is');
      });
      const error = await rejection(apiAt(server.url).files.download('a'), ResponseError);
      expect(error).toMatchObject({ code: 'malformed_response', status: 200 });
    },
  );

  test('provides its first bytes before the server has sent the rest', async () => {
    const rest = Promise.withResolvers<void>();
    const server = await scriptedServer(async (_, response) => {
      response.write('first');
      await rest.promise;
      response.end(' and last');
    });
    const reader = bodyReader(await apiAt(server.url).files.download('a'));
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toBe('first');
    rest.resolve();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(' and last');
    expect((await reader.read()).done).toBe(true);
  });

  test('has the URL, the status and the headers of the server', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, 'Fine', {
        'content-type': 'image/jpeg',
        'content-length': '4',
        etag: '"v1"',
        'x-anything': 'kept',
        'set-cookie': ['a=1', 'b=2'],
      });
      response.end('jpeg');
    });
    const response = await apiAt(server.url).files.download('a', 'image.jpg');
    expect(response.url).toBe(`${server.url}/v1/doc/a/image.jpg`);
    expect(response.redirected).toBe(false);
    expect(response).toMatchObject({ ok: true, status: 200, statusText: 'Fine' });
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(response.headers.get('content-length')).toBe('4');
    expect(response.headers.get('etag')).toBe('"v1"');
    expect(response.headers.get('x-anything')).toBe('kept');
    const blob = await response.blob();
    expect(blob.type).toBe('image/jpeg');
    expect(await blob.text()).toBe('jpeg');
  });

  test('can be cloned, and both bodies are complete', async () => {
    const server = await scriptedServer((_, response) => void response.end('twice'));
    const response = await apiAt(server.url).files.download('a');
    const copy = response.clone();
    expect(await Promise.all([response.text(), copy.text()])).toEqual(['twice', 'twice']);
  });

  test('of an empty file is empty', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-length': '0' }).end();
    });
    const reports: Progress[] = [];
    const response = await apiAt(server.url).files.download('a', 'original', { onProgress: (p) => reports.push(p) });
    expect((await response.arrayBuffer()).byteLength).toBe(0);
    expect(reports).toEqual([{ loaded: 0, total: 0, fraction: 1 }]);
  });

  test('with a chunked body is complete', async () => {
    const server = await scriptedServer((_, response) => {
      response.write('a');
      response.write('b');
      response.end('c');
    });
    const response = await apiAt(server.url).files.download('a');
    expect(response.headers.get('transfer-encoding')).toBe('chunked');
    expect(await response.text()).toBe('abc');
  });

  test('is requested without compression', async () => {
    const server = await scriptedServer((_, response) => void response.end());
    await (await apiAt(server.url).files.download('a')).text();
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('does not keep the bytes that were read', async () => {
    const total = 32 * mebibyte;
    const server = await scriptedServer((_, response) => writeSlowly(response, 2 * total, () => {}));
    const reader = bodyReader(await apiAt(server.url).files.download('a'));
    const given: WeakRef<object>[] = [];
    for (let loaded = 0; loaded < total; ) {
      const { value } = await reader.read();
      if (!value) throw new Error('the body ended early');
      loaded += value.byteLength;
      given.push(new WeakRef(value));
    }
    expect(await countReachable(given)).toBeLessThan(given.length / 4);
    await reader.cancel();
  });

  test('that is not read does not make the server send everything', async () => {
    const total = 256 * mebibyte;
    let written = 0;
    const server = await scriptedServer((_, response) => {
      response.setHeader('content-length', total);
      return writeSlowly(response, total, (bytes) => {
        written += bytes;
      });
    });
    const response = await apiAt(server.url).files.download('a');
    let seen = -1;
    while (written > seen) {
      seen = written;
      await wait(500);
    }
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(total / 2);
    await response.body?.cancel();
  });
});

describe('progress', () => {
  test('increases up to the total, and reaches it once', async () => {
    const total = 8 * mebibyte;
    const server = await scriptedServer((_, response) => {
      response.setHeader('content-length', total);
      return writeSlowly(response, total, () => {});
    });
    const reports: Progress[] = [];
    const response = await apiAt(server.url).files.download('a', 'original', { onProgress: (p) => reports.push(p) });
    expect((await response.arrayBuffer()).byteLength).toBe(total);
    const loaded = reports.map((report) => report.loaded);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    expect(reports.every((report) => report.total === total && report.fraction === report.loaded / total)).toBe(true);
    expect(reports.filter((report) => report.loaded === total)).toEqual([{ loaded: total, total, fraction: 1 }]);
    expect(reports.at(-1)).toEqual({ loaded: total, total, fraction: 1 });
  });

  test('has no total if the server sends no Content-Length', async () => {
    const server = await scriptedServer((_, response) => {
      response.write('four');
      response.end();
    });
    const reports: Progress[] = [];
    const response = await apiAt(server.url).files.download('a', 'original', { onProgress: (p) => reports.push(p) });
    await response.text();
    expect(reports.at(-1)).toEqual({ loaded: 4 });
  });

  test('of a range has the size of the range as its total', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 2-4/10', 'content-length': '3' }).end('cde');
    });
    const reports: Progress[] = [];
    const response = await apiAt(server.url).files.download('a', 'original', {
      range: { start: 2, end: 4 },
      onProgress: (p) => reports.push(p),
    });
    expect(await response.text()).toBe('cde');
    expect(reports.at(-1)).toEqual({ loaded: 3, total: 3, fraction: 1 });
  });

  test('whose listener throws makes the download reject with that error', async () => {
    const server = await scriptedServer((_, response) => void response.end('bytes'));
    const mistake = new Error('a mistake in the application');
    const response = await apiAt(server.url).files.download('a', 'original', {
      onProgress: () => {
        throw mistake;
      },
    });
    expect(await reasonOf(response.text())).toBe(mistake);
  });

  test('does not reach the total if the body breaks', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345', () => response.destroy());
    });
    const reports: Progress[] = [];
    const response = await apiAt(server.url).files.download('a', 'original', { onProgress: (p) => reports.push(p) });
    await rejection(response.text(), TransferError);
    expect(reports.every(({ loaded }) => loaded < 10)).toBe(true);
  });

  test('does not reach the total after the body was cancelled', async () => {
    const server = await scriptedServer((_, response) => void response.write('some'));
    const reports: Progress[] = [];
    const response = await apiAt(server.url).files.download('a', 'original', { onProgress: (p) => reports.push(p) });
    const reader = bodyReader(response);
    await reader.read();
    const pending = reader.read();
    await wait(20); // until the download has started
    const before = reports.length;
    await reader.cancel();
    expect((await pending).done).toBe(true);
    await wait(100);
    expect(reports).toHaveLength(before);
  });
});

describe('a body that breaks', () => {
  test('before its Content-Length is a TransferError with the number of received bytes', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x'.repeat(300), () => response.destroy());
    });
    const error = await rejection((await apiAt(server.url).files.download('a')).arrayBuffer(), TransferError);
    expect(error.name).toBe('TransferError');
    expect(['interrupted', 'truncated']).toContain(error.code);
    expect(error.bytes).toBe(300);
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain(accessToken);
  });

  test('before its first byte is a TransferError with 0 bytes', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.flushHeaders();
      setTimeout(() => response.destroy(), 50);
    });
    const error = await rejection((await apiAt(server.url).files.download('a')).arrayBuffer(), TransferError);
    expect(error.bytes).toBe(0);
  });

  test('between two chunks is a TransferError', async () => {
    const server = await scriptedServer((_, response) => {
      response.write('abc', () => response.destroy());
    });
    const error = await rejection((await apiAt(server.url).files.download('a')).text(), TransferError);
    expect(error).toMatchObject({ code: 'interrupted', bytes: 3 });
  });

  test('provides the bytes before the error', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345');
      setTimeout(() => response.destroy(), 100);
    });
    const reader = bodyReader(await apiAt(server.url).files.download('a'));
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('12345');
    await rejection(reader.read(), TransferError);
  });

  test('from a fetch option that ends it early without an error is a TransferError', async () => {
    const api = apiAt('http://localhost', {
      fetch: async () => new Response('12345', { headers: { 'content-length': '10' } }),
    });
    const error = await rejection((await api.files.download('a')).text(), TransferError);
    expect(error).toMatchObject({ code: 'truncated', bytes: 5 });
  });
});

describe('a connection', () => {
  test('that is refused is a NetworkError', async () => {
    const error = await rejection(apiAt(unreachable).files.download('a'), NetworkError);
    expect(error).toMatchObject({ code: 'network', reason: 'ECONNREFUSED' });
    expect(error.cause).toBeUndefined();
  });

  test('that is closed before the response is a NetworkError', async () => {
    const server = await socketServer((socket) => void socket.once('data', () => socket.destroy()));
    await rejection(apiAt(server.url).files.download('a'), NetworkError);
  });

  test('to a server without HTTP is a NetworkError', async () => {
    const server = await socketServer((socket) => void socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n')));
    await rejection(apiAt(server.url).files.download('a'), NetworkError);
  });

  test.each(['\x01', '\x80', 'Größe'])(
    'with %j in the status line is a response or an error of the SDK',
    async (phrase) => {
      const server = await socketServer((socket) => {
        socket.once('data', () => {
          socket.end(`HTTP/1.1 200 ${phrase}\r\ncontent-length: 2\r\n\r\nhi`, 'latin1');
        });
      });
      const outcome = await apiAt(server.url)
        .files.download('a')
        .then((response) => response.text())
        .catch((error: unknown) => error instanceof DoctapeError || error);
      expect(['hi', true]).toContain(outcome);
    },
  );

  test.each([undefined, null])('mocked with %j is an error of the SDK', async (nothing) => {
    const fetch = (async () => nothing) as unknown as Fetch;
    expect(await reasonOf(apiAt('http://localhost', { fetch }).files.download('a'))).toBeInstanceOf(DoctapeError);
  });
});

describe('a slow reader', () => {
  test('limits how far the body is read ahead', async () => {
    let sent = 0;
    const server = await byteServer((_, socket) => {
      socket.write(head(200, { 'content-length': 1e9 }));
      const more = () => {
        while (socket.writable && socket.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      socket.on('drain', more);
      more();
    });
    const response = await apiAt(server.url).files.download('a');
    await expect.poll(() => sent).toBeGreaterThan(500_000);
    await wait(300);
    expect(sent).toBeLessThan(16_000_000); // most of it is in system buffers
    await response.body?.cancel();
  });

  test('receives an abort before the chunks that were read ahead', async () => {
    const server = await scriptedServer((_, response) => void response.end(Buffer.alloc(100_000)));
    const controller = new AbortController();
    const response = await apiAt(server.url).files.download('a', 'original', { signal: controller.signal });
    await wait(100);
    const enough = new Error('enough');
    controller.abort(enough);
    expect(await reasonOf(response.arrayBuffer())).toBe(enough);
  });

  test('receives an abort at once, even if the body is incomplete', async () => {
    const server = await scriptedServer((_, response) => {
      response.write(Buffer.alloc(100_000)); // without an end
    });
    const controller = new AbortController();
    const response = await apiAt(server.url).files.download('a', 'original', { signal: controller.signal });
    await wait(100);
    const enough = new Error('enough');
    controller.abort(enough);
    await wait(20);
    expect(await reasonOf(bodyReader(response).read())).toBe(enough);
  });

  test('closes the connection if its progress listener fails, even without a read', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      response.write(Buffer.alloc(1000)); // without an end
    });
    const mistake = new Error('mistake');
    const onProgress = () => {
      throw mistake;
    };
    const response = await apiAt(server.url).files.download('a', 'original', { onProgress });
    await closed.promise;
    expect(await reasonOf(response.arrayBuffer())).toBe(mistake);
  });

  // otherwise the process ends, which Vitest reports as an error of the run (nodejs/undici#5360)
  test.each([1_000, 70_000, 100_000, 130_000, 400_000, 3_000_000])(
    'receives all %d bytes from a server that then closes the connection',
    async (size) => {
      const server = await byteServer((_, socket) => {
        sendAndClose(socket, head(200, { 'content-length': size, connection: 'close' }), Buffer.alloc(size));
      });
      const response = await apiAt(server.url).files.download('a');
      let loaded = 0;
      for await (const chunk of response.body ?? []) {
        await wait(30);
        loaded += chunk.byteLength;
      }
      expect(loaded).toBe(size);
    },
  );
});

describe('the idle timeout', () => {
  test('ends a download without a response', async () => {
    const server = await scriptedServer(() => {});
    const error = await rejection(apiAt(server.url, { idleTimeout: 200 }).files.download('a'), TimeoutError);
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'idle_timeout' });
  });

  test('ends a stalled body and its connection', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345');
    });
    const pass = stopTimers();
    const response = await apiAt(server.url, { idleTimeout: 300 }).files.download('a');
    const failed = rejection(response.text(), TimeoutError);
    pass(300);
    expect((await failed).code).toBe('idle_timeout');
    await closed.promise;
  });

  test('does not end a slow body', async () => {
    const pass = stopTimers();
    const responding = Promise.withResolvers<ServerResponse>();
    const server = await scriptedServer((_, response) => {
      response.flushHeaders();
      responding.resolve(response);
    });
    const reader = bodyReader(await apiAt(server.url, { idleTimeout: 900 }).files.download('a'));
    const response = await responding.promise;
    for (let i = 0; i < 5; i++) {
      const read = reader.read();
      pass(300);
      await new Promise(setImmediate);
      response.write('x');
      expect((await read).value).toEqual(Uint8Array.of(120));
    }
    response.end();
    expect((await reader.read()).done).toBe(true);
  });

  test('does not end a body whose reader is slow', async () => {
    const total = 16 * mebibyte;
    const server = await scriptedServer((_, response) => {
      response.setHeader('content-length', total);
      return writeSlowly(response, total, () => {});
    });
    const reader = bodyReader(await apiAt(server.url, { idleTimeout: 1_500 }).files.download('a'));
    let loaded = 0;
    for (let reads = 0; ; reads++) {
      if (reads < 2) await wait(3_000);
      const { done, value } = await reader.read();
      if (done) break;
      loaded += value.byteLength;
    }
    expect(loaded).toBe(total);
  });

  test('does not end a transfer if it is false', async () => {
    const server = await scriptedServer(async (_, response) => {
      await wait(300);
      response.write('x');
      await wait(300);
      response.end('y');
    });
    expect(await (await apiAt(server.url, { idleTimeout: false }).files.download('a')).text()).toBe('xy');
  });

  test('applies to a body instead of the timeout of JSON calls', async () => {
    const server = await scriptedServer(async (_, response) => {
      response.write('x');
      await wait(500);
      response.end('y');
    });
    expect(await (await apiAt(server.url, { timeout: 100 }).files.download('a')).text()).toBe('xy');
  });
});

describe('cancelling', () => {
  test('the body closes the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      return writeSlowly(response, 256 * mebibyte, () => {});
    });
    const reader = bodyReader(await apiAt(server.url).files.download('a'));
    await reader.read();
    await reader.cancel('enough');
    await closed.promise;
  });

  test('before the response releases a late response', async () => {
    const cancelled = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const fetch: Fetch = async () => {
      await late.promise; // it ignores its signal
      return new Response(new ReadableStream({ cancel: () => cancelled.resolve() }));
    };
    const controller = new AbortController();
    const call = apiAt('http://localhost', { fetch }).files.download('a', 'original', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 20);
    expect(await reasonOf(call)).toMatchObject({ message: 'enough' });
    late.resolve();
    await cancelled.promise;
  });

  test('the body during a read ends the read and the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345');
    });
    const reader = bodyReader(await apiAt(server.url).files.download('a'));
    await reader.read();
    const pending = reader.read();
    await reader.cancel();
    expect((await pending).done).toBe(true);
    await closed.promise;
  });

  test('with a signal before the call rejects with the reason, and nothing is sent', async () => {
    const server = await scriptedServer((_, response) => void response.end());
    const reason = new Error('not now');
    const call = apiAt(server.url).files.download('a', 'original', { signal: AbortSignal.abort(reason) });
    expect(await reasonOf(call)).toBe(reason);
    expect(server.requests).toEqual([]);
  });

  test('with a signal before the response rejects with the reason', async () => {
    const controller = new AbortController();
    const reason = { any: 'value' };
    const server = await scriptedServer(() => controller.abort(reason));
    const call = apiAt(server.url).files.download('a', 'original', { signal: controller.signal });
    expect(await reasonOf(call)).toBe(reason);
  });

  test('with a signal during the body rejects the pending read with the reason and closes the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      response.write('some');
    });
    const controller = new AbortController();
    const response = await apiAt(server.url).files.download('a', 'original', { signal: controller.signal });
    const reader = bodyReader(response);
    await reader.read();
    const pending = reasonOf(reader.read());
    const reason = new Error('changed my mind');
    controller.abort(reason);
    expect(await pending).toBe(reason);
    await closed.promise;
  });

  test('with a signal between two reads rejects the next read with the reason', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      response.write('some');
    });
    const controller = new AbortController();
    const response = await apiAt(server.url).files.download('a', 'original', { signal: controller.signal });
    const reader = bodyReader(response);
    await reader.read();
    controller.abort('reason as a string');
    await closed.promise;
    expect(await reasonOf(reader.read())).toBe('reason as a string');
  });

  test('with a signal after the body was read has no effect', async () => {
    const server = await scriptedServer((_, response) => void response.end('whole'));
    const controller = new AbortController();
    const response = await apiAt(server.url).files.download('a', 'original', { signal: controller.signal });
    expect(await response.text()).toBe('whole');
    controller.abort();
  });

  test('leaves no listener on the signal', async () => {
    const server = await scriptedServer((_, response) => void response.end('whole'));
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const response = await apiAt(server.url).files.download('a', 'original', { signal });
    await response.text();
    expect(added.mock.calls.length).toBeGreaterThan(0);
    const left = added.mock.calls.filter(
      ([type, listener]) => !removed.mock.calls.some(([t, l]) => t === type && l === listener),
    );
    expect(left).toEqual([]);
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('with %i below the base URL is followed with the token', async (status) => {
    const server = await scriptedServer((request, response) => {
      if (request.url === '/v1/doc/a/original') response.writeHead(status, { location: '/v1/bytes/a' }).end();
      else response.end('the bytes');
    });
    const response = await apiAt(server.url).files.download('a');
    expect(await response.text()).toBe('the bytes');
    expect(response.url).toBe(`${server.url}/v1/bytes/a`);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${accessToken}`,
      `Bearer ${accessToken}`,
    ]);
  });

  test('is visible on the response, as with fetch', async () => {
    const server = await scriptedServer((request, response) => {
      if (request.url === '/v1/doc/a/original') response.writeHead(302, { location: '/v1/bytes/a' }).end();
      else response.end('the bytes');
    });
    const response = await apiAt(server.url).files.download('a');
    expect(response.redirected).toBe(true);
  });

  test.each([
    '/elsewhere',
    '/v1',
    '/v10/doc',
    '/v1/../private',
    '/V1/doc',
    '/v1/%2e%2e/private',
    '/v1/%2e%2e%2fprivate',
  ])('to %s, outside the base path, is followed without the token', async (location) => {
    const server = await scriptedServer((request, response) => {
      if (request.url === '/v1/doc/a/original') response.writeHead(302, { location }).end();
      else response.end('the bytes');
    });
    expect(await (await apiAt(server.url).files.download('a')).text()).toBe('the bytes');
    expect(server.requests).toHaveLength(2);
    expect(server.requests[1]?.headers.authorization).toBeUndefined();
  });

  test('to another origin is followed without the token', async () => {
    const other = await scriptedServer((_, response) => void response.end('the bytes'));
    const server = await scriptedServer((_, response) => {
      response.writeHead(302, { location: `${other.url}/v1/doc/a/original?signature=1` }).end();
    });
    const response = await apiAt(server.url).files.download('a', 'original');
    expect(await response.text()).toBe('the bytes');
    expect(other.requests).toHaveLength(1);
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
    expect(other.requests[0]?.url).toBe('/v1/doc/a/original?signature=1');
    expect(JSON.stringify(other.requests)).not.toContain(accessToken);
  });

  test('to another origin and back sends the token only to the API', async () => {
    const addresses: { api?: string } = {};
    const other = await scriptedServer((_, response) => {
      response.writeHead(302, { location: `${addresses.api}/v1/back` }).end();
    });
    const server = await scriptedServer((request, response) => {
      if (request.url === '/v1/back') response.end('the bytes');
      else response.writeHead(302, { location: `${other.url}/hop` }).end();
    });
    addresses.api = server.url;
    expect(await (await apiAt(server.url).files.download('a')).text()).toBe('the bytes');
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
  });

  test('to an unreachable server does not reveal its URL, which can be a secret', async () => {
    const server = await scriptedServer((request, response) => {
      const token = request.headers.authorization?.slice(7);
      response.writeHead(302, { location: `${unreachable}/${token}/signed` }).end();
    });
    const error = await rejection(apiAt(server.url, { retry: false }).files.download('a'), NetworkError);
    expect(error.message).toContain(`GET ${server.url}/v1/doc/a/original got no response`);
    expect(`${error.stack}`).not.toMatch(/signed|127\.0\.0\.1:2\b/);
    expect(error.stack).not.toContain(accessToken);
  });

  test('keeps the range', async () => {
    const server = await scriptedServer((request, response) => {
      if (request.url === '/v1/doc/a/original') response.writeHead(302, { location: '/bytes' }).end();
      else response.writeHead(206, { 'content-range': 'bytes 1-2/4' }).end('bc');
    });
    const response = await apiAt(server.url).files.download('a', 'original', { range: { start: 1, end: 2 } });
    expect(await response.text()).toBe('bc');
    expect(server.requests[1]?.headers.range).toBe('bytes=1-2');
  });

  test.each([
    'http://doctape.invalid/bytes',
    'http://127.0.0.1.doctape.invalid/bytes',
    'http://localhost.doctape.invalid/bytes',
    'ftp://127.0.0.1/bytes',
    'file:///etc/hosts',
    'data:text/plain,bytes',
    'javascript:alert(1)',
    'http://',
    'http://user:pass@127.0.0.1:1/bytes',
  ])('to %s is refused', async (location) => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(302, { location }).end();
    });
    const error = await rejection(apiAt(server.url).files.download('a'), ResponseError);
    expect(error).toMatchObject({ code: 'redirect_refused', status: 302 });
  });

  test('without a Location is refused', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(302).end();
    });
    const error = await rejection(apiAt(server.url).files.download('a'), ResponseError);
    expect(error.code).toBe('redirect_refused');
    expect(server.requests).toHaveLength(1);
  });

  test('in an endless chain is refused', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(302, { location: '/v1/again' }).end();
    });
    const error = await rejection(apiAt(server.url).files.download('a'), ResponseError);
    expect(error.code).toBe('redirect_refused');
    expect(server.requests.length).toBeLessThanOrEqual(21); // at most as many as `fetch` follows
  });

  test('can be repeated a few times', async () => {
    const server = await scriptedServer((request, response) => {
      const step = Number(/\d+$/.exec(request.url ?? '')?.[0] ?? 0);
      if (step < 4) response.writeHead(302, { location: `/v1/step${step + 1}` }).end();
      else response.end('arrived');
    });
    expect(await (await apiAt(server.url).files.download('a')).text()).toBe('arrived');
  });

  test('whose body cannot be cancelled is followed', async () => {
    let calls = 0;
    const api = apiAt('http://localhost', {
      fetch: async () => {
        if (calls++ > 0) return new Response('arrived');
        const body = new ReadableStream({
          cancel() {
            throw new Error('cannot be cancelled');
          },
        });
        return new Response(body, { status: 302, headers: { location: '/v1/next' } });
      },
    });
    expect(await (await api.files.download('a')).text()).toBe('arrived');
    await wait(20); // an unhandled rejection would fail the run
  });
});

describe('a range', () => {
  test.each<[ByteRange, string]>([
    [{ start: 0 }, 'bytes=0-'],
    [{ start: 5 }, 'bytes=5-'],
    [{ start: 5, end: 5 }, 'bytes=5-5'],
    [{ start: 2, end: 7 }, 'bytes=2-7'],
  ])('%j is requested as %s', async (range, header) => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(206, { 'content-range': `bytes ${range.start}-${range.end ?? 9}/10` });
      response.end('0123456789'.slice(range.start, (range.end ?? 9) + 1));
    });
    const response = await apiAt(server.url).files.download('a', 'original', { range });
    expect(response.status).toBe(206);
    expect(await response.text()).toBe('0123456789'.slice(range.start, (range.end ?? 9) + 1));
    expect(server.requests[0]?.headers.range).toBe(header);
  });

  test('beyond the end of the file is clipped', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 5-9/10', 'content-length': '5' }).end('56789');
    });
    const response = await apiAt(server.url).files.download('a', 'original', { range: { start: 5, end: 99 } });
    expect(await response.text()).toBe('56789');
  });

  test('that the server ignores is an error, not the whole file', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      return writeSlowly(response, 256 * mebibyte, () => {});
    });
    const call = apiAt(server.url).files.download('a', 'original', { range: { start: 5 } });
    const error = await rejection(call, ResponseError);
    expect(error).toMatchObject({ code: 'unexpected_status', status: 200 });
    await closed.promise;
  });

  test.each([
    ['other bytes', 'bytes 0-4/10'],
    ['fewer bytes at the front', 'bytes 6-9/10'],
    ['more bytes than asked for', 'bytes 5-9/10'],
  ])('with the response range %s is an error', async (_, contentRange) => {
    const server = await scriptedServer((_request, response) => {
      response.writeHead(206, { 'content-range': contentRange }).end('xxxxx');
    });
    const call = apiAt(server.url).files.download('a', 'original', { range: { start: 5, end: 8 } });
    expect(await reasonOf(call.then((response) => response.text()))).toBeInstanceOf(DoctapeError);
  });

  test('to the end of a file of unknown size is an error, because it may be incomplete', async () => {
    const server = await scriptedServer((_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 5-7/*' }).end('567');
    });
    const call = apiAt(server.url).files.download('a', 'original', { range: { start: 5 } });
    const error = await rejection(call, ResponseError);
    expect(error.code).toBe('unexpected_status');
    expect(error.message).toContain('without the size of the file');
  });

  test('that was not requested is an error', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-1/4' }).end('ab');
    });
    const error = await rejection(apiAt(server.url).files.download('a'), ResponseError);
    expect(error).toMatchObject({ code: 'unexpected_status', status: 206 });
  });

  test('that starts beyond the file is an ApiError', async () => {
    const server = await scriptedServer((_, response) => {
      reply(response, 416, { error: { code: 416, message: 'Range Not Satisfiable' }, result: null });
    });
    const call = apiAt(server.url).files.download('a', 'original', { range: { start: 100 } });
    expect(await rejection(call, ApiError)).toMatchObject({ code: 'http_416', status: 416 });
  });

  test.each<[unknown]>([
    [null],
    [{}],
    [5],
    ['bytes=0-1'],
    [[0, 1]],
    [{ end: 5 }],
    [{ start: -1 }],
    [{ start: 1.5 }],
    [{ start: '0' }],
    [{ start: Number.NaN }],
    [{ start: Number.POSITIVE_INFINITY }],
    [{ start: 5, end: 4 }],
    [{ start: 0, end: null }],
    [{ start: 0, end: 1.5 }],
    [{ start: 0, end: '1' }],
  ])('of %j is refused and nothing is sent', async (range) => {
    const server = await scriptedServer((_, response) => void response.end());
    const call = apiAt(server.url).files.download('a', 'original', { range: range as { start: number } });
    const error = await rejection(call, ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/^range\b/);
    expect(server.requests).toEqual([]);
  });
});

describe('an error response', () => {
  test('with 404 is a NotFoundError with the message of the server', async () => {
    const server = await scriptedServer((_, response) => {
      reply(response, 404, { error: { code: 404, message: 'No such rendition' }, result: null });
    });
    const error = await rejection(apiAt(server.url).files.download('a', 'audio.mp3'), NotFoundError);
    expect(error).toMatchObject({ name: 'NotFoundError', code: 'http_404', status: 404 });
    expect(error.message).toContain('No such rendition');
    expect(error.message).toContain('/v1/doc/a/audio.mp3');
  });

  test('with 403 is an InsufficientScopeError with the scopes', async () => {
    const server = await scriptedServer((_, response) => {
      reply(
        response,
        403,
        { error: { code: 403, message: 'Forbidden' } },
        { 'www-authenticate': 'Bearer realm="doctape", error="insufficient_scope", scope="file.read"' },
      );
    });
    const error = await rejection(apiAt(server.url).files.download('a'), InsufficientScopeError);
    expect(error.requiredScopes).toEqual(['file.read']);
  });

  test('with 401 is an UnauthorizedError', async () => {
    const server = await scriptedServer((_, response) => reply(response, 401, { error: 'Unauthorized' }));
    await rejection(apiAt(server.url).files.download('a'), UnauthorizedError);
  });

  test('with 502 in HTML is an ApiError that does not quote the page', async () => {
    const server = await scriptedServer((_, response) => {
      reply(response, 502, '<html>secret page</html>', { 'content-type': 'text/html' });
    });
    const error = await rejection(apiAt(server.url).files.download('a'), ApiError);
    expect(error).toMatchObject({ code: 'http_502', status: 502 });
    expect(error.message).not.toContain('secret page');
  });

  test('with 404 and a page of many megabytes is a NotFoundError', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(404, { 'content-type': 'text/html' });
      return writeSlowly(response, 4 * mebibyte, () => {});
    });
    await rejection(apiAt(server.url).files.download('a'), NotFoundError);
  });

  test.each([201, 202, 203, 204])('with %i is a ResponseError', async (status) => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(status).end();
    });
    const error = await rejection(apiAt(server.url).files.download('a'), ResponseError);
    expect(error).toMatchObject({ code: 'unexpected_status', status });
  });
});
