import type { SandboxContext } from '../core/context.js';
import type { Change } from '../store/store.js';

/** How many expired records of a collection one sweep deletes. Each sign-in adds fewer. */
const most = 10;

/**
 * Deletes expired codes and tokens in one transaction. Called by each request that adds some, so that they do not add up. All
 * records of a collection live equally long, so the oldest are the first to expire.
 */
export async function sweepExpired({ store, now }: SandboxContext): Promise<void> {
  const changes: Change[] = [];
  for (const collection of ['codes', 'tokens', 'refreshes'] as const) {
    let expired = 0;
    for await (const { key, expires } of store.list(collection, '')) {
      if (expires > now() || expired === most) break;
      changes.push({ delete: collection, key });
      expired += 1;
    }
  }
  // if a concurrent request has deleted one of them, nothing is deleted: the next sweep does it
  if (changes.length > 0) await store.commit(changes);
}
