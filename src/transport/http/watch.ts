import { TimeoutError } from '../../protocol/errors.js';
import { serverHint } from './redaction.js';

/** Ends a piece of work when the caller aborts it, or when it has shown no sign of life for too long. */
export interface Watch {
  /** Hand it to `fetch`. Its reason is the error to reject with. */
  readonly signal: AbortSignal;
  /** Starts the time limit again, or a multiple of it: something moved. */
  alive(times?: number): void;
  /** Stops the clock until the next `alive()`: it is the caller who takes their time. */
  pause(): void;
  /** Waits for the work, but not beyond the watch: not every `fetch` heeds its signal. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Ends the work now, as an abort by the caller would. */
  end(reason: unknown): void;
  stop(): void;
}

export interface WatchOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds, or false for none. */
  limit: number | false;
  code: 'timeout' | 'idle_timeout';
  /** What is being done, for the message. */
  operation: string;
}

/** Waits for the work, but not beyond an abort. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
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

export function watch({ signal, limit, code, operation }: WatchOptions): Watch {
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
    const what = code === 'timeout' ? 'took longer than' : 'stood still for';
    end(new TimeoutError(code, `${operation} ${what} ${after} ms${serverHint(operation)}`));
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = () => clearTimeout(timer);
  let stopped = false;
  const alive = (times = 1) => {
    pause();
    if (limit === false || stopped) return;
    const most = Math.min(limit * times, 2_147_483_647);
    timer = setTimeout(expire, most, most);
  };
  alive();

  return {
    signal: controller.signal,
    alive,
    pause,
    // not Promise.race: on a promise that outlives the work it would hold on to every result
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
