import { expect, it } from 'vitest';
import { memoryStore } from '../../../src/sandbox.js';
import { inProcess } from '../../support/sandbox.js';
import { watchedStore } from '../../support/watched-store.js';

it('clone releases its reserved bytes if the record cannot be stored', async () => {
  const store = watchedStore(memoryStore());
  const user = { username: 'alice', password: 'wonderland', quota: 10 };
  const { api } = await inProcess({ store, users: [user] }, { retry: false });
  const { id } = await api.files.upload(new Blob(['12345']), { name: 'a.txt' });

  store.failAt(4); // the commit, after the three writes of the blob
  await expect(api.files.clone(id)).rejects.toMatchObject({ status: 507 });
  expect([...store.blobs]).toEqual([id]);
  expect(await api.files.list()).toHaveLength(1);
  await api.files.clone(id);
  expect(await api.account.get()).toMatchObject({ quota_used: 10, quota_free: 0 });
});
