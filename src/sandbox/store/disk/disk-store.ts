import { join } from 'node:path';
import { invalid } from '../../../protocol/checks.js';
import { checkOptions, type OptionNames } from '../../../protocol/options.js';
import type { Change, Store } from '../store.js';
import { blobFiles, noBlob } from './blob-files.js';
import { blobPath, names } from './layout.js';
import { logSync } from './log-sync.js';
import { openFolder } from './open-folder.js';
import { recordTable } from './record-table.js';
import { fullOr, isFull, noRoom, sizeOf } from './room.js';

/** How to open a data folder. */
export interface DiskStoreOptions {
  /**
   * The user who becomes the owner of files that the folder holds without a record of them, because its database was lost or is
   * older than they are. A damaged database is moved to `set-aside/`, and its records are used as far as they can be read.
   * @default none: such files are moved to `set-aside/`, and a lost or damaged database is an error
   */
  adopt?: string | undefined;
}

/** For what stores more: it would use up the room for deleting. */
const noReserve = Number.POSITIVE_INFINITY;

const optionNames: OptionNames<DiskStoreOptions> = { adopt: 1 };

/**
 * Keeps records in SQLite and bytes in files below `folder`, which is created if it does not exist. Changes that were committed
 * survive `kill -9`. A folder belongs to one process at a time.
 *
 * @param folder an empty folder, or one that a sandbox made. Any other is refused
 * @throws {ConfigurationError} when the folder has something else in it, cannot be opened, is used by another sandbox, or has lost
 * its database. Nothing in it was changed then
 * @example
 * const store = diskStore('./doctape-data');
 * const sandbox = createSandbox({ store });
 */
export function diskStore(folder: string, options: DiskStoreOptions = {}): Store {
  if (typeof folder !== 'string' || folder === '') throw invalid('folder', 'must be the path of a folder');
  const { adopt } = checkOptions('options of diskStore', options, optionNames);
  if (adopt !== undefined && (typeof adopt !== 'string' || !/^[\w.-]+$/.test(adopt)))
    throw invalid('adopt', 'must be the name of a user');
  const { root, database, reserve } = openFolder(folder, adopt);
  const records = recordTable(database);
  const logPath = join(root, `${names.database}-wal`);
  const files = blobFiles(root, makeRoom);
  const log = logSync(logPath);
  let closed = false;
  /** Whether the disk was full, and the reserve has not got all of its room back since. */
  let tight = false;

  const addBlob = database.prepare("INSERT INTO blobs (name, state) VALUES (?, 'new')");
  const keepBlob = database.prepare("UPDATE blobs SET state = 'kept' WHERE name = ? AND state = 'new'");
  const dropBlob = database.prepare("UPDATE blobs SET state = 'dropped' WHERE name = ?");
  const forgetBlob = database.prepare('DELETE FROM blobs WHERE name = ?');

  /** Runs `work` in a transaction, which is made unless it returns false. */
  function transaction(work: () => boolean): boolean {
    database.exec('BEGIN IMMEDIATE');
    try {
      const made = work();
      database.exec(made ? 'COMMIT' : 'ROLLBACK');
      return made;
    } catch (error) {
      rollBack();
      throw error;
    }
  }

  function rollBack(): void {
    try {
      database.exec('ROLLBACK');
    } catch (error) {
      // SQLite rolls back by itself when the disk is full
      if (!(error instanceof Error && error.message.includes('no transaction is active'))) throw error;
    }
  }

  /** Runs `work`. On a full disk it has the room of the log, and then that of the reserve if at least `least` bytes are left of it. */
  function withReserve<T>(least: number, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    try {
      if (makeRoom()) return work();
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    if (!reserve.release(least)) throw noRoom();
    try {
      return work();
    } catch (error) {
      throw fullOr(error);
    } finally {
      makeRoom();
    }
  }

  /**
   * Moves the log into the database, where deleted records have left room. If the database has to grow for that, it gets the room of
   * the reserve until the log is empty. Returns whether there is more room than before.
   */
  function makeRoom(): boolean {
    const had = sizeOf(logPath);
    if (had > 0 && !emptyLog() && reserve.release(1)) emptyLog();
    tight = !reserve.refill();
    return sizeOf(logPath) < had;
  }

  function emptyLog(): boolean {
    try {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return true;
    } catch (error) {
      if (isFull(error)) return false; // what was committed stays in the log
      throw error;
    }
  }

  function apply(change: Change): boolean {
    if ('put' in change) records.put(change.put, change.key, change.record);
    else if ('delete' in change) return records.delete(change.delete, change.key);
    else if ('drop' in change) dropBlob.run(change.drop);
    else if (keepBlob.run(change.keep).changes === 0) throw noBlob(change.keep);
    return true;
  }

  /** Deletes blobs, and then what the database says of them. The rest is deleted at the next start. */
  async function removeBlobs(blobs: readonly string[]): Promise<void> {
    const removed: string[] = [];
    for (const name of blobs) if (await files.remove(name)) removed.push(name);
    if (removed.length === 0 || closed) return;
    try {
      withReserve(1, () =>
        transaction(() => {
          for (const name of removed) forgetBlob.run(name);
          return true;
        }),
      );
      if (tight) makeRoom();
    } catch {
      // the change that dropped them is made, so it must not fail any more
    }
  }

  return {
    get: async (collection, key) => records.get(collection, key),
    async *list(collection, folder) {
      yield* records.list(collection, folder);
    },
    async commit(changes) {
      const dropped = changes.flatMap((change) => ('drop' in change ? change.drop : []));
      const kept = changes.flatMap((change) => ('keep' in change ? change.keep : []));
      for (const name of dropped) blobPath(root, name);
      for (const name of kept) await files.synced(name);
      const work = () => transaction(() => changes.every(apply));
      const frees = changes.some((change) => 'delete' in change || 'drop' in change);
      // on a full disk, people can still sign in, rename and delete; the last half of the reserve is for deleting
      const made = withReserve(kept.length > 0 ? Number.POSITIVE_INFINITY : frees ? 1 : reserve.size / 2, work);
      if (!made) return false;
      for (const name of kept) files.forget(name);
      if (changes.length > 0) await log.sync();
      await removeBlobs(dropped);
      return true;
    },
    async writeBlob(name) {
      blobPath(root, name);
      withReserve(noReserve, () => addBlob.run(name));
      const writer = files.write(name);
      return {
        ...writer,
        async discard() {
          await writer.discard();
          await removeBlobs([name]);
        },
      };
    },
    readBlob: files.read,
    async clear() {
      withReserve(1, () =>
        transaction(() => {
          database.exec("DELETE FROM records; UPDATE blobs SET state = 'dropped' WHERE state = 'kept'");
          return true;
        }),
      );
      await log.sync();
      const dropped = database.prepare("SELECT name FROM blobs WHERE state = 'dropped'").all();
      await removeBlobs(dropped.map(({ name }) => String(name)));
    },
    async close() {
      if (closed) return;
      closed = true;
      await files.settled();
      await log.close();
      database.close();
    },
  };
}
