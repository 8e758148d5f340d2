import { TimeoutError } from '../protocol/errors.js';

/** Ends a piece of work when the caller aborts it, or when it has shown no sign of life for too long. */
export interface Watch {
  /** Hand it to `fetch`. Its reason is the error to reject with. */
  readonly signal: AbortSignal;
  /** Starts the time limit again: something moved. */
  alive(): void;
  /** Stops the clock until the next `alive()`: it is the caller who takes their time. */
  pause(): void;
  /** Waits for the work, but not beyond the watch: not every `fetch` heeds its signal. */
  run<T>(work: PromiseLike<T>): Promise<T>;
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

export function watch({ signal, limit, code, operation }: WatchOptions): Watch {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  ended.catch(() => {}); // whoever is waiting gets it from run(); nobody may be

  const onAbort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });

  const expire = (after: number) => {
    const what = code === 'timeout' ? 'took longer than' : 'stood still for';
    controller.abort(new TimeoutError(code, `${operation} ${what} ${after} ms`));
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = () => clearTimeout(timer);
  const alive = () => {
    pause();
    if (limit !== false) timer = setTimeout(expire, limit, limit);
  };
  alive();

  return {
    signal: controller.signal,
    alive,
    pause,
    run: (work) => Promise.race([work, ended]),
    stop() {
      pause();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
