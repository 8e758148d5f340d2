import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiClient, ConfigurationError } from '../../../../src/index.js';
import { createSandbox, type Store } from '../../../../src/sandbox.js';
import { type DiskStoreOptions, diskStore } from '../../../../src/serve.js';
import { blobsOnDisk, makeFolder } from '../../../support/data-folder.js';
import { origin, tokenFor } from '../../../support/sandbox.js';
import { allOf, closeAfterTest } from '../../../support/store.js';

// Which folders a disk store accepts, how it recovers from lost data, and which files it does not touch.

afterEach(() => {
  vi.restoreAllMocks();
});

function open(folder: string, options?: DiskStoreOptions): Store {
  return closeAfterTest(diskStore(folder, options));
}

function refusal(folder: string, options?: DiskStoreOptions): ConfigurationError {
  try {
    open(folder, options);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the folder was accepted');
}

/** The name, kind, content and permissions of everything in a folder, recursively. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const all = entries.map(async (entry): Promise<[string, string]> => {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) return [path, entry.isDirectory() ? 'folder' : 'link'];
    return [path, `${(await stat(path)).mode} ${await readFile(path, 'base64')}`];
  });
  return Object.fromEntries(await Promise.all(all));
}

async function apiOf(store: Store): Promise<ApiClient> {
  const sandbox = createSandbox({ store });
  return new ApiClient({ token: await tokenFor(sandbox, 'alice'), baseUrl: `${origin}/v1`, fetch: sandbox.fetch });
}

const contents = ['first', 'second', 'third'];

/** Creates a data folder with three files and closes it. */
async function makeData(folder: string): Promise<string[]> {
  const store = diskStore(folder);
  const api = await apiOf(store);
  const files = contents.map((content) => new File([content], `${content}.txt`));
  const uploaded = await api.files.uploadAll(files, { tags: ['#tape'] });
  await store.close();
  return uploaded.map(({ id }) => id);
}

async function contentsOf(api: ApiClient): Promise<string[]> {
  const files = await api.files.list();
  return Promise.all(files.map(async ({ id }) => (await api.files.download(id)).text()));
}

function warnings(): string[] {
  const lines: string[] = [];
  vi.spyOn(console, 'warn').mockImplementation((line) => lines.push(String(line)));
  return lines;
}

/** Creates a folder as version 0.1 wrote it. */
async function makeVersion01(folder: string): Promise<string[]> {
  await mkdir(join(folder, 'files'), { recursive: true });
  await mkdir(join(folder, 'incoming'));
  const database = new DatabaseSync(join(folder, 'sandbox.sqlite'));
  database.exec(`
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  BEGIN EXCLUSIVE;
  CREATE TABLE IF NOT EXISTS records (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (collection, key)
  );
  CREATE INDEX IF NOT EXISTS records_in_order ON records (collection, position);
  COMMIT;
`);
  const put = database.prepare('INSERT INTO records (collection, key, json) VALUES (?, ?, ?)');
  const ids = contents.map(() => randomUUID());
  for (const [index, id] of ids.entries()) {
    const content = contents[index] ?? '';
    await mkdir(join(folder, 'files', id.slice(0, 2)), { recursive: true });
    await writeFile(join(folder, 'files', id.slice(0, 2), id), content);
    const record = {
      id,
      owner: 'alice',
      name: content,
      extension: 'txt',
      type: 'text/plain',
      size: content.length,
      time_added: 1_400_000_000,
      media_type: 'document',
      tags: index === 0 ? ['#tape', '#lost'] : ['#tape'],
      origin: 'webupload',
      starred: false,
      public_code: null,
      processing_status: 'ok',
      meta: {},
    };
    put.run('files', `alice/${id}`, JSON.stringify(record));
  }
  const tape = { id: randomUUID(), owner: 'alice', name: 'tape', live: true, shared_with: ['bob'] };
  put.run('tapes', 'alice/tape', JSON.stringify(tape));
  database.close();
  return ids;
}

describe('a folder with other files', () => {
  const otherFiles: [string, (folder: string) => Promise<unknown>][] = [
    ['a file', (folder) => writeFile(join(folder, 'notes.txt'), 'mine')],
    [
      'folders of its own that are called files and incoming',
      async (folder) => {
        for (const name of ['files', 'incoming']) {
          await mkdir(join(folder, name));
          await writeFile(join(folder, name, 'photo.jpg'), 'mine');
        }
      },
    ],
    ['an empty folder called files', (folder) => mkdir(join(folder, 'files'))],
    ['a folder of git', (folder) => mkdir(join(folder, '.git'))],
    [
      'the database of another program',
      async (folder) => {
        const database = new DatabaseSync(join(folder, 'sandbox.sqlite'));
        database.exec("CREATE TABLE records (id, title); INSERT INTO records VALUES (1, 'mine')");
        database.close();
      },
    ],
    [
      'a database of version 0.1, and a file',
      async (folder) => {
        await makeVersion01(folder);
        await writeFile(join(folder, 'notes.txt'), 'mine');
      },
    ],
    [
      'a database of version 0.1, and a photo in files',
      async (folder) => {
        await makeVersion01(folder);
        await writeFile(join(folder, 'files', 'photo.jpg'), 'mine');
      },
    ],
    [
      'blobs, but no database',
      async (folder) => {
        await makeVersion01(folder);
        await rm(join(folder, 'sandbox.sqlite'));
      },
    ],
    ['a marker of another program', (folder) => writeFile(join(folder, 'doctape-sandbox.json'), '{"version":1}')],
    ['a marker that is not JSON', (folder) => writeFile(join(folder, 'doctape-sandbox.json'), 'hello')],
    [
      'a link to the database of a sandbox',
      async (folder) => {
        const other = await makeFolder();
        await makeData(other);
        await symlink(join(other, 'sandbox.sqlite'), join(folder, 'sandbox.sqlite'));
      },
    ],
  ];

  it.each(otherFiles)('is refused and left unchanged: %s', async (_what, fill) => {
    const folder = await makeFolder();
    await fill(folder);
    const before = await snapshot(folder);
    const { message, code } = refusal(folder);
    expect(code).toBe('invalid_argument');
    expect(message).toContain(folder);
    expect(message).toMatch(/contains other files|was not written by a sandbox/);
    expect(await snapshot(folder)).toEqual(before);
  });

  it.each(['lost+found', '.gitkeep', '.DS_Store'])('is accepted if the only one is %s', async (name) => {
    const folder = await makeFolder();
    if (name === 'lost+found') await mkdir(join(folder, name));
    else await writeFile(join(folder, name), '');
    await open(folder).close();
    expect(await readdir(folder)).toContain(name);
    open(folder);
  });

  it('is accepted if they were added to a data folder later, and they are left unchanged', async () => {
    const folder = await makeFolder();
    const [id = ''] = await makeData(folder);
    const mine = [
      'notes.txt',
      'incoming/photo.jpg',
      'files/photo.jpg',
      `files/${id.slice(0, 2)}/photo.jpg`,
      'files/albums/a.jpg',
    ];
    for (const name of mine) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), 'mine');
    }
    const store = open(folder);
    expect(await contentsOf(await apiOf(store))).toEqual(contents);
    await store.clear();
    await store.close();
    open(folder);
    for (const name of mine) expect(await readFile(join(folder, name), 'utf8')).toBe('mine');
  });
});

describe('a symbolic link', () => {
  it('can be the data folder itself', async () => {
    const [folder, link] = [await makeFolder(), join(await makeFolder(), 'link')];
    await symlink(folder, link);
    await makeData(link);
    expect(await contentsOf(await apiOf(open(folder)))).toEqual(contents);
  });

  it.each(['files', 'set-aside', 'sandbox.sqlite', 'sandbox.sqlite-wal', 'reserve', 'doctape-sandbox.json'])(
    'is not followed out of it: %s',
    async (name) => {
      const [folder, other] = [await makeFolder(), await makeFolder()];
      await makeData(folder);
      await makeData(other);
      const target = join(other, name);
      if (name === 'set-aside') await mkdir(target);
      if (name === 'sandbox.sqlite-wal') await writeFile(target, '');
      await rm(join(folder, name), { recursive: true, force: true });
      await symlink(target, join(folder, name));
      const before = await snapshot(other);
      expect(refusal(folder).message).toContain(`"${name}" in it must be a`);
      expect(await snapshot(other)).toEqual(before);
    },
  );

  it('is not followed where a folder of blobs or a blob should be', async () => {
    const [folder, other] = [await makeFolder(), await makeFolder()];
    const [id = ''] = await makeData(folder);
    await writeFile(join(other, id), 'secret');
    const blob = join(folder, 'files', id.slice(0, 2), id);
    await rm(blob);
    await symlink(join(other, id), blob);
    const lines = warnings();
    const store = open(folder);
    expect(lines.join()).toContain('whose content is missing');
    expect(() => store.readBlob(id, { start: 0, end: 5 })).toThrow('is missing');
    await store.close();

    await rm(dirname(blob), { recursive: true });
    await symlink(other, dirname(blob));
    expect(refusal(folder).message).toContain('but it is a symbolic link');
    expect(await readdir(other)).toEqual([id]);
  });
});

describe('a folder of version 0.1', () => {
  it('is migrated with everything in it', async () => {
    const folder = await makeFolder();
    const ids = await makeVersion01(folder);
    const api = await apiOf(open(folder));
    expect((await api.files.list()).map(({ id }) => id)).toEqual(ids);
    expect(await contentsOf(api)).toEqual(contents);
    expect((await api.account.get()).quota_used).toBe(contents.join('').length);
    const tapes = await api.tapes.list();
    expect(tapes.map(({ name, files, shared_with }) => [name, files, shared_with])).toEqual([
      ['tape', ids, ['bob']],
      ['lost', ids.slice(0, 1), []],
    ]);
    for (const id of ids) await api.files.delete(id);
    expect(await blobsOnDisk(folder)).toEqual([]);
  });

  it('is recognized by the log of its database if the process was killed before the database was written', async () => {
    const [folder, copy] = [await makeFolder(), await makeFolder()];
    await makeVersion01(folder);
    const database = new DatabaseSync(join(folder, 'sandbox.sqlite'));
    database.exec(
      "UPDATE records SET key = key; INSERT INTO records (collection, key, json) VALUES ('usage', 'x', '{}')",
    );
    for (const name of ['sandbox.sqlite', 'sandbox.sqlite-wal']) await copyFile(join(folder, name), join(copy, name));
    database.close();
    await mkdir(join(copy, 'files'));
    warnings();
    expect((await (await apiOf(open(copy))).files.list()).length).toBe(3);
  });

  it('has its unfinished uploads and its blobs without a record moved to set-aside', async () => {
    const folder = await makeFolder();
    await makeVersion01(folder);
    const unknownBlob = randomUUID();
    await mkdir(join(folder, 'files', unknownBlob.slice(0, 2)), { recursive: true });
    await writeFile(join(folder, 'files', unknownBlob.slice(0, 2), unknownBlob), 'stray');
    await writeFile(join(folder, 'incoming', randomUUID()), 'half');
    const lines = warnings();
    open(folder);
    expect(lines.join()).toContain('had 1 file without a record. They are now in set-aside');
    expect((await readdir(join(folder, 'set-aside'))).sort()).toEqual([unknownBlob, 'incoming'].sort());
    expect(await readdir(join(folder, 'set-aside', 'incoming'))).toHaveLength(1);
  });
});

describe('a data folder whose database', () => {
  const database = (folder: string) => join(folder, 'sandbox.sqlite');
  const damages: [string, RegExp, (folder: string) => Promise<unknown>][] = [
    ['is missing', /contains 3 files, but its database sandbox.sqlite is missing/, (folder) => rm(database(folder))],
    ['is empty', /is missing or empty/, (folder) => writeFile(database(folder), '')],
    ['is text', /is damaged/, (folder) => writeFile(database(folder), 'this is text, not a database. '.repeat(40))],
    [
      'is truncated',
      /is damaged/,
      async (folder) => {
        const bytes = await readFile(database(folder));
        await writeFile(database(folder), bytes.subarray(0, 8_192));
      },
    ],
    [
      'is overwritten in the middle',
      /is damaged/,
      async (folder) => {
        const bytes = await readFile(database(folder));
        await writeFile(database(folder), bytes.fill(0x58, 4_096));
      },
    ],
    [
      'is new and has no tables',
      /is empty/,
      async (folder) => {
        await rm(database(folder));
        const fresh = new DatabaseSync(database(folder));
        fresh.exec('PRAGMA journal_mode = WAL; VACUUM');
        fresh.close();
      },
    ],
  ];

  it.each(damages)('%s is refused with a remedy and keeps its files', async (_what, message, damage) => {
    const folder = await makeFolder();
    const ids = await makeData(folder);
    await damage(folder);
    const error = refusal(folder);
    expect(error.message).toMatch(message);
    expect(error.message).toContain('--adopt USER');
    expect(await blobsOnDisk(folder)).toEqual(ids.toSorted());
  });

  it.each(damages)('%s can be adopted', async (_what, _message, damage) => {
    const folder = await makeFolder();
    await makeData(folder);
    await damage(folder);
    const lines = warnings();
    const store = open(folder, { adopt: 'alice' });
    expect(lines.join()).toContain('had 3 files without a record. They now belong to alice');
    const api = await apiOf(store);
    expect((await contentsOf(api)).toSorted()).toEqual(contents.toSorted());
    expect((await api.account.get()).quota_used).toBe(contents.join('').length);
    await store.close();
    const again = await apiOf(open(folder)); // they have records now
    expect(await again.files.list()).toHaveLength(3);
    expect(lines).toHaveLength(1);
  });

  it('is damaged in one place gives adopted files the names that can still be read', async () => {
    const folder = await makeFolder();
    await makeData(folder);
    const healthy = new DatabaseSync(database(folder));
    const index = healthy.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'records_in_order'").get();
    healthy.close();
    const bytes = await readFile(database(folder));
    const start = (Number(index?.rootpage) - 1) * 4_096;
    await writeFile(database(folder), bytes.fill(0x58, start, start + 4_096));
    expect(refusal(folder).message).toContain('is damaged');
    warnings();
    const api = await apiOf(open(folder, { adopt: 'alice' }));
    expect((await api.files.list()).map(({ name }) => name)).toEqual(contents);
    expect((await api.tapes.list()).map(({ name, files }) => [name, files.length])).toEqual([['tape', 3]]);
    expect((await readdir(join(folder, 'set-aside'))).join()).toMatch(/^sandbox\.sqlite-/);
  });

  it('is older than some files moves those to set-aside until they are adopted', async () => {
    const folder = await makeFolder();
    const older = join(await makeFolder(), 'backup.sqlite');
    await makeData(folder);
    await copyFile(database(folder), older);
    await makeData(folder);
    await copyFile(older, database(folder));

    const lines = warnings();
    const store = open(folder);
    expect(await contentsOf(await apiOf(store))).toEqual(contents);
    expect(await blobsOnDisk(folder)).toHaveLength(3);
    expect(await readdir(join(folder, 'set-aside'))).toHaveLength(3);
    expect(lines).toEqual([
      expect.stringContaining('had 3 files without a record. They are now in set-aside: start with --adopt USER'),
    ]);
    await store.clear(); // does not delete files in set-aside
    expect(await readdir(join(folder, 'set-aside'))).toHaveLength(3);
    await store.close();

    const api = await apiOf(open(folder, { adopt: 'alice' }));
    expect((await contentsOf(api)).toSorted()).toEqual(contents.toSorted());
    expect((await api.files.list()).every(({ name }) => name.startsWith('recovered-'))).toBe(true);
    expect(await readdir(join(folder, 'set-aside'))).toEqual([]);
  });

  it.each([
    ['without adopt', undefined],
    ['with adopt', { adopt: 'alice' }],
  ])('was replaced by another, and then put back, gets its files back from set-aside %s', async (_how, options) => {
    const folder = await makeFolder();
    const other = await makeFolder();
    const original = join(await makeFolder(), 'original.sqlite');
    const ids = await makeData(folder);
    await open(other).close();
    await copyFile(database(folder), original);
    await copyFile(database(other), database(folder));
    const lines = warnings();
    await open(folder).close();
    expect((await readdir(join(folder, 'set-aside'))).sort()).toEqual(ids.toSorted());
    expect(await blobsOnDisk(folder)).toEqual([]);

    await copyFile(original, database(folder));
    const store = open(folder, options);
    const api = await apiOf(store);
    expect(await contentsOf(api)).toEqual(contents);
    expect((await api.files.list()).map(({ id, name }) => [id, name])).toEqual(
      ids.map((id, index) => [id, contents[index]]),
    );
    expect((await api.account.get()).quota_used).toBe(contents.join('').length);
    expect(await readdir(join(folder, 'set-aside'))).toEqual([]);
    expect(lines).toEqual([
      expect.stringContaining('had 3 files without a record. They are now in set-aside'),
      expect.stringContaining('has records of 3 files found in set-aside. The sandbox moved the content back'),
    ]);
    await store.close();
    expect(await contentsOf(await apiOf(open(folder, options)))).toEqual(contents);
    expect(lines).toHaveLength(2);
  });

  it('has records of some of the files in set-aside gets only those back, and adopts the others', async () => {
    const folder = await makeFolder();
    const other = await makeFolder();
    const older = join(await makeFolder(), 'backup.sqlite');
    const [first = '', ...rest] = await makeData(folder);
    await copyFile(database(folder), older);
    const later = await makeData(folder);
    await open(other).close();
    await copyFile(database(other), database(folder));
    const lines = warnings();
    await open(folder).close();
    await rm(join(folder, 'set-aside', first));

    await copyFile(older, database(folder));
    await open(folder).close();
    expect(await blobsOnDisk(folder)).toEqual(rest.toSorted());
    expect((await readdir(join(folder, 'set-aside'))).sort()).toEqual(later.toSorted());
    expect(lines.slice(1)).toEqual([
      expect.stringContaining('has records of 2 files found in set-aside'),
      expect.stringContaining(`has records of 1 file whose content is missing (${first})`),
    ]);

    const api = await apiOf(open(folder, { adopt: 'alice' }));
    expect(await blobsOnDisk(folder)).toEqual([...rest, ...later].toSorted());
    expect((await api.files.list()).map(({ id }) => id).toSorted()).toEqual([first, ...rest, ...later].toSorted());
  });

  it('has records of files whose content is missing prints a warning and keeps the other files', async () => {
    const folder = await makeFolder();
    const [id = ''] = await makeData(folder);
    await rm(join(folder, 'files', id.slice(0, 2), id));
    const lines = warnings();
    const api = await apiOf(open(folder));
    expect(lines.join()).toContain(`has records of 1 file whose content is missing (${id})`);
    expect(await api.files.list()).toHaveLength(3);
    await api.files.delete(id);
    expect(await contentsOf(api)).toEqual(contents.slice(1));
  });

  it.each([
    [
      'the database',
      (folder: string) => {
        const newer = new DatabaseSync(database(folder));
        newer.exec('PRAGMA user_version = 4');
        newer.close();
      },
      'format 4, this version reads up to 3',
    ],
    [
      'the marker',
      (folder: string) => writeFile(join(folder, 'doctape-sandbox.json'), '{"format":3}'),
      'format 3, this version reads up to 2',
    ],
  ])('is from a newer version, according to %s, is refused', async (_what, change, versions) => {
    const folder = await makeFolder();
    await makeData(folder);
    await change(folder);
    expect(refusal(folder).message).toContain(`was written by a newer version (${versions}): update doctape-sdk`);
    expect(await blobsOnDisk(folder)).toHaveLength(3);
  });
});

it('adds the records of personal shares and the keys of tokens to a database that lacks them', async () => {
  const folder = await makeFolder();
  const first = open(folder);
  const sandbox = createSandbox({ store: first });
  const token = await tokenFor(sandbox, 'alice');
  const alice = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch });
  const { id } = await alice.files.upload(new File(['text'], 'a.txt'), { tags: ['+bob', '#tape'] });
  await first.close();
  const older = new DatabaseSync(join(folder, 'sandbox.sqlite'));
  older.exec(`
    DELETE FROM records WHERE collection = 'shared';
    UPDATE records SET json = json_remove(json, '$.key') WHERE collection = 'tokens';
    PRAGMA user_version = 2`);
  older.close();

  const store = open(folder);
  const tokens = await allOf(store.list('tokens', ''));
  expect(tokens).toHaveLength(1);
  expect(await store.get('tokens', tokens[0]?.key ?? '')).toEqual(tokens[0]);
  const again = createSandbox({ store });
  const apiFor = async (name: string) =>
    new ApiClient({ token: await tokenFor(again, name), baseUrl: `${origin}/v1`, fetch: again.fetch });
  expect((await (await apiFor('bob')).files.list()).map((file) => [file.id, file.shared])).toEqual([[id, 1]]);
  expect((await (await apiFor('alice')).tapes.list()).map(({ files }) => files)).toEqual([[id]]);
  const earlier = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: again.fetch });
  expect(await earlier.files.list()).toHaveLength(1);
});

it('accepts a folder in which a sandbox was stopped while it wrote the marker', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'doctape-sandbox.json'), '');
  await open(folder).close();
  expect(JSON.parse(await readFile(join(folder, 'doctape-sandbox.json'), 'utf8'))).toMatchObject({ format: 2 });
});

it.skipIf(process.platform === 'win32')(
  'gives no other user access to the folder and its files, also if the folder existed before',
  async () => {
    const folder = await makeFolder();
    const store = open(folder);
    await store.commit([{ put: 'usage', key: 'alice', record: { bytes: 0 } }]);
    const entries = (await readdir(folder)).map((name) => join(folder, name));
    for (const path of [folder, ...entries]) expect([path, (await stat(path)).mode & 0o077]).toEqual([path, 0]);
    await store.close();

    await chmod(folder, 0o755);
    await chmod(join(folder, 'sandbox.sqlite'), 0o644);
    open(folder);
    for (const path of [folder, join(folder, 'sandbox.sqlite')]) expect((await stat(path)).mode & 0o077).toBe(0);
  },
);

it.each([{ adopt: 7 }, { adopt: '' }, { adopt: 'a/b' }, { adpot: 'alice' }, null, 'alice'])(
  'refuses %j as options',
  async (options) => {
    const folder = join(await makeFolder(), 'data');
    const { message } = refusal(folder, options as never);
    expect(message).toMatch(/adopt must be|adpot is not an option; did you mean adopt|options of diskStore/);
    await expect(stat(folder)).rejects.toThrow('ENOENT');
  },
);
