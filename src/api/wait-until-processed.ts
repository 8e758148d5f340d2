import { ProcessingError } from '../protocol/errors.js';
import type { FileInfo } from '../protocol/schemas/file.js';
import { sleep } from '../transport/calls/retry.js';
import { watch } from '../transport/http/watch.js';
import type { CallOptions, CallSettings } from './call-options.js';

/** Options of {@link FilesResource.waitUntilProcessed}. */
export interface WaitOptions extends CallOptions {
  /** Milliseconds between two requests. @default 1_000 */
  interval?: number | undefined;
  /** The time limit of the wait, in milliseconds. `false` disables it. @default 600_000 */
  timeout?: number | false | undefined;
}

/** The checked options. */
interface WaitSettings extends CallSettings {
  interval: number;
}

export async function waitUntilProcessed(
  id: string,
  getFile: (settings: CallSettings) => Promise<FileInfo>,
  { signal, interval, timeout = 600_000, ...settings }: WaitSettings,
): Promise<FileInfo> {
  const operation = `the conversion of ${id}`;
  const watched = watch({ signal, limit: timeout, code: 'timeout', operation });
  try {
    for (;;) {
      const file = await getFile({ ...settings, signal: watched.signal, timeout: undefined });
      if (file.processing_status === 'failed') {
        throw new ProcessingError(`${operation} failed on the server: only the original can be downloaded`);
      }
      if (file.processing_status !== 'processing') return file;
      await sleep(interval, watched.signal);
    }
  } finally {
    watched.stop();
  }
}
