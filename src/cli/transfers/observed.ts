import type { ApiClient } from '../../index.js';
import type { Batch } from '../core/for-each-item.js';
import type { Transfer, Transfers } from '../terminal/transfers.js';

interface Observed {
  /** A client whose uploads and downloads are shown in the progress, and are not started when the batch has been stopped. */
  api: Pick<ApiClient, 'files'>;
  /** Ends the line of a download. */
  ended(id: string): void;
}

/**
 * Shows each transfer of a client. `uploadFolder()` and `downloadAll()` report the progress of all files together only.
 * @param names the names of the downloads, by id
 */
export function observed(
  { files }: Pick<ApiClient, 'files'>,
  batch: Batch,
  transfers: Transfers,
  names: ReadonlyMap<string, string> = new Map(),
): Observed {
  const running = new Map<string, Transfer>();
  const lineOf = (id: string) => {
    const line = running.get(id) ?? transfers.start(names.get(id) ?? id);
    running.set(id, line);
    return line;
  };
  const upload: typeof files.upload = async (source, options = {}) => {
    batch.check();
    const { name = '', size } = source instanceof File ? source : {};
    const line = transfers.start(options.name ?? name, size);
    try {
      return await files.upload(source, {
        ...options,
        onProgress(progress) {
          line.update(progress);
          return options.onProgress?.(progress);
        },
      });
    } finally {
      line.end();
    }
  };
  const download: typeof files.download = async (id, rendition, options = {}) => {
    batch.check();
    const line = lineOf(id);
    const start = options.range?.start ?? 0;
    return files.download(id, rendition, {
      ...options,
      onProgress({ loaded, total }) {
        line.update({ loaded: start + loaded, ...(total !== undefined && { total: start + total }) });
      },
    });
  };
  return {
    api: { files: { ...files, upload, download } },
    ended(id) {
      running.get(id)?.end();
    },
  };
}
