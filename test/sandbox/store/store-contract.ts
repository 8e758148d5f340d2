import { describe, expect, it } from 'vitest';
import type { Change, Store } from '../../../src/sandbox.js';
import { bytesOf, idsOf, put, read, readText, record, write } from '../../support/store.js';

/** Bytes without a repeating pattern. */
function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = 12_345;
  for (let i = 0; i < size; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    bytes[i] = state >> 16;
  }
  return bytes;
}

/** The index of the first byte that differs, or -1. A matcher would take long for megabytes. */
function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const length = Math.max(one.length, other.length);
  for (let i = 0; i < length; i++) if (one[i] !== other[i]) return i;
  return -1;
}

/** The tests that every store must pass. `make` creates an empty one, which is closed after the test. */
export function testStore(name: string, make: () => Promise<Store>): void {
  describe(`records of a ${name}`, () => {
    it('are returned as they were put', async () => {
      const store = await make();
      await store.commit([{ put: 'files', key: 'alice/1', record: record('1') }]);
      expect(await store.get('files', 'alice/1')).toEqual(record('1'));
    });

    it('are undefined if they were never put', async () => {
      const store = await make();
      await put(store, 'alice/1');
      expect(await store.get('files', 'alice/2')).toBeUndefined();
      expect(await store.get('files', 'alice/')).toBeUndefined();
      expect(await store.get('tokens', 'alice/1')).toBeUndefined();
      expect(await idsOf(store, 'bob/')).toEqual([]);
    });

    it('of different collections are separate', async () => {
      const store = await make();
      const grant = { key: 'key', username: 'alice', client_id: 'app', scope: ['file.read'], expires: 1 };
      await store.commit([
        { put: 'codes', key: 'key', record: { ...grant, redirect_uri: 'http://localhost/' } },
        { put: 'tokens', key: 'key', record: grant },
      ]);
      expect(await store.commit([{ delete: 'codes', key: 'key' }])).toBe(true);
      expect(await store.get('codes', 'key')).toBeUndefined();
      expect(await store.get('tokens', 'key')).toEqual(grant);
    });

    it('keep their position when they are replaced', async () => {
      const store = await make();
      await put(store, 'alice/1', 'alice/2', 'alice/3');
      await store.commit([{ put: 'files', key: 'alice/1', record: record('changed', { name: 'new', tags: [] }) }]);
      expect(await idsOf(store, 'alice/')).toEqual(['changed', 'alice/2', 'alice/3']);
      expect(await store.get('files', 'alice/1')).toEqual(record('changed', { name: 'new', tags: [] }));
    });

    it('are listed last when they are put again after a delete', async () => {
      const store = await make();
      await put(store, 'alice/1', 'alice/2', 'alice/3');
      await store.commit([{ delete: 'files', key: 'alice/3' }]);
      await store.commit([{ delete: 'files', key: 'alice/1' }]);
      await put(store, 'alice/1', 'alice/3');
      expect(await idsOf(store, 'alice/')).toEqual(['alice/2', 'alice/1', 'alice/3']);
    });

    it('are deleted by only one of several concurrent commits', async () => {
      const store = await make();
      await put(store, 'alice/1');
      const results = await Promise.all([
        store.commit([{ delete: 'files', key: 'alice/1' }]),
        store.commit([{ delete: 'files', key: 'alice/1' }]),
      ]);
      expect(results.toSorted()).toEqual([false, true]);
      expect(await store.commit([{ delete: 'files', key: 'alice/1' }])).toBe(false);
      expect(await store.get('files', 'alice/1')).toBeUndefined();
      expect(await idsOf(store, 'alice/')).toEqual([]);
    });

    it('are listed by folder: the part of the key up to its last slash', async () => {
      const store = await make();
      const keys = [
        'alice/1',
        'alice2/1',
        'al%ce/1',
        'ALICE/1',
        'al_ce/1',
        'bob/alice/1',
        'älice/1',
        '😀/1',
        'alice/2',
        'top',
      ];
      await put(store, ...keys);
      expect(await idsOf(store, 'alice/')).toEqual(['alice/1', 'alice/2']);
      expect(await idsOf(store, 'alice')).toEqual([]);
      expect(await idsOf(store, 'al%ce/')).toEqual(['al%ce/1']);
      expect(await idsOf(store, 'al_ce/')).toEqual(['al_ce/1']);
      expect(await idsOf(store, '%')).toEqual([]);
      expect(await idsOf(store, 'älice/')).toEqual(['älice/1']);
      expect(await idsOf(store, '😀/')).toEqual(['😀/1']);
      expect(await idsOf(store, 'bob/')).toEqual([]);
      expect(await idsOf(store, 'bob/alice/')).toEqual(['bob/alice/1']);
      expect(await idsOf(store, '')).toEqual(['top']);
    });

    it('are listed in the order in which they were put, across pages', async () => {
      const store = await make();
      const keys = Array.from({ length: 1_300 }, (_, index) => `alice/${(index * 7_919) % 10_007}`);
      await put(store, ...keys.flatMap((key, index) => [key, `bob/${index}`]));
      expect(await idsOf(store, 'alice/')).toEqual(keys);
    });

    it.each([20, 21, 500, 520, 521, 1_020])('are listed completely if there are exactly %i', async (count) => {
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
        await store.commit([{ delete: 'files', key: id }]);
      }
      expect(seen).toBe(1_201);
      expect(await idsOf(store, 'alice/')).toEqual([]);
    });

    it('are returned as the last commit left them, also if they were read before', async () => {
      const store = await make();
      const nameOf = async () => (await store.get('files', 'alice/1'))?.name;
      const rename = (name: string, ...more: Change[]) =>
        store.commit([{ put: 'files', key: 'alice/1', record: record('1', { name }) }, ...more]);
      await rename('first');
      expect(await nameOf()).toBe('first');
      await rename('second');
      expect(await nameOf()).toBe('second');
      expect(await rename('third', { delete: 'files', key: 'alice/none' })).toBe(false);
      expect(await nameOf()).toBe('second');
      await expect(rename('fourth', { keep: 'none' })).rejects.toThrow('no finished blob');
      expect(await nameOf()).toBe('second');
      await store.commit([{ delete: 'files', key: 'alice/1' }]);
      expect(await nameOf()).toBeUndefined();
      await rename('fifth');
      expect(await nameOf()).toBe('fifth');
      await store.clear();
      expect(await nameOf()).toBeUndefined();
    });

    it('are returned when there are more of them than fit into memory', async () => {
      const store = await make();
      const keys = Array.from({ length: 2_100 }, (_, index) => `alice/${index}`);
      await put(store, ...keys);
      for (const key of [...keys, ...keys.slice(0, 10)]) expect((await store.get('files', key))?.id).toBe(key);
    });

    it('do not change when the caller modifies the object that was put', async () => {
      const store = await make();
      const mine = record('1');
      await store.commit([{ put: 'files', key: 'alice/1', record: mine }]);
      mine.name = 'changed';
      mine.tags.push('changed');
      mine.meta.title = 'changed';
      expect(await store.get('files', 'alice/1')).toEqual(record('1'));
    });

    it('do not change when the caller modifies a returned object', async () => {
      const store = await make();
      await store.commit([{ put: 'files', key: 'alice/1', record: record('1') }]);
      const got = await store.get('files', 'alice/1');
      got?.tags.push('changed');
      for await (const listed of store.list('files', 'alice/')) listed.meta.title = 'changed';
      expect(await store.get('files', 'alice/1')).toEqual(record('1'));
    });

    it('keep any text unchanged', async () => {
      const store = await make();
      const name = 'nul \u0000, quote \', "double", \u2028 line, 日本, 😀, \\ back, %00';
      await store.commit([{ put: 'files', key: 'alice/1', record: record('1', { name }) }]);
      expect((await store.get('files', 'alice/1'))?.name).toBe(name);
    });

    it('keep numbers beyond 32 bits', async () => {
      const store = await make();
      await store.commit([{ put: 'files', key: 'alice/1', record: record('1', { size: 5_000_000_000_001 }) }]);
      expect((await store.get('files', 'alice/1'))?.size).toBe(5_000_000_000_001);
    });
  });

  describe(`blobs of a ${name}`, () => {
    it('are read as they were written, for any chunk sizes', async () => {
      const store = await make();
      await write(store, 'blob', 'one', '', ' two', ' three');
      expect(await readText(store, 'blob', 0, 12)).toBe('one two three');
    });

    it('are read by range, with both ends included', async () => {
      const store = await make();
      await write(store, 'blob', '0123456789');
      expect(await readText(store, 'blob', 0, 0)).toBe('0');
      expect(await readText(store, 'blob', 3, 6)).toBe('3456');
      expect(await readText(store, 'blob', 9, 9)).toBe('9');
    });

    it('can be large, and can be read from any position', async () => {
      const store = await make();
      const bytes = noise(3 * 1024 * 1024 + 17);
      const writer = await store.writeBlob('large');
      for (let at = 0; at < bytes.length; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000));
      await writer.finish();
      expect(firstDifference(await read(store, 'large', 0, bytes.length - 1), bytes)).toBe(-1);
      const [start, end] = [524_288 - 1, 2 * 524_288 + 1];
      expect(firstDifference(await read(store, 'large', start, end), bytes.subarray(start, end + 1))).toBe(-1);
    });

    it('do not change when the caller reuses the buffer', async () => {
      const store = await make();
      const writer = await store.writeBlob('blob');
      const buffer = bytesOf('first.');
      await writer.write(buffer);
      buffer.set(bytesOf('second'));
      await writer.write(buffer);
      buffer.fill(0);
      await writer.finish();
      expect(await readText(store, 'blob', 0, 11)).toBe('first.second');
    });

    it('do not change when the caller reuses the buffer for all chunks of a large blob', async () => {
      const store = await make();
      const bytes = noise(2 * 1024 * 1024 + 17);
      const writer = await store.writeBlob('large');
      const buffer = new Uint8Array(70_000);
      for (let at = 0; at < bytes.length; at += buffer.length) {
        const chunk = bytes.subarray(at, at + buffer.length);
        buffer.set(chunk);
        await writer.write(buffer.subarray(0, chunk.length));
      }
      buffer.fill(0);
      await writer.finish();
      expect(firstDifference(await read(store, 'large', 0, bytes.length - 1), bytes)).toBe(-1);
    });

    it('do not exist after they were discarded', async () => {
      const store = await make();
      const writer = await store.writeBlob('blob');
      await writer.write(bytesOf('half'));
      await writer.discard();
      await expect(readText(store, 'blob', 0, 3)).rejects.toThrow();
    });

    it('cannot be kept after they were discarded', async () => {
      const store = await make();
      const writer = await store.writeBlob('blob');
      await writer.write(bytesOf('half'));
      await writer.discard();
      await expect(store.commit([{ keep: 'blob' }])).rejects.toThrow('no');
    });

    it('cannot reuse the name of another blob', async () => {
      const store = await make();
      await write(store, 'blob', 'old');
      await expect(write(store, 'blob', 'new')).rejects.toThrow();
      expect(await readText(store, 'blob', 0, 2)).toBe('old');
    });

    it('can be written concurrently', async () => {
      const store = await make();
      const names = Array.from({ length: 10 }, (_, index) => `blob-${index}`);
      await Promise.all(names.map((name) => write(store, name, name, '!')));
      for (const name of names) expect(await readText(store, name, 0, name.length)).toBe(`${name}!`);
    });

    it('are deleted without affecting other blobs', async () => {
      const store = await make();
      await write(store, 'blob-1', 'one');
      await write(store, 'blob-2', 'two');
      await store.commit([{ drop: 'blob-1' }]);
      await expect(readText(store, 'blob-1', 0, 2)).rejects.toThrow();
      expect(await readText(store, 'blob-2', 0, 2)).toBe('two');
    });

    it('can be deleted if they do not exist', async () => {
      const store = await make();
      await expect(store.commit([{ drop: 'nothing' }])).resolves.toBe(true);
    });

    it('are streamed in chunks, and reading can be cancelled', async () => {
      const store = await make();
      const bytes = noise(4 * 1024 * 1024);
      const writer = await store.writeBlob('blob');
      for (let at = 0; at < bytes.length; at += 65_536) await writer.write(bytes.subarray(at, at + 65_536));
      await writer.finish();
      const reader = store.readBlob('blob', { start: 0, end: bytes.length - 1 }).getReader();
      const { value } = await reader.read();
      expect(value?.byteLength).toBeLessThan(bytes.length);
      await reader.cancel();
      expect(firstDifference(await read(store, 'blob', 0, bytes.length - 1), bytes)).toBe(-1);
    });

    it('can be cancelled before the first byte is read', async () => {
      const store = await make();
      await write(store, 'blob', 'text');
      await store.readBlob('blob', { start: 0, end: 3 }).cancel();
      expect(await readText(store, 'blob', 0, 3)).toBe('text');
    });

    it('can be empty', async () => {
      const store = await make();
      await write(store, 'empty');
      await expect(store.commit([{ drop: 'empty' }])).resolves.toBe(true);
    });
  });

  describe(`a commit of a ${name}`, () => {
    it('applies all of its changes', async () => {
      const store = await make();
      await put(store, 'alice/1');
      const writer = await store.writeBlob('blob');
      await writer.write(bytesOf('text'));
      await writer.finish();
      const made = await store.commit([
        { delete: 'files', key: 'alice/1' },
        { put: 'files', key: 'alice/2', record: record('2') },
        { put: 'usage', key: 'alice', record: { bytes: 3 } },
        { keep: 'blob' },
      ]);
      expect(made).toBe(true);
      expect(await idsOf(store, 'alice/')).toEqual(['2']);
      expect(await store.get('usage', 'alice')).toEqual({ bytes: 3 });
      expect(await readText(store, 'blob', 0, 3)).toBe('text');
    });

    it('changes nothing if a record to delete does not exist', async () => {
      const store = await make();
      await put(store, 'alice/1');
      await write(store, 'blob', 'text');
      const made = await store.commit([
        { put: 'files', key: 'alice/2', record: record('2') },
        { delete: 'files', key: 'alice/1' },
        { drop: 'blob' },
        { delete: 'public', key: 'nothing' },
        { put: 'files', key: 'alice/3', record: record('3') },
      ]);
      expect(made).toBe(false);
      expect(await idsOf(store, 'alice/')).toEqual(['alice/1']);
      expect(await readText(store, 'blob', 0, 3)).toBe('text');
    });

    it('changes nothing if one of its changes fails', async () => {
      const store = await make();
      await put(store, 'alice/1');
      const circular = record('2');
      circular.meta.self = circular;
      for (const wrong of [{ keep: 'nothing' }, { put: 'files' as const, key: 'alice/2', record: circular }]) {
        const changes = [
          { delete: 'files' as const, key: 'alice/1' },
          { put: 'files' as const, key: 'a/3', record: record('3') },
          wrong,
        ];
        await expect(store.commit(changes)).rejects.toThrow();
      }
      expect(await idsOf(store, 'alice/')).toEqual(['alice/1']);
      expect(await idsOf(store, 'a/')).toEqual([]);
      await put(store, 'alice/4'); // no transaction is left open
      expect(await idsOf(store, 'alice/')).toEqual(['alice/1', 'alice/4']);
    });

    it('without changes succeeds', async () => {
      const store = await make();
      expect(await store.commit([])).toBe(true);
    });
  });

  describe(`a ${name}`, () => {
    it('deletes everything when it is cleared, and still works', async () => {
      const store = await make();
      await put(store, 'alice/1', 'bob/1');
      const grant = { key: 'key', username: 'alice', client_id: 'app', scope: [], expires: 1 };
      await store.commit([{ put: 'tokens', key: 'key', record: grant }]);
      await write(store, 'blob', 'text');
      await store.clear();
      expect(await idsOf(store, 'alice/')).toEqual([]);
      expect(await store.get('tokens', 'key')).toBeUndefined();
      await expect(readText(store, 'blob', 0, 3)).rejects.toThrow();

      await put(store, 'alice/2');
      await write(store, 'blob', 'more');
      expect(await idsOf(store, 'alice/')).toEqual(['alice/2']);
      expect(await readText(store, 'blob', 0, 3)).toBe('more');
    });

    it('can be cleared when it is empty', async () => {
      const store = await make();
      await store.clear();
      expect(await idsOf(store, 'alice/')).toEqual([]);
    });

    it('can be closed twice', async () => {
      const store = await make();
      await put(store, 'alice/1');
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}
