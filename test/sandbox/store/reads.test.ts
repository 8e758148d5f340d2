import { expect, it } from 'vitest';
import { type Collection, type FileRecord, memoryStore, type Store } from '../../../src/sandbox.js';
import { inProcess, tokenFor } from '../../support/sandbox.js';

// How many records a call reads. Only the list of files may read more records when there are more files.

/** A store that counts the records that it returns. */
function countingStore(): { store: Store; reads(): Partial<Record<Collection, number>> } {
  const store = memoryStore();
  let counts: Partial<Record<Collection, number>> = {};
  const count = (collection: Collection) => {
    counts[collection] = (counts[collection] ?? 0) + 1;
  };
  return {
    store: {
      ...store,
      get(collection, key) {
        count(collection);
        return store.get(collection, key);
      },
      async *list(collection, folder) {
        for await (const record of store.list(collection, folder)) {
          count(collection);
          yield record;
        }
      },
    },
    reads() {
      const before = counts;
      counts = {};
      return before;
    },
  };
}

/** Uploads one file with all `tags`, and adds the records of many more, as uploads do. */
async function home(files: number, tags: string[]) {
  const { store, reads } = countingStore();
  const { api, sandbox } = await inProcess({ store });
  const { id } = await api.files.upload(new File(['text'], 'a.txt'), { tags });
  const original = await store.get('files', `alice/${id}`);
  if (!original) throw new Error('the upload is not on record');
  const copies = Array.from(
    { length: files },
    (_, index): FileRecord => ({ ...original, id: `copy-${index}`, tags: [] }),
  );
  await store.commit(copies.map((record) => ({ put: 'files', key: `alice/${record.id}`, record })));
  const [tape] = await api.tapes.list();
  reads();
  return { api, id, tape: tape?.id ?? '', reads, sandbox };
}

it('a call on one file or tape reads the same number of records with 1,000 files as with 10', async () => {
  const few = await home(10, ['#one', '#two']);
  const many = await home(1_000, ['#one', '#two']);
  for (const what of [
    'get',
    'update',
    'publish',
    'clone',
    'upload',
    'account',
    'tape',
    'tapes',
    'share',
    'delete',
  ] as const) {
    const counts: unknown[] = [];
    for (const { api, id, tape, reads } of [few, many]) {
      if (what === 'get') await api.files.get(id);
      if (what === 'update') await api.files.update(id, { name: 'other', tags: ['#two', '#three'] });
      if (what === 'publish') await api.files.publish(id);
      if (what === 'clone') await api.files.clone(id);
      if (what === 'upload') await api.files.upload(new File(['x'], 'x.txt'), { tags: ['#two'] });
      if (what === 'account') await api.account.get();
      if (what === 'tape') await api.tapes.get(tape);
      if (what === 'tapes') await api.tapes.list();
      if (what === 'share') await api.tapes.update(tape, { shared_with: ['bob'] });
      if (what === 'delete') await api.files.delete(id);
      counts.push(reads());
    }
    expect([what, counts[1]]).toEqual([what, counts[0]]);
  }
});

it('a list reads only those files of other users that they share', async () => {
  const counts: unknown[] = [];
  for (const files of [10, 1_000]) {
    const { api, id, tape, reads, sandbox } = await home(files, ['#one', '+bob']);
    await api.files.upload(new File(['text'], 'b.txt'), { tags: ['#one'] });
    await api.tapes.update(tape, { shared_with: ['bob'] });
    const bob = api.with({ token: await tokenFor(sandbox, 'bob') });
    reads();
    expect((await bob.files.list()).map((file) => file.shared)).toEqual([1, 'alice']);
    await bob.files.get(id);
    counts.push(reads());
  }
  expect(counts[1]).toEqual(counts[0]);
});

it('listing the tapes reads each tape once, and each file once for each of its tapes', async () => {
  const tags = Array.from({ length: 1_000 }, (_, index) => `#tape-${index}`);
  const { api, reads } = await home(1_000, tags);
  expect(await api.tapes.list()).toHaveLength(1_000);
  expect(reads()).toMatchObject({ tapes: 1_000, taped: 1_000 });
});
