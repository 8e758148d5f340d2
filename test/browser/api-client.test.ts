import { describe, expect, inject, it } from 'vitest';
import {
  ApiClient,
  type ApiClientOptions,
  InsufficientScopeError,
  NetworkError,
  NotFoundError,
  type Progress,
  ResponseError,
  TimeoutError,
  TransferError,
  UnauthorizedError,
  type UploadSource,
} from '../../src/index.js';
import { rejection } from './rejection.js';

// Cross-origin: the test runner serves the page, and a sandbox on another port serves the API.

const sandbox = inject('sandbox');
const stalling = inject('stallingSandbox');
const faultyServer = inject('faultyServer');
const api = new ApiClient({ token: sandbox.token, baseUrl: `${sandbox.url}/v1` });

function clientAt(url: string, options: Partial<ApiClientOptions> = {}): ApiClient {
  return new ApiClient({ token: sandbox.token, baseUrl: `${url}/v1`, retry: false, ...options });
}

/** Bytes without a period, so that a lost or repeated chunk is visible. */
function noise(size: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = 1;
  for (let index = 0; index < words.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

async function digest(bytes: BufferSource): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).join();
}

/** Makes enough garbage for the browser to collect it. */
function makeGarbage(): void {
  Array.from({ length: 20_000 }, () => new Array(10));
}

const fiveMegabytes = noise(5_000_000);

it('runs in a page with the fetch of the browser', () => {
  expect(document.defaultView).toBe(window);
  expect(String(fetch)).toContain('native code');
  expect(new URL(sandbox.url).origin).not.toBe(location.origin);
});

it('reads, updates and deletes files', async () => {
  expect(await api.account.get()).toMatchObject({ username: 'alice' });
  const { id } = await api.files.upload(new Blob(['x']), { name: 'before.txt' });
  const changed = await api.files.update(id, { name: 'after', starred: true, tags: ['ü'] });
  expect(changed).toMatchObject({ name: 'after', starred: true, tags: ['ü'] });
  await api.files.delete(id);
  await rejection(api.files.get(id), NotFoundError);
});

it('lists the same files that it iterates over', async () => {
  const ids = await Promise.all(['a', 'b', 'c'].map(async (text) => (await api.files.upload(new Blob([text]))).id));
  const iterated: string[] = [];
  for await (const { id } of api.files.iterate()) iterated.push(id);
  const listed = (await api.files.list()).map(({ id }) => id);
  for (const id of ids) {
    expect(listed.filter((one) => one === id)).toHaveLength(1);
    expect(iterated.filter((one) => one === id)).toHaveLength(1);
  }
});

const halves = ['left ', 'right'].map((text) => new TextEncoder().encode(text));

function streamOfHalves(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const half of halves) controller.enqueue(half);
      controller.close();
    },
  });
}

async function* iterableOfHalves(): AsyncGenerator<Uint8Array> {
  yield* halves;
}

describe('uploads', () => {
  it.each<[string, () => UploadSource]>([
    ['a File', () => new File(['left ', 'right'], 'file.txt', { type: 'text/plain' })],
    ['a Blob', () => new Blob(['left ', 'right'])],
    ['a buffer', () => new TextEncoder().encode('left right').buffer],
    ['a ReadableStream', streamOfHalves],
    ['an async iterable', iterableOfHalves],
    ['a stream of known size', () => ({ stream: streamOfHalves(), size: 10 })],
    ['an iterable of known size', () => ({ stream: iterableOfHalves(), size: 10 })],
    ['a Response', () => new Response('left right')],
  ])('send %s', async (_, source) => {
    const reports: Progress[] = [];
    const uploaded = await api.files.upload(source(), {
      name: 'names, "quotes" and ümlauts.txt',
      type: 'text/plain',
      onProgress: (progress) => reports.push(progress),
    });
    expect(uploaded).toMatchObject({ name: 'names, "quotes" and ümlauts.txt', size: 10 });
    const response = await api.files.download(uploaded.id);
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(await response.text()).toBe('left right');
    expect(reports.at(-1)?.loaded).toBe(10);
  });

  it('send several files at once', async () => {
    const files = await api.files.uploadAll([new File(['one'], 'one.txt'), streamOfHalves()]);
    expect(files.map(({ name, size }) => `${name} ${size}`).sort()).toEqual(['one.txt 3', 'untitled 10']);
  });

  it('keep nothing of a stream whose size differs from the declared one', async () => {
    const error = await rejection(api.files.upload({ stream: streamOfHalves(), size: 11 }), TransferError);
    expect(error.code).toBe('truncated');
  });
});

describe('downloads', () => {
  it('receive five megabytes and report progress', async () => {
    const { id } = await api.files.upload(fiveMegabytes, { name: 'noise.bin' });
    const reports: number[] = [];
    const response = await api.files.download(id, 'original', { onProgress: ({ loaded }) => reports.push(loaded) });
    expect(await digest(await response.arrayBuffer())).toBe(await digest(fiveMegabytes));
    expect(reports.length).toBeGreaterThan(1);
    expect(reports.at(-1)).toBe(fiveMegabytes.length);
    expect(reports).toEqual([...reports].sort((a, b) => a - b));
  });

  // Chromium collected the object of the stream while `arrayBuffer()` was reading it
  it.each(['arrayBuffer', 'blob', 'text'] as const)(
    'are complete if garbage is collected during %s()',
    async (read) => {
      const { id } = await api.files.upload(fiveMegabytes);
      const collector = setInterval(makeGarbage, 2);
      try {
        for (let round = 0; round < 10; round++) {
          let loaded = 0;
          const onProgress = (progress: Progress) => {
            loaded = progress.loaded;
          };
          await (await api.files.download(id, 'original', { onProgress }))[read]();
          expect(loaded).toBe(fiveMegabytes.length);
        }
      } finally {
        clearInterval(collector);
      }
    },
  );

  it('receive a range', async () => {
    const { id } = await api.files.upload(new Blob(['left right']));
    const reports: Progress[] = [];
    const response = await api.files.download(id, 'original', {
      range: { start: 2, end: 6 },
      onProgress: (progress) => reports.push(progress),
    });
    expect(response.status).toBe(206);
    expect(await response.text()).toBe('ft ri');
    expect(reports.at(-1)).toEqual({ loaded: 5, total: 5, fraction: 1 });
  });

  it('work by a link, without an Authorization header', async () => {
    const { id } = await api.files.upload(new Blob(['linked']));
    expect(await (await fetch(api.files.url(id))).text()).toBe('linked');
  });

  it('do not send the token after a redirect to another origin', async () => {
    const id = crypto.randomUUID();
    const response = await clientAt(`${faultyServer}/elsewhere`).files.download(id);
    expect(await response.text()).toBe('landed');
    expect(await (await fetch(`${faultyServer}/heard/${id}`)).json()).toEqual([null]);
  });
});

describe('a call or transfer that does not end', () => {
  /** A download that stalls after its first bytes. */
  async function stalledDownload(options: Partial<ApiClientOptions>, signal?: AbortSignal) {
    const client = clientAt(stalling.url, { token: stalling.token, ...options });
    // without the options: on a busy machine the upload may stall, too
    const { id } = await clientAt(stalling.url, { token: stalling.token }).files.upload(fiveMegabytes, {
      name: 'noise.bin',
    });
    const reader = (await client.files.download(id, 'original', { signal })).body?.getReader();
    if (!reader) throw new Error('the download has no body');
    return { first: await reader.read(), rest: readOn(reader) };
  }

  async function readOn(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    while (!(await reader.read()).done);
  }

  it('rejects with the reason of its signal: a streamed download', async () => {
    const controller = new AbortController();
    const { first, rest } = await stalledDownload({}, controller.signal);
    expect(first.value?.byteLength).toBeLessThanOrEqual(64 * 1024);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    expect(await rejection(rest, Error)).toBe(reason);
  });

  it('times out: a download that stalls', async () => {
    const stalled = stalledDownload({ idleTimeout: 300 }).then(({ rest }) => rest);
    expect((await rejection(stalled, TimeoutError)).code).toBe('idle_timeout');
  });

  it.each(['response', 'onProgress'] as const)('rejects when its %s listener throws: an upload', async (which) => {
    const reason = new Error('a listener that fails');
    const fail = () => {
      throw reason;
    };
    const client = clientAt(sandbox.url, which === 'response' ? { hooks: { response: fail } } : {});
    const upload = client.files.upload(fiveMegabytes, which === 'onProgress' ? { onProgress: fail } : {});
    expect(await upload.catch((error) => error)).toBe(reason);
  });

  it('rejects with the reason of its signal: an upload', async () => {
    const controller = new AbortController();
    const upload = clientAt(`${faultyServer}/silent`, {
      hooks: { request: () => void setTimeout(() => controller.abort('enough'), 100) },
    }).files.upload(fiveMegabytes, { signal: controller.signal });
    expect(
      await upload.then(
        () => 'done',
        (reason) => reason,
      ),
    ).toBe('enough');
  });

  it('times out: a call without a response', async () => {
    const error = await rejection(clientAt(`${faultyServer}/silent`, { timeout: 300 }).account.get(), TimeoutError);
    expect(error.code).toBe('timeout');
  });

  it('rejects with the reason of its signal: a call', async () => {
    const signal = AbortSignal.timeout(100);
    expect(await rejection(clientAt(`${faultyServer}/silent`).account.get({ signal }), DOMException)).toBe(
      signal.reason,
    );
  });
});

describe('a call rejects', () => {
  it('with UnauthorizedError for an unknown token', async () => {
    const error = await rejection(clientAt(sandbox.url, { token: 'unknown' }).account.get(), UnauthorizedError);
    expect(error.challenge).toMatchObject({ error: 'invalid_token' });
  });

  it('with InsufficientScopeError for a missing scope, which the error names', async () => {
    const error = await rejection(
      clientAt(sandbox.url, { token: sandbox.accountOnlyToken }).files.list(),
      InsufficientScopeError,
    );
    expect(error.requiredScopes).toEqual(['file.read']);
  });

  it('with NotFoundError for a file of another user', async () => {
    const bobApi = clientAt(sandbox.url, { token: sandbox.bobToken });
    const { id } = await bobApi.files.upload(new Blob(['secret']));
    expect((await rejection(api.files.get(id), NotFoundError)).requestId).toBeTruthy();
    await rejection(api.files.download(id), NotFoundError);
  });

  it('for a redirect, which is not followed', async () => {
    const id = crypto.randomUUID();
    const error = await rejection(clientAt(`${faultyServer}/elsewhere`).files.update(id, { name: 'x' }), ResponseError);
    expect(error.code).toBe('redirect_refused');
    expect(await (await fetch(`${faultyServer}/heard/${id}`)).json()).toEqual([]);
  });

  it('with NetworkError for a connection that is closed', async () => {
    await rejection(clientAt(`${faultyServer}/broken`).account.get(), NetworkError);
    await rejection(clientAt(`${faultyServer}/broken`).files.upload(new Blob(['x'])), NetworkError);
    await rejection(clientAt(`${faultyServer}/broken`).files.download('a'), NetworkError);
  });
});
