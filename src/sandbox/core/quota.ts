import type { Change, Store } from '../store/store.js';
import type { SandboxUser } from './config.js';
import { Failure } from './failure.js';

/**
 * The storage quota of a user. The used bytes are a record in the store. An upload reserves its bytes as they arrive, so that
 * concurrent uploads cannot exceed the quota together.
 */
export interface Quota {
  readonly total: number;
  /** The total size of all stored files, in bytes. */
  readonly used: number;
  /** The number of bytes that can still be reserved. */
  readonly free: number;
  /** @throws {Failure} 413 if fewer than `bytes` bytes are free. Reserves nothing in that case */
  reserve(bytes: number): void;
  /** Ends a reservation. Call it when the bytes were discarded, or when their record was committed. */
  release(bytes: number): void;
  /** Returns the change that adds `bytes` (which may be negative) to the used bytes. Commit it together with the files. */
  recordOf(bytes: number): Change;
  /** Updates `used`. Call it after the change from `recordOf` was committed. */
  recorded(bytes: number): void;
}

/** The part of the sandbox's context that the quota needs. */
interface QuotaContext {
  store: Store;
  quotas: Map<string, Promise<Quota>>;
}

export function quotaOf(context: QuotaContext, user: SandboxUser): Promise<Quota> {
  const known = context.quotas.get(user.username);
  if (known) return known;
  const quota = readQuota(context, user);
  context.quotas.set(user.username, quota);
  quota.catch(() => context.quotas.delete(user.username)); // the next call reads it again
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
