import type { Store } from '../store/store.js';

/**
 * Deletes the blobs of an operation that failed. If that fails too, the first error is the one to report, and the store deletes
 * them when it is next opened.
 */
export async function dropBlobs(store: Store, files: readonly { id: string }[]): Promise<void> {
  await store.commit(files.map(({ id }) => ({ drop: id }))).catch(() => {});
}
