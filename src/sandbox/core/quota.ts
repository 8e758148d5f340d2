import type { Change, Store } from '../store/store.js';
import type { SandboxUser } from './config.js';
import { Failure } from './failure.js';

/**
 * How much a user may store. The store has a record of how much they do. Bytes on their way are reserved one by one, so that
 * concurrent uploads see each other.
 */
export interface Quota {
  readonly total: number;
  /** The size of all files on record. */
  readonly used: number;
  /** Bytes that can still be reserved. */
  readonly free: number;
  /** @throws {Failure} 413 when there is no room left; nothing was reserved then */
  reserve(bytes: number): void;
  /** Ends a reservation that came to nothing. */
  release(bytes: number): void;
  /** The change that puts `bytes` more or fewer on record, to be committed together with the files themselves. */
  recordOf(bytes: number): Change;
  /** Call it once that change is committed. */
  recorded(bytes: number): void;
}

/** What of the sandbox's context this needs. */
interface QuotaContext {
  store: Store;
  quotas: Map<string, Promise<Quota>>;
}

export function quotaOf(context: QuotaContext, user: SandboxUser): Promise<Quota> {
  const quota = context.quotas.get(user.username) ?? readQuota(context, user);
  context.quotas.set(user.username, quota);
  quota.catch(() => context.quotas.delete(user.username)); // to be read again
  return quota;
}

async function readQuota({ store }: QuotaContext, user: SandboxUser): Promise<Quota> {
  const { username: key, quota: total = 5_000_000_000 } = user;
  let used = (await store.get('usage', key))?.bytes ?? 0;
  let reserved = 0;
  return {
    total,
    get used() {
      return used;
    },
    get free() {
      return Math.max(0, total - used - reserved);
    },
    reserve(bytes) {
      if (used + reserved + bytes > total) throw new Failure(413, 'the quota is used up');
      reserved += bytes;
    },
    release(bytes) {
      reserved -= bytes;
    },
    recordOf: (bytes) => ({ put: 'usage', key, record: { bytes: used + bytes } }),
    recorded(bytes) {
      used += bytes;
    },
  };
}
