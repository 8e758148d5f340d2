import { TimeoutError } from '../../protocol/errors.js';
import { serverHint } from './redaction.js';

/** Ends an operation when the caller aborts it, or after a time limit without progress. */
export interface Watch {
  /** The signal for `fetch`. Its reason is the error to reject with. */
  readonly signal: AbortSignal;
  /** Restarts the time limit, or a multiple of it, after progress. */
  restart(times?: number): void;
  /** Stops the time limit until the next `restart()`, while the caller is busy. */
  pause(): void;
  /** Waits for the work or the end of the watch, because not every `fetch` respects its signal. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Ends the operation now, like an abort by the caller. */
  end(reason: unknown): void;
  stop(): void;
}

export interface WatchOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds, or false for no limit. */
  limit: number | false;
  code: 'timeout' | 'idle_timeout';
  /** The method and the redacted URL, for the message. */
  operation: string;
  /** The reason to end with when the time is over. @default a TimeoutError */
  reason?: unknown;
}

/** Waits for the work or an abort. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

export function watch({ signal, limit, code, operation, reason }: WatchOptions): Watch {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const waiting = new Set<(reason: unknown) => void>();
  const end = (reason: unknown) => {
    controller.abort(reason);
    for (const reject of waiting) reject(reason);
    waiting.clear();
  };
  const onAbort = () => end(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });

  const expire = (after: number) => {
    const what = code === 'timeout' ? 'took longer than' : 'stalled for';
    end(reason ?? new TimeoutError(code, `${operation} ${what} ${after} ms${serverHint(operation)}`));
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = () => clearTimeout(timer);
  let stopped = false;
  const restart = (times = 1) => {
    pause();
    if (limit === false || stopped) return;
    const delay = Math.min(limit * times, 2_147_483_647);
    timer = setTimeout(expire, delay, delay);
  };
  restart();

  return {
    signal: controller.signal,
    restart,
    pause,
    // not Promise.race, which leaks memory with a long-lived promise
    run: (work) =>
      new Promise((resolve, reject) => {
        if (controller.signal.aborted) reject(controller.signal.reason);
        else waiting.add(reject);
        const settled = () => waiting.delete(reject);
        work.then(
          (value) => {
            settled();
            resolve(value);
          },
          (error) => {
            settled();
            reject(error);
          },
        );
      }),
    end,
    stop() {
      stopped = true;
      pause();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** Waits for code of the application, which may never settle. */
export async function runWithin(
  work: () => unknown,
  options: Pick<WatchOptions, 'signal' | 'limit'> & ({ operation: string } | { reason: unknown }),
): Promise<void> {
  const waiting = watch({ code: 'timeout', operation: '', ...options });
  try {
    await waiting.run(Promise.resolve(work()));
  } finally {
    waiting.stop();
  }
}
