import { join } from 'node:path';
import { invalid } from '../../../protocol/checks.js';
import { checkOptions, type OptionNames } from '../../../protocol/options.js';
import type { Change, Store } from '../store.js';
import { blobFiles, blobNotFound } from './blob-files.js';
import { closeWithoutCheckpoint } from './database.js';
import { isDiskFull, sizeOf, storeFull, toStoreError } from './disk-space.js';
import { blobPath, names } from './layout.js';
import { logSync } from './log-sync.js';
import { openFolder } from './open-folder.js';
import { recordTable } from './record-table.js';

/** Options of {@link diskStore}. */
export interface DiskStoreOptions {
  /**
   * The username of the new owner of files that have no record in the database. Set it to recover the files after the database was
   * lost, was damaged, or was replaced by an older backup. A damaged database is moved to `set-aside/`, and its readable records
   * are used.
   * @default undefined: files without a record are moved to `set-aside/`, and a lost or damaged database is an error
   */
  adopt?: string | undefined;
}

/** The error codes of SQLite for a failed sync of a file and of a folder. */
const failedSyncs = new Set<unknown>([1034, 1290]);

/** For changes that store more data. They must not use the reserve, which deleting needs. */
const noReserve = Number.POSITIVE_INFINITY;

const optionNames: OptionNames<DiskStoreOptions> = { adopt: 1 };

const done = { done: true, value: undefined } as const;

/**
 * Creates a store in a data folder. Records are kept in SQLite, and the content of each file in a file of its own. Committed
 * changes survive `kill -9`. Only one process at a time can use a folder. Needs Node 22.13 or newer.
 *
 * If the disk fails while a change is written to it, the store throws a `StoreFailedError`, prints the reason, and refuses all later changes:
 * it is then unknown what is on the disk. It still reads, and deletes no blobs. Restart the process to open the folder again.
 *
 * @param folder the path of the data folder. The folder is created if it does not exist; otherwise it must be empty or the data
 * folder of a sandbox
 * @throws {ConfigurationError} `invalid_argument` if an argument is invalid, or if the folder contains other files, cannot be
 * opened, is used by another sandbox, or has a lost or damaged database. The folder is left unchanged
 * @example
 * const store = diskStore('./doctape-data');
 * const sandbox = createSandbox({ store });
 */
export function diskStore(folder: string, options: DiskStoreOptions = {}): Store {
  if (typeof folder !== 'string' || folder === '')
    throw invalid('folder', 'must be the path of a folder, a string that is not empty');
  const { adopt } = checkOptions('options of diskStore', options, optionNames);
  if (adopt !== undefined && (typeof adopt !== 'string' || !/^[\w.-]+$/.test(adopt)))
    throw invalid('adopt', 'must be a username: letters, digits, `_`, `.` and `-`');
  const { root, database, reserve } = openFolder(folder, adopt);
  const records = recordTable(database);
  const logPath = join(root, `${names.database}-wal`);
  const files = blobFiles(root, freeSpace);
  const log = logSync(root, logPath);
  let closed = false;
  /** Whether the disk was full and the reserve does not have its full size yet. */
  let spaceIsLow = false;

  const addBlob = database.prepare("INSERT INTO blobs (name, state) VALUES (?, 'new')");
  const keepBlob = database.prepare("UPDATE blobs SET state = 'kept' WHERE name = ? AND state = 'new'");
  const dropBlob = database.prepare("UPDATE blobs SET state = 'dropped' WHERE name = ?");
  const forgetBlob = database.prepare('DELETE FROM blobs WHERE name = ?');

  /** Runs `work` in a transaction. Rolls back if it returns false or throws. */
  function transaction(work: () => boolean): boolean {
    database.exec('BEGIN IMMEDIATE');
    try {
      const committed = work();
      database.exec(committed ? 'COMMIT' : 'ROLLBACK');
      return committed;
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

  /**
   * Runs `work`, which changes the database. If the disk is full, empties the log and retries. If that does not help and the reserve
   * has at least `least` bytes, releases the reserve and retries once more.
   * @throws {StoreFailedError} if a sync has failed
   */
  function withReserve<T>(least: number, work: () => T): T {
    log.check();
    try {
      return work();
    } catch (error) {
      if (!isDiskFull(error)) throw checkSync(error);
    }
    try {
      if (freeSpace()) return work();
    } catch (error) {
      if (!isDiskFull(error)) throw checkSync(error);
    }
    if (!reserve.release(least)) throw storeFull();
    try {
      return work();
    } catch (error) {
      throw checkSync(toStoreError(error));
    } finally {
      freeSpace();
    }
  }

  /** Refuses later changes if SQLite reports that a sync has failed. Returns the error to throw. */
  function checkSync(error: unknown): unknown {
    return error instanceof Error && 'errcode' in error && failedSyncs.has(error.errcode) ? log.fail(error) : error;
  }

  /**
   * Moves the log into the database, which can reuse the space of deleted records. If the database has to grow, releases the
   * reserve until the log is empty. Returns whether the log became smaller.
   * @throws {StoreFailedError} if it fails, because it also runs after a change was committed
   */
  function freeSpace(): boolean {
    log.check();
    try {
      const before = sizeOf(logPath);
      if (before > 0 && !emptyLog() && reserve.release(1)) emptyLog();
      spaceIsLow = !reserve.refill();
      return sizeOf(logPath) < before;
    } catch (error) {
      throw log.fail(error);
    }
  }

  function emptyLog(): boolean {
    try {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return true;
    } catch (error) {
      if (isDiskFull(error)) return false; // what was committed stays in the log
      throw error;
    }
  }

  function apply(change: Change): boolean {
    if ('put' in change) records.put(change.put, change.key, change.record);
    else if ('delete' in change) return records.delete(change.delete, change.key);
    else if ('drop' in change) dropBlob.run(change.drop);
    else if (keepBlob.run(change.keep).changes === 0) throw blobNotFound(change.keep);
    return true;
  }

  /**
   * Deletes blobs and then their rows in the database. Blobs that cannot be deleted now are deleted at the next start. After a failed
   * sync, these are all blobs, because only the next start knows which records are on the disk.
   */
  async function removeBlobs(blobs: readonly string[]): Promise<void> {
    if (log.hasFailed) return;
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
      if (spaceIsLow) freeSpace();
    } catch {
      // the change that dropped them is committed, so the call must not fail; the rows are deleted at the next start
    }
  }

  return {
    get: async (collection, key) => records.get(collection, key),
    list(collection, folder) {
      const iterator = records.list(collection, folder)[Symbol.iterator]();
      // not an async generator, which takes twice as long for each record
      return {
        [Symbol.asyncIterator]() {
          return { next: async () => iterator.next(), return: async () => iterator.return?.() ?? done };
        },
      };
    },
    async commit(changes) {
      const dropped = changes.flatMap((change) => ('drop' in change ? change.drop : []));
      const kept = changes.flatMap((change) => ('keep' in change ? change.keep : []));
      for (const name of dropped) blobPath(root, name);
      for (const name of kept) await files.synced(name);
      const work = () => transaction(() => changes.every(apply));
      const freesSpace = changes.some((change) => 'delete' in change || 'drop' in change);
      // on a full disk, users can still sign in, rename and delete; only deleting may use the last half of the reserve
      const committed = withReserve(kept.length > 0 ? noReserve : freesSpace ? 1 : reserve.size / 2, work);
      if (!committed) return false;
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
        async write(chunk) {
          log.check();
          await writer.write(chunk);
        },
        async finish() {
          log.check();
          await writer.finish();
        },
        async discard() {
          await writer.close();
          await removeBlobs([name]);
        },
      };
    },
    readBlob: files.read,
    async clear() {
      withReserve(1, () =>
        transaction(() => {
          records.clear();
          database.exec("UPDATE blobs SET state = 'dropped' WHERE state = 'kept'");
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
      try {
        await log.close();
      } finally {
        if (log.hasFailed) closeWithoutCheckpoint(root, database);
        else database.close();
        records.forget();
      }
    },
  };
}
