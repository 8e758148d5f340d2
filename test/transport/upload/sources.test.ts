import { createReadStream } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type ApiClientOptions,
  ConfigurationError,
  DoctapeError,
  TokenExpiredError,
  TransferError,
  type UploadOptions,
  type UploadSource,
} from '../../../src/index.js';
import {
  apiAt,
  bodyOf,
  reasonOf,
  rejection,
  reply,
  type ScriptedServer,
  scriptedServer,
  unreachable,
  wait,
} from '../../support/scripted-server.js';

// Sources of applications: streams that have failed, ended or are in use, objects of other realms and of polyfills, and memory
// that is shared, resizable or detached.

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8) * 17) & 0xff);

const success = { error: null, result: { x: { id: 'x', name: 'x', size: '1' } } };

interface UploadServer extends ScriptedServer {
  /** The content of each file that arrived completely. */
  files: Buffer[];
}

async function uploadServer(): Promise<UploadServer> {
  const files: Buffer[] = [];
  const server = await scriptedServer(async (request, response) => {
    const headers = { 'content-type': request.headers['content-type'] ?? '' };
    const form = await new Response(await bodyOf(request), { headers }).formData();
    for (const value of form.values())
      if (typeof value !== 'string') files.push(Buffer.from(await value.arrayBuffer()));
    reply(response, 200, success);
  });
  return { ...server, files };
}

/** Calls with values that do not compile. */
function untyped(value: unknown): UploadSource {
  return value as UploadSource;
}

async function uploaded(source: unknown): Promise<Buffer> {
  const server = await uploadServer();
  await apiAt(server.url).files.upload(untyped(source));
  expect(server.files).toHaveLength(1);
  return server.files[0] ?? Buffer.alloc(0);
}

async function expectUploaded(source: unknown): Promise<void> {
  expect(Buffer.compare(await uploaded(source), content), 'bit for bit').toBe(0);
}

const missing = join(tmpdir(), 'doctape-no-such-file');

/** A request whose client disconnects after the first bytes. */
async function abortedRequest(): Promise<IncomingMessage> {
  const arrived = Promise.withResolvers<IncomingMessage>();
  const server = createServer(arrived.resolve);
  onTestFinished(() => void server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const client = httpRequest({ port, method: 'POST' });
  client.on('error', () => {}); // this side disconnects
  client.write('some');
  const request = await arrived.promise;
  client.destroy();
  await new Promise((closed) => request.once('close', closed));
  return request;
}

function failedWith(code: string): Error {
  return Object.assign(new Error('a secret of the source'), { code });
}

/** A stream of a library that does not store its error. */
function forgetful(): unknown {
  let failed: ((error: unknown) => void) | undefined;
  setTimeout(() => failed?.(failedWith('EOLD')), 1);
  return {
    on: (_: string, listener: (error: unknown) => void) => {
      failed = listener;
    },
    [Symbol.asyncIterator]: () => ({
      next: () => wait(20).then(() => Promise.reject(failedWith('EOLD'))),
    }),
  };
}

describe('a stream that fails before it is read', () => {
  test.each<[string, () => unknown, string]>([
    ['a file that does not exist', () => createReadStream(missing), 'ENOENT'],
    ['a file that does not exist, of known size', () => ({ stream: createReadStream(missing), size: 5 }), 'ENOENT'],
    ['a folder', () => createReadStream(tmpdir()), 'EISDIR'],
    ['a path through a file', () => createReadStream('/etc/passwd/x'), 'ENOTDIR'],
    ['a name that is too long', () => createReadStream(join(tmpdir(), 'x'.repeat(300))), 'ENAMETOOLONG'],
    [
      'a Readable that failed some time ago',
      async () => {
        const stream = new PassThrough();
        stream.on('error', () => {});
        stream.destroy(failedWith('EPIPE'));
        await wait(5);
        return stream;
      },
      'EPIPE',
    ],
    ['a Readable that fails during the call', () => new PassThrough().destroy(failedWith('EPIPE')), 'EPIPE'],
    ['a Duplex that fails', () => new Duplex({ read: () => {} }).destroy(failedWith('ETIMEDOUT')), 'ETIMEDOUT'],
    [
      'a Readable that fails after its first chunk',
      () =>
        new Readable({
          read() {
            if (!this.readableFlowing && this.readableLength === 0) this.push(content);
            this.destroy(failedWith('EIO'));
          },
        }),
      'EIO',
    ],
    ['a request whose client has disconnected', abortedRequest, 'ECONNRESET'],
    ['a stream of a library that does not store its error', forgetful, 'EOLD'],
    [
      'a web stream that has failed',
      () => new ReadableStream({ start: (controller) => controller.error(failedWith('EWEB')) }),
      'EWEB',
    ],
    ['the web stream of a missing file', () => Readable.toWeb(createReadStream(missing)), 'ENOENT'],
    [
      'an iterable whose iterator throws at once',
      () => ({
        [Symbol.asyncIterator]: () => {
          throw failedWith('EBEGIN');
        },
      }),
      'EBEGIN',
    ],
  ])('is a TransferError with the reason: %s', async (_, source, reason) => {
    const server = await uploadServer();
    const error = await rejection(apiAt(server.url).files.upload(untyped(await source())), TransferError);
    expect(error.code).toBe('interrupted');
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain('secret');
    expect(server.files).toEqual([]);
  });

  test('does not end the process, whatever the result of the call is', async () => {
    const server = await uploadServer();
    const expired = { access_token: 'abc', token_type: 'Bearer' as const, expires_at: 1 };
    const refusals: [Partial<ApiClientOptions>, UploadOptions, abstract new (...args: never[]) => unknown][] = [
      [{}, { tags: ['a,b'] }, ConfigurationError],
      [{}, untyped(null) as UploadOptions, ConfigurationError],
      [{ token: expired }, {}, TokenExpiredError],
      [{}, { signal: AbortSignal.abort(new RangeError('enough')) }, RangeError],
    ];
    for (const [client, options, type] of refusals) {
      await rejection(apiAt(server.url, client).files.upload(createReadStream(missing), options), type);
    }
    await wait(50); // an error without a listener would end the run
    expect(server.requests).toEqual([]);
  });

  test.each<[string, (stream: Readable) => unknown]>([
    ['{ stream } without a size', (stream) => ({ stream })],
    ['{ stream } with a misspelt size', (stream) => ({ stream, sizee: 3 })],
    ['an array', (stream) => [stream]],
    ['an array of { stream }', (stream) => [{ stream }]],
  ])('does not end the process if it is refused in %s', async (_, wrapped) => {
    const { url, requests } = await uploadServer();
    const { files } = apiAt(url);
    await rejection(files.upload(untyped(wrapped(createReadStream(missing)))), ConfigurationError);
    await rejection(files.uploadAll([untyped(wrapped(createReadStream(missing)))]), ConfigurationError);
    await rejection(files.uploadAll(createReadStream(missing) as never), ConfigurationError);
    await wait(50); // an error without a listener would end the run
    expect(requests).toEqual([]);
  });

  test('sends nothing if it is one of several, and releases the others', async () => {
    const server = await uploadServer();
    const good = new PassThrough();
    const failed = new PassThrough().destroy(failedWith('EPIPE'));
    const error = await rejection(apiAt(server.url).files.uploadAll([good, failed]), TransferError);
    expect(error.message).toContain('EPIPE');
    expect(good.destroyed).toBe(true);
    expect(server.requests).toEqual([]);
  });
});

/** Sources that report whether they were released. */
const releasableSources: [string, () => { source: unknown; isOpen: () => boolean }][] = [
  [
    'a Readable',
    () => {
      const source = new PassThrough();
      source.write(content);
      return { source, isOpen: () => !source.destroyed };
    },
  ],
  [
    'a Readable of known size',
    () => {
      const stream = new PassThrough();
      stream.write(content);
      return { source: { stream, size: 1_000_000 }, isOpen: () => !stream.destroyed };
    },
  ],
  [
    'a web stream',
    () => {
      const { stream, isOpen } = webStream();
      return { source: stream, isOpen };
    },
  ],
  [
    'a Response',
    () => {
      const { stream, isOpen } = webStream();
      return { source: new Response(stream), isOpen };
    },
  ],
  [
    'an iterable',
    () => {
      let held = true;
      const iterator = {
        next: () => wait(5).then(() => ({ done: false, value: content })),
        async return() {
          held = false;
          return { done: true, value: undefined };
        },
      };
      return { source: { [Symbol.asyncIterator]: () => iterator }, isOpen: () => held };
    },
  ],
];

function webStream(): { stream: ReadableStream<Uint8Array>; isOpen: () => boolean } {
  let held = true;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => wait(5).then(() => controller.enqueue(content)),
    cancel: () => {
      held = false;
    },
  });
  return { stream, isOpen: () => held };
}

test('an iterator of a file that does not exist is a failed source, and does not end the process', async () => {
  const { url } = await uploadServer();
  const iterator = createReadStream(join(tmpdir(), 'doctape-no-such-file')).iterator({ destroyOnReturn: false });
  const error = await rejection(apiAt(url).files.upload(untyped(iterator)), TransferError);
  expect(error.message).toContain('ENOENT');
});

describe('a source is always released at the end of its upload:', () => {
  const failure = new Error('boom');
  const refusing = () =>
    scriptedServer((request, response) => {
      request.once('data', () => reply(response, 500, { error: 'broken' }));
    });
  const reading = () => scriptedServer((request) => void request.resume());
  const abortsNow = (): UploadOptions => {
    const controller = new AbortController();
    queueMicrotask(() => controller.abort(failure)); // while the chunk for transfers is loaded
    return { signal: controller.signal };
  };
  const abortsLater = (): UploadOptions => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(failure), 50);
    return { signal: controller.signal };
  };
  const expired = { access_token: 'abc', token_type: 'Bearer' as const, expires_at: 1 };
  const throws = () => {
    throw failure;
  };

  const endings: [string, () => Promise<ScriptedServer>, Partial<ApiClientOptions>, () => UploadOptions][] = [
    ['an option is invalid', uploadServer, {}, () => ({ tags: ['a,b'] })],
    ['the token has expired', uploadServer, { token: expired }, () => ({})],
    ['the signal is already aborted', uploadServer, {}, () => ({ signal: AbortSignal.abort(failure) })],
    ['the signal is aborted at once', uploadServer, {}, abortsNow],
    ['the signal is aborted in the middle', reading, {}, abortsLater],
    ['the server refuses', refusing, {}, () => ({})],
    ['a hook throws before it is sent', uploadServer, { hooks: { request: throws } }, () => ({})],
    ['a hook throws at the response', refusing, { hooks: { response: throws } }, () => ({})],
    ['a listener throws', reading, {}, () => ({ onProgress: throws })],
    ['the server is unreachable', async () => ({ url: unreachable, requests: [] }), {}, () => ({})],
  ];

  test.each(endings)('%s, and the stream of an iterator is left to its owner', async (_, serve, client, options) => {
    const server = await serve();
    const stream = Readable.from(
      (async function* () {
        for (;;) yield await wait(5).then(() => content);
      })(),
      { objectMode: false },
    );
    onTestFinished(() => void stream.destroy());
    const iterator = stream.iterator({ destroyOnReturn: false });
    const reason = await reasonOf(apiAt(server.url, client).files.upload(untyped(iterator), options()));
    if (reason !== failure) expect(reason).toBeInstanceOf(DoctapeError);
    await wait(20);
    expect(stream.destroyed).toBe(false); // the source may be a request that the application has yet to respond to
  });

  test.each(endings)('%s', async (_, serve, client, options) => {
    for (const [kind, make] of releasableSources) {
      const server = await serve();
      const { source, isOpen } = make();
      const reason = await reasonOf(apiAt(server.url, client).files.upload(untyped(source), options()));
      if (reason !== failure) expect(reason).toBeInstanceOf(DoctapeError);
      await expect.poll(isOpen, { message: kind }).toBe(false);
    }
  });

  test('another source is invalid', async () => {
    const server = await uploadServer();
    for (const [kind, make] of releasableSources) {
      for (const order of [0, 1]) {
        const { source, isOpen } = make();
        const several = order === 0 ? [source, 'text'] : ['text', source];
        await rejection(apiAt(server.url).files.uploadAll(several.map(untyped)), ConfigurationError);
        await expect.poll(isOpen, { message: kind }).toBe(false);
      }
    }
    expect(server.requests).toEqual([]);
  });
});

describe('a stream can be uploaded only once:', () => {
  test.each<[string, () => unknown]>([
    ['a Readable', () => Readable.from([content])],
    ['a web stream', () => new Blob([content]).stream()],
    ['a Response', () => new Response(content)],
  ])('%s', async (_, make) => {
    const server = await uploadServer();
    const { files } = apiAt(server.url);
    const twice = untyped(make());
    const error = await rejection(files.uploadAll([twice, twice]), ConfigurationError);
    expect(error.message).toMatch(/^source .*(already|being read)/);
    expect(server.requests).toEqual([]);

    const stream = untyped(make());
    const first = files.upload(stream);
    await rejection(files.upload(stream), ConfigurationError);
    await first; // the second call does not affect the first
    expect(server.files.map((file) => Buffer.compare(file, content))).toEqual([0]);
    await rejection(files.upload(stream), ConfigurationError);
  });

  test('an iterable that can be iterated again can be uploaded again', async () => {
    const server = await uploadServer();
    const source = { [Symbol.asyncIterator]: () => Readable.from([content])[Symbol.asyncIterator]() };
    await apiAt(server.url)
      .files.uploadAll([source, source])
      .catch(() => {}); // the server returns only one file
    expect(server.files.map((file) => Buffer.compare(file, content))).toEqual([0, 0]);
  });
});

describe('a source is refused with a remedy if it is', () => {
  const destroyed = () => new PassThrough().destroy();
  test.each<[string, () => unknown, RegExp]>([
    ['a stream that was destroyed', destroyed, /was destroyed before it was read/],
    ['a stream of text', () => createReadStream('/etc/passwd', 'utf8'), /is a stream of text: create it without/],
    ['a stream that is written to', () => new Writable({ write() {} }), /cannot be iterated/],
    ['a stream without an iterator', () => ({ pipe() {}, on() {} }), /new Readable\(\)\.wrap\(stream\)/],
    ['a form', () => new FormData(), /is a form: pass the files in it/],
    ['a promise', () => Promise.resolve(new Blob()), /is a promise: await it/],
    ['a Request', () => new Request('http://x.example', { method: 'POST', body: 'x' }), /is a request: pass its body/],
    ['a file handle of a browser', () => ({ getFile() {} }), /await handle\.getFile\(\)/],
  ])('%s', async (_, make, message) => {
    const server = await uploadServer();
    const error = await rejection(apiAt(server.url).files.upload(untyped(make())), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/^source /);
    expect(error.message).toMatch(message);
    expect(server.requests).toEqual([]);
  });
});

function sharedCopy(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(content.byteLength);
  new Uint8Array(buffer).set(content);
  return buffer;
}

function resizableCopy(): ArrayBuffer {
  const buffer = new ArrayBuffer(content.byteLength, { maxByteLength: 2 * content.byteLength });
  new Uint8Array(buffer).set(content);
  return buffer;
}

function transferred<T extends ArrayBufferView | ArrayBuffer>(memory: T): T {
  const buffer = ArrayBuffer.isView(memory) ? memory.buffer : memory;
  if (buffer instanceof ArrayBuffer) structuredClone(null, { transfer: [buffer] });
  return memory;
}

describe('memory', () => {
  test.each<[string, () => unknown]>([
    ['that is shared', sharedCopy],
    ['that is shared, as a view', () => new Uint8Array(sharedCopy())],
    ['that is shared, as a DataView', () => new DataView(sharedCopy())],
    ['that is shared and can grow', () => new Uint8Array(growable())],
    ['that can be resized', resizableCopy],
    ['that can be resized, as a view', () => new Uint8Array(resizableCopy())],
    ['that can be resized, as a DataView', () => new DataView(resizableCopy())],
    ['that is a shared chunk of a stream', () => Readable.from([new Uint8Array(sharedCopy())])],
    ['that is a resizable chunk of a stream', () => Readable.from([new Uint8Array(resizableCopy())])],
  ])('%s is uploaded completely', async (_, source) => expectUploaded(source()));

  function growable(): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(content.byteLength, { maxByteLength: 2 * content.byteLength });
    new Uint8Array(buffer).set(content);
    return buffer;
  }

  function shrunk(view: (buffer: ArrayBuffer) => unknown): unknown {
    const buffer = resizableCopy();
    const made = view(buffer);
    buffer.resize(10);
    return made;
  }

  test.each<[string, () => unknown]>([
    ['an ArrayBuffer', () => transferred(content.slice().buffer)],
    ['a Uint8Array', () => transferred(content.slice())],
    ['a Float64Array', () => transferred(new Float64Array(8))],
    ['a DataView', () => transferred(new DataView(new ArrayBuffer(8)))],
    ['a Buffer', () => transferred(Buffer.from(content.slice().buffer))],
    ['a view of memory that shrank', () => shrunk((buffer) => new Uint8Array(buffer, 5, 100))],
    ['a DataView of memory that shrank', () => shrunk((buffer) => new DataView(buffer, 5, 100))],
  ])('without its bytes is an error, not an empty file: %s', async (_, make) => {
    const server = await uploadServer();
    const { files } = apiAt(server.url);
    const error = await rejection(files.upload(untyped(make())), ConfigurationError);
    expect(error.message).toMatch(/^source has no bytes/);
    await rejection(files.uploadAll([new Blob(['a']), untyped(make())]), ConfigurationError);
    expect(server.requests).toEqual([]);
  });

  test('in a chunk that was transferred before it was read is an error', async () => {
    const server = await uploadServer();
    const source = Readable.from([content.slice(), transferred(content.slice())]);
    const error = await rejection(apiAt(server.url).files.upload(source), TransferError);
    expect(error).toMatchObject({ code: 'truncated', bytes: content.byteLength });
    expect(server.files).toEqual([]);
  });

  test.each<[string, (bytes: Uint8Array<ArrayBuffer>) => unknown]>([
    ['changed', (bytes) => bytes.fill(0)],
    ['transferred', transferred],
  ])('that is %s after the call was copied before', async (_, change) => {
    const server = await uploadServer();
    const bytes = content.slice();
    const call = apiAt(server.url).files.upload(bytes);
    change(bytes);
    await call;
    expect(server.files.map((file) => Buffer.compare(file, content))).toEqual([0]);
  });
});

/** A Blob of a polyfill that has only these methods. */
function polyfill(methods: readonly ('arrayBuffer' | 'stream')[], bytes: Uint8Array<ArrayBuffer> = content): object {
  return {
    size: bytes.byteLength,
    type: 'text/x-polyfill',
    slice: (start: number, end: number) => polyfill(methods, bytes.slice(start, end)),
    ...(methods.includes('arrayBuffer') && { arrayBuffer: async () => bytes.slice().buffer }),
    ...(methods.includes('stream') && { stream: () => Readable.from([bytes]) }),
  };
}

/** A stream of a polyfill that has only a reader. */
function streamPolyfill(): object {
  const chunks = [content.slice(0, 1000), content.slice(1000)];
  return {
    getReader: () => ({
      read: async () => ({ done: chunks.length === 0, value: chunks.shift() }),
      cancel: async () => {},
      releaseLock: () => {},
    }),
  };
}

/** A Response of a library. */
function responseOf(body: unknown): object {
  const headers = { get: (name: string) => (name === 'content-type' ? 'image/png' : null) };
  return {
    status: 200,
    ok: true,
    headers,
    body,
    url: '',
    bodyUsed: false,
    arrayBuffer: async () => content.slice().buffer,
  };
}

describe('of another realm or a library,', () => {
  const elsewhere = (code: string): unknown => runInNewContext(code, { content: Array.from(content) });
  test.each<[string, () => unknown]>([
    ['an ArrayBuffer', () => elsewhere('new Uint8Array(content).buffer')],
    [
      'a SharedArrayBuffer',
      () => elsewhere('{ const b = new SharedArrayBuffer(content.length); new Uint8Array(b).set(content); b }'),
    ],
    ['a Uint8Array', () => elsewhere('new Uint8Array(content)')],
    ['a DataView', () => elsewhere('new DataView(new Uint8Array(content).buffer)')],
    ['an async generator', () => elsewhere('(async function* () { yield new Uint8Array(content); })()')],
    [
      'a stream and its size',
      () => elsewhere('({ size: content.length, stream: (async function* () { yield new Uint8Array(content); })() })'),
    ],
    ['a Blob', () => polyfill(['arrayBuffer', 'stream'])],
    ['a Blob without stream()', () => polyfill(['arrayBuffer'])],
    ['a Blob without arrayBuffer()', () => polyfill(['stream'])],
    ['a web stream', streamPolyfill],
    ['a web stream and its size', () => ({ stream: streamPolyfill(), size: content.byteLength })],
    ['a Response with a stream of Node', () => responseOf(Readable.from([content]))],
    ['a Response with a web stream of a library', () => responseOf(streamPolyfill())],
    ['a Response without streams', () => responseOf(undefined)],
  ])('%s is uploaded completely', async (_, source) => expectUploaded(source()));

  test('a File has its name and type', async () => {
    const server = await scriptedServer(async (request, response) => {
      expect((await bodyOf(request)).subarray(0, 300).toString()).toMatch(
        /filename="a b\.txt"\r\nContent-Type: text\/x-polyfill/,
      );
      reply(response, 200, success);
    });
    await apiAt(server.url).files.upload(untyped({ ...polyfill(['arrayBuffer']), name: 'a b.txt' }));
  });

  test('a Blob is sent again after Retry-After', async () => {
    let tries = 0;
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      tries++;
      if (tries === 1) reply(response, 503, { error: 'busy' }, { 'retry-after': '0' });
      else reply(response, 200, success);
    });
    await apiAt(server.url, { retry: 1 }).files.upload(untyped(polyfill(['arrayBuffer'])));
    expect(tries).toBe(2);
  });

  test('a Blob whose size is wrong is an error', async () => {
    const server = await uploadServer();
    const wrongSize = { ...polyfill(['arrayBuffer']), size: content.byteLength + 1 };
    const error = await rejection(apiAt(server.url).files.upload(untyped(wrongSize)), TransferError);
    expect(error.code).toBe('truncated');
    expect(server.files).toEqual([]);
  });
});

test.each<[string, string]>([
  ['attachment; filename="a b.txt"', 'a b.txt'],
  ['attachment; filename=plain.txt', 'plain.txt'],
  ['attachment; filename = "a.txt"', 'a.txt'],
  ["attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt", 'größe.txt'],
  ["attachment; filename*=UTF-8'en'gr%C3%B6%C3%9Fe.txt; filename=x.txt", 'größe.txt'],
  ["attachment; filename*=iso-8859-1'en'%A3.txt", '£.txt'],
  ['attachment; filename="gr\u00f6\u00dfe.txt"', 'größe.txt'], // Latin-1
  ['attachment; filename="gr\u00c3\u00b6\u00c3\u009fe.txt"', 'größe.txt'], // UTF-8
  ['attachment; filename="a\\"b.txt"', 'a%22b.txt'],
])('takes the name of a Response from Content-Disposition: %s', async (disposition, name) => {
  const server = await scriptedServer(async (request, response) => {
    expect((await bodyOf(request)).subarray(0, 300).toString()).toContain(`filename="${name}"`);
    reply(response, 200, success);
  });
  const response = new Response('x', { headers: { 'content-disposition': disposition } });
  await apiAt(server.url).files.upload(response);
});
