import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/index.js';
import { type FileRecord, memoryStore, type Store } from '../../../src/sandbox.js';
import { diskStore } from '../../../src/serve.js';

const folders: string[] = [];
const stores: Store[] = [];

afterEach(async () => {
  await Promise.allSettled(stores.splice(0).map((store) => store.close()));
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-store-'));
  folders.push(folder);
  return folder;
}

function open<S extends Store>(store: S): S {
  stores.push(store);
  return store;
}

const makers: [string, () => Promise<Store>][] = [
  ['memoryStore', async () => open(memoryStore())],
  ['diskStore', async () => open(diskStore(await makeFolder()))],
];

function record(id: string, changes: Partial<FileRecord> = {}): FileRecord {
  return {
    id,
    owner: 'alice',
    name: `file ${id}`,
    extension: 'txt',
    type: 'text/plain',
    size: 3,
    time_added: 1_358_457_759,
    media_type: 'document',
    tags: ['a', '+bob'],
    origin: 'webupload',
    starred: false,
    public_code: null,
    processing_status: 'ok',
    meta: { title: 'Übung' },
    ...changes,
  };
}

async function idsOf(store: Store, prefix: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.list('files', prefix)) ids.push(id);
  return ids;
}

async function put(store: Store, ...keys: string[]): Promise<void> {
  for (const key of keys) await store.put('files', key, record(key));
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Everything that a range of a blob gives. */
async function read(store: Store, name: string, start: number, end: number): Promise<Uint8Array> {
  return new Uint8Array(await new Response(store.readBlob(name, { start, end })).arrayBuffer());
}

async function readText(store: Store, name: string, start: number, end: number): Promise<string> {
  return new TextDecoder().decode(await read(store, name, start, end));
}

async function write(store: Store, name: string, ...chunks: string[]): Promise<void> {
  const writer = await store.writeBlob(name);
  for (const chunk of chunks) await writer.write(bytesOf(chunk));
  await writer.commit();
}

/** Bytes that differ wherever one looks. */
function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = 12_345;
  for (let i = 0; i < size; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    bytes[i] = state >> 16;
  }
  return bytes;
}

describe.each(makers)('records of a %s', (_name, make) => {
  it('come back as they were put', async () => {
    const store = await make();
    await store.put('files', 'alice/1', record('1'));
    expect(await store.get('files', 'alice/1')).toEqual(record('1'));
  });

  it('are undefined when nobody put them', async () => {
    const store = await make();
    await put(store, 'alice/1');
    expect(await store.get('files', 'alice/2')).toBeUndefined();
    expect(await store.get('files', 'alice/')).toBeUndefined();
    expect(await store.get('tokens', 'alice/1')).toBeUndefined();
    expect(await idsOf(store, 'bob/')).toEqual([]);
  });

  it('of one collection are apart from those of another', async () => {
    const store = await make();
    const grant = { username: 'alice', client_id: 'app', scope: ['file.read'], expires: 1 };
    await store.put('codes', 'key', { ...grant, redirect_uri: 'http://localhost/' });
    await store.put('tokens', 'key', grant);
    expect(await store.delete('codes', 'key')).toBe(true);
    expect(await store.get('codes', 'key')).toBeUndefined();
    expect(await store.get('tokens', 'key')).toEqual(grant);
  });

  it('are replaced in their place', async () => {
    const store = await make();
    await put(store, 'alice/1', 'alice/2', 'alice/3');
    await store.put('files', 'alice/1', record('changed', { name: 'new', tags: [] }));
    expect(await idsOf(store, 'alice/')).toEqual(['changed', 'alice/2', 'alice/3']);
    expect(await store.get('files', 'alice/1')).toEqual(record('changed', { name: 'new', tags: [] }));
  });

  it('go to the end when they are put again after a delete', async () => {
    const store = await make();
    await put(store, 'alice/1', 'alice/2', 'alice/3');
    await store.delete('files', 'alice/3');
    await store.delete('files', 'alice/1');
    await put(store, 'alice/1', 'alice/3');
    expect(await idsOf(store, 'alice/')).toEqual(['alice/2', 'alice/1', 'alice/3']);
  });

  it('are deleted once, whoever asks', async () => {
    const store = await make();
    await put(store, 'alice/1');
    const told = await Promise.all([store.delete('files', 'alice/1'), store.delete('files', 'alice/1')]);
    expect(told.toSorted()).toEqual([false, true]);
    expect(await store.delete('files', 'alice/1')).toBe(false);
    expect(await store.get('files', 'alice/1')).toBeUndefined();
    expect(await idsOf(store, '')).toEqual([]);
  });

  it('are listed by the exact prefix of their keys', async () => {
    const store = await make();
    const keys = ['alice/1', 'alice2/1', 'al%ce/1', 'ALICE/1', 'al_ce/1', 'bob/alice/1', 'älice/1', '😀/1', 'alice/2'];
    await put(store, ...keys);
    expect(await idsOf(store, 'alice/')).toEqual(['alice/1', 'alice/2']);
    expect(await idsOf(store, 'alice')).toEqual(['alice/1', 'alice2/1', 'alice/2']);
    expect(await idsOf(store, 'al%ce/')).toEqual(['al%ce/1']);
    expect(await idsOf(store, 'al_ce/')).toEqual(['al_ce/1']);
    expect(await idsOf(store, '%')).toEqual([]);
    expect(await idsOf(store, 'älice/')).toEqual(['älice/1']);
    expect(await idsOf(store, '😀')).toEqual(['😀/1']);
    expect(await idsOf(store, '')).toEqual(keys);
  });

  it('are listed in the order they came, however many there are', async () => {
    const store = await make();
    const keys = Array.from({ length: 1_300 }, (_, index) => `alice/${(index * 7_919) % 10_007}`);
    for (const [index, key] of keys.entries()) await put(store, key, `bob/${index}`);
    expect(await idsOf(store, 'alice/')).toEqual(keys);
  });

  it.each([500, 1_000])('are listed whole when there are exactly %i', async (count) => {
    const store = await make();
    const keys = Array.from({ length: count }, (_, index) => `alice/${index}`);
    await put(store, ...keys);
    expect(await idsOf(store, 'alice/')).toEqual(keys);
  });

  it('can be deleted while they are listed', async () => {
    const store = await make();
    await put(store, ...Array.from({ length: 1_201 }, (_, index) => `alice/${index}`));
    let seen = 0;
    for await (const { id } of store.list('files', 'alice/')) {
      seen += 1;
      await store.delete('files', id);
    }
    expect(seen).toBe(1_201);
    expect(await idsOf(store, 'alice/')).toEqual([]);
  });

  it('do not change when their holder changes what was put', async () => {
    const store = await make();
    const mine = record('1');
    await store.put('files', 'alice/1', mine);
    mine.name = 'changed';
    mine.tags.push('changed');
    mine.meta.title = 'changed';
    expect(await store.get('files', 'alice/1')).toEqual(record('1'));
  });

  it('do not change when somebody changes what was got or listed', async () => {
    const store = await make();
    await store.put('files', 'alice/1', record('1'));
    const got = await store.get('files', 'alice/1');
    got?.tags.push('changed');
    for await (const listed of store.list('files', 'alice/')) listed.meta.title = 'changed';
    expect(await store.get('files', 'alice/1')).toEqual(record('1'));
  });

  it('keep whatever text is in them', async () => {
    const store = await make();
    const name = 'nul \u0000, quote \', "double", \u2028 line, 日本, 😀, \\ back, %00';
    await store.put('files', 'alice/1', record('1', { name }));
    expect((await store.get('files', 'alice/1'))?.name).toBe(name);
  });

  it('keep numbers beyond 32 bits', async () => {
    const store = await make();
    await store.put('files', 'alice/1', record('1', { size: 5_000_000_000_001 }));
    expect((await store.get('files', 'alice/1'))?.size).toBe(5_000_000_000_001);
  });
});

describe.each(makers)('blobs of a %s', (_name, make) => {
  it('are read as they were written, whatever the chunks were', async () => {
    const store = await make();
    await write(store, 'blob', 'one', '', ' two', ' three');
    expect(await readText(store, 'blob', 0, 12)).toBe('one two three');
  });

  it('give the range that is asked for, both ends included', async () => {
    const store = await make();
    await write(store, 'blob', '0123456789');
    expect(await readText(store, 'blob', 0, 0)).toBe('0');
    expect(await readText(store, 'blob', 3, 6)).toBe('3456');
    expect(await readText(store, 'blob', 9, 9)).toBe('9');
  });

  it('may be large, and are read from anywhere', async () => {
    const store = await make();
    const bytes = noise(3 * 1024 * 1024 + 17);
    const writer = await store.writeBlob('large');
    for (let at = 0; at < bytes.length; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000));
    await writer.commit();
    expect(Buffer.compare(await read(store, 'large', 0, bytes.length - 1), bytes)).toBe(0);
    const [start, end] = [524_288 - 1, 2 * 524_288 + 1];
    expect(Buffer.compare(await read(store, 'large', start, end), bytes.subarray(start, end + 1))).toBe(0);
  });

  it('are not changed by a writer that uses its buffer again', async () => {
    const store = await make();
    const writer = await store.writeBlob('blob');
    const buffer = bytesOf('first.');
    await writer.write(buffer);
    buffer.set(bytesOf('second'));
    await writer.write(buffer);
    buffer.fill(0);
    await writer.commit();
    expect(await readText(store, 'blob', 0, 11)).toBe('first.second');
  });

  it('are there for no reader until they are finished', async () => {
    const store = await make();
    const writer = await store.writeBlob('blob');
    await writer.write(bytesOf('half'));
    await expect(readText(store, 'blob', 0, 3)).rejects.toThrow();
    await writer.commit();
    expect(await readText(store, 'blob', 0, 3)).toBe('half');
  });

  it('never come to be when they are discarded', async () => {
    const store = await make();
    const writer = await store.writeBlob('blob');
    await writer.write(bytesOf('half'));
    await writer.discard();
    await expect(readText(store, 'blob', 0, 3)).rejects.toThrow();
  });

  it('stay as they are while a new version is on its way, and when it is given up', async () => {
    const store = await make();
    await write(store, 'blob', 'old');
    const writer = await store.writeBlob('blob');
    await writer.write(bytesOf('new'));
    expect(await readText(store, 'blob', 0, 2)).toBe('old');
    await writer.discard();
    expect(await readText(store, 'blob', 0, 2)).toBe('old');
  });

  it('can be written side by side', async () => {
    const store = await make();
    const names = Array.from({ length: 10 }, (_, index) => `blob-${index}`);
    await Promise.all(names.map((name) => write(store, name, name, '!')));
    for (const name of names) expect(await readText(store, name, 0, name.length)).toBe(`${name}!`);
  });

  it('are gone once they are deleted, and only they', async () => {
    const store = await make();
    await write(store, 'blob-1', 'one');
    await write(store, 'blob-2', 'two');
    await store.deleteBlob('blob-1');
    await expect(readText(store, 'blob-1', 0, 2)).rejects.toThrow();
    expect(await readText(store, 'blob-2', 0, 2)).toBe('two');
  });

  it('can be deleted when they are not there', async () => {
    const store = await make();
    await expect(store.deleteBlob('nothing')).resolves.toBeUndefined();
  });

  it('are read piece by piece, and may be left half read', async () => {
    const store = await make();
    const bytes = noise(4 * 1024 * 1024);
    const writer = await store.writeBlob('blob');
    for (let at = 0; at < bytes.length; at += 65_536) await writer.write(bytes.subarray(at, at + 65_536));
    await writer.commit();
    const reader = store.readBlob('blob', { start: 0, end: bytes.length - 1 }).getReader();
    const { value } = await reader.read();
    expect(value?.byteLength).toBeLessThan(bytes.length);
    await reader.cancel();
    expect(Buffer.compare(await read(store, 'blob', 0, bytes.length - 1), bytes)).toBe(0);
  });

  it('can be left before the first byte is read', async () => {
    const store = await make();
    await write(store, 'blob', 'text');
    await store.readBlob('blob', { start: 0, end: 3 }).cancel();
    expect(await readText(store, 'blob', 0, 3)).toBe('text');
  });

  it('may be empty', async () => {
    const store = await make();
    await write(store, 'empty');
    await expect(store.deleteBlob('empty')).resolves.toBeUndefined();
  });
});

describe.each(makers)('a %s', (_name, make) => {
  it('forgets everything when it is cleared, and goes on working', async () => {
    const store = await make();
    await put(store, 'alice/1', 'bob/1');
    await store.put('tokens', 'key', { username: 'alice', client_id: 'app', scope: [], expires: 1 });
    await write(store, 'blob', 'text');
    await store.clear();
    expect(await idsOf(store, '')).toEqual([]);
    expect(await store.get('tokens', 'key')).toBeUndefined();
    await expect(readText(store, 'blob', 0, 3)).rejects.toThrow();

    await put(store, 'alice/2');
    await write(store, 'blob', 'more');
    expect(await idsOf(store, '')).toEqual(['alice/2']);
    expect(await readText(store, 'blob', 0, 3)).toBe('more');
  });

  it('can be cleared when it is empty', async () => {
    const store = await make();
    await store.clear();
    expect(await idsOf(store, '')).toEqual([]);
  });

  it('can be closed, and closed again', async () => {
    const store = await make();
    await put(store, 'alice/1');
    await store.close();
    await expect(store.close()).resolves.toBeUndefined();
  });
});

describe('diskStore', () => {
  function refusal(folder: string): ConfigurationError {
    try {
      open(diskStore(folder));
    } catch (error) {
      if (error instanceof ConfigurationError) return error;
      throw error;
    }
    throw new Error('the folder was accepted');
  }

  it.each([undefined, null, '', 7])('needs the path of a folder, not %j', (folder) => {
    expect(refusal(folder as unknown as string).message).toMatch(/^folder must be/);
  });

  it('finds everything again when it is opened anew', async () => {
    const folder = await makeFolder();
    const first = diskStore(folder);
    await put(first, 'alice/2', 'alice/1', 'bob/1');
    await first.delete('files', 'bob/1');
    await write(first, '2', 'kept');
    await write(first, 'orphan', 'without a record, as after a crash');
    await first.close();

    const second = open(diskStore(folder));
    expect(await idsOf(second, '')).toEqual(['alice/2', 'alice/1']);
    expect(await second.get('files', 'alice/1')).toEqual(record('alice/1'));
    expect(await readText(second, '2', 0, 3)).toBe('kept');
    expect((await readdir(join(folder, 'files'), { recursive: true })).join()).not.toContain('orphan');
  });

  it('makes the folder, and those above it', async () => {
    const folder = join(await makeFolder(), 'a', 'b c', 'ü');
    const store = open(diskStore(folder));
    await write(store, 'blob', 'text');
    expect(await readText(store, 'blob', 0, 3)).toBe('text');
    expect(await readdir(folder)).toContain('sandbox.sqlite');
  });

  it('refuses a folder that another one has, and says so', async () => {
    const folder = await makeFolder();
    const first = open(diskStore(folder));
    await put(first, 'alice/1');
    const error = refusal(folder);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toContain(folder);
    expect(error.message).toContain('another sandbox is using it');
    expect(error.message).not.toContain('\n');
    expect(await idsOf(first, '')).toEqual(['alice/1']);
  });

  it('refuses it from the first moment, before anything is stored', async () => {
    const folder = await makeFolder();
    open(diskStore(folder));
    expect(refusal(folder).message).toContain('another sandbox is using it');
  });

  it('does not sweep away what another one is writing', async () => {
    const folder = await makeFolder();
    const first = open(diskStore(folder));
    const writer = await first.writeBlob('blob');
    await writer.write(bytesOf('half '));
    refusal(folder);
    await writer.write(bytesOf('whole'));
    await writer.commit();
    expect(await readText(first, 'blob', 0, 9)).toBe('half whole');
  });

  it('takes the folder once the other one is closed', async () => {
    const folder = await makeFolder();
    const first = diskStore(folder);
    refusal(folder);
    await first.close();
    expect(await idsOf(open(diskStore(folder)), '')).toEqual([]);
  });

  it('sweeps what was left of an unfinished blob', async () => {
    const folder = await makeFolder();
    const first = diskStore(folder);
    const writer = await first.writeBlob('blob');
    await writer.write(bytesOf('half'));
    const unfinished = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && !entry.name.startsWith('sandbox.sqlite'),
    );
    expect(unfinished).toHaveLength(1);
    await first.close(); // without finishing the blob, as a crash would

    open(diskStore(folder));
    const left = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && !entry.name.startsWith('sandbox.sqlite'),
    );
    expect(left).toEqual([]);
    await writer.discard(); // gives the file handle back; there is nothing left to remove
  });

  it.each(['../x', '..', '.', '', '/etc/passwd', 'a/b', 'a\\b', '.hidden', 'a\u0000b', 'x\n', '%2e%2e', 'ä'])(
    'refuses %j as the name of a blob',
    async (name) => {
      const folder = await makeFolder();
      const store = open(diskStore(join(folder, 'data')));
      await expect(store.writeBlob(name)).rejects.toThrow('plain name');
      await expect(store.deleteBlob(name)).rejects.toThrow('plain name');
      await expect(readText(store, name, 0, 0)).rejects.toThrow('plain name');
      expect(await readdir(folder)).toEqual(['data']);
    },
  );

  it('refuses a folder that is a file', async () => {
    const path = join(await makeFolder(), 'file');
    await writeFile(path, 'not a folder');
    expect(refusal(path).message).toContain(path);
  });

  it('refuses a folder that cannot be made', async () => {
    const path = join(await makeFolder(), 'file');
    await writeFile(path, 'not a folder');
    expect(refusal(join(path, 'below')).message).toContain('cannot be opened');
  });

  it('refuses a folder whose database is something else', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'sandbox.sqlite'), 'this is no database at all, only text of some length'.repeat(20));
    expect(refusal(folder).message).toContain('cannot be opened');
    expect(await readdir(folder)).toContain('sandbox.sqlite');
  });

  it('refuses a folder in which it cannot keep files', async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, 'sandbox.sqlite'));
    expect(refusal(folder).message).toContain('cannot be opened');
  });

  it('reports a file that has lost bytes instead of ending early', async () => {
    const folder = await makeFolder();
    const store = open(diskStore(folder));
    await write(store, 'blob', '0123456789');
    const files = await readdir(join(folder, 'files'), { recursive: true, withFileTypes: true });
    const blob = files.find((entry) => entry.isFile());
    await writeFile(join(blob?.parentPath ?? '', blob?.name ?? ''), '0123');
    await expect(readText(store, 'blob', 0, 9)).rejects.toThrow('shorter');
  });
});
