import { runWithin } from '../http/watch.js';
import type { OnProgress, Progress, ProgressLimits } from './progress.js';

/** The progress of several transfers together. */
export interface TotalProgress {
  /** Adds a transfer. Sizes are in bytes; undefined if not known. */
  add(size: number | undefined): TransferProgress;
  /** No more transfers will be added. */
  complete(): void;
  /** Reports that all transfers have ended, and waits for that. Rejects if this or an earlier report has failed. */
  end(limits: ProgressLimits): Promise<void>;
}

/** The progress of one of the transfers. */
export interface TransferProgress {
  onProgress: OnProgress;
  /** The transfer has ended. The bytes that it did not transfer no longer count. */
  end(): void;
}

/**
 * Reports at most every 100 ms, and once at the end. `total` is reported when all transfers and their sizes are known.
 * @param fail called with the error if the callback throws or rejects
 */
export function totalProgress(onProgress: OnProgress | undefined, fail: (error: unknown) => void): TotalProgress {
  let loaded = 0;
  let known = 0;
  let unknown = 0;
  let isComplete = false;
  let reportedAt = 0;
  let failed: { error: unknown } | undefined;

  function progress(): Progress {
    if (!isComplete || unknown > 0) return { loaded };
    return { loaded, total: known, fraction: known === 0 ? 1 : Math.min(1, loaded / known) };
  }

  function report(): void {
    const now = performance.now();
    if (!onProgress || now - reportedAt < 100) return;
    reportedAt = now;
    Promise.resolve()
      .then(() => onProgress(progress()))
      .catch((error: unknown) => {
        failed ??= { error };
        fail(error);
      });
  }

  return {
    add(announced) {
      let own = 0;
      let size = announced;
      const resize = (to: number | undefined) => {
        known += (to ?? 0) - (size ?? 0);
        unknown += Number(to === undefined) - Number(size === undefined);
        size = to;
      };
      known += size ?? 0;
      unknown += Number(size === undefined);
      return {
        onProgress(now) {
          loaded += now.loaded - own;
          own = now.loaded;
          if (now.total !== undefined) resize(now.total);
          if (size !== undefined && own > size) resize(own);
          report();
        },
        end() {
          resize(own);
        },
      };
    },
    complete() {
      isComplete = true;
    },
    async end({ operation, signal, limit }) {
      const reason = signal?.reason;
      const limits = signal?.aborted
        ? { limit: 1, reason }
        : { limit, signal, operation: `onProgress of ${operation}` };
      try {
        await runWithin(() => onProgress?.(progress()), limits);
      } catch (error) {
        // the caller of an aborted transfer gets its results, without waiting for the report
        if (!signal?.aborted || error !== signal.reason) throw error;
      }
      if (failed) throw failed.error;
    },
  };
}
