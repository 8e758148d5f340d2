import { close, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';

const syncFile = promisify(fdatasync);
const closeFile = promisify(close);

/** Sends the log of a database to the disk. */
export interface LogSync {
  /** Waits until everything that was committed before the call is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * SQLite would make the whole process wait for the disk (`synchronous = FULL`). Here another thread waits, and commits that come
 * while it does share the next wait.
 *
 * @param path the write-ahead log, which exists after the first commit and stays the same file until the database is closed
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
        .catch(() => {}) // those who wait for that one are told
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
