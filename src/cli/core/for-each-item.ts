import { DoctapeError } from '../../index.js';
import { isSignedOut, reportError, Stopped } from './errors.js';

/** The error of one item, as `--json` prints it. */
export type ItemError = Pick<DoctapeError, 'code' | 'message'>;

const notTried = { code: 'not_tried', message: 'not tried: you are no longer signed in' };

/**
 * Runs `work` for each item. A failure is reported and does not stop the others, unless the command was stopped or the user
 * is no longer signed in.
 *
 * @param onFailure called for each item that failed, and for each item that was not tried
 */
export async function forEachItem(
  items: readonly string[],
  signal: AbortSignal,
  work: (item: string) => Promise<void>,
  onFailure?: (item: string, error: ItemError) => void,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    try {
      await work(item);
    } catch (error) {
      if (signal.aborted || error instanceof Stopped) throw error;
      if (isSignedOut(error)) {
        onFailure?.(item, error);
        for (const rest of items.slice(index + 1)) onFailure?.(rest, notTried);
        throw error;
      }
      reportError(error, item);
      if (error instanceof DoctapeError) onFailure?.(item, error);
    }
  }
}
