import { cp, readdir, readFile, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiClient, ApiError } from '../../../../src/index.js';
import { createSandbox, type Store, StoreFailedError } from '../../../../src/sandbox.js';
import { diskStore } from '../../../../src/serve.js';
import { blobsOnDisk, makeFolder } from '../../../support/data-folder.js';
import { failSync } from '../../../support/failing-syncs.js';
import { origin, tokenFor } from '../../../support/sandbox.js';
import { bytesOf, closeAfterTest, idsOf, put, readText, record, write } from '../../../support/store.js';

// A sync that fails leaves open what is on the disk, and the next one can succeed although the data was lost.

vi.mock('node:fs', async (original) => {
  const { withFailingSyncs } = await import('../../../support/failing-syncs.js');
  return withFailingSyncs(await original());
});

afterEach(() => vi.restoreAllMocks());

const log = 'sandbox.sqlite-wal';

async function open(): Promise<{ folder: string; store: Store; lines: string[] }> {
  const lines: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((line) => lines.push(String(line)));
  const folder = await makeFolder();
  return { folder, store: closeAfterTest(diskStore(folder)), lines };
}

/** Opens a copy of a data folder: what the next process finds after this one was killed. */
async function restart(folder: string): Promise<{ folder: string; store: Store }> {
  const copy = await makeFolder();
  await cp(folder, copy, { recursive: true });
  return { folder: copy, store: closeAfterTest(diskStore(copy)) };
}

/** Stores a file with its content, as an upload does. */
async function upload(store: Store, id: string, content = 'text'): Promise<void> {
  const writer = await store.writeBlob(id);
  await writer.write(bytesOf(content));
  await writer.finish();
  await store.commit([{ put: 'files', key: `alice/${id}`, record: record(id) }, { keep: id }]);
}

describe('after a failed sync of the log', () => {
  it('an upload fails, and keeps the content of the file that it may have stored', async () => {
    const { folder, store, lines } = await open();
    const sandbox = createSandbox({ store });
    const api = new ApiClient({
      token: await tokenFor(sandbox, 'alice'),
      baseUrl: `${origin}/v1`,
      fetch: sandbox.fetch,
    });
    failSync();
    const error: unknown = await api.files.upload(new File(['text'], 'a.txt')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 503, message: expect.stringContaining('until it is restarted') });
    expect(lines).toEqual([expect.stringContaining('fdatasync')]);
    expect(lines[0]).toContain(folder);

    const [file] = await api.files.list();
    expect(await (await api.files.download(file?.id ?? '')).text()).toBe('text');
    const next = await restart(folder);
    expect(await idsOf(next.store, 'alice/')).toEqual([file?.id]);
    expect(await readText(next.store, file?.id ?? '', 0, 3)).toBe('text');
  });

  it('a commit that was waiting for the next sync is not confirmed', async () => {
    const { store } = await open();
    await put(store, 'alice/before');
    failSync();
    const outcomes = await Promise.allSettled(
      ['alice/1', 'alice/2', 'alice/3'].map((key) => store.commit([{ put: 'files', key, record: record(key) }])),
    );
    expect(outcomes).toEqual(Array(3).fill({ status: 'rejected', reason: expect.any(StoreFailedError) }));
  });

  it('every change is refused, and reading goes on', async () => {
    const { folder, store, lines } = await open();
    await upload(store, '1');
    await write(store, 'old', 'old');
    const writing = await store.writeBlob('writing');
    const finished = await store.writeBlob('finished');
    await finished.finish();
    failSync();
    await expect(put(store, 'alice/2')).rejects.toThrow(StoreFailedError);
    const blobs = await blobsOnDisk(folder);
    const changes: [string, () => Promise<unknown>][] = [
      ['put', () => put(store, 'alice/3')],
      ['delete', () => store.commit([{ delete: 'files', key: 'alice/1' }])],
      ['keep', () => store.commit([{ keep: 'finished' }])],
      ['drop', () => store.commit([{ drop: 'old' }])],
      ['nothing', () => store.commit([])],
      ['clear', () => store.clear()],
      ['writeBlob', () => store.writeBlob('new')],
      ['write', () => writing.write(bytesOf('text'))],
      ['finish', () => writing.finish()],
    ];
    for (const [what, change] of changes) {
      const error: unknown = await change().catch((reason: unknown) => reason);
      expect([what, error]).toEqual([what, expect.any(StoreFailedError)]);
    }
    await finished.discard();
    await writing.discard();
    expect(await blobsOnDisk(folder)).toEqual(blobs);
    expect(await store.get('files', 'alice/1')).toEqual(record('1'));
    expect(await readText(store, '1', 0, 3)).toBe('text');
    expect(lines).toHaveLength(1);
  });

  it.each<[string, (store: Store) => Promise<unknown>]>([
    ['a delete', (store) => store.commit([{ delete: 'files', key: 'alice/1' }, { drop: '1' }])],
    ['a clear', (store) => store.clear()],
  ])('%s keeps the content, because the record may still be on the disk', async (_what, remove) => {
    const { folder, store } = await open();
    await upload(store, '1');
    const before = (await stat(join(folder, log))).size;
    failSync();
    await expect(remove(store)).rejects.toThrow(StoreFailedError);
    expect(await blobsOnDisk(folder)).toEqual(['1']);

    const stored = await restart(folder);
    expect(await idsOf(stored.store, 'alice/')).toEqual([]);
    expect(await blobsOnDisk(stored.folder)).toEqual([]);

    await truncate(join(folder, log), before);
    const lost = await restart(folder);
    expect(await idsOf(lost.store, 'alice/')).toEqual(['1']);
    expect(await readText(lost.store, '1', 0, 3)).toBe('text');
  });

  it('a file whose record was lost on the disk is gone after a restart, and the others are whole', async () => {
    const { folder, store } = await open();
    await upload(store, '1');
    const before = (await stat(join(folder, log))).size;
    failSync();
    await expect(upload(store, '2')).rejects.toThrow(StoreFailedError);
    await truncate(join(folder, log), before);
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { store: next } = await restart(folder);
    expect(await idsOf(next, 'alice/')).toEqual(['1']);
    expect(await readText(next, '1', 0, 3)).toBe('text');
    await upload(next, '3');
  });

  it('closing does not move the log into the database, and the folder can be opened again', async () => {
    const { folder, store } = await open();
    await upload(store, '1');
    failSync();
    await expect(upload(store, '2')).rejects.toThrow(StoreFailedError);
    const [database, records] = await Promise.all(['sandbox.sqlite', log].map((name) => readFile(join(folder, name))));
    const names = await readdir(folder);
    await store.close();
    await store.close();
    expect(await readFile(join(folder, 'sandbox.sqlite'))).toEqual(database);
    expect(await readFile(join(folder, log))).toEqual(records);
    expect(await readdir(folder)).toEqual(names);

    const next = closeAfterTest(diskStore(folder));
    expect(await idsOf(next, 'alice/')).toEqual(['1', '2']);
    await upload(next, '3');
  });

  it('closing waits for a commit whose sync fails', async () => {
    const { folder, store } = await open();
    await put(store, 'alice/1');
    failSync();
    const commit = put(store, 'alice/2');
    const next = put(store, 'alice/3');
    await Promise.all([
      store.close(),
      expect(commit).rejects.toThrow(StoreFailedError),
      expect(next).rejects.toThrow(StoreFailedError),
    ]);
    closeAfterTest(diskStore(folder));
  });
});

describe('an error of SQLite', () => {
  const sqliteError = (errcode: number) => Object.assign(new Error('disk I/O error'), { errcode });
  const checkpoint = 'PRAGMA wal_checkpoint(TRUNCATE)';

  /** Makes statements fail: those with this text, as often as there are error codes for it. Undefined lets one succeed. */
  function failStatements(errors: Record<string, (number | undefined)[]>): void {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    const { exec } = DatabaseSync.prototype;
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: typeof DatabaseSync.prototype, sql) {
      const errcode = errors[sql]?.shift();
      if (errcode !== undefined) throw sqliteError(errcode);
      exec.call(this, sql);
    });
  }

  it('that reports a failed sync refuses later changes too', async () => {
    const { store, lines } = await open();
    failStatements({ COMMIT: [1034] });
    await expect(put(store, 'alice/1')).rejects.toThrow(StoreFailedError);
    await expect(put(store, 'alice/2')).rejects.toThrow(StoreFailedError);
    expect(await idsOf(store, 'alice/')).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  it('after a commit on a full disk keeps the content of the file', async () => {
    const { folder, store } = await open();
    await upload(store, '1');
    const full = 13;
    const deletion = [
      { delete: 'files', key: 'alice/1' },
      { put: 'files', key: 'alice/2', record: record('2') },
      { drop: '1' },
    ] as const;
    failStatements({ COMMIT: [full, full], [checkpoint]: [undefined, 778] });
    await expect(store.commit(deletion)).rejects.toThrow(StoreFailedError);
    expect(await idsOf(store, 'alice/')).toEqual(['2']);
    expect(await blobsOnDisk(folder)).toEqual(['1']);
  });

  it('that has nothing to do with a sync refuses one change', async () => {
    const { store, lines } = await open();
    failStatements({ COMMIT: [778] });
    await expect(put(store, 'alice/1')).rejects.toThrow('disk I/O error');
    await put(store, 'alice/2');
    expect(await idsOf(store, 'alice/')).toEqual(['alice/2']);
    expect(lines).toEqual([]);
  });
});

it('a blob whose sync fails is never kept, and the store goes on', async () => {
  const { folder, store, lines } = await open();
  failSync({ of: 'blobs' });
  const keep = [{ put: 'files', key: 'alice/1', record: record('1') } as const, { keep: '1' }];
  const writer = await store.writeBlob('1');
  await writer.write(bytesOf('text'));
  await writer.finish();
  for (let attempt = 0; attempt < 2; attempt++) await expect(store.commit(keep)).rejects.toThrow('EIO');
  expect(await idsOf(store, 'alice/')).toEqual([]);
  await store.commit([{ drop: '1' }]);
  expect(await blobsOnDisk(folder)).toEqual([]);
  await upload(store, '2');
  expect(lines).toEqual([]);
});

it('finds the database if the process was killed while it closed it after a failed sync', async () => {
  const { folder, store } = await open();
  await upload(store, '1');
  await store.close();
  await rename(join(folder, 'sandbox.sqlite'), join(folder, 'sandbox.sqlite-closing'));
  expect(await idsOf(closeAfterTest(diskStore(folder)), 'alice/')).toEqual(['1']);
  expect(await readdir(folder)).not.toContain('sandbox.sqlite-closing');
});
