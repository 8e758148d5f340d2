import { DoctapeError } from '../../index.js';
import { CommandError, isSignedOut, reportError, Stopped } from './errors.js';

/** The error of one item, as `--json` prints it. */
export type ItemError = Pick<DoctapeError, 'code' | 'message'>;

/** The items of a command, and what became of them. */
export interface Batch {
  readonly succeeded: number;
  readonly failed: readonly string[];
  /** @throws {Stopped} if no further item must be started */
  check(): void;
  /** Counts an item, and reports its error. */
  settle(item: string, result: PromiseSettledResult<unknown>): void;
  /** @throws the reason why the command was stopped, or that the user is no longer signed in */
  end(): void;
}

/** An item is not tried, because the user is no longer signed in. */
class NotTried extends Stopped {}

const notTried = { code: 'not_tried', message: 'not tried: you are no longer signed in' };

/**
 * Reports the results of many items. A failure does not stop the others, unless the command was stopped or the user is no longer
 * signed in. Running items are not aborted then: an upload that was accepted can still succeed.
 *
 * @param onFailure called for each item that failed, and for each item that was not tried
 */
export function startBatch(signal: AbortSignal, onFailure?: (item: string, error: ItemError) => void): Batch {
  let signedOut: unknown;
  let succeeded = 0;
  const failed: string[] = [];
  return {
    get succeeded() {
      return succeeded;
    },
    failed,
    check() {
      signal.throwIfAborted();
      if (signedOut !== undefined) throw new NotTried(1);
    },
    settle(item, result) {
      if (result.status === 'fulfilled') {
        succeeded++;
        return;
      }
      const error: unknown = result.reason;
      if (signal.aborted) return;
      failed.push(item);
      if (error instanceof NotTried) onFailure?.(item, notTried);
      else if (isSignedOut(error)) {
        signedOut ??= error;
        onFailure?.(item, error);
      } else {
        reportError(error, item);
        if (error instanceof DoctapeError || error instanceof CommandError) onFailure?.(item, error);
      }
    },
    end() {
      signal.throwIfAborted();
      if (signedOut !== undefined) throw signedOut;
    },
  };
}

export interface EachItem {
  signal: AbortSignal;
  /** @default 1 */
  concurrency?: number;
  work: (item: string) => Promise<void>;
  onFailure?: ((item: string, error: ItemError) => void) | undefined;
}

/** Runs `work` for each item, and reports the failures. */
export async function forEachItem(items: readonly string[], each: EachItem): Promise<Batch> {
  const { signal, concurrency = 1, work, onFailure } = each;
  const batch = startBatch(signal, onFailure);
  const rest = items.values();
  let stopped: Stopped | undefined;
  const runOne = async (item: string) => {
    const [result] = await Promise.allSettled([(async () => batch.check())().then(() => work(item))]);
    if (result.status === 'rejected' && result.reason instanceof Stopped && !(result.reason instanceof NotTried)) {
      stopped ??= result.reason; // such as Ctrl+C at a prompt
    } else batch.settle(item, result);
  };
  const runRest = async () => {
    for (const item of rest) {
      if (stopped) return;
      await runOne(item);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runRest));
  if (stopped) throw stopped;
  batch.end();
  return batch;
}

/** What `--json` prints for an item that failed. */
export function failureOf({ code, message }: ItemError): { error: ItemError } {
  return { error: { code, message } };
}
