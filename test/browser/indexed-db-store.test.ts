import { expect, it, onTestFinished } from 'vitest';
import { indexedDbStore } from '../../docs/site/playground/worker/indexed-db-store.js';
import type { Store } from '../../src/sandbox.js';
import { testStore } from '../sandbox/store/store-contract.js';
import { bytesOf, closeAfterTest, idsOf, put, readText, write } from '../support/store.js';

// The store of the playground of the documentation site.

let count = 0;

/** Returns a function that opens the same database as often as it is called. */
function opener(): () => Store {
  const name = `test-${count++}`;
  onTestFinished(() => void indexedDB.deleteDatabase(name));
  return () => closeAfterTest(indexedDbStore(name));
}

testStore('store in IndexedDB', async () => opener()());

it('keeps records, their order and blobs when it is opened again', async () => {
  const open = opener();
  const store = open();
  await put(store, 'alice/2', 'alice/1');
  await write(store, 'blob', 'text');
  await store.close();
  const reopened = open();
  await put(reopened, 'alice/3', 'alice/2');
  expect(await idsOf(reopened, 'alice/')).toEqual(['alice/2', 'alice/1', 'alice/3']);
  expect(await readText(reopened, 'blob', 0, 3)).toBe('text');
});

it('deletes blobs that no commit has kept when it is opened again', async () => {
  const open = opener();
  const store = open();
  const writer = await store.writeBlob('finished');
  await writer.write(bytesOf('text'));
  await writer.finish();
  await store.writeBlob('begun');
  await write(store, 'kept', 'text');
  await store.close();
  const reopened = open();
  await expect(readText(reopened, 'finished', 0, 3)).rejects.toThrow();
  await expect(reopened.commit([{ keep: 'finished' }])).rejects.toThrow('the store has no finished blob');
  await write(reopened, 'begun', 'again');
  expect(await readText(reopened, 'begun', 0, 4)).toBe('again');
  expect(await readText(reopened, 'kept', 0, 3)).toBe('text');
});

it('works again after the browser has deleted its database', async () => {
  const name = `test-${count++}`;
  const store = closeAfterTest(indexedDbStore(name));
  await put(store, 'alice/1');
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = resolve;
    request.onerror = reject;
  });
  expect(await idsOf(store, 'alice/')).toEqual([]);
  await put(store, 'alice/2');
  expect(await idsOf(store, 'alice/')).toEqual(['alice/2']);
});
