import { runWithin } from '../http/watch.js';

/** The progress of a transfer. */
export interface Progress {
  /** The bytes of content so far. Never decreases. */
  loaded: number;
  /** The total number of bytes, if known. */
  total?: number;
  /** From 0 to 1, if the total is known. */
  fraction?: number;
}

/**
 * Receives the progress of a transfer. If it throws, or returns a promise that rejects, the transfer fails with that error. The
 * transfer waits for the promise of the last call, at most for the client's `timeout`.
 */
export type OnProgress = (progress: Progress) => void;

/** How long to wait for the last report. */
export interface ProgressLimits {
  /** What is transferred, for the message: the method and the redacted URL of a request. */
  operation: string;
  signal: AbortSignal | undefined;
  /** Milliseconds, or false for no limit. */
  limit: number | false;
}

export interface Meter {
  /** The bytes since the last start. */
  readonly loaded: number;
  add(bytes: number): void;
  /** Restarts at 0 for another attempt. */
  restart(): void;
  /** Reports that the transfer is complete, and waits for that. Rejects if a promise of an earlier report has rejected. */
  end(limits: ProgressLimits): Promise<void>;
}

/** Reports at most every 100 ms, and once at the end. */
export function meter(onProgress: OnProgress | undefined, total: number | undefined): Meter {
  let loaded = 0;
  let highest = 0;
  let reportedAt = 0;
  let failed: { error: unknown } | undefined;
  const report = (): unknown => {
    highest = Math.max(highest, loaded);
    const known = total !== undefined && { total, fraction: total === 0 ? 1 : Math.min(1, highest / total) };
    return onProgress?.({ loaded: highest, ...known });
  };
  return {
    get loaded() {
      return loaded;
    },
    add(bytes) {
      loaded += bytes;
      if (!onProgress || loaded === total) return;
      const now = performance.now();
      if (now - reportedAt < 100) return;
      reportedAt = now;
      if (failed) throw failed.error;
      Promise.resolve(report()).catch((error: unknown) => {
        failed ??= { error };
      });
    },
    restart() {
      loaded = 0;
    },
    async end({ operation, ...limits }) {
      await runWithin(report, { ...limits, operation: `onProgress of ${operation}` });
      if (failed) throw failed.error;
    },
  };
}
