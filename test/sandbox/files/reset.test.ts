import { expect, it } from 'vitest';
import { memoryStore, type Store } from '../../../src/sandbox.js';
import { signIn } from '../../support/sandbox.js';
import { servedForTest } from '../../support/scripted-server.js';

// A reset while users are busy: with a data folder and many files, it takes seconds.

/** A store whose calls of one kind stop until `resume` is called. `stopped` resolves when the first one has done its work. */
function pausedStore(name: 'clear' | 'get') {
  const store = memoryStore();
  const reached = Promise.withResolvers<void>();
  const resumed = Promise.withResolvers<void>();
  let isPaused = false;
  const pause = async <T>(result: Promise<T>): Promise<T> => {
    const value = await result;
    if (isPaused) reached.resolve();
    if (isPaused) await resumed.promise;
    return value;
  };
  const paused: Store = {
    ...store,
    ...(name === 'clear' && { clear: () => pause(store.clear()) }),
    ...(name === 'get' && {
      get: (collection, key) =>
        collection === 'files' ? pause(store.get(collection, key)) : store.get(collection, key),
    }),
  };
  const start = () => {
    isPaused = true;
  };
  const resume = () => {
    isPaused = false;
    resumed.resolve();
  };
  return { store: paused, start, stopped: reached.promise, resume };
}

it('does not count deleted files in the quota if a file is uploaded meanwhile', async () => {
  const { store, start, stopped, resume } = pausedStore('clear');
  const server = await servedForTest({ store });
  const before = await signIn(server, 'alice');
  await before.api.files.upload(new File(['x'.repeat(1_000)], 'old.txt'));
  start();
  const reset = server.sandbox.reset();
  await stopped;
  const { api } = await signIn(server, 'alice');
  const upload = api.files.upload(new File(['new'], 'new.txt')).then(
    () => 3,
    () => 0,
  );
  await Promise.race([upload, new Promise((resolve) => setTimeout(resolve, 50))]); // until it waits, or is done
  resume();
  await reset;
  expect((await api.account.get()).quota_used).toBe(await upload);
  await api.files.upload(new File(['more'], 'more.txt'));
  expect((await api.account.get()).quota_used).toBe((await upload) + 4);
});

it('does not bring a file back that is renamed meanwhile', async () => {
  const { store, start, stopped, resume } = pausedStore('get');
  const server = await servedForTest({ store });
  const before = await signIn(server, 'alice');
  const { id } = await before.api.files.upload(new File(['x'], 'a.txt'));
  start();
  const rename = before.api.files.update(id, { name: 'b' }).catch(() => {});
  await stopped;
  const reset = server.sandbox.reset();
  resume();
  await Promise.all([rename, reset]);
  const { api } = await signIn(server, 'alice');
  expect(await api.files.list()).toEqual([]);
});
