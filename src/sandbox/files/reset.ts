import { withAllLocks } from '../core/with-user-lock.js';
import type { FilesContext } from './files-context.js';

/** Deletes everything that users and applications have made. */
export function resetAll(context: FilesContext): Promise<void> {
  const { conversions, store, quotas, renditions } = context;
  // a change in between would be recorded together with what was deleted
  return withAllLocks(context, async () => {
    conversions.clear();
    await store.clear();
    quotas.clear();
    renditions.clear();
  });
}
