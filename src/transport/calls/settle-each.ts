import { invalid } from '../../protocol/checks.js';
import { abortable } from '../http/watch.js';

const most = 100;

/** Checks how many transfers may run at the same time. More than a hundred connections help nobody. */
export function checkConcurrency(name: string, value: number | undefined): number {
  if (value === undefined) return 4;
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw invalid(name, `must be a whole number from 1 to ${most}`);
}

/** What the work on an item can use. */
export interface Work {
  /** Aborts when the caller aborts, or when a callback of the application has failed. */
  readonly signal: AbortSignal;
  /** Ends everything, because a callback of the application has thrown this error. */
  fail(error: unknown): void;
}

export interface Each<T, R> {
  /** How many items are processed at the same time. */
  concurrency: number;
  signal: AbortSignal | undefined;
  work: (item: T, index: number, work: Work) => Promise<R>;
  /** Called with each result. It can be async: the next item waits. If it throws, everything ends with that error. */
  onSettled?: ((result: PromiseSettledResult<R>, index: number) => unknown) | undefined;
  /** Called when there are no more items. */
  onLast?: (() => void) | undefined;
  /** Releases an item that is not processed. */
  release: (item: T) => void;
}

/**
 * Processes items with limited concurrency. Items are requested from an iterator when they can be processed, and not before.
 *
 * - One failure does not stop the others: it is the result of its item.
 * - After an abort, the result of every other item is the reason. An iterator is closed, and its other items have one result together.
 * - If the iterator fails, the error is the result of the item that it could not return.
 *
 * @returns the results, in the order of the items
 */
export async function settleEach<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  { concurrency, signal, work, onSettled, onLast, release }: Each<T, R>,
): Promise<PromiseSettledResult<R>[]> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  let failure: { error: unknown } | undefined;
  const own: Work = {
    signal: stop.signal,
    fail(error) {
      failure ??= { error };
      stop.abort(error);
    },
  };

  const results: PromiseSettledResult<R>[] = [];
  let running = 0;
  let wake = () => {};
  async function untilRunning(fewer: number): Promise<void> {
    while (running >= fewer) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  async function settle(index: number, outcome: Promise<R>): Promise<void> {
    const [result] = await Promise.allSettled([outcome]);
    results[index] = result;
    if (failure) return;
    try {
      await onSettled?.(result, index);
    } catch (error) {
      own.fail(error);
    }
  }

  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  try {
    for (let index = 0; ; index++) {
      await untilRunning(concurrency);
      const item = await nextOf(iterator, items, { signal: stop.signal, release });
      if (item === undefined) break;
      if ('error' in item) {
        await settle(index, Promise.reject(item.error));
        break;
      }
      if (stop.signal.aborted) {
        release(item.value);
        await settle(index, Promise.reject(stop.signal.reason));
        continue;
      }
      running++;
      void settle(index, work(item.value, index, own)).then(() => {
        running--;
        wake();
      });
    }
    onLast?.();
    await untilRunning(1);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  if (failure) throw failure.error;
  return results;
}

/** The next item, the error of the iterator, or undefined at the end. */
async function nextOf<T>(
  iterator: Iterator<T> | AsyncIterator<T>,
  items: object,
  { signal, release }: { signal: AbortSignal; release: (item: T) => void },
): Promise<{ value: T } | { error: unknown } | undefined> {
  const isArray = Array.isArray(items); // the other items of an array must be released
  let pending: Promise<IteratorResult<T>> | undefined;
  try {
    if (!isArray) signal.throwIfAborted();
    pending = Promise.resolve(iterator.next());
    const next = await (isArray ? pending : abortable(pending, signal));
    return next.done ? undefined : { value: next.value };
  } catch (error) {
    if (signal.aborted) {
      pending?.then(({ done, value }) => !done && release(value)).catch(() => {}); // the caller has the reason of the signal
      void closeIterator(iterator);
    }
    return { error };
  }
}

/** Closes an iterator that is not read to the end. Its errors are ignored: nobody waits for it. */
async function closeIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // see above
  }
}
