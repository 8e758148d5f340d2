import { keyOf } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { SandboxUser } from './config.js';
import { Failure } from './failure.js';

/**
 * How much a user may store. It is counted once, then kept up to date. Bytes on their way are reserved one by one, so that
 * uploads at once see each other.
 */
export interface Quota {
  readonly total: number;
  /** Bytes of files on record. */
  readonly used: number;
  /** Bytes that can still be reserved. */
  readonly free: number;
  /** @throws {Failure} 413 when there is no room left; nothing was reserved then */
  reserve(bytes: number): void;
  /** What was reserved is on record now. */
  keep(bytes: number): void;
  /** What was reserved did not come to anything. */
  release(bytes: number): void;
  /** What was on record is gone. */
  remove(bytes: number): void;
}

/** What of the sandbox's context this needs. */
interface QuotaContext {
  store: Store;
  quotas: Map<string, Promise<Quota>>;
}

export function quotaOf(context: QuotaContext, user: SandboxUser): Promise<Quota> {
  const quota = context.quotas.get(user.username) ?? countQuota(context, user);
  context.quotas.set(user.username, quota);
  quota.catch(() => context.quotas.delete(user.username)); // to be counted anew
  return quota;
}

async function countQuota({ store }: QuotaContext, user: SandboxUser): Promise<Quota> {
  const total = user.quota ?? 5_000_000_000;
  let used = 0;
  let reserved = 0;
  for await (const file of store.list('files', keyOf(user.username, ''))) used += file.size;
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
    keep(bytes) {
      reserved -= bytes;
      used += bytes;
    },
    release(bytes) {
      reserved -= bytes;
    },
    remove(bytes) {
      used -= bytes;
    },
  };
}
