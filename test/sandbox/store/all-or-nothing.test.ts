import { cp, mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ApiClient, QuotaExceededError } from '../../../src/index.js';
import { createSandbox, memoryStore, type Store } from '../../../src/sandbox.js';
import { diskStore } from '../../../src/serve.js';
import { makeZip } from '../../fixtures/make-zip.js';
import { blobsOnDisk, makeFolder } from '../../support/data-folder.js';
import { failSync, hasFailed } from '../../support/failing-syncs.js';
import { origin, tokenFor } from '../../support/sandbox.js';
import { type WatchedStore, watchedStore } from '../../support/watched-store.js';

// Every operation with several changes applies all of them or none, whichever write fails.

vi.mock('node:fs', async (original) => {
  const { withFailingSyncs } = await import('../../support/failing-syncs.js');
  return withFailingSyncs(await original());
});

const folder = await mkdtemp(join(tmpdir(), 'doctape-nothing-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Home {
  store: WatchedStore;
  api: ApiClient;
  /** The ids, by name, of the files that exist before each operation. */
  ids: Record<string, string>;
}

const archive = makeZip(['one', 'two', 'three'].map((name) => ({ name: `${name}.txt`, content: Buffer.from(name) })));

async function makeHome(plain: Store): Promise<Home> {
  const store = watchedStore(plain);
  const sandbox = createSandbox({ store });
  const token = await tokenFor(sandbox, 'alice');
  const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch, retry: false });
  const zip = await api.files.upload(new File([new Uint8Array(archive)], 'a.zip'), { tags: ['plain'] });
  const text = await api.files.upload(new File(['text'], 'text.txt'), { tags: ['#old', '#both'] });
  const shown = await api.files.upload(new File(['shown'], 'shown.txt'), { tags: ['#old'] });
  await api.files.publish(shown.id);
  return { store, api, ids: { zip: zip.id, text: text.id, shown: shown.id } };
}

const of = ({ ids }: Home, name: string) => ids[name] ?? '';

const operations: [string, (home: Home) => Promise<unknown>][] = [
  ['upload', ({ api }) => api.files.upload(new File(['new'], 'new.txt'), { tags: ['#new', '#old'] })],
  [
    'upload of a large file',
    ({ api }) => api.files.upload(new File([new Uint8Array(300_000)], 'large.bin'), { tags: ['#new'] }),
  ],
  [
    'upload of several files',
    ({ api }) =>
      api.files.uploadAll(
        ['1', '2', '3'].map((text) => new File([text], `${text}.txt`)),
        { tags: ['#new', '#newer'] },
      ),
  ],
  ['extract', (home) => home.api.files.extract(of(home, 'zip'))],
  ['clone', (home) => home.api.files.clone(of(home, 'text'))],
  ['publish', (home) => home.api.files.publish(of(home, 'text'))],
  ['unpublish', (home) => home.api.files.unpublish(of(home, 'shown'))],
  [
    'update of name and tags',
    (home) => home.api.files.update(of(home, 'text'), { name: 'other', tags: ['#both', '#new', '#newer'] }),
  ],
  ['delete of a published file on tapes', (home) => home.api.files.delete(of(home, 'shown'))],
  [
    'update of a tape',
    async ({ api }) => {
      const [tape] = await api.tapes.list();
      await api.tapes.update(tape?.id ?? '', { live: false, shared_with: ['bob'] });
    },
  ],
];

/** Everything that a user can see through the API. */
async function stateOf({ api }: Pick<Home, 'api'>) {
  const files = await api.files.list({ includeMeta: true });
  const { quota_used, quota_free } = await api.account.get();
  const contents = await Promise.all(files.map(async ({ id }) => (await api.files.download(id)).text()));
  return { files, contents, tapes: await api.tapes.list(), quota_used, quota_free };
}

let count = 0;
const makers: [
  string,
  () => Promise<{ home: Home; stored: () => Promise<string[]>; restart: () => Promise<Store> }>,
][] = [
  [
    'memoryStore',
    async () => {
      const store = memoryStore();
      const home = await makeHome(store);
      return { home, stored: async () => [...home.store.blobs].sort(), restart: async () => store };
    },
  ],
  [
    'diskStore',
    async () => {
      const data = join(folder, String(count++));
      const home = await makeHome(diskStore(data));
      return {
        home,
        stored: () => blobsOnDisk(data),
        async restart() {
          await home.store.close();
          return diskStore(data);
        },
      };
    },
  ],
];

describe.each(makers)('with a %s', (_name, make) => {
  it.each(operations)(
    'an %s that fails at any write changes nothing, and succeeds when it is repeated',
    async (_what, run) => {
      const { home, stored } = await make();
      const before = { state: await stateOf(home), blobs: await stored() };
      let failures = 0;
      for (let write = 1; ; write++) {
        home.store.failAt(write);
        const error: unknown = await run(home).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        home.store.failAt(0);
        if (error === undefined) break;
        failures += 1;
        expect(error).toBeInstanceOf(QuotaExceededError);
        expect(error).toMatchObject({ status: 507, message: expect.stringContaining('disk of the sandbox is full') });
        expect({ state: await stateOf(home), blobs: await stored() }).toEqual(before);
      }
      expect(failures).toBeGreaterThan(0);
      expect(await stateOf(home)).not.toEqual(before.state);
      await home.store.close();
    },
  );

  it.each(operations)(
    'an %s during which the store stops writing has changed nothing after a restart',
    async (_what, run) => {
      for (let write = 1; ; write++) {
        const { home, stored, restart } = await make();
        const before = { state: await stateOf(home), blobs: await stored() };
        home.store.failAt(write, true);
        const failed = await run(home).then(
          () => false,
          () => true,
        );
        home.store.failAt(0);
        if (!failed) {
          await home.store.close();
          break;
        }
        expect(await stateOf(home)).toEqual(before.state);
        const store = await restart();
        const sandbox = createSandbox({ store });
        const api = new ApiClient({
          token: await tokenFor(sandbox, 'alice'),
          baseUrl: `${origin}/v1`,
          fetch: sandbox.fetch,
        });
        expect(await stateOf({ ...home, api })).toEqual(before.state);
        if (store !== home.store && _name === 'diskStore') expect(await stored()).toEqual(before.blobs);
        await store.close();
      }
    },
  );
});

it.each(operations)(
  'an %s whose sync fails is stored completely or not at all after a restart, and all files have their content',
  async (_what, run) => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    /** Starts a sandbox with a copy of the folder, in which the log ends after `logSize` bytes. */
    async function restart(data: string, logSize: number) {
      const copy = await makeFolder();
      await cp(data, copy, { recursive: true });
      await truncate(join(copy, 'sandbox.sqlite-wal'), logSize);
      const store = diskStore(copy);
      try {
        const sandbox = createSandbox({ store });
        const token = await tokenFor(sandbox, 'alice');
        const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch });
        return { state: await stateOf({ api }), blobs: (await blobsOnDisk(copy)).length };
      } finally {
        await store.close();
      }
    }

    let failures = 0;
    for (let first = 1; ; first++) {
      const data = join(folder, String(count++));
      const home = await makeHome(diskStore(data));
      const before = await stateOf(home);
      const logSize = async () => (await stat(join(data, 'sandbox.sqlite-wal'))).size;
      const sizeBefore = await logSize();
      failSync({ first });
      const error: unknown = await run(home).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const failed = hasFailed();
      failSync({ first: Number.POSITIVE_INFINITY });
      if (!failed) {
        await home.store.close();
        break;
      }
      failures += 1;
      expect(error).toMatchObject({ status: 503, message: expect.stringContaining('could not write to its disk') });
      const { files, contents, tapes } = await stateOf(home);
      const stored = await restart(data, await logSize());
      expect(stored.state).toMatchObject({ files, contents, tapes });
      expect(stored.state).not.toEqual(before);
      expect(stored.state.quota_used).toBe(files.reduce((sum, { size }) => sum + size, 0));
      expect(stored.blobs).toBe(files.length);
      const lost = await restart(data, sizeBefore);
      expect(lost.state).toEqual(before);
      await home.store.close();
    }
    expect(failures).toBeGreaterThan(0);
  },
);
