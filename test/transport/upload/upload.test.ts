import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import {
  ApiError,
  ConfigurationError,
  DoctapeError,
  type Fetch,
  NetworkError,
  type Progress,
  RateLimitError,
  ResponseError,
  TimeoutError,
  TransferError,
  UnauthorizedError,
  type UploadOptions,
  type UploadSource,
} from '../../../src/index.js';
import { createSandbox } from '../../../src/sandbox.js';
import { inProcess, origin, tokenFor } from '../../support/sandbox.js';
import {
  accessToken,
  apiAt,
  bodyOf,
  countReachable,
  reasonOf,
  rejection,
  reply,
  type ScriptedServer,
  scriptedServer,
  servedForTest,
  socketServer,
  unreachable,
  wait,
} from '../../support/scripted-server.js';
import { stopTimers } from '../../support/stopped-timers.js';

/** 300 kB without a repeated sequence. */
const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8) * 17) & 0xff);

interface ReceivedUpload {
  request: IncomingMessage;
  raw: Buffer<ArrayBuffer>;
  parts: [field: string, file: File][];
}

const success = { error: null, result: { x: { id: 'x', name: 'x', size: '1' } } };

/** Parses the body with the platform's parser, so the framing is valid if this succeeds. */
async function received(request: IncomingMessage): Promise<ReceivedUpload> {
  const raw = await bodyOf(request);
  const form = await new Response(raw, {
    headers: { 'content-type': request.headers['content-type'] ?? '' },
  }).formData();
  const parts = [...form].map(([field, value]): [string, File] => {
    if (typeof value === 'string') throw new Error(`${field} is no file`);
    return [field, value];
  });
  return { request, raw, parts };
}

/** A server that accepts uploads, and the uploads it received. */
async function uploadServer(): Promise<ScriptedServer & { uploads: ReceivedUpload[] }> {
  const uploads: ReceivedUpload[] = [];
  const server = await scriptedServer(async (request, response) => {
    uploads.push(await received(request));
    reply(response, 200, success);
  });
  return { ...server, uploads };
}

async function uploadedPart(
  source: UploadSource,
  options?: UploadOptions,
): Promise<{ file: File; headers: IncomingMessage['headers']; raw: Buffer }> {
  const server = await uploadServer();
  await apiAt(server.url).files.upload(source, options);
  expect(server.uploads).toHaveLength(1);
  const [upload] = server.uploads;
  if (!upload) throw new Error('nothing was uploaded');
  expect(upload.parts).toHaveLength(1);
  const [part] = upload.parts;
  if (!part) throw new Error('no part was uploaded');
  expect(part[0]).toBe('file');
  return { file: part[1], headers: upload.request.headers, raw: upload.raw };
}

async function* inPieces(bytes: Uint8Array, size: number = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.slice(at, at + size);
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new Blob([new Uint8Array(bytes)]).stream();
}

/** An endless source. Reports when it is released. */
function endless(): { source: AsyncGenerator<Uint8Array>; released: Promise<void>; given: () => number } {
  const released = Promise.withResolvers<void>();
  let given = 0;
  async function* chunks() {
    try {
      for (;;) {
        given += 65_536;
        yield new Uint8Array(65_536);
      }
    } finally {
      released.resolve();
    }
  }
  return { source: chunks(), released: released.promise, given: () => given };
}

/** A stream that stalls after one chunk. Reports when it is cancelled. */
function cancellable(): { stream: ReadableStream<Uint8Array>; cancelled: Promise<void> } {
  const cancelled = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(content),
    cancel: () => cancelled.resolve(),
  });
  return { stream, cancelled: cancelled.promise };
}

/** Calls with values that do not compile. */
function untyped(value: unknown): UploadSource {
  return value as UploadSource;
}

describe('every kind of source is uploaded completely', () => {
  const padded = new Uint8Array(content.byteLength + 20);
  padded.set(content, 10);

  test.each<[string, () => UploadSource, 'length' | 'chunked']>([
    ['a File', () => new File([content], 'a.bin'), 'length'],
    ['a Blob', () => new Blob([content]), 'length'],
    ['a slice of a Blob', () => new Blob([padded]).slice(10, 10 + content.byteLength), 'length'],
    ['an ArrayBuffer', () => content.slice().buffer, 'length'],
    ['a Uint8Array', () => content, 'length'],
    ['a view into the middle of a buffer', () => padded.subarray(10, 10 + content.byteLength), 'length'],
    ['an array of 32 bits', () => new Uint32Array(content.slice().buffer), 'length'],
    ['a DataView', () => new DataView(padded.buffer, 10, content.byteLength), 'length'],
    ['a Buffer', () => Buffer.from(content), 'length'],
    ['a view of shared memory', () => shared(content), 'length'],
    ['a ReadableStream', () => streamOf(content), 'chunked'],
    ['an async generator', () => inPieces(content), 'chunked'],
    ['an async generator of single bytes', () => inPieces(content.subarray(0, content.byteLength), 997), 'chunked'],
    ['a Readable', () => Readable.from(inPieces(content)), 'chunked'],
    ['a Response without a length', () => new Response(streamOf(content)), 'chunked'],
    [
      'a Response with a length',
      () => new Response(streamOf(content), { headers: { 'content-length': `${content.byteLength}` } }),
      'length',
    ],
    ['a stream of known size', () => ({ stream: streamOf(content), size: content.byteLength }), 'length'],
    ['a generator of known size', () => ({ stream: inPieces(content), size: content.byteLength }), 'length'],
    [
      'a Readable of known size',
      () => ({ stream: Readable.from(inPieces(content)), size: content.byteLength }),
      'length',
    ],
  ])('%s', async (_, source, framing) => {
    const { file, headers, raw } = await uploadedPart(source());
    expect(Buffer.compare(Buffer.from(await file.arrayBuffer()), content)).toBe(0);
    if (framing === 'length') {
      expect(headers['content-length']).toBe(String(raw.byteLength));
      expect(headers['transfer-encoding']).toBeUndefined();
    } else {
      expect(headers['content-length']).toBeUndefined();
      expect(headers['transfer-encoding']).toBe('chunked');
    }
  });

  function shared(bytes: Uint8Array): Uint8Array {
    const view = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
    view.set(bytes);
    return view;
  }

  test.each<[string, () => UploadSource]>([
    ['an empty Blob', () => new Blob([])],
    ['an empty array', () => new Uint8Array()],
    ['an empty stream', () => streamOf(new Uint8Array())],
    ['a generator that gives nothing', () => inPieces(new Uint8Array())],
    ['a stream of no size', () => ({ stream: inPieces(new Uint8Array()), size: 0 })],
    ['an empty Response', () => new Response('')],
  ])('%s is uploaded as an empty file', async (_, source) => {
    const { file } = await uploadedPart(source());
    expect(file.size).toBe(0);
  });

  test('an empty chunk does not end the upload', async () => {
    async function* chunks() {
      yield new Uint8Array();
      yield content.subarray(0, 1000);
      yield new Uint8Array();
      yield content.subarray(1000);
      yield new Uint8Array();
    }
    const { file } = await uploadedPart(chunks());
    expect(Buffer.compare(Buffer.from(await file.arrayBuffer()), content)).toBe(0);
  });

  test('content that contains multipart boundaries is not changed', async () => {
    const text = '\r\n--doctape-\r\nContent-Disposition: form-data; name="file"\r\n\r\n----\r\n--';
    const { file } = await uploadedPart(new Blob([text]));
    expect(await file.text()).toBe(text);
  });

  test('a download from one server can be uploaded to another', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, {
        'content-type': 'image/png',
        'content-length': content.byteLength,
        'content-disposition': `attachment; filename="fallback.png"; filename*=UTF-8''caf%C3%A9.png`,
      });
      response.end(content);
    });
    const { file, headers, raw } = await uploadedPart(await apiAt(server.url).files.download('a'));
    expect(file.name).toBe('café.png');
    expect(file.type).toBe('image/png');
    expect(headers['content-length']).toBe(String(raw.byteLength));
    expect(Buffer.compare(Buffer.from(await file.arrayBuffer()), content)).toBe(0);
  });

  test('a Response whose fetch has decompressed it', async () => {
    const { gzipSync } = await import('node:zlib');
    const server = await scriptedServer((_, response) => {
      const packed = gzipSync(content);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.byteLength }).end(packed);
    });
    const { file } = await uploadedPart(await fetch(server.url));
    expect(Buffer.compare(Buffer.from(await file.arrayBuffer()), content)).toBe(0);
  });

  test.each(['many', '', '-1', '1.5', '1e2', '0x10'])(
    'a Response with Content-Length %j has an unknown size',
    async (length) => {
      const { file } = await uploadedPart(new Response('bytes', { headers: { 'content-length': length } }));
      expect(await file.text()).toBe('bytes');
    },
  );
});

describe('a source is refused, and nothing is sent, when it is', () => {
  const consumed = async (): Promise<ReadableStream<Uint8Array>> => {
    const stream = streamOf(content);
    const reader = stream.getReader();
    while (!(await reader.read()).done);
    reader.releaseLock();
    return stream;
  };
  const locked = (): ReadableStream<Uint8Array> => {
    const stream = streamOf(content);
    stream.getReader();
    return stream;
  };
  const readResponse = async (): Promise<Response> => {
    const response = new Response('bytes');
    await response.text();
    return response;
  };
  const lockedResponse = (): Response => {
    const response = new Response('bytes');
    response.body?.getReader();
    return response;
  };
  const readReadable = async (): Promise<Readable> => {
    const readable = Readable.from([Buffer.from('bytes')]);
    await readable.toArray();
    return readable;
  };
  const cancelled = async (): Promise<ReadableStream<Uint8Array>> => {
    const stream = streamOf(content);
    await stream.cancel();
    return stream;
  };

  test.each<[string, () => unknown]>([
    ['a string', () => '/home/me/photo.jpg'],
    ['undefined', () => undefined],
    ['null', () => null],
    ['a number', () => 5],
    ['an empty object', () => ({})],
    ['an array', () => [new Blob(['a'])]],
    ['a URL', () => new URL('file:///photo.jpg')],
    ['a function', () => () => inPieces(content)],
    ['an iterable that is not async', () => new Set([content])],
    ['a locked stream', locked],
    ['a locked stream of known size', () => ({ stream: locked(), size: content.byteLength })],
    ['a stream that has been read', consumed],
    ['a stream that has been cancelled', cancelled],
    ['a Response that has been read', readResponse],
    ['a Response that is being read', lockedResponse],
    ['a Response without a body', () => new Response(null)],
    ['a Readable that has been read', readReadable],
    ['a size without a stream', () => ({ stream: undefined, size: 5 })],
    ['a stream that is a string', () => ({ stream: 'text', size: 4 })],
    ['a stream without a size', () => ({ stream: streamOf(content) })],
    ['a stream of size undefined', () => ({ stream: streamOf(content), size: undefined })],
    ['a stream of negative size', () => ({ stream: streamOf(content), size: -1 })],
    ['a stream of size NaN', () => ({ stream: streamOf(content), size: Number.NaN })],
    ['a stream of half a byte', () => ({ stream: streamOf(content), size: 0.5 })],
    ['a stream whose size is a string', () => ({ stream: streamOf(content), size: '5' })],
    ['a stream beyond all sizes', () => ({ stream: streamOf(content), size: 2 ** 53 })],
  ])('%s', async (_, source) => {
    const server = await uploadServer();
    const error = await rejection(apiAt(server.url).files.upload(untyped(await source())), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/^source\b/);
    expect(error.message).not.toContain('photo.jpg');
    expect(server.requests).toEqual([]);
  });

  test('a promise of a source', async () => {
    const server = await uploadServer();
    const call = apiAt(server.url).files.upload(untyped(Promise.resolve(new Blob(['a']))));
    expect((await rejection(call, ConfigurationError)).message).toMatch(/^source\b/);
    expect(server.requests).toEqual([]);
  });

  test('passed with invalid options, and the source is not read', async () => {
    const server = await uploadServer();
    const source = streamOf(content);
    await rejection(apiAt(server.url).files.upload(source, { tags: ['a,b'] }), ConfigurationError);
    expect(source.locked).toBe(false);
    expect(server.requests).toEqual([]);
  });
});

describe('an invalid option is refused by name, and nothing is sent', () => {
  test.each<[string, unknown]>([
    ['name', ''],
    ['name', 5],
    ['name', null],
    ['type', ''],
    ['type', 'jpeg'],
    ['type', 'image/jpeg\r\nX-Injected: 1'],
    ['type', 'image/jpeg;\r\nX-Injected: 1'],
    ['type', 'image/jpeg\r\n; x'],
    ['type', 'text/plain\r\n\r\n; this is content'],
    ['type', 'text/plain\n;x'],
    ['type', 5],
    ['tags', 'holiday'],
    ['tags', ['a,b']],
    ['tags', ['']],
    ['tags', [' ']],
    ['tags', [5]],
    ['tags', null],
    ['starred', 'true'],
    ['starred', 1],
    ['onProgress', {}],
    ['onProgress', 'yes'],
    ['signal', {}],
    ['signal', new AbortController()],
    ['signal', null],
  ])('%s: %j', async (name, value) => {
    const server = await uploadServer();
    const call = apiAt(server.url).files.upload(new Blob(['a']), { [name]: value });
    const error = await rejection(call, ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(new RegExp(`^${name}\\b`));
    expect(server.requests).toEqual([]);
  });

  test('when a string is passed instead of options', async () => {
    const server = await uploadServer();
    const call = apiAt(server.url).files.upload(new Blob(['a']), 'photo.jpg' as UploadOptions);
    await rejection(call, ConfigurationError);
    expect(server.requests).toEqual([]);
  });
});

describe('the part', () => {
  test('has the name and type of a File', async () => {
    const { file } = await uploadedPart(new File(['x'], 'photo.jpg', { type: 'image/jpeg' }));
    expect(file).toMatchObject({ name: 'photo.jpg', type: 'image/jpeg' });
  });

  test('has the name and type of the options instead of those of the File', async () => {
    const { file } = await uploadedPart(new File(['x'], 'photo.jpg', { type: 'image/jpeg' }), {
      name: 'other.png',
      type: 'image/png; version=1',
    });
    expect(file.name).toBe('other.png');
    expect(file.type).toContain('image/png');
  });

  test('has a default name and type if the source has none', async () => {
    const { file, raw } = await uploadedPart(streamOf(content));
    expect(file.name).toBe('untitled');
    expect(raw.toString('latin1')).toContain('Content-Type: application/octet-stream\r\n');
  });

  test.each([
    ['of umlauts', 'Übergröße.txt'],
    ['of many scripts', 'отчёт-報告-☕-👩‍🚀.pdf'],
    ['of 300 characters', `${'n'.repeat(296)}.txt`],
    ['of 300 characters of three bytes', `${'報'.repeat(296)}.txt`],
    ['with spaces and semicolons', 'a b; filename="c".txt'.replaceAll('"', "'")],
    ['with backslashes', 'a\\b.txt'],
  ])('has the unchanged name with %s', async (_, name) => {
    const { file } = await uploadedPart(new Blob(['x']), { name });
    expect(file.name).toBe(name);
    expect(await file.text()).toBe('x');
  });

  test.each([
    ['a quote', 'a"b.txt'],
    ['a line feed', 'a\nb.txt'],
    ['a carriage return', 'a\rb.txt'],
    ['a line break', 'a\r\nb.txt'],
    ['a whole header', 'x"\r\nContent-Type: text/html\r\n\r\nevil'],
    ['half a character', 'a\ud800b.txt'],
  ])('escapes a name with %s like FormData', async (_, name) => {
    const form = new FormData();
    form.append('file', new Blob(['x']), name);
    const platforms = await new Response(form).text();
    const { file, raw } = await uploadedPart(new Blob(['x']), { name });
    const disposition = (text: string) => /^Content-Disposition: .*$/im.exec(text)?.[0];
    expect(disposition(raw.toString())).toBe(disposition(platforms));
    expect(await file.text()).toBe('x');
    expect(file.type).toBe('application/octet-stream');
  });

  test('has a unique boundary for each upload', async () => {
    const server = await uploadServer();
    const api = apiAt(server.url);
    await api.files.upload(new Blob(['a']));
    await api.files.upload(new Blob(['a']));
    expect(server.requests[0]?.headers['content-type']).not.toBe(server.requests[1]?.headers['content-type']);
  });

  test('is the only part: tags and starred are in the query', async () => {
    const server = await uploadServer();
    await apiAt(server.url).files.upload(new Blob(['a']), { tags: ['a b', 'ü', '#x'], starred: false });
    const url = new URL(server.requests[0]?.url ?? '', server.url);
    expect(url.pathname).toBe('/v1/doc/upload');
    expect(Object.fromEntries(url.searchParams)).toEqual({ tags: 'a b,ü,#x', starred: 'false' });
    expect(server.uploads[0]?.parts.map(([field]) => field)).toEqual(['file']);
  });

  test('is sent without a query if there are no tags', async () => {
    const server = await uploadServer();
    await apiAt(server.url).files.upload(new Blob(['a']), { tags: [] });
    expect(server.requests[0]?.url).toBe('/v1/doc/upload');
  });
});

describe('a source that', () => {
  const secret = 'secret-of-the-source';

  async function* throwing() {
    yield content.subarray(0, 1000);
    throw Object.assign(new Error(secret), { code: 'EIO' });
  }
  async function* texts() {
    yield content.subarray(0, 1000);
    yield 'text';
  }

  const cases: [string, () => unknown, { name: string; code: string; bytes?: number }][] = [
    ['throws', throwing, { name: 'TransferError', code: 'interrupted', bytes: 1000 }],
    [
      'throws nothing in particular',
      async function* () {
        yield content.subarray(0, 1000);
        throw undefined;
      },
      { name: 'TransferError', code: 'interrupted', bytes: 1000 },
    ],
    [
      'throws at once',
      // biome-ignore lint/correctness/useYield: it throws before it yields
      async function* () {
        throw new Error(secret);
      },
      { name: 'TransferError', code: 'interrupted', bytes: 0 },
    ],
    [
      'is a stream that errors',
      () =>
        new ReadableStream({
          start: (controller) => controller.enqueue(content.subarray(0, 1000)),
          pull: (controller) => controller.error(new Error(secret)),
        }),
      { name: 'TransferError', code: 'interrupted' },
    ],
    [
      'is a Readable that is destroyed',
      () => Readable.from(throwing()),
      { name: 'TransferError', code: 'interrupted', bytes: 1000 },
    ],
    ['gives strings', texts, { name: 'ConfigurationError', code: 'invalid_argument' }],
    [
      'is a Readable of strings',
      () => Readable.from(['text']),
      { name: 'ConfigurationError', code: 'invalid_argument' },
    ],
    [
      'gives null',
      async function* () {
        yield null;
      },
      { name: 'ConfigurationError', code: 'invalid_argument' },
    ],
    [
      'gives an ArrayBuffer',
      async function* () {
        yield new ArrayBuffer(4);
      },
      { name: 'ConfigurationError', code: 'invalid_argument' },
    ],
    [
      'is shorter than announced',
      () => ({ stream: inPieces(content), size: content.byteLength + 1 }),
      { name: 'TransferError', code: 'truncated', bytes: content.byteLength },
    ],
    [
      'is longer than announced',
      () => ({ stream: inPieces(content), size: content.byteLength - 1 }),
      { name: 'TransferError', code: 'truncated', bytes: content.byteLength - 1 },
    ],
    [
      'is empty though announced',
      () => ({ stream: inPieces(new Uint8Array()), size: 1 }),
      { name: 'TransferError', code: 'truncated', bytes: 0 },
    ],
    [
      'has bytes though announced as empty',
      () => ({ stream: inPieces(content), size: 0 }),
      { name: 'TransferError', code: 'truncated', bytes: 0 },
    ],
    [
      'is a Response shorter than its Content-Length',
      () => new Response('bytes', { headers: { 'content-length': '6' } }),
      { name: 'TransferError', code: 'truncated', bytes: 5 },
    ],
  ];

  test.each(cases)('%s leaves no file on a server', async (_, source, expected) => {
    const { url, sandbox } = await servedForTest();
    const token = await tokenFor(sandbox, 'alice', undefined, url);
    const api = apiAt(url, { token });
    const error = await rejection(api.files.upload(untyped(source())), DoctapeError);
    expect(error).toMatchObject(expected);
    expect(error.message).not.toContain(secret);
    expect(error.cause).toBeUndefined();
    expect(await api.files.list()).toEqual([]);
    expect((await api.account.get()).quota_used).toBe(0);
  });

  test.each(cases)('%s leaves no file on a server in the same process', async (_, source, expected) => {
    const { api } = await inProcess();
    const error = await rejection(api.files.upload(untyped(source())), DoctapeError);
    expect(error).toMatchObject(expected);
    expect(await api.files.list()).toEqual([]);
  });

  test('fails is reported with its system error', async () => {
    const { api } = await inProcess();
    expect((await rejection(api.files.upload(throwing()), TransferError)).message).toContain('EIO');
  });

  test('is longer than its size is released', async () => {
    const { source, released } = endless();
    const { api } = await inProcess();
    await rejection(api.files.upload({ stream: source, size: 100_000 }), TransferError);
    await released;
  });
});

describe('progress', () => {
  async function reportsOf(source: UploadSource): Promise<Progress[]> {
    const server = await uploadServer();
    const reports: Progress[] = [];
    await apiAt(server.url).files.upload(source, { onProgress: (progress) => reports.push(progress) });
    return reports;
  }

  test.each<[string, () => UploadSource]>([
    ['a Blob', () => new Blob([new Uint8Array(8_000_000)])],
    ['a stream of known size', () => ({ stream: inPieces(new Uint8Array(8_000_000)), size: 8_000_000 })],
  ])('of %s increases, and reaches the total once, at the end', async (_, source) => {
    const total = 8_000_000;
    const reports = await reportsOf(source());
    const loaded = reports.map((report) => report.loaded);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    expect(reports.every((report) => report.total === total && report.fraction === report.loaded / total)).toBe(true);
    expect(reports.filter((report) => report.loaded === total)).toHaveLength(1);
    expect(reports.at(-1)).toEqual({ loaded: total, total, fraction: 1 });
  });

  test('of a stream of unknown size has no total, and ends with the number of all bytes', async () => {
    const reports = await reportsOf(inPieces(content, 100));
    expect(reports.at(-1)).toEqual({ loaded: content.byteLength });
    expect(reports.length).toBeLessThan(content.byteLength / 100); // not for every chunk
  });

  test('of an empty file is reported once', async () => {
    expect(await reportsOf(new Blob([]))).toEqual([{ loaded: 0, total: 0, fraction: 1 }]);
  });

  test.each<[string, () => UploadSource]>([
    ['a buffer', () => new Uint8Array(3_000_000)],
    ['a Blob', () => new Blob([new Uint8Array(3_000_000)])],
    ['a stream of one chunk', () => ({ stream: inPieces(new Uint8Array(3_000_000), 3_000_000), size: 3_000_000 })],
  ])('of %s advances with each piece of at most 512 KiB that `fetch` takes', async (_, source) => {
    const reports: number[] = [];
    const taken: number[] = [];
    const fetch: Fetch = async (_url, { body }) => {
      for await (const piece of body as ReadableStream<Uint8Array<ArrayBuffer>>) {
        taken.push(piece.byteLength);
        await wait(110); // reports are at least 100 ms apart
      }
      return Response.json(success);
    };
    const onProgress = ({ loaded }: Progress) => reports.push(loaded);
    await apiAt('http://127.0.0.1:9', { fetch }).files.upload(source(), { onProgress });
    expect(Math.max(...taken)).toBe(512 * 1024);
    const half = 512 * 1024;
    expect(reports).toEqual([half, 2 * half, 3 * half, 4 * half, 5 * half, 3_000_000]);
  });

  test('does not reach the total if the server refuses the file', async () => {
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      reply(response, 413, { error: { code: 413, message: 'Too large' } });
    });
    const reports: Progress[] = [];
    const call = apiAt(server.url).files.upload(content, { onProgress: (progress) => reports.push(progress) });
    await rejection(call, ApiError);
    expect(reports.every(({ loaded }) => loaded < content.byteLength)).toBe(true);
  });

  test('whose listener throws makes the upload reject with that error, and releases the source', async () => {
    const server = await scriptedServer((request) => void request.resume());
    const { source, released } = endless();
    const mistake = new Error('a mistake in the application');
    const call = apiAt(server.url).files.upload(source, {
      onProgress: () => {
        throw mistake;
      },
    });
    expect(await reasonOf(call)).toBe(mistake);
    await released;
  });
});

describe('the idle timeout', () => {
  test('ends an upload whose server stops reading, and releases the source', async () => {
    const server = await scriptedServer((request) => void request.pause());
    const { source, released } = endless();
    const error = await rejection(apiAt(server.url, { idleTimeout: 400 }).files.upload(source), TimeoutError);
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'idle_timeout' });
    await released;
  });

  test('ends an upload without a response', async () => {
    const server = await scriptedServer((request) => void request.resume());
    const error = await rejection(apiAt(server.url, { idleTimeout: 400 }).files.upload(new Blob(['a'])), TimeoutError);
    expect(error.code).toBe('idle_timeout');
    expect(server.requests).toHaveLength(1);
  });

  test('ends an upload whose response stalls', async () => {
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"result":');
    });
    const error = await rejection(apiAt(server.url, { idleTimeout: 400 }).files.upload(new Blob(['a'])), TimeoutError);
    expect(error.code).toBe('idle_timeout');
  });

  test('does not end an upload whose source is slow', async () => {
    const pass = stopTimers();
    async function* slow() {
      for (let i = 0; i < 5; i++) {
        pass(300);
        await new Promise(setImmediate);
        yield content.subarray(i * 10, i * 10 + 10);
      }
    }
    const server = await uploadServer();
    await apiAt(server.url, { idleTimeout: 900 }).files.upload(slow());
    expect(server.uploads[0]?.parts[0]?.[1].size).toBe(50);
  });

  test('does not end an upload whose server reads slowly', async () => {
    const total = 24_000_000;
    const server = await scriptedServer(async (request, response) => {
      let size = 0;
      for await (const chunk of request) {
        const before = Math.floor(size / 4_000_000);
        size += chunk.length;
        if (Math.floor(size / 4_000_000) > before) await wait(600);
      }
      reply(response, 200, { result: { x: { id: 'x', name: 'x', size } } });
    });
    const uploaded = await apiAt(server.url, { idleTimeout: 3_000 }).files.upload(new Uint8Array(total));
    expect(uploaded.size).toBeGreaterThan(total);
  });

  test('is longer for the response after the whole body was sent', async () => {
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      await wait(900);
      reply(response, 200, success);
    });
    expect(await apiAt(server.url, { idleTimeout: 500 }).files.upload(new Blob(['a']))).toMatchObject({ id: 'x' });
  });

  test('ends an upload whose source hangs', async () => {
    const server = await scriptedServer((request) => void request.resume());
    const hanging = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(content) });
    const error = await rejection(apiAt(server.url, { idleTimeout: 400 }).files.upload(hanging), TimeoutError);
    expect(error.code).toBe('idle_timeout');
  });

  test('does not restart after the upload', async () => {
    const later = Promise.withResolvers<void>();
    async function* source() {
      yield content;
      await later.promise;
      yield content;
    }
    const signals: (AbortSignal | null | undefined)[] = [];
    const fetch: Fetch = async (_, init) => {
      signals.push(init?.signal);
      const body: unknown = init?.body;
      if (!(body instanceof ReadableStream)) throw new Error('not a stream');
      const reader = body.getReader();
      await reader.read();
      await reader.read();
      void reader.read().catch(() => {}); // it already reads the next chunk when the server responds
      return Response.json({ error: { code: 413, message: 'Too large' } }, { status: 413 });
    };
    const pass = stopTimers();
    const api = apiAt('http://localhost', { fetch, idleTimeout: 150 });
    await rejection(api.files.upload(source()), ApiError);
    later.resolve();
    for (let task = 0; task < 5; task++) {
      pass(150);
      await new Promise(setImmediate);
    }
    expect(signals).toHaveLength(1);
    expect(signals[0]?.aborted).toBe(false);
  });
});

describe('an abort', () => {
  /** A server that reads and never responds. */
  const reader = (): Promise<ScriptedServer> => scriptedServer((request) => void request.resume());

  test('before the upload rejects with the reason, sends nothing, and does not read the source', async () => {
    const server = await uploadServer();
    const source = streamOf(content);
    const reason = new Error('not now');
    const call = apiAt(server.url).files.upload(source, { signal: AbortSignal.abort(reason) });
    expect(await reasonOf(call)).toBe(reason);
    expect(server.requests).toEqual([]);
    expect(source.locked).toBe(false);
  });

  test.each<[string, unknown]>([
    ['an Error', new Error('changed my mind')],
    ['a string', 'changed my mind'],
    ['null', null],
    ['an object', { any: 'thing' }],
  ])('during the upload rejects with the reason, even if it is %s', async (_, reason) => {
    const controller = new AbortController();
    const server = await scriptedServer((request) => {
      request.once('data', () => controller.abort(reason));
    });
    const { source, released } = endless();
    expect(await reasonOf(apiAt(server.url).files.upload(source, { signal: controller.signal }))).toBe(reason);
    await released;
  });

  test('by AbortSignal.timeout() rejects with its TimeoutError', async () => {
    const server = await reader();
    const { source, released } = endless();
    const reason = await reasonOf(apiAt(server.url).files.upload(source, { signal: AbortSignal.timeout(100) }));
    expect(reason).toBeInstanceOf(DOMException);
    expect(reason).toMatchObject({ name: 'TimeoutError' });
    await released;
  });

  test('while waiting for the response rejects with the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('too slow');
    const server = await scriptedServer(async (request) => {
      await bodyOf(request);
      controller.abort(reason);
    });
    const call = apiAt(server.url).files.upload(new Blob(['a']), { signal: controller.signal });
    expect(await reasonOf(call)).toBe(reason);
  });

  test('cancels a stream that is waiting for its next chunk', async () => {
    const controller = new AbortController();
    const { stream, cancelled } = cancellable();
    const server = await scriptedServer((request) => {
      request.resume().once('data', () => setTimeout(() => controller.abort('enough'), 50));
    });
    expect(await reasonOf(apiAt(server.url).files.upload(stream, { signal: controller.signal }))).toBe('enough');
    await cancelled;
  });

  test('cancels a stream that is full while the server does not read', async () => {
    const controller = new AbortController();
    const cancelled = Promise.withResolvers<void>();
    const source = new ReadableStream<Uint8Array>({
      pull: (stream) => stream.enqueue(new Uint8Array(65_536)),
      cancel: () => cancelled.resolve(),
    });
    const server = await scriptedServer((request) => {
      request.pause();
      setTimeout(() => controller.abort('enough'), 200);
    });
    expect(await reasonOf(apiAt(server.url).files.upload(source, { signal: controller.signal }))).toBe('enough');
    await cancelled.promise;
    await expect.poll(() => source.locked).toBe(false);
  });

  test('closes the connection of a Response that is being uploaded', async () => {
    const closed = Promise.withResolvers<void>();
    const from = await scriptedServer((_, response) => {
      response.on('close', closed.resolve);
      response.write('some, and never the rest');
    });
    const controller = new AbortController();
    const server = await scriptedServer((request) => {
      request.resume().once('data', () => setTimeout(() => controller.abort('enough'), 50));
    });
    const call = apiAt(server.url).files.upload(await fetch(from.url), { signal: controller.signal });
    expect(await reasonOf(call)).toBe('enough');
    await closed.promise;
  });

  test('destroys a Readable', async () => {
    const controller = new AbortController();
    const source = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    const closed = new Promise((resolve) => source.once('close', resolve));
    const server = await scriptedServer((request) => {
      request.resume().once('data', () => controller.abort('enough'));
    });
    expect(await reasonOf(apiAt(server.url).files.upload(source, { signal: controller.signal }))).toBe('enough');
    await closed;
    expect(source.destroyed).toBe(true);
  });

  test('rejects with the reason even if the source then fails with another error', async () => {
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    async function* source() {
      for (let i = 0; ; i++) {
        if (i === 3) controller.abort(reason);
        controller.signal.throwIfAborted();
        yield content;
      }
    }
    const server = await reader();
    expect(await reasonOf(apiAt(server.url).files.upload(source(), { signal: controller.signal }))).toBe(reason);
  });

  test('of a Response and its upload with the same signal rejects with the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const from = await scriptedServer((_, response) => void response.write('some'));
    const server = await scriptedServer((request) => {
      request.resume().once('data', () => setTimeout(() => controller.abort(reason), 50));
    });
    const { signal } = controller;
    const response = await fetch(from.url, { signal });
    expect(await reasonOf(apiAt(server.url).files.upload(response, { signal }))).toBe(reason);
  });

  test('does not leave a file on the server', async () => {
    const { url, sandbox } = await servedForTest();
    const api = apiAt(url, { token: await tokenFor(sandbox, 'alice', undefined, url) });
    const controller = new AbortController();
    async function* source() {
      yield content;
      await wait(50);
      controller.abort('enough');
      yield content;
    }
    expect(await reasonOf(api.files.upload(source(), { signal: controller.signal }))).toBe('enough');
    await wait(100);
    expect(await api.files.list()).toEqual([]);
  });

  test('after the upload has no effect, and no listener is left', async () => {
    const server = await uploadServer();
    const controller = new AbortController();
    const { signal } = controller;
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await apiAt(server.url).files.upload(new Blob(['a']), { signal });
    expect(added.mock.calls.length).toBeGreaterThan(0);
    const left = added.mock.calls.filter(
      ([type, listener]) => !removed.mock.calls.some(([t, l]) => t === type && l === listener),
    );
    expect(left).toEqual([]);
    controller.abort();
  });
});

describe('a response before the server has read everything', () => {
  const refusals = [
    [401, UnauthorizedError],
    [413, ApiError],
    [429, RateLimitError],
    [503, ApiError],
  ] as const;

  const readingModes: [string, (request: IncomingMessage) => void][] = [
    ['continues to read', (request) => void request.resume()],
    ['stops reading', (request) => void request.pause()],
  ];

  describe.each(readingModes)('and %s', (_, continueReading) => {
    test.each(refusals)('is reported with status %i, and the source is released', async (status, type) => {
      const server = await scriptedServer((request, response) => {
        request.once('data', () => {
          continueReading(request);
          reply(response, status, { error: { code: status, message: 'in the words of the server' } });
        });
      });
      const { source, released } = endless();
      const error = await rejection(apiAt(server.url, { idleTimeout: 3000 }).files.upload(source), type);
      expect(error.status).toBe(status);
      expect(error.message).toContain('in the words of the server');
      await released;
      expect(server.requests).toHaveLength(1);
    });

    test('is reported for a Blob of known size', async () => {
      const server = await scriptedServer((request, response) => {
        request.once('data', () => {
          continueReading(request);
          reply(response, 413, { error: { code: 413, message: 'Too large' } });
        });
      });
      const big = new Blob([new Uint8Array(64_000_000)]);
      const error = await rejection(apiAt(server.url, { idleTimeout: 3000 }).files.upload(big), ApiError);
      expect(error.status).toBe(413);
    });
  });

  test('is reported if the server then closes the connection', async () => {
    const server = await scriptedServer((request, response) => {
      request.once('data', () => {
        reply(response, 413, { error: { code: 413, message: 'Too large' } }, { connection: 'close' });
        request.resume();
      });
    });
    const { source, released } = endless();
    const error = await rejection(apiAt(server.url, { idleTimeout: 3000 }).files.upload(source), ApiError);
    expect(error.status).toBe(413);
    await released;
  });

  test('is reported before the first byte of a slow source', async () => {
    const server = await scriptedServer((_, response) => reply(response, 401, { error: 'Unauthorized' }));
    const hanging = new ReadableStream<Uint8Array>({});
    await rejection(apiAt(server.url, { idleTimeout: 3000 }).files.upload(hanging), UnauthorizedError);
  });

  test('from a server in the same process that reads nothing is reported, and the source is released', async () => {
    const { stream, cancelled } = cancellable();
    const api = apiAt(origin, { fetch: createSandbox().fetch });
    await rejection(api.files.upload(stream), UnauthorizedError);
    await cancelled;
  });

  test('is reported if the quota is exceeded', async () => {
    const { url, sandbox } = await servedForTest({ users: [{ username: 'alice', password: 'x', quota: 100_000 }] });
    const api = apiAt(url, { token: await tokenFor(sandbox, 'alice', undefined, url) });
    const { source, released } = endless();
    const error = await rejection(api.files.upload(source), ApiError);
    expect(error).toMatchObject({ status: 413, code: 'http_413' });
    await released;
    expect(await api.files.list()).toEqual([]);
  });
});

describe('a connection', () => {
  test('that is refused is a NetworkError, and the source is released', async () => {
    const { stream, cancelled } = cancellable();
    const error = await rejection(apiAt(unreachable).files.upload(stream), NetworkError);
    expect(error).toMatchObject({ code: 'network', reason: 'ECONNREFUSED' });
    expect(error.cause).toBeUndefined();
    await cancelled;
  });

  test('that is reset during the upload is a NetworkError, and the source is released', async () => {
    const server = await scriptedServer((request) => {
      request.once('data', () => request.socket.resetAndDestroy());
    });
    const { source, released } = endless();
    const error = await rejection(apiAt(server.url).files.upload(source), NetworkError);
    expect(error.message).not.toContain(accessToken);
    await released;
    expect(server.requests).toHaveLength(1);
  });

  test('that is closed during the upload is a NetworkError', async () => {
    const server = await socketServer((socket) => void socket.once('data', () => socket.end()));
    const { source, released } = endless();
    await rejection(apiAt(server.url, { idleTimeout: 3000 }).files.upload(source), NetworkError);
    await released;
  });

  test('that breaks during the response is a NetworkError', async () => {
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"result":', () => response.destroy());
    });
    await rejection(apiAt(server.url).files.upload(new Blob(['a'])), NetworkError);
    expect(server.requests).toHaveLength(1);
  });
});

describe('an upload is never sent twice', () => {
  test.each([408, 429, 500, 502, 503, 504])('after a %i', async (status) => {
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      reply(response, status, { error: { code: status, message: 'no' } }, { 'retry-after': '0' });
    });
    const error = await rejection(apiAt(server.url).files.upload(new Blob(['a'])), ApiError);
    expect(error.status).toBe(status);
    await wait(50);
    expect(server.requests).toHaveLength(1);
  });

  test('after a reset of a keep-alive connection', async () => {
    let requests = 0;
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      if (++requests === 1) reply(response, 200, success);
      else request.socket.resetAndDestroy();
    });
    const api = apiAt(server.url);
    await api.files.upload(new Blob(['a']));
    await rejection(api.files.upload(new Blob(['a'])), NetworkError);
    await wait(50);
    expect(requests).toBe(2);
  });
});

describe('a redirect of an upload', () => {
  test.each([301, 302, 303, 307, 308])('with %i is refused, and the other server receives nothing', async (status) => {
    const other = await scriptedServer((_, response) => reply(response, 200, success));
    const server = await scriptedServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(status, { location: `${other.url}/v1/doc/upload` }).end();
    });
    const error = await rejection(apiAt(server.url).files.upload(new Blob(['a'])), ResponseError);
    expect(error).toMatchObject({ name: 'ResponseError', code: 'redirect_refused' });
    expect(error.message).not.toContain(accessToken);
    expect(other.requests).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test('before the whole body was sent is refused, and the source is released', async () => {
    const server = await scriptedServer((request, response) => {
      request.once('data', () => {
        response.writeHead(307, { location: '/v1/elsewhere' }).end();
        request.resume();
      });
    });
    const { source, released } = endless();
    const error = await rejection(apiAt(server.url, { idleTimeout: 3000 }).files.upload(source), ResponseError);
    expect(error.code).toBe('redirect_refused');
    await released;
    expect(server.requests).toHaveLength(1);
  });

  test('from the fetch option is refused', async () => {
    const fetch: Fetch = async (input, init) => {
      await new Request(input, init).arrayBuffer();
      return new Response(null, { status: 307, headers: { location: 'https://evil.example/' } });
    };
    const call = apiAt('http://localhost', { fetch }).files.upload(new Blob(['a']));
    expect(await rejection(call, ResponseError)).toMatchObject({ code: 'redirect_refused', status: 307 });
  });
});

describe('a success', () => {
  test.each([
    ['of known size', () => new Blob([new Uint8Array(30_000_000)])],
    ['of unknown size', () => endless().source],
  ])('before the whole body was sent is a TransferError, with a source %s', async (_, source) => {
    const server = await scriptedServer((request, response) => {
      request.once('data', () => {
        request.pause();
        reply(response, 200, success);
      });
    });
    const error = await rejection(apiAt(server.url).files.upload(source()), TransferError);
    expect(error.code).toBe('truncated');
    expect(error.message).toContain('returned 200 before the whole body was sent');
    expect(server.requests).toHaveLength(1);
  });

  test.each<[string, number, boolean]>([
    ['before the first chunk', 0, false],
    ['before the first chunk of a known size', 0, true],
    ['after one chunk', 1, false],
  ])('%s is a TransferError, also with a source that waits', async (_, taken, isKnown) => {
    const server = await scriptedServer(async (request, response) => {
      let seen = 0;
      request.on('data', (data) => {
        seen += data.length;
        if (seen >= taken * 1000 && !response.headersSent) reply(response, 200, success);
      });
    });
    async function* slow() {
      for (let number = 0; number < taken; number++) yield new Uint8Array(1000);
      await new Promise(() => {}); // the response arrives before the next chunk
    }
    const source = isKnown ? { stream: slow(), size: 5000 } : slow();
    const error = await rejection(apiAt(server.url).files.upload(source), TransferError);
    expect(error).toMatchObject({ code: 'truncated', bytes: taken * 1000 });
  });

  test('with an error in the envelope is an ApiError, even before the whole body was sent', async () => {
    const server = await scriptedServer((request, response) => {
      request.once('data', () => {
        request.pause();
        reply(response, 200, { error: { code: 401, message: 'who are you?' }, result: null });
      });
    });
    const call = apiAt(server.url).files.upload(new Blob([new Uint8Array(30_000_000)]));
    await rejection(call, UnauthorizedError);
  });

  const answer = () => Response.json(success);
  const sources = [() => new Blob(['a']), () => streamOf(content.subarray(0, 100)), () => new Blob([content])];

  test.each<[string, Fetch]>([
    ['reads nothing', async () => answer()],
    ['is given what needs no waiting', (() => answer()) as unknown as Fetch],
    ['looks at the request', async (input, init) => new Request(input, init) && answer()],
    ['reads all', async (input, init) => (await new Request(input, init).arrayBuffer()) && answer()],
  ])('of a mock fetch that %s is accepted', async (_, fetch) => {
    for (const source of sources) {
      expect(await apiAt('http://localhost', { fetch }).files.upload(source())).toMatchObject({ id: 'x' });
    }
  });

  test('of a fetch that reads only a part of the body is a TransferError', async () => {
    const fetch: Fetch = async (_, init) => {
      if (init?.body instanceof ReadableStream) await init.body.getReader().read();
      return answer();
    };
    for (const source of sources) {
      await rejection(apiAt('http://localhost', { fetch }).files.upload(source()), TransferError);
    }
  });

  test('is returned for chunks of another realm', async () => {
    const server = await uploadServer();
    async function* foreign() {
      yield runInNewContext('new Uint8Array([1, 2, 3])');
    }
    await apiAt(server.url).files.upload(foreign());
    expect(server.uploads[0]?.parts[0]?.[1].size).toBe(3);
  });

  test.each([
    ['an iterable', { return: () => fail() }],
    ['a stream of Node', { destroy: () => fail() }],
  ])('is returned even if %s cannot be released', async (_, end) => {
    const server = await uploadServer();
    const iterator = streamOf(content)[Symbol.asyncIterator]();
    const source = { ...end, next: () => iterator.next(), [Symbol.asyncIterator]: () => source };
    expect(await apiAt(server.url).files.upload(source)).toHaveProperty('id');
  });

  function fail(): never {
    throw new TypeError('it cannot');
  }
});

describe('memory', () => {
  test('does not keep the bytes that were sent', async () => {
    const chunks = 512;
    const given: WeakRef<object>[] = [];
    let held = chunks;
    async function* source() {
      for (let i = 0; i < chunks; i++) {
        const chunk = new Uint8Array(65_536);
        given.push(new WeakRef(chunk));
        yield chunk;
      }
      held = await countReachable(given);
      yield new Uint8Array(1);
    }
    const server = await scriptedServer(async (request, response) => {
      for await (const chunk of request) void chunk;
      reply(response, 200, success);
    });
    await apiAt(server.url).files.upload(source());
    expect(given).toHaveLength(chunks);
    expect(held).toBeLessThan(chunks / 4);
  });

  test('is not filled by a source that is faster than the server', async () => {
    const controller = new AbortController();
    const server = await scriptedServer((request) => void request.pause());
    const { source, given } = endless();
    const call = reasonOf(apiAt(server.url).files.upload(source, { signal: controller.signal }));
    let seen = -1;
    while (given() > seen) {
      seen = given();
      await wait(500);
    }
    expect(given()).toBeLessThan(64 * 1024 * 1024);
    controller.abort('enough');
    expect(await call).toBe('enough');
  });
});
