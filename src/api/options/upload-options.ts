import type { OnProgress } from '../../transport/calls/progress.js';
import type { CallOptions, CallSettings } from './call-options.js';

/** Options of {@link FilesResource.uploadAll}. */
export interface UploadAllOptions extends CallOptions {
  /** Tags for each file. A tag cannot contain a comma, because commas separate tags in the request. */
  tags?: readonly string[] | undefined;
  /** Whether each file is starred. @default false */
  starred?: boolean | undefined;
  /**
   * Called with the progress at most every 100 ms, and once at the end. It counts the bytes of the files, without the
   * multipart framing.
   *
   * - In Node, Bun, Deno and Workers it counts the bytes that `fetch` has consumed. That is ahead of the network by the
   *   buffers of the platform.
   * - In a browser it counts the bytes that have been sent to the network. With a custom `fetch` it is called only at the end.
   */
  onProgress?: OnProgress | undefined;
}

/** Options of {@link FilesResource.upload}. */
export interface UploadOptions extends UploadAllOptions {
  /** The file name, with its extension. @default the name of the File or Response, or `untitled` */
  name?: string | undefined;
  /** The media type. @default the type of the File or Response, or `application/octet-stream` */
  type?: string | undefined;
}

/** The options of an upload, before the tags and the type are checked. */
export interface GivenUpload extends CallSettings {
  tags: string[] | undefined;
  starred: 'true' | 'false' | undefined;
  onProgress: OnProgress | undefined;
  name?: string | undefined;
  type?: string | undefined;
}

/** The checked options of an upload. */
export interface UploadSettings extends Omit<GivenUpload, 'tags'> {
  tags: string | undefined;
}
