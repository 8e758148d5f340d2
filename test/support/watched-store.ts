import { type Change, type Store, StoreFullError } from '../../src/sandbox.js';

/** A store that lists its blobs, and that can run out of space. */
export interface WatchedStore extends Store {
  /** The blobs that were finished and not dropped. */
  readonly blobs: ReadonlySet<string>;
  /** The number of writes since the last `failAt`. */
  readonly writes: number;
  /**
   * Makes the `count`th write from now on fail, and all later ones if `permanently`. Every call that changes the store is a write.
   * 0 stops the failures.
   */
  failAt(count: number, permanently?: boolean): void;
}

export function watchedStore(store: Store): WatchedStore {
  const blobs = new Set<string>();
  let writes = 0;
  let failing = 0;
  let always = false;

  function countWrite(): void {
    writes += 1;
    if (failing > 0 && (always ? writes >= failing : writes === failing))
      throw new StoreFullError('the store of the test is full');
  }

  return {
    ...store,
    blobs,
    get writes() {
      return writes;
    },
    failAt(count, permanently = false) {
      writes = 0;
      failing = count;
      always = permanently;
    },
    async commit(changes: readonly Change[]) {
      countWrite();
      const made = await store.commit(changes);
      for (const change of changes) if (made && 'drop' in change) blobs.delete(change.drop);
      return made;
    },
    async writeBlob(name) {
      countWrite();
      const writer = await store.writeBlob(name);
      return {
        async write(chunk) {
          countWrite();
          await writer.write(chunk);
        },
        async finish() {
          countWrite();
          await writer.finish();
          blobs.add(name);
        },
        async discard() {
          await writer.discard();
          blobs.delete(name);
        },
      };
    },
    async clear() {
      await store.clear();
      blobs.clear();
    },
  };
}
