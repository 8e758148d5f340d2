import type { Store } from '../store/store.js';

/**
 * Deletes the blobs of a failed operation. Ignores an error of the deletion: the caller reports the first error, and the store
 * deletes the blobs when it is next opened.
 */
export async function dropBlobs(store: Store, files: readonly { id: string }[]): Promise<void> {
  await store.commit(files.map(({ id }) => ({ drop: id }))).catch(() => {});
}
