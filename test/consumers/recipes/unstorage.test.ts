import { join } from 'node:path';
import { createStorage, type Driver, type Storage } from 'unstorage';
import { beforeAll, beforeEach, expect, it } from 'vitest';
// of the build, as in the driver, which recognises errors by their class
import { ApiClient } from '../../../dist/index.js';
import { served, tokenFor } from '../../support/sandbox.js';
import { saveRecipe } from './recipe.js';

const { url, sandbox } = await served();

let doctapeDriver: (options: { api: ApiClient; tag?: string }) => Driver;
beforeAll(async () => {
  const { folder, remove } = await saveRecipe('unstorage');
  ({ doctapeDriver } = await import(join(folder, 'doctape-driver.ts')));
  return remove;
});

const clientOf = async (name: string) =>
  new ApiClient({ token: await tokenFor(sandbox, name, undefined, url), baseUrl: `${url}/v1` });
let api: ApiClient;
let storage: Storage;
beforeEach(async () => {
  await sandbox.reset();
  api = await clientOf('alice');
  storage = createStorage({ driver: doctapeDriver({ api }) });
});

it('stores and returns JSON, text and bytes', async () => {
  const bytes = new Uint8Array(100_000).map((_, index) => index * 31);
  await storage.setItem('settings:theme', { dark: true });
  await storage.setItem('notes.txt', 'héllo ☃');
  await storage.setItemRaw('photos:lake.jpg', bytes);
  await storage.setItemRaw('raw.txt', 'text');
  expect(await storage.getItem('settings:theme')).toEqual({ dark: true });
  expect(await storage.getItem('notes.txt')).toBe('héllo ☃');
  expect(Buffer.from((await storage.getItemRaw('photos:lake.jpg')) ?? []).equals(bytes)).toBe(true);
  expect(Buffer.from((await storage.getItemRaw('raw.txt')) ?? []).toString()).toBe('text');
  expect(await storage.getMeta('photos:lake.jpg')).toMatchObject({ size: 100_000, mtime: expect.any(Date) });
});

it('has nothing for a key that was never set', async () => {
  expect(await storage.hasItem('missing')).toBe(false);
  expect(await storage.getItem('missing')).toBeNull();
  expect(await storage.getItemRaw('missing')).toBeNull();
  await storage.removeItem('missing');
});

it('lists by a base, removes, and clears a mount', async () => {
  storage.mount('cache', doctapeDriver({ api, tag: 'cache' }));
  await storage.setItem('cache:a:1', 'cached');
  for (const key of ['a:1', 'a:2', 'ab:1', 'b']) await storage.setItem(key, key);
  expect((await storage.getKeys()).sort()).toEqual(['a:1', 'a:2', 'ab:1', 'b', 'cache:a:1']);
  expect((await storage.getKeys('a')).sort()).toEqual(['a:1', 'a:2']);
  await storage.removeItem('a:1');
  expect(await storage.hasItem('a:1')).toBe(false);
  await storage.clear('cache');
  expect((await storage.getKeys()).sort()).toEqual(['a:2', 'ab:1', 'b']);
  await storage.clear();
  expect(await storage.getKeys()).toEqual([]);
});

it('replaces an item, and leaves the other files of the user alone', async () => {
  const { id } = await api.files.upload(new Blob(['mine']), { name: 'key' });
  await storage.setItem('key', 'first');
  await storage.setItem('key', 'second');
  expect(await storage.getItem('key')).toBe('second');
  expect(await api.files.list()).toHaveLength(2);
  await storage.clear();
  expect((await api.files.list()).map((file) => file.id)).toEqual([id]);
});

it('ignores items that another user shares', async () => {
  const bob = await clientOf('bob');
  await bob.files.upload(new Blob(['"planted"']), { name: 'key', tags: ['unstorage', '+alice'] });
  expect(await storage.getItem('key')).toBeNull();
  expect(await storage.getKeys()).toEqual([]);
  await storage.clear();
  expect(await bob.files.list()).toHaveLength(1);
});

it('keeps one of two values that are written at the same time, and readers always find one', async () => {
  await storage.setItem('key', 'old');
  const reads = Array.from({ length: 20 }, () => storage.getItem('key'));
  await Promise.all([storage.setItem('key', 'one'), storage.setItem('key', 'two'), ...reads]);
  for (const value of await Promise.all(reads)) expect(['old', 'one', 'two']).toContain(value);
  expect(['one', 'two']).toContain(await storage.getItem('key'));
});

it('refuses a key that is not a valid file name, and a value that is not data', async () => {
  await expect(storage.setItem('x'.repeat(300), 'value')).rejects.toThrow('not a valid file name');
  await expect(storage.setItemRaw('key', { not: 'data' })).rejects.toThrow('source');
  expect(await api.files.list()).toEqual([]);
});
