import { ProcessingError } from '../protocol/errors.js';
import type { FileInfo } from '../protocol/schemas/file.js';
import { sleep } from '../transport/calls/retry.js';
import { watch } from '../transport/http/watch.js';
import type { CallOptions, CallSettings } from './call-options.js';

/** How long to wait, and how often to ask. */
export interface WaitOptions extends CallOptions {
  /** Milliseconds between two questions. @default 1_000 */
  interval?: number | undefined;
  /** Milliseconds to wait in all; false turns the limit off. @default 600_000 */
  timeout?: number | false | undefined;
}

/** The options after they have been checked. */
interface WaitSettings extends CallSettings {
  interval: number;
}

export async function waitUntilProcessed(
  id: string,
  ask: (settings: CallSettings) => Promise<FileInfo>,
  { signal, interval, timeout = 600_000, ...settings }: WaitSettings,
): Promise<FileInfo> {
  const operation = `the processing of ${id}`;
  const watched = watch({ signal, limit: timeout, code: 'timeout', operation });
  try {
    for (;;) {
      const file = await ask({ ...settings, signal: watched.signal, timeout: undefined });
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
