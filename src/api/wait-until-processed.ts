import { checkDuration, checkOptions, checkSignal } from '../protocol/checks.js';
import { ProcessingError, TimeoutError } from '../protocol/errors.js';
import type { FileInfo } from '../protocol/file.js';
import { sleep } from '../transport/retry.js';
import type { CallOptions } from './call-options.js';

export interface WaitOptions extends CallOptions {
  /** Milliseconds between two questions. @default 1_000 */
  interval?: number;
  /** Milliseconds to wait in all. @default 600_000 */
  timeout?: number;
}

export async function waitUntilProcessed(
  ask: (signal: AbortSignal | undefined) => Promise<FileInfo>,
  options: WaitOptions,
): Promise<FileInfo> {
  const { signal, interval = 1_000, timeout = 600_000 } = checkOptions('options', options);
  checkDuration('interval', interval);
  checkDuration('timeout', timeout);
  checkSignal(signal);
  const end = performance.now() + timeout;
  for (;;) {
    const file = await ask(signal);
    if (file.processing_status === 'failed') {
      throw new ProcessingError(
        `the server could not process the file ${file.id}: its original is there, its renditions are not`,
      );
    }
    if (file.processing_status !== 'processing') return file;
    const left = end - performance.now();
    if (left <= 0)
      throw new TimeoutError('timeout', `the file ${file.id} was still being processed after ${timeout} ms`);
    await sleep(Math.min(interval, left), signal);
  }
}
