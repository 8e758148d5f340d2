import { checkDuration } from '../protocol/checks.js';
import { ProcessingError } from '../protocol/errors.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import type { FileInfo } from '../protocol/schemas/file.js';
import { sleep } from '../transport/calls/retry.js';
import { watch } from '../transport/http/watch.js';
import { type CallOptions, type CallSettings, withCallChecks } from './call-options.js';

/** How long to wait, and how often to ask. */
export interface WaitOptions extends CallOptions {
  /** Milliseconds between two questions. @default 1_000 */
  interval?: number | undefined;
  /** Milliseconds to wait in all; false turns the limit off. @default 600_000 */
  timeout?: number | false | undefined;
}

const waitChecks = /* @__PURE__ */ withCallChecks({
  interval: (name: string, value: number | undefined = 1_000) => checkDuration(name, value),
}) satisfies OptionChecks<WaitOptions>;

export async function waitUntilProcessed(
  id: string,
  ask: (settings: CallSettings) => Promise<FileInfo>,
  options: WaitOptions,
): Promise<FileInfo> {
  const { signal, interval, timeout = 600_000, ...settings } = readOptions('options', options, waitChecks);
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
