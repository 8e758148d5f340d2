import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  type ApiClient,
  type ApiClientOptions,
  ConfigurationError,
  type Fetch,
  TransferError,
} from '../../../src/index.js';
import { saveDownload } from '../../../src/node.js';
import { responseReader } from '../../../src/transport/download/response-reader.js';
import { makeFolder } from '../../support/data-folder.js';
import {
  apiAt,
  reasonOf,
  rejection,
  type ScriptedServer,
  scriptedServer,
  wait,
} from '../../support/scripted-server.js';

// Bodies of every kind that a `fetch` can return, and bodies that are never read.

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8) * 17) & 0xff);

/** A Response like those of libraries: with a `body` of any kind, and the other methods of the platform. */
function responseWith(body: unknown, more: object = {}): Response {
  const { status, ok, headers, type, redirected } = new Response(null, {
    headers: { 'content-length': `${content.byteLength}`, 'content-type': 'image/png' },
  });
  const rest = { status, statusText: 'OK', ok, headers, type, redirected, url: '', bodyUsed: false };
  return { ...rest, body, ...more } as Response;
}

function apiOf(response: () => Response, options: Partial<ApiClientOptions> = {}): ApiClient {
  const fetch: Fetch = async () => response();
  return apiAt('https://api.example', { fetch, retry: 2, ...options });
}

function readerOnly(chunks: unknown[]): object {
  return {
    getReader: () => ({
      read: async () => ({ done: chunks.length === 0, value: chunks.shift() }),
      cancel: async () => {},
      releaseLock: () => {},
    }),
  };
}

const wholeBytes = { arrayBuffer: async () => content.slice().buffer };

const kinds: [string, () => Response][] = [
  ['a stream of Node', () => responseWith(Readable.from([content.slice(0, 1000), content.slice(1000)]))],
  ['a stream of a polyfill', () => responseWith(readerOnly([content.slice(0, 1000), content.slice(1000)]))],
  ['no stream', () => responseWith(undefined, wholeBytes)],
  ['null in place of a stream', () => responseWith(null, wholeBytes)],
  ['bytes of another realm', () => responseWith(readerOnly([elsewhere()]))],
];

function elsewhere(): unknown {
  return runInNewContext('new Uint8Array(content)', { content: Array.from(content) });
}

describe('a download whose fetch returns', () => {
  test.each(kinds)('%s is whole', async (_, response) => {
    const bytes = await (await apiOf(response).files.download('x')).bytes();
    expect(Buffer.compare(bytes, content)).toBe(0);
  });

  test.each(kinds)('%s does not replace the error of a response hook that throws', async (_, response) => {
    const mistake = new Error('a mistake in the application');
    const hooks = {
      response() {
        throw mistake;
      },
    };
    expect(await reasonOf(apiOf(response, { hooks }).files.download('x'))).toBe(mistake);
  });

  test.each(kinds)('%s is saved whole', async (_, response) => {
    const path = join(await makeFolder(), 'saved.bin');
    expect(await saveDownload(apiOf(response), 'x', path)).toMatchObject({ size: content.byteLength });
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
  });

  test.each<[string, () => Response]>([
    ['neither a stream nor arrayBuffer()', () => responseWith(undefined)],
    ['no stream, and an arrayBuffer() without a result', () => responseWith(undefined, returning(undefined))],
    ['no stream, and an arrayBuffer() that resolves to a string', () => responseWith(undefined, returning('text'))],
    ['no stream, and an arrayBuffer() that resolves to a number', () => responseWith(undefined, returning(5))],
    ['no stream, and an arrayBuffer() that resolves to an object', () => responseWith(undefined, returning({}))],
    ['a body that is a string', () => responseWith('text')],
    ['a body of strings', () => responseWith(Readable.from(['text']))],
    ['a body that has been read', used],
    ['a body that is being read', locked],
    ['a body that says that it was used', () => responseWith(undefined, { ...wholeBytes, bodyUsed: true })],
  ])('%s is refused, is not retried, and leaves no file', async (_, response) => {
    let calls = 0;
    const api = apiOf(() => {
      calls++;
      return response();
    });
    const folder = await makeFolder();
    for (const run of [
      async () => (await api.files.download('x')).text(),
      () => saveDownload(api, 'x', join(folder, 'saved.bin')),
    ]) {
      calls = 0;
      const error = await rejection(run(), ConfigurationError);
      expect(error.message).toMatch(/^`?fetch`? (?:must resolve to|returned) a Response/);
      expect(calls).toBe(1);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  function returning(value: unknown) {
    return { arrayBuffer: async () => value };
  }

  function used(): Response {
    const response = new Response(content);
    void response.arrayBuffer();
    return response;
  }
  function locked(): Response {
    const response = new Response(content);
    response.body?.getReader();
    return response;
  }

  test('fewer bytes than Content-Length, in one piece, is an error', async () => {
    const api = apiOf(() => responseWith(undefined, { arrayBuffer: async () => new ArrayBuffer(5) }));
    const error = await rejection((await api.files.download('x')).text(), TransferError);
    expect(error).toMatchObject({ code: 'truncated', bytes: 5 });
    const path = join(await makeFolder(), 'saved.bin');
    await rejection(saveDownload(api, 'x', path), TransferError);
    expect(await reasonOf(readFile(path))).toMatchObject({ code: 'ENOENT' });
  });

  test('nothing before an abort rejects with its reason, also in one piece', async () => {
    const controller = new AbortController();
    const api = apiOf(() => responseWith(undefined, { arrayBuffer: () => new Promise(() => {}) }));
    const response = await api.files.download('x', 'original', { signal: controller.signal });
    const reading = reasonOf(response.text());
    controller.abort('enough');
    expect(await reading).toBe('enough');
  });

  test('a body that throws a TypeError is a TransferError', async () => {
    const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new TypeError('bare')) }) };
    const error = await rejection((await apiOf(() => responseWith(failing)).files.download('x')).text(), TransferError);
    expect(error.code).toBe('interrupted');
  });
});

/** A server with files that are too large to be read ahead. Counts the responses that have not ended. */
async function longFiles(): Promise<ScriptedServer & { open: () => number }> {
  let open = 0;
  const server = await scriptedServer((_, response) => {
    open++;
    response.once('close', () => open--);
    response.writeHead(200, { 'content-length': 20_000_000, etag: '"1"', 'accept-ranges': 'bytes' });
    response.write(Buffer.alloc(5_000_000));
  });
  return { ...server, open: () => open };
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this runtime cannot collect its garbage on demand');
  await wait(20);
  collect();
}

describe('a garbage-collected body closes its connection, with', () => {
  test.each<[string, (response: Response) => unknown]>([
    ['the response unread', () => {}],
    ['the body begun', (response) => response.body?.getReader().read()],
    ['the response cloned', (response) => void response.clone()],
    ['the body passed on', (response) => void new Response(response.body)],
    ['the body piped', (response) => void response.body?.pipeThrough(new TransformStream())],
  ])('%s', async (_, use) => {
    const server = await longFiles();
    const controller = new AbortController();
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    const held = new Set<unknown>();
    signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      held.add(listener);
      add(type, listener, { once: true });
    };
    signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      held.delete(listener);
      remove(type, listener);
    };
    const api = apiAt(server.url);
    const kept = await api.files.download('kept');
    for (let i = 0; i < 20; i++) await dropped(api, signal, use);
    const left = async () => {
      await collectGarbage();
      return [server.open(), held.size];
    };
    // the last one may still be on the stack
    await expect.poll(left).toSatisfy(([open = 99, on = 99]) => open <= 2 && on <= 1);
    expect(server.open()).toBeGreaterThan(0);
    await kept.body?.cancel(); // still referenced, so its connection is open
    await expect.poll(server.open).toBeLessThanOrEqual(1);
  });

  async function dropped(
    api: ReturnType<typeof apiAt>,
    signal: AbortSignal,
    use: (response: Response) => unknown,
  ): Promise<void> {
    await use(await api.files.download('x', 'original', { signal }));
  }

  test('but a body with a slow reader does not', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-length': content.byteLength * 4 });
      for (let i = 0; i < 4; i++) response.write(content);
      response.end();
    });
    const reader = (await apiAt(server.url).files.download('x')).body?.getReader();
    let bytes = 0;
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      bytes += chunk.value.byteLength;
      await collectGarbage();
    }
    expect(bytes).toBe(content.byteLength * 4);
  });
});

describe('a response hook that throws ends', () => {
  const failure = new Error('boom');
  const hooks = {
    response: () => {
      throw failure;
    },
  };
  const endless = async () => {
    let open = 0;
    const server = await scriptedServer((request, response) => {
      request.resume();
      open++;
      response.once('close', () => open--);
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '.repeat(10_000)), 5);
      response.once('close', () => clearInterval(timer));
    });
    return { ...server, open: () => open };
  };

  test.each<[string, (api: ReturnType<typeof apiAt>) => Promise<unknown>]>([
    ['a download', (api) => api.files.download('x')],
    ['an upload of a Blob', (api) => api.files.upload(new Blob([content]))],
    ['an upload of a stream', (api) => api.files.upload(Readable.from([content]))],
    ['an iteration', (api) => api.files.iterate().next()],
  ])('%s, and its connection', async (_, call) => {
    const server = await endless();
    expect(await reasonOf(call(apiAt(server.url, { hooks })))).toBe(failure);
    expect(server.requests).toHaveLength(1);
    await expect.poll(server.open).toBe(0);
  });
});

// aws/aws-sdk-js-v3#8286: small pieces of large buffers kept all of those buffers in memory until they were a large batch
test('does not keep a large buffer for a small piece of it', async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(1024 * 1024).subarray(5, 15).fill(7));
      controller.close();
    },
  });
  const piece = await responseReader(new Response(body)).read();
  expect(piece).toEqual(new Uint8Array(10).fill(7));
  expect(piece?.buffer.byteLength).toBe(10);
});
