import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished, test } from 'vitest';
import {
  ApiClient,
  ApiError,
  ConfigurationError,
  type HookEvent,
  NetworkError,
  type Progress,
  TransferError,
  UnauthorizedError,
  type UploadSource,
} from '../../src/index.js';
import { openFile } from '../../src/node.js';
import { tokenFor } from '../support/sandbox.js';
import {
  apiAt,
  bodyOf,
  rejection,
  reply,
  scriptedServer,
  servedForTest,
  unreachable,
  wait,
} from '../support/scripted-server.js';

async function sandboxApi(): Promise<ApiClient> {
  const { url, sandbox } = await servedForTest();
  return new ApiClient({ token: await sandbox.signIn('alice'), baseUrl: `${url}/v1` });
}

const textFile = (name: string, content = name) => new File([content], name);
const reasons = (results: PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'rejected' ? result.reason : undefined));

/** A server that counts the uploads at the same time, and holds each one until it is told to go on. */
async function holding(status: (name: string) => number = () => 200) {
  const waiting: (() => void)[] = [];
  const seen = { names: [] as string[], atOnce: 0, most: 0, free: false };
  const server = await scriptedServer(async (request, response) => {
    seen.atOnce++;
    seen.most = Math.max(seen.most, seen.atOnce);
    const body = await bodyOf(request);
    const [, name = ''] = /filename="([^"]*)"/.exec(body.toString('latin1')) ?? [];
    seen.names.push(name);
    if (!seen.free) await new Promise<void>((resolve) => waiting.push(resolve));
    seen.atOnce--;
    const file = { id: name, name, size: 1 };
    reply(response, status(name), { error: null, result: { [name]: file } });
  });
  const release = () => {
    seen.free = true;
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { ...server, seen, waiting, release };
}

it('uploads every source with the tags, and returns the results in their order', async () => {
  const api = await sandboxApi();
  const files = ['a.txt', 'b.txt', 'c.txt'].map((name) => textFile(name));
  const results = await api.files.uploadEach(files, { tags: ['x', 'y'], starred: true, concurrency: 3 });
  expect(results).toMatchObject(files.map(({ name, size }) => ({ status: 'fulfilled', value: { name, size } })));
  const stored = await api.files.list();
  expect(stored).toHaveLength(3);
  for (const file of stored) expect(file).toMatchObject({ tags: ['x', 'y'], starred: true });
});

it('uploads the others if one fails', async () => {
  const api = await sandboxApi();
  const missing = createReadStream('/nowhere/at/all');
  // transloadit/uppy#121: with Promise.all(), one failure lost the others
  const results = await api.files.uploadEach([textFile('a.txt'), missing, textFile('b.txt')], { concurrency: 1 });
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(reasons(results)[1]).toMatchObject({
    name: 'TransferError',
    code: 'interrupted',
    message: expect.stringContaining('ENOENT'),
  });
  expect((await api.files.list()).map(({ name }) => name)).toEqual(['a', 'b']);
});

it('has no results for no sources', async () => {
  const told: Progress[] = [];
  const results = await apiAt('http://127.0.0.1:1').files.uploadEach([], { onProgress: (now) => told.push(now) });
  expect([results, told]).toEqual([[], [{ loaded: 0, total: 0, fraction: 1 }]]);
});

it('uploads at most `concurrency` files at the same time', async () => {
  const server = await holding();
  const done = apiAt(server.url).files.uploadEach(
    Array.from({ length: 7 }, (_, index) => textFile(`${index}`)),
    { concurrency: 2 },
  );
  await expect.poll(() => server.waiting.length).toBe(2);
  await wait(50);
  expect(server.seen).toMatchObject({ atOnce: 2 });
  server.release();
  expect(await done).toHaveLength(7);
  expect(server.seen.most).toBe(2);
});

it.each([0, -1, 1.5, 101, 1e9, Number.NaN, Number.POSITIVE_INFINITY, '4', null])(
  'refuses concurrency %s',
  async (concurrency) => {
    const server = await holding();
    const source = Readable.from([new Uint8Array(1)]);
    const call = Reflect.apply(apiAt(server.url).files.uploadEach, undefined, [[source], { concurrency }]);
    const error = await rejection(Promise.resolve(call), ConfigurationError);
    expect([error.code, error.message]).toEqual([
      'invalid_argument',
      'concurrency must be a whole number from 1 to 100',
    ]);
    expect([source.destroyed, server.requests]).toEqual([true, []]);
  },
);

test('the same applies to every other option', async () => {
  const server = await holding();
  const upload = (options: object) => Reflect.apply(apiAt(server.url).files.uploadEach, undefined, [[], options]);
  const wrong = { tag: ['a'], tags: 'a', starred: 1, onFile: true, onProgress: 1, signal: 1, timeout: -1, retry: -1 };
  for (const [name, value] of Object.entries({ ...wrong, headers: { authorization: 'Bearer x' } })) {
    const error = await rejection(Promise.resolve(upload({ [name]: value })), ConfigurationError);
    expect(error.message).toContain(name);
  }
  expect(server.requests).toEqual([]);
});

it.each<[string, () => unknown]>([
  ['nothing', () => undefined],
  ['a Set-like object', () => ({ size: 1 })],
  ['null', () => null],
  ['a string', () => 'a.txt'],
  ['a File', () => textFile('a.txt')],
  ['a buffer', () => new Uint8Array([1, 2, 3])],
  ['a web stream', () => new Blob(['a']).stream()],
  ['a Node stream', () => Readable.from(['a'])],
  ['a Node stream that fails later', () => createReadStream('/nowhere/at/all')],
])('refuses %s in place of sources', async (_, make) => {
  const server = await holding();
  const sources = make();
  const call = Reflect.apply(apiAt(server.url).files.uploadEach, undefined, [sources]);
  const error = await rejection(Promise.resolve(call), ConfigurationError);
  expect(error.message).toMatch(/^sources (must be|is)/);
  if (sources instanceof Readable) expect(sources.destroyed).toBe(true);
  await wait(20); // a stream that fails without a listener would end the process
  expect(server.requests).toEqual([]);
});

it('reports a source of the wrong kind as the result of that source', async () => {
  const api = await sandboxApi();
  const results = await Reflect.apply(api.files.uploadEach, undefined, [['a.txt', textFile('b.txt'), 7]]);
  expect(reasons(results)).toEqual([expect.any(ConfigurationError), undefined, expect.any(ConfigurationError)]);
});

// googleapis/nodejs-storage#1865 and OpenNeuroOrg/openneuro#2613: thousands of files were opened at once
it('requests a source from an iterator only when it can be uploaded', async () => {
  const server = await holding();
  let requested = 0;
  function* sources() {
    for (let index = 0; index < 9; index++) {
      requested++;
      yield textFile(`${index}`);
    }
  }
  const done = apiAt(server.url).files.uploadEach(sources(), { concurrency: 3 });
  await expect.poll(() => server.waiting.length).toBe(3);
  await wait(20);
  expect(requested).toBe(3);
  server.release();
  expect(await done).toHaveLength(9);
});

it('accepts promises, and opens the files of an iterator of promises one after the other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-each-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'a.txt'), 'a');
  await writeFile(join(folder, 'c.txt'), 'c');
  const api = await sandboxApi();
  let open = 0;
  let most = 0;
  function* sources() {
    for (const name of ['a.txt', 'b.txt', 'c.txt']) {
      most = Math.max(most, ++open);
      yield openFile(join(folder, name));
    }
  }
  const results = await api.files.uploadEach(sources(), { concurrency: 1, onFile: () => void open-- });
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(reasons(results)[1]).toMatchObject({ name: 'FileSystemError', code: 'file_not_found' });
  expect(most).toBe(1);
});

it('does not end the process if a promise in an array rejects before its turn', async () => {
  const server = await holding();
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listener);
  onTestFinished(() => void process.off('unhandledRejection', listener));
  const late = createReadStream('/nowhere/at/all');
  const sources = [textFile('a'), Promise.reject(new Error('no file')), Promise.resolve(late)];
  const done = apiAt(server.url).files.uploadEach(sources, { concurrency: 1 });
  await expect.poll(() => server.waiting.length).toBe(1);
  await wait(20);
  server.release();
  expect(reasons(await done)).toEqual([undefined, new Error('no file'), expect.any(TransferError)]);
  expect(unhandled).toEqual([]);
});

it('reads an async iterator, and reports its error as the result of the source that it could not return', async () => {
  const api = await sandboxApi();
  async function* sources() {
    yield textFile('a.txt');
    await wait(1);
    yield textFile('b.txt');
    throw new Error('the folder was removed');
  }
  const results = await api.files.uploadEach(sources());
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(reasons(results)[2]).toEqual(new Error('the folder was removed'));
});

it('copies the buffers in an array before it returns', async () => {
  const bytes = new Uint8Array([97, 98]);
  let body = '';
  const reading = await scriptedServer(async (request, response) => {
    body = (await bodyOf(request)).toString();
    reply(response, 200, { error: null, result: { a: { id: 'a', name: 'a', size: 2 } } });
  });
  const done = apiAt(reading.url).files.uploadEach([bytes]);
  bytes.fill(120);
  await done;
  expect(body).toContain('ab');
});

it('calls onFile with each result and its index, and waits for it', async () => {
  const server = await holding((name) => (name === 'b' ? 403 : 200));
  server.release();
  const told: [string, number][] = [];
  let running = 0;
  await apiAt(server.url).files.uploadEach(
    ['a', 'b', 'c'].map((name) => textFile(name)),
    {
      concurrency: 1,
      async onFile({ status }, index) {
        expect(++running).toBe(1);
        await wait(5);
        running--;
        told.push([status, index]);
      },
    },
  );
  expect(told).toEqual([
    ['fulfilled', 0],
    ['rejected', 1],
    ['fulfilled', 2],
  ]);
});

it.each<[string, object]>([
  ['onFile throws', { onFile: () => fail() }],
  ['onFile rejects', { onFile: async () => fail() }],
  ['onProgress throws', { onProgress: () => fail() }],
  ['onProgress rejects', { onProgress: async () => fail() }],
])('rejects, and releases everything, if %s', async (_, options) => {
  const server = await holding();
  server.release();
  const rest = Readable.from([new Uint8Array(1)]);
  const sources = [textFile('a'), textFile('b'), rest];
  const call = apiAt(server.url).files.uploadEach(sources, { concurrency: 1, ...options });
  await expect(call).rejects.toThrow('a mistake of the application');
  await expect.poll(() => rest.destroyed).toBe(true);
});

function fail(): never {
  throw new Error('a mistake of the application');
}

test('an abort is the result of every file that was not uploaded, and releases the sources', async () => {
  const server = await holding();
  const controller = new AbortController();
  const streams = Array.from({ length: 4 }, () => Readable.from([new Uint8Array(10)]));
  const web = new ReadableStream<Uint8Array>({ cancel: () => void cancelled++ });
  const promised = Readable.from([new Uint8Array(10)]);
  let cancelled = 0;
  const sources: (UploadSource | Promise<UploadSource>)[] = [textFile('a'), ...streams, web, Promise.resolve(promised)];
  const told: number[] = [];
  const done = apiAt(server.url).files.uploadEach(sources, {
    concurrency: 2,
    signal: controller.signal,
    onFile: (_result, index) => told.push(index),
  });
  await expect.poll(() => server.waiting.length).toBe(2);
  server.waiting.shift()?.(); // the first file is stored
  await expect.poll(() => told).toContain(0);
  const reason = new Error('enough');
  controller.abort(reason);
  const results = await done;
  expect(results).toHaveLength(7);
  expect(results[0]?.status).toBe('fulfilled');
  expect(reasons(results.slice(1))).toEqual(Array.from({ length: 6 }, () => reason));
  await expect.poll(() => [...streams, promised].every(({ destroyed }) => destroyed)).toBe(true);
  expect(cancelled).toBe(1);
  expect(told.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(server.requests.length).toBeLessThanOrEqual(3);
});

test('an aborted signal sends nothing', async () => {
  const server = await holding();
  const source = Readable.from([new Uint8Array(1)]);
  const signal = AbortSignal.abort('never mind');
  const results = await apiAt(server.url).files.uploadEach([source, textFile('b')], { signal });
  expect(reasons(results)).toEqual(['never mind', 'never mind']);
  expect([source.destroyed, server.requests]).toEqual([true, []]);
});

test('an abort closes an iterator, also one that is waiting for its next source', async () => {
  const server = await holding();
  server.release();
  const controller = new AbortController();
  let closed = 0;
  const late = Readable.from([new Uint8Array(1)]);
  let arrive = (_: IteratorResult<UploadSource>) => {};
  const sources: AsyncIterable<UploadSource> = {
    [Symbol.asyncIterator]() {
      let calls = 0;
      return {
        async next() {
          if (++calls === 1) return { done: false, value: textFile('a') };
          return new Promise((resolve) => {
            arrive = resolve;
          });
        },
        async return() {
          closed++;
          return { done: true, value: undefined };
        },
      };
    },
  };
  const done = apiAt(server.url).files.uploadEach(sources, {
    signal: controller.signal,
    onFile: (_result, index) => {
      if (index === 0) setTimeout(() => controller.abort('enough'), 10);
    },
  });
  const results = await done;
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect([reasons(results)[1], closed]).toEqual(['enough', 1]);
  arrive({ done: false, value: late });
  await expect.poll(() => late.destroyed).toBe(true);
});

it('reports the progress of all files together', async () => {
  const api = await sandboxApi();
  const told: Progress[] = [];
  const sizes = [3_000_000, 1_000_000, 2_000_000];
  await api.files.uploadEach(
    sizes.map((size) => new Blob([new Uint8Array(size)])),
    { onProgress: (now) => told.push(now) },
  );
  expect(told.at(-1)).toEqual({ loaded: 6_000_000, total: 6_000_000, fraction: 1 });
  for (const [index, { loaded, total }] of told.entries()) {
    expect(total).toBe(6_000_000);
    expect(loaded).toBeGreaterThanOrEqual(told[index - 1]?.loaded ?? 0);
  }
});

it('subtracts what a failed file did not send, and reports no total while the number of files is unknown', async () => {
  const api = await sandboxApi();
  const told: Progress[] = [];
  const broken = { stream: Readable.from([new Uint8Array(10)]), size: 1_000 };
  const options = { concurrency: 1, onProgress: (now: Progress) => void told.push(now) };
  await api.files.uploadEach([textFile('a', 'aaaa'), broken], options);
  const { loaded = 0, fraction } = told.at(-1) ?? {};
  expect(loaded).toBeGreaterThanOrEqual(4);
  expect(loaded).toBeLessThan(1_000);
  expect([told.at(-1)?.total, fraction]).toEqual([loaded, 1]);

  told.length = 0;
  await api.files.uploadEach([textFile('a', 'aaaa'), textFile('b', 'bb')].values(), options);
  expect(told[0]?.total).toBeUndefined();
  expect(told.at(-1)).toEqual({ loaded: 6, total: 6, fraction: 1 });
});

it('applies the settings of the call, and calls the hooks, for each file', async () => {
  const server = await holding((name) => (name === 'b' ? 401 : 200));
  server.release();
  const events: HookEvent[] = [];
  const api = apiAt(server.url, {
    hooks: { request: (event) => events.push(event), error: (event) => events.push(event) },
  });
  const results = await api.files.uploadEach([textFile('a'), textFile('b')], {
    headers: { 'x-batch': '7' },
    concurrency: 1,
  });
  expect(reasons(results)[1]).toBeInstanceOf(UnauthorizedError);
  expect(server.requests.map(({ headers }) => headers['x-batch'])).toEqual(['7', '7']);
  expect(events.map(({ type, operation }) => `${type} ${operation}`)).toEqual([
    'request files.uploadEach',
    'request files.uploadEach',
    'error files.uploadEach',
  ]);
  expect(new Set(events.map(({ id }) => id)).size).toBe(2);
});

it('waits for the other uploads after the last one has failed', async () => {
  const { url, sandbox } = await servedForTest();
  const api = new ApiClient({ token: await tokenFor(sandbox, 'alice', ['file.create'], url), baseUrl: `${url}/v1` });
  const slow = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await wait(100);
      controller.enqueue(new Uint8Array(5));
      controller.close();
    },
  });
  const results = await api.files.uploadEach([slow, 'no source' as unknown as Blob]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

it('reports a server that is down for every file', async () => {
  const results = await apiAt(unreachable).files.uploadEach([textFile('a'), textFile('b')]);
  expect(reasons(results)).toEqual([expect.any(NetworkError), expect.any(NetworkError)]);
  expect(reasons(results)[0]).not.toBeInstanceOf(ApiError);
});
