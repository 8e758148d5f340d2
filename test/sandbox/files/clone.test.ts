import { expect, it } from 'vitest';
import { memoryStore, type Store } from '../../../src/sandbox.js';
import { inProcess } from '../../support/sandbox.js';

it('leaves nothing behind when its record cannot be written', async () => {
  const memory = memoryStore();
  const blobs = new Set<string>();
  let full = false;
  const store: Store = {
    ...memory,
    async put(...record) {
      if (full && record[0] === 'files') throw new Error('no room for records');
      return memory.put(...record);
    },
    async writeBlob(name) {
      blobs.add(name);
      return memory.writeBlob(name);
    },
    async deleteBlob(name) {
      blobs.delete(name);
      return memory.deleteBlob(name);
    },
  };
  const user = { username: 'alice', password: 'wonderland', quota: 10 };
  const { api } = await inProcess({ store, users: [user] }, { retry: false });
  const { id } = await api.files.upload(new Blob(['12345']), { name: 'a.txt' });

  full = true;
  await expect(api.files.clone(id)).rejects.toMatchObject({ status: 500 });
  expect([...blobs]).toEqual([id]);
  expect(await api.files.list()).toHaveLength(1);
  full = false;
  await api.files.clone(id); // the room that was reserved is free again
  expect(await api.account.get()).toMatchObject({ quota_used: 10, quota_free: 0 });
});
