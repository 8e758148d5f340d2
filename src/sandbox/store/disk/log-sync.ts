import { close, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { StoreFailedError } from '../store.js';

const syncFile = promisify(fdatasync);
const closeFile = promisify(close);

/**
 * Syncs the write-ahead log of a database to the disk.
 *
 * After a failed sync, the content of the log on the disk is unknown. A second sync proves nothing: Linux reports an error once, and drops
 * the data that it could not write. So the first failure is final, as in PostgreSQL and LevelDB, until the log is read when the folder is
 * next opened. Every frame of the log has a checksum, and SQLite uses those before the first damaged one.
 */
export interface LogSync {
  /**
   * Waits until everything that was committed before the call is on the disk.
   * @throws {StoreFailedError} if this sync or any earlier one failed
   */
  sync(): Promise<void>;
  /** @throws {StoreFailedError} if a sync has failed */
  check(): void;
  /** Records another failure that leaves open what is on the disk, and returns the error to throw. */
  fail(error: unknown): StoreFailedError;
  readonly hasFailed: boolean;
  close(): Promise<void>;
}

/**
 * Replaces `synchronous = FULL` of SQLite, which would block the whole process during each sync. Here the sync is asynchronous, and
 * commits during a sync share the next one.
 *
 * @param root the data folder, for the message
 * @param path the write-ahead log. It exists while the database is open, and is the same file
 */
export function logSync(root: string, path: string): LogSync {
  const file = openSync(path, 'r+'); // now, because each open file is told only of the errors that follow
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let hasFailed = false;

  function fail(error: unknown): StoreFailedError {
    if (error instanceof StoreFailedError) return error;
    if (!hasFailed) {
      const reason = error instanceof Error ? error.message : 'unknown reason';
      console.error(
        `doctape sandbox: data folder ${root} could not be written: ${reason}. The last changes may be lost, and the ` +
          'sandbox refuses all others until it is restarted: check the disk, then restart the sandbox',
      );
    }
    hasFailed = true;
    return failed();
  }

  function check(): void {
    if (hasFailed) throw failed();
  }

  async function start(): Promise<void> {
    check();
    running = syncFile(file)
      .catch((error: unknown) => {
        throw fail(error);
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  return {
    sync() {
      if (!running) return start();
      next ??= running
        .catch(() => {}) // `start` throws it again
        .then(() => {
          next = undefined;
          return start();
        });
      return next;
    },
    check,
    fail,
    get hasFailed() {
      return hasFailed;
    },
    async close() {
      await Promise.allSettled([running, next]); // the commits that wait for them get their errors
      await closeFile(file);
    },
  };
}

function failed(): StoreFailedError {
  return new StoreFailedError(
    'the data folder could not be written: changes are refused until it is opened again, and the last ones may not be stored',
  );
}
