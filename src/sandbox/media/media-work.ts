import { type UnzipLimits, type UnzippedFile, unzip } from './archives/unzip.js';
import { readMeta } from './meta.js';
import type { Bytes } from './reading/bytes.js';
import { makeRenditions, type Recipe, type Renditions } from './rendition.js';

/**
 * The work on the content of files: slow, hungry, and done on whatever somebody uploaded. A server hands it to threads; where
 * there are none, it is done in place.
 */
export interface MediaWork {
  /**
   * What a file tells about itself.
   * @throws UnreadableMedia when it is not what its type says, or reading it exceeds the limits
   */
  readMeta(type: string, mediaType: string, bytes: Bytes): Promise<Record<string, unknown>>;
  /** What can be made of a file; nothing of it, when making it exceeds the limits. */
  makeRenditions(recipe: Recipe, type: string, bytes: Bytes): Promise<Renditions>;
  /**
   * The files of a zip, one after the other, each to be read before the next is asked for.
   * @throws RefusedArchive, also out of a file's stream
   */
  unzip(bytes: Bytes, limits: UnzipLimits): AsyncGenerator<UnzippedFile, void, undefined>;
  /** Gives up what is still being done, and frees the threads. */
  close(): Promise<void>;
}

/** Does the work in place, in any runtime: one picture at a time, since a decoded one takes a hundred megabytes. */
export function mediaWorkInPlace(): MediaWork {
  let last: Promise<unknown> = Promise.resolve();
  return {
    readMeta,
    makeRenditions(recipe, type, bytes) {
      const made = last.then(() => makeRenditions(recipe, type, bytes));
      last = made.catch(() => {}); // the caller is told
      return made;
    },
    unzip: (bytes, limits) => unzip(bytes, limits),
    async close() {},
  };
}
