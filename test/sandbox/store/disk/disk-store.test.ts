import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../../src/index.js';
import { diskStore } from '../../../../src/serve.js';
import { blobsOnDisk, makeFolder } from '../../../support/data-folder.js';
import { bytesOf, closeAfterTest, idsOf, put, readText, record, write } from '../../../support/store.js';

describe('diskStore', () => {
  function refusal(folder: string): ConfigurationError {
    try {
      closeAfterTest(diskStore(folder));
    } catch (error) {
      if (error instanceof ConfigurationError) return error;
      throw error;
    }
    throw new Error('the folder was accepted');
  }

  it.each([undefined, null, '', 7])('refuses %j as the path of the folder', (folder) => {
    expect(refusal(folder as unknown as string).message).toMatch(/^folder must be/);
  });

  it('has the same data after it is reopened', async () => {
    const folder = await makeFolder();
    const first = diskStore(folder);
    await put(first, 'alice/2', 'alice/1', 'bob/1');
    await first.commit([{ delete: 'files', key: 'bob/1' }]);
    await write(first, '2', 'kept');
    const unkept = await first.writeBlob('unkept');
    await unkept.write(bytesOf('finished, but not kept'));
    await unkept.finish();
    const unfinished = await first.writeBlob('unfinished');
    await unfinished.write(new Uint8Array(100_000));
    await first.close();

    const second = closeAfterTest(diskStore(folder));
    expect(await idsOf(second, 'alice/')).toEqual(['alice/2', 'alice/1']);
    expect(await second.get('files', 'alice/1')).toEqual(record('alice/1'));
    expect(await readText(second, '2', 0, 3)).toBe('kept');
    expect(await blobsOnDisk(folder)).toEqual(['2']);
    await unfinished.discard(); // closes the file handle; there is nothing left to remove
  });

  it('creates the folder and its parents', async () => {
    const folder = join(await makeFolder(), 'a', 'b c', 'ü');
    const store = closeAfterTest(diskStore(folder));
    await write(store, 'blob', 'text');
    expect(await readText(store, 'blob', 0, 3)).toBe('text');
    expect(await readdir(folder)).toContain('sandbox.sqlite');
  });

  it('refuses a folder that another store is using, and gives the reason', async () => {
    const folder = await makeFolder();
    const first = closeAfterTest(diskStore(folder));
    await put(first, 'alice/1');
    const error = refusal(folder);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toContain(folder);
    expect(error.message).toContain('another sandbox is using it');
    expect(error.message).not.toContain('\n');
    expect(await idsOf(first, 'alice/')).toEqual(['alice/1']);
  });

  it('locks the folder when it is opened, before anything is stored', async () => {
    const folder = await makeFolder();
    closeAfterTest(diskStore(folder));
    expect(refusal(folder).message).toContain('another sandbox is using it');
  });

  it('does not delete a blob that another store is writing', async () => {
    const folder = await makeFolder();
    const first = closeAfterTest(diskStore(folder));
    const writer = await first.writeBlob('blob');
    await writer.write(bytesOf('half '));
    refusal(folder);
    await writer.write(bytesOf('whole'));
    await writer.finish();
    expect(await readText(first, 'blob', 0, 9)).toBe('half whole');
  });

  it('opens the folder after the other store is closed', async () => {
    const folder = await makeFolder();
    const first = diskStore(folder);
    refusal(folder);
    await first.close();
    expect(await idsOf(closeAfterTest(diskStore(folder)), '')).toEqual([]);
  });

  it.each(['../x', '..', '.', '', '/etc/passwd', 'a/b', 'a\\b', '.hidden', 'a\u0000b', 'x\n', '%2e%2e', 'ä'])(
    'refuses %j as the name of a blob',
    async (name) => {
      const folder = await makeFolder();
      const store = closeAfterTest(diskStore(join(folder, 'data')));
      await expect(store.writeBlob(name)).rejects.toThrow('the name of a blob must');
      await expect(store.commit([{ drop: name }])).rejects.toThrow('the name of a blob must');
      await expect(readText(store, name, 0, 0)).rejects.toThrow('the name of a blob must');
      expect(await readdir(folder)).toEqual(['data']);
    },
  );

  it('refuses a folder that is a file', async () => {
    const path = join(await makeFolder(), 'file');
    await writeFile(path, 'not a folder');
    expect(refusal(path).message).toContain(path);
  });

  it('refuses a folder that cannot be created', async () => {
    const path = join(await makeFolder(), 'file');
    await writeFile(path, 'not a folder');
    expect(refusal(join(path, 'below')).message).toContain('cannot be opened');
  });

  it('reports a truncated file instead of ending the stream early', async () => {
    const folder = await makeFolder();
    const store = closeAfterTest(diskStore(folder));
    await write(store, 'blob', '0123456789');
    const files = await readdir(join(folder, 'files'), { recursive: true, withFileTypes: true });
    const blob = files.find((entry) => entry.isFile());
    await writeFile(join(blob?.parentPath ?? '', blob?.name ?? ''), '0123');
    await expect(readText(store, 'blob', 0, 9)).rejects.toThrow('shorter');
  });
});
