import { close, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';

const syncFile = promisify(fdatasync);
const closeFile = promisify(close);

/** Syncs the write-ahead log of a database to the disk. */
export interface LogSync {
  /** Waits until everything that was committed before the call is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Replaces `synchronous = FULL` of SQLite, which would block the whole process during each sync. Here the sync is asynchronous, and
 * commits during a sync share the next one.
 *
 * @param path the write-ahead log. It exists after the first commit and is the same file until the database is closed
 */
export function logSync(path: string): LogSync {
  let file: number | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function start(): Promise<void> {
    file ??= openSync(path, 'r+');
    running = syncFile(file).finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    sync() {
      if (!running) return start();
      next ??= running
        .catch(() => {}) // the callers that wait for that sync receive the error
        .then(() => {
          next = undefined;
          return start();
        });
      return next;
    },
    async close() {
      await next;
      await running;
      if (file !== undefined) await closeFile(file);
    },
  };
}
