import { type UnzipLimits, type UnzippedFile, unzip } from './archives/unzip.js';
import { drawAvatar } from './avatar.js';
import { type Description, describe, describeText } from './describe.js';
import { jobQueue } from './job-queue.js';
import type { FileNames } from './kinds/decide-kind.js';
import type { Bytes } from './reading/bytes.js';
import { makeRenditions, type Recipe, type Renditions } from './rendition.js';

/**
 * Reading metadata, making renditions and unpacking archives. These jobs take much time and memory, and their input is untrusted.
 * A server runs them in worker threads (pool/media-pool.ts). Other runtimes run them in the calling thread.
 */
export interface MediaWork {
  /**
   * Finds out what a file is, and reads its metadata. The file is not readable if its content is damaged or has another format, or
   * reading it exceeds the limits.
   */
  describe(names: FileNames, bytes: Bytes): Promise<Description>;
  /**
   * Makes the renditions of a recipe. The result lacks those that cannot be made.
   * @throws JobLimitExceeded if the job exceeds the limits
   * @throws TooManyJobs if too many jobs are waiting. The other methods throw it too
   */
  makeRenditions(recipe: Recipe, type: string, bytes: Bytes): Promise<Renditions>;
  /** Draws the picture of a user. Its name is its size. */
  makeAvatar(seed: string, size: number): Promise<Renditions>;
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
  const queue = jobQueue(1, 200);
  return {
    describe: async (names, bytes) => (await describeText(names, bytes)) ?? describe(names, bytes),
    makeRenditions: (recipe, type, bytes) => queue(() => makeRenditions(recipe, type, bytes)),
    makeAvatar: drawAvatar,
    unzip: (bytes, limits) => unzip(bytes, limits),
    async close() {},
  };
}
