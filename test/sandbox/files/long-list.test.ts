import { expect, it } from 'vitest';
import { memoryStore, type Store } from '../../../src/sandbox.js';
import { served } from '../../support/sandbox.js';
import { record } from '../../support/store.js';

it.each(['doc', 'tape'])('other requests are served while a long list is sent: %s', async (path) => {
  const count = 20_000;
  const store = memoryStore();
  await store.commit(
    Array.from({ length: count }, (_, index) => {
      const id = String(index);
      const tape = { id, owner: 'alice', name: id, live: true, shared_with: [] };
      return path === 'doc'
        ? { put: 'files', key: `alice/${id}`, record: record(id, { owner: 'alice' }) }
        : { put: 'tapes', key: `alice/${id}`, record: tape };
    }),
  );
  let listed = 0;
  const listedAtRequest: number[] = [];
  const watched: Store = {
    ...store,
    get(collection, key) {
      if (collection === 'tokens') listedAtRequest.push(listed);
      return store.get(collection, key);
    },
    async *list(collection, folder) {
      for await (const found of store.list(collection, folder)) {
        listed += 1;
        yield found;
      }
    },
  };
  const { url, sandbox } = await served({ store: watched });
  const headers = { authorization: `Bearer ${(await sandbox.signIn('alice')).access_token}` };
  const list = await fetch(`${url}/v1/${path}`, { headers });
  const account = fetch(`${url}/v1/account`, { headers });
  expect(Object.keys((await list.json()).result)).toHaveLength(count);
  expect((await account).status).toBe(200);
  expect(listedAtRequest).toHaveLength(2);
  expect(listedAtRequest[1]).toBeLessThan(count / 2);
});
