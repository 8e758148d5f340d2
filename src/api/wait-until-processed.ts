import { checkDuration } from '../protocol/checks.js';
import { ProcessingError } from '../protocol/errors.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import type { FileInfo } from '../protocol/schemas/file.js';
import { sleep } from '../transport/calls/retry.js';
import { watch } from '../transport/http/watch.js';
import { type CallOptions, type CallSettings, withCallChecks } from './options/call-options.js';

/** Options of {@link FilesResource.waitUntilProcessed}. */
export interface WaitOptions extends CallOptions {
  /** Milliseconds between two requests. @default 1_000 */
  interval?: number | undefined;
  /** The time limit of the wait, in milliseconds. `false` disables it. @default 600_000 */
  timeout?: number | false | undefined;
}

const checks = /* @__PURE__ */ withCallChecks({
  interval: (name: string, value: number | undefined = 1_000) => checkDuration(name, value),
}) satisfies OptionChecks<WaitOptions>;

export async function waitUntilProcessed(
  id: string,
  getFile: (settings: CallSettings) => Promise<FileInfo>,
  options: WaitOptions,
): Promise<FileInfo> {
  const { signal, interval, timeout = 600_000, ...settings } = readOptions('options', options, checks);
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
