import type { Store } from '../store/store.js';

/**
 * Deletes the blobs of a failed operation. Ignores an error of the deletion: the caller reports the first error, and the store
 * deletes the blobs when it is next opened.
 */
export async function dropBlobs(store: Store, names: readonly string[]): Promise<void> {
  await store.commit(names.map((name) => ({ drop: name }))).catch(() => {});
}
