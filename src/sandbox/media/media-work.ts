import { type UnzipLimits, type UnzippedFile, unzip } from './archives/unzip.js';
import { readMeta } from './meta.js';
import type { Bytes } from './reading/bytes.js';
import { makeRenditions, type Recipe, type Renditions } from './rendition.js';

/**
 * Reading metadata, making renditions and unpacking archives. These jobs take much time and memory, and their input is untrusted.
 * A server runs them in worker threads (pool/media-pool.ts). Other runtimes run them in the calling thread.
 */
export interface MediaWork {
  /**
   * Reads the metadata of a file.
   * @throws UnreadableMedia if the content does not match the media type, or reading it exceeds the limits
   */
  readMeta(type: string, mediaType: string, bytes: Bytes): Promise<Record<string, unknown>>;
  /**
   * Makes the renditions of a recipe. The result lacks those that cannot be made.
   * @throws JobLimitExceeded if the job exceeds the limits
   */
  makeRenditions(recipe: Recipe, type: string, bytes: Bytes): Promise<Renditions>;
  /**
   * Yields the files of a zip one by one. Read each file before you request the next.
   * @throws RefusedArchive if the archive is not unpacked. A file's stream can fail with it too.
   */
  unzip(bytes: Bytes, limits: UnzipLimits): AsyncGenerator<UnzippedFile, void, undefined>;
  /** Cancels running jobs and ends the threads. */
  close(): Promise<void>;
}

/** Runs the jobs in the calling thread, in any runtime. Decodes one image at a time, because one takes up to 100 MB. */
export function mediaWorkInPlace(): MediaWork {
  let last: Promise<unknown> = Promise.resolve();
  return {
    readMeta,
    makeRenditions(recipe, type, bytes) {
      const made = last.then(() => makeRenditions(recipe, type, bytes));
      last = made.catch(() => {}); // the caller handles the rejection
      return made;
    },
    unzip: (bytes, limits) => unzip(bytes, limits),
    async close() {},
  };
}
