import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { createConversions } from '../../../src/sandbox/convert/conversions.js';
import { ConversionFailed, type Converter } from '../../../src/sandbox/convert/converter.js';
import { renditionBlob } from '../../../src/sandbox/store/rendition-blobs.js';
import { memoryStore, type Store } from '../../../src/sandbox.js';
import { diskStore, type ServedSandbox, type ServeOptions, serveSandbox } from '../../../src/serve.js';
import { blobsOnDisk } from '../../support/data-folder.js';
import { requires } from '../../support/requirements.js';
import { inProcess, origin } from '../../support/sandbox.js';
import { bytesOf, record } from '../../support/store.js';
import { type WatchedStore, watchedStore } from '../../support/watched-store.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conversions-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A WAV, of which ffmpeg makes an MP3 in a moment, or after some seconds if it is long. */
function makeWav(seconds: number): Blob {
  const path = join(folder, `${seconds}.wav`);
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `sine=duration=${seconds}`, path]);
  return new Blob([readFileSync(path)]);
}

async function serve(options: ServeOptions): Promise<{ server: ServedSandbox; api: ApiClient; bob: ApiClient }> {
  const server = await serveSandbox({ port: 0, converters: true, ...options });
  const clientOf = async (name: string) =>
    new ApiClient({ token: await server.sandbox.signIn(name), baseUrl: `${server.url}/v1`, retry: false });
  return { server, api: await clientOf('alice'), bob: await clientOf('bob') };
}

describe('a sandbox with ffmpeg', requires('ffmpeg'), () => {
  it('processes a file after the upload, and keeps the result with the file', async () => {
    const store = watchedStore(memoryStore());
    const { server, api, bob } = await serve({ store });
    try {
      const { id } = await api.files.upload(makeWav(2), { name: 'a.wav' });
      const { quota_used } = await api.account.get();
      expect((await api.files.get(id)).processing_status).toBe('processing');
      await expect(api.files.download(id, 'audio.mp3')).rejects.toMatchObject({ status: 404 });
      expect((await api.files.waitUntilProcessed(id)).processing_status).toBe('ok');

      const response = await api.files.download(id, 'audio.mp3');
      expect(response.headers.get('content-type')).toBe('audio/mpeg');
      expect(response.headers.get('etag')).toBe(`"${id}/audio.mp3"`);
      const mp3 = new Uint8Array(await response.arrayBuffer());
      expect(mp3.length).toBeGreaterThan(10_000);
      const part = await api.files.download(id, 'audio.mp3', { range: { start: 100, end: 199 } });
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(mp3.slice(100, 200));
      expect(await api.account.get()).toMatchObject({ quota_used });
      expect([...store.blobs].sort()).toEqual([id, `${id}.audio.mp3`]);

      await api.files.update(id, { name: 'b', tags: ['+bob'] });
      const shared = await bob.files.download(id, 'audio.mp3');
      expect(new Uint8Array(await shared.arrayBuffer())).toEqual(mp3);
      const copy = await bob.files.clone(id);
      await api.files.delete(id);
      expect([...store.blobs].sort()).toEqual([copy, `${copy}.audio.mp3`]);
      expect((await bob.files.get(copy)).processing_status).toBe('ok');
      const cloned = await bob.files.download(copy, 'audio.mp3');
      expect(new Uint8Array(await cloned.arrayBuffer())).toEqual(mp3);
      await bob.files.delete(copy);
      expect([...store.blobs]).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it('ends the conversion of a file that is deleted, of all files when it is reset, and converts a clone', async () => {
    const store = watchedStore(memoryStore());
    const { server, api } = await serve({ store });
    try {
      const long = makeWav(300);
      const deleted = await api.files.upload(long, { name: 'long.wav' });
      const copy = await api.files.clone(deleted.id);
      expect((await api.files.get(copy)).processing_status).toBe('processing');
      await api.files.delete(deleted.id);
      expect((await api.files.waitUntilProcessed(copy, { timeout: 110_000 })).processing_status).toBe('ok');
      expect([...store.blobs].sort()).toEqual([copy, `${copy}.audio.mp3`]);
      await api.files.upload(long, { name: 'long.wav' });
      await server.sandbox.reset();
    } finally {
      await server.close();
    }
    expect([...store.blobs]).toEqual([]);
  });

  it('continues after it was stopped, and leaves no files of the conversion', async () => {
    const data = join(folder, 'data');
    const first = await serve({ data });
    const { id } = await first.api.files.upload(makeWav(300), { name: 'a.wav' });
    await expect.poll(() => readdirSync(join(data, 'converting'))).toHaveLength(1);
    await first.server.close();
    expect(readdirSync(data)).not.toContain('converting');
    expect(await blobsOnDisk(data)).toEqual([id]);

    const second = await serve({ data });
    expect((await second.api.files.waitUntilProcessed(id, { timeout: 110_000 })).processing_status).toBe('ok');
    await second.server.close();
    expect(await blobsOnDisk(data)).toEqual([id, `${id}.audio.mp3`]);

    // also after its database was lost
    rmSync(join(data, 'sandbox.sqlite-wal'), { force: true });
    const third = await serve({ data, adopt: 'alice', converters: false });
    expect((await third.api.files.download(id, 'audio.mp3')).ok).toBe(true);
    await third.server.close();
  });

  it('fails a file that cannot be converted, and says why on the console', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { server, api } = await serve({});
    try {
      const path = join(folder, 'film.webm');
      const film = [
        '-f',
        'lavfi',
        '-i',
        'testsrc=duration=10:size=160x120:rate=10',
        '-c:v',
        'libvpx',
        '-deadline',
        'realtime',
      ];
      execFileSync('ffmpeg', ['-v', 'error', '-y', ...film, path]);
      const whole = readFileSync(path);
      const half = new Uint8Array(whole.subarray(0, whole.length / 2));
      const { id } = await api.files.upload(new Blob([half]), { name: 'film.webm' });
      expect((await api.files.get(id)).processing_status).toBe('processing');
      await expect(api.files.waitUntilProcessed(id)).rejects.toMatchObject({ code: 'processing_failed' });
      expect(warn).toHaveBeenCalledWith(expect.stringMatching(`^doctape sandbox: ${id} was not converted: ffmpeg `));
      await expect(api.files.download(id, 'poster_640.jpg')).rejects.toMatchObject({ status: 404 });
      expect(new Uint8Array(await (await api.files.download(id)).arrayBuffer())).toEqual(half);
    } finally {
      await server.close();
      warn.mockRestore();
    }
  });
});

it('is ok at once without the option, and 404 for what a program would make', async () => {
  const { server, api } = await serve({ converters: false });
  const { id } = await api.files.upload(new Blob(['Hello']), { name: 'a.txt' });
  expect((await api.files.get(id)).processing_status).toBe('ok');
  await expect(api.files.download(id, 'document.pdf')).rejects.toMatchObject({ status: 404 });
  expect(server.converters()).toEqual([]);
  await server.close();
});

it('is ok at once with the option, if the programs are missing', async () => {
  vi.stubEnv('PATH', folder);
  try {
    const { server, api } = await serve({});
    expect(server.converters()).toEqual([
      { name: 'ffmpeg', status: 'missing' },
      { name: 'soffice', status: 'missing' },
    ]);
    const { id } = await api.files.upload(new Blob(['Hello']), { name: 'a.txt' });
    expect((await api.files.get(id)).processing_status).toBe('ok');
    await server.close();
  } finally {
    vi.unstubAllEnvs();
  }
});

it('refuses another value of converters than true and false', async () => {
  // @ts-expect-error: not a boolean
  await expect(serveSandbox({ port: 0, converters: ['ffmpeg'] })).rejects.toMatchObject({
    name: 'ConfigurationError',
    message: expect.stringContaining('converters'),
  });
});

it.each(['memory', 'disk'])(
  'settles what another sandbox has not converted, if it converts nothing: %s',
  async (kind) => {
    const store = kind === 'memory' ? memoryStore() : diskStore(join(folder, 'unconverted'));
    const { id } = await putProcessing(store, 'a', 'alice');
    const { api } = await inProcess({ store });
    expect((await api.files.waitUntilProcessed(id)).processing_status).toBe('ok');
    await expect(api.files.download(id, 'document.pdf')).rejects.toMatchObject({ status: 404 });
    await api.files.delete(id);
    await store.close();
  },
);

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'audio.mp3'])(
  'is a 404 for a rendition that no program made, whatever its name is: %s',
  async (name) => {
    const store = memoryStore();
    const { api, sandbox, token } = await inProcess({ store });
    const { id } = await api.files.upload(new Blob(['Hello']), { name: 'a.txt' });
    const file = await store.get('files', `alice/${id}`);
    if (!file) throw new Error('the file was not stored');
    const converted = { ...file, renditions: { 'document.pdf': 5 } };
    await store.commit([{ put: 'files', key: `alice/${id}`, record: converted }]);
    const headers = { authorization: `Bearer ${token.access_token}` };
    expect((await sandbox.fetch(`${origin}/v1/doc/${id}/${name}`, { headers })).status).toBe(404);
  },
);

/** Adds a file that has to be converted. */
async function putProcessing(store: Store, id: string, owner: string, attempts = 0) {
  const writer = await store.writeBlob(id);
  await writer.write(bytesOf('abc'));
  await writer.finish();
  const file = record(id, { owner, tags: [], processing_status: 'processing' });
  await store.commit([
    { put: 'files', key: `${owner}/${id}`, record: file },
    { put: 'conversions', key: id, record: { owner, id, attempts } },
    { keep: id },
  ]);
  return file;
}

/** Conversions with a converter that finishes each file when the test says so. */
function controlled(store: WatchedStore) {
  const begun: { id: string; finish: () => void; fail: (error: unknown) => void; signal: AbortSignal }[] = [];
  const converter: Converter = {
    programs: new Set(['soffice']),
    async convert({ id }, plan, signal) {
      await new Promise<void>((finish, fail) => {
        begun.push({ id, finish, fail, signal });
        signal.addEventListener('abort', () => fail(signal.reason));
      });
      const sizes = new Map<string, number>();
      for (const name of plan.renditions) {
        const writer = await store.writeBlob(renditionBlob(id, name));
        await writer.write(bytesOf('%PDF'));
        await writer.finish();
        sizes.set(name, 4);
      }
      return sizes;
    },
    async close() {},
  };
  const context = {
    store,
    users: new Map(),
    apps: new Map(),
    now: Date.now,
    quirks: new Set<never>(),
    changes: new Map(),
    quotas: new Map(),
  };
  return { begun, conversions: createConversions(context, converter), store };
}

async function statusOf(store: Store, owner: string, id: string): Promise<string | undefined> {
  return (await store.get('files', `${owner}/${id}`))?.processing_status;
}

describe('the queue', () => {
  it('converts one file at a time, in turn for each user, and each file once', async () => {
    const { begun, conversions, store } = controlled(watchedStore(memoryStore()));
    const order = [
      ['alice', 'a'],
      ['alice', 'b'],
      ['alice', 'c'],
      ['bob', 'd'],
    ] as const;
    for (const [owner, id] of order) await putProcessing(store, id, owner);
    await conversions.resume();
    for (const [owner, id] of order) conversions.add({ owner, id }); // as if the uploads came while it was resumed
    for (let count = 1; count <= 4; count += 1) {
      await expect.poll(() => begun).toHaveLength(count);
      begun.at(-1)?.finish();
    }
    await expect.poll(() => statusOf(store, 'alice', 'c')).toBe('ok');
    await conversions.close();
    expect(begun.map(({ id }) => id)).toEqual(['a', 'd', 'b', 'c']);
    expect(await store.get('conversions', 'a')).toBeUndefined();
  });

  it('refuses more files than can wait', () => {
    const { conversions } = controlled(watchedStore(memoryStore()));
    conversions.checkRoom(10_000);
    expect(() => conversions.checkRoom(10_001)).toThrow('too many files are waiting');
  });

  it.each([
    ['cannot be converted', () => new ConversionFailed('it is too long')],
    ['makes the converter fail', () => new TypeError('a defect')],
  ])('fails a file that %s, and continues', async (_name, error) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { begun, conversions, store } = controlled(watchedStore(memoryStore()));
    for (const id of ['a', 'b']) conversions.add(await putProcessing(store, id, 'alice'));
    await expect.poll(() => begun).toHaveLength(1);
    begun[0]?.fail(error());
    await expect.poll(() => begun).toHaveLength(2);
    expect(await statusOf(store, 'alice', 'a')).toBe('failed');
    expect(warn).toHaveBeenCalledOnce();
    await conversions.close();
    warn.mockRestore();
  });

  it('fails a file whose renditions do not fit into the store', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { begun, conversions, store } = controlled(watchedStore(memoryStore()));
    conversions.add(await putProcessing(store, 'a', 'alice'));
    await expect.poll(() => begun).toHaveLength(1);
    store.failAt(4); // the commit, after the three writes of the rendition
    begun[0]?.finish();
    await expect.poll(() => statusOf(store, 'alice', 'a')).toBe('failed');
    expect([...store.blobs]).toEqual(['a']);
    await conversions.close();
    warn.mockRestore();
  });

  it('gives a file up that has ended the sandbox three times, but not one that was stopped with it', async () => {
    const store = watchedStore(memoryStore());
    await putProcessing(store, 'a', 'alice', 2);
    const first = controlled(store);
    await first.conversions.resume();
    await expect.poll(() => first.begun).toHaveLength(1);
    expect(await store.get('conversions', 'a')).toMatchObject({ attempts: 3 });
    const second = controlled(store); // as after a crash
    await second.conversions.resume();
    await expect.poll(() => statusOf(store, 'alice', 'a')).toBe('failed');
    expect(second.begun).toEqual([]);

    const third = controlled(store);
    third.conversions.add(await putProcessing(store, 'b', 'alice', 2));
    await expect.poll(() => third.begun).toHaveLength(1);
    await third.conversions.close();
    expect(await store.get('conversions', 'b')).toMatchObject({ attempts: 2 });
    await first.conversions.close();
  });

  it('stores nothing of a file that was deleted while it was converted', async () => {
    const { begun, conversions, store } = controlled(watchedStore(memoryStore()));
    conversions.add(await putProcessing(store, 'a', 'alice'));
    await expect.poll(() => begun).toHaveLength(1);
    begun[0]?.finish();
    await store.commit([{ delete: 'files', key: 'alice/a' }, { delete: 'conversions', key: 'a' }, { drop: 'a' }]);
    await conversions.close();
    expect([...store.blobs]).toEqual([]);
  });
});
