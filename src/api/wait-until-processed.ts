import { checkDuration, checkOptions, checkSignal } from '../protocol/checks.js';
import { ProcessingError } from '../protocol/errors.js';
import type { FileInfo } from '../protocol/schemas/file.js';
import { sleep } from '../transport/calls/retry.js';
import { watch } from '../transport/http/watch.js';
import type { CallOptions } from './call-options.js';

/** How long to wait, and how often to ask. */
export interface WaitOptions extends CallOptions {
  /** Milliseconds between two questions. @default 1_000 */
  interval?: number | undefined;
  /** Milliseconds to wait in all. @default 600_000 */
  timeout?: number | undefined;
}

export async function waitUntilProcessed(
  id: string,
  ask: (signal: AbortSignal) => Promise<FileInfo>,
  options: WaitOptions,
): Promise<FileInfo> {
  const { signal, interval = 1_000, timeout = 600_000 } = checkOptions('options', options);
  checkDuration('interval', interval);
  checkDuration('timeout', timeout);
  const operation = `the processing of ${id}`;
  const watched = watch({ signal: checkSignal(signal), limit: timeout, code: 'timeout', operation });
  try {
    for (;;) {
      const file = await ask(watched.signal);
      if (file.processing_status === 'failed') {
        throw new ProcessingError(`${operation} failed on the server: the original is there, its renditions are not`);
      }
      if (file.processing_status !== 'processing') return file;
      await sleep(interval, watched.signal);
    }
  } finally {
    watched.stop();
  }
}
