import { checkDuration, checkOptionalFunction, invalid } from '../protocol/checks.js';
import { type CheckedOptions, type OptionChecks, readOptions } from '../protocol/options.js';
import type { Rendition } from '../protocol/renditions.js';
import {
  clonedFile,
  type FileInfo,
  fileInfo,
  publishedFile,
  type UploadedFile,
  uploadedFile,
} from '../protocol/schemas/file.js';
import { type Connection, routeUrl, type SearchParams } from '../transport/calls/connection.js';
import type { OnProgress } from '../transport/calls/progress.js';
import type { ByteRange } from '../transport/download/range.js';
import { hold, letGo } from '../transport/upload/hold.js';
import type { UploadSource } from '../transport/upload/source.js';
import {
  type CallOptions,
  type CallSettings,
  callRoute,
  checkCall,
  connectionFor,
  type RouteCall,
  withCallChecks,
} from './call-options.js';
import {
  checkBoolean,
  checkFlag,
  checkId,
  checkName,
  checkRange,
  checkRendition,
  checkStrings,
  checkTags,
  checkType,
  isMediaType,
} from './checks.js';
import { restFor } from './load-rest.js';
import { mapOf, nothing, one } from './results.js';
import type { WaitOptions } from './wait-until-processed.js';

/** How to list files. */
export interface ListOptions extends CallOptions {
  /** Whether each file's `meta` is filled in. @default false */
  includeMeta?: boolean | undefined;
}

/** What can be changed of a file. What is left out stays as it is. */
export interface FileChanges {
  /** The new name, without the extension, which cannot be changed. */
  name?: string | undefined;
  /** All tags the file is to have: who is not among them is removed. */
  tags?: readonly string[] | undefined;
  /** Whether the user has put a star on it. */
  starred?: boolean | undefined;
}

/** How to upload files, and what to put on them. */
export interface UploadAllOptions extends CallOptions {
  /** Tags to put on each file. None may hold a comma, which separates them on the wire. */
  tags?: readonly string[] | undefined;
  /** @default false */
  starred?: boolean | undefined;
  /**
   * Told at most every 100 ms, and once at the end. It counts bytes of the files, without the framing around them. In Node,
   * Bun, Deno and Workers: those that `fetch` took before it asked for more, ahead of the network by no more than the buffers
   * of the platform. In a page: those that the browser has handed to the network; with a `fetch` of your own, all of them at the
   * end.
   */
  onProgress?: OnProgress | undefined;
}

/** How to upload one file, and what to call it. */
export interface UploadOptions extends UploadAllOptions {
  /** The file's name, with its extension. @default the name of the File or Response, else `untitled` */
  name?: string | undefined;
  /** The media type. @default the type of the File or Response, else `application/octet-stream` */
  type?: string | undefined;
}

/** How to download a file, or a part of it. */
export interface DownloadOptions extends CallOptions {
  /**
   * Part of the file. A server that ignores it is an error, so that no wrong bytes are taken for the right ones. To go on
   * with a download of an earlier run, give the first byte that is missing and, as `ifRange`, the validator of what is there.
   *
   * @example
   * const part = await api.files.download(id, 'original', { range: { start: 4096, ifRange: '"v1"' } });
   */
  range?: ByteRange | undefined;
  /**
   * Told at most every 100 ms, and once at the end. It counts bytes that have arrived, which are a quarter of a mebibyte ahead of the
   * reader of the body at most, and never goes back: a download that resumes goes on from where it was.
   */
  onProgress?: OnProgress | undefined;
}

/** Files (wire document section 3.2). */
export interface FilesResource {
  /**
   * All files, in the order the server gives. Scope: `file.read`.
   * @throws what every call does: see {@link ApiClient}
   */
  list(options?: ListOptions): Promise<FileInfo[]>;
  /**
   * All files, one by one as they arrive: memory stays flat however many there are. Scope: `file.read`. Leaving the loop
   * ends the request. What can go wrong is thrown in the loop, after the files that came before it.
   * @throws {ConfigurationError} at once, when an option is wrong
   * @throws {TransferError} when the list breaks off
   * @throws {TimeoutError} `idle_timeout` when it stands still; `timeout` is for calls that are read whole
   * @throws what every call does: see {@link ApiClient}
   */
  iterate(options?: ListOptions): AsyncIterableIterator<FileInfo>;
  /**
   * One file. Scope: `file.read`.
   * @throws {NotFoundError} when there is none of this id, or it is somebody else's
   * @throws what every call does: see {@link ApiClient}
   */
  get(id: string, options?: CallOptions): Promise<FileInfo>;
  /**
   * Changes what is given, and nothing else. Scopes: `file.update`, `file.read`.
   * @throws {NotFoundError} when there is no such file
   * @throws what every call does: see {@link ApiClient}
   */
  update(id: string, changes: FileChanges, options?: CallOptions): Promise<FileInfo>;
  /**
   * Uploads a file. Scope: `file.create`. A stream is sent as it is read, and never sent twice.
   * @throws {TransferError} `interrupted` when the source fails; `truncated` when it gives another number of bytes than it
   * announced, or the server answered before it had everything
   * @throws {TimeoutError} `idle_timeout` when it stands still: there is no limit to how long it may take
   * @throws {ApiError} `http_413` when the user has no room for it
   * @throws what every call does: see {@link ApiClient}
   */
  upload(source: UploadSource, options?: UploadOptions): Promise<UploadedFile>;
  /**
   * Uploads several files in one request. Scope: `file.create`. All arrive, or none.
   * @throws what {@link FilesResource.upload} does
   */
  uploadAll(sources: Iterable<UploadSource>, options?: UploadAllOptions): Promise<UploadedFile[]>;
  /**
   * The bytes of a file, or of one of its {@link renditions}. Scope: `file.read`. The response streams: read its body,
   * or call `.blob()` and the like.
   *
   * A body that breaks, ends early, or stands still for `idleTimeout` is resumed unseen: the rest of the same version of
   * the file is asked for (RFC 9110 sections 13.1.5 and 14.2), as often as `retry` allows between two bytes that arrive.
   * That takes a server that says `Accept-Ranges: bytes` and has a strong `ETag`, or a `Last-Modified` and no `ETag`; in a
   * page, one that shows these headers to it. What the body cannot be completed with, its reader is told:
   * @throws {NotFoundError} when the file has no such rendition
   * @throws {TransferError} while the body is read: `interrupted` when it broke, `truncated` when it ended early, `changed`
   * when the file is another than at the beginning. `bytes` is how far it came. At once, `changed`, when `range.ifRange`
   * is no longer what the server has
   * @throws {TimeoutError} `idle_timeout` while the body is read, when it stood still
   * @throws {ApiError} when the server refuses, also to give the rest; `http_416` when `range` begins beyond the file
   * @throws what every call does: see {@link ApiClient}
   */
  download(id: string, rendition?: Rendition, options?: DownloadOptions): Promise<Response>;
  /**
   * An address that gives the bytes without a header, for `<img src>`, a media player or a download link. Scope: `file.read`.
   *
   * It holds the access token (wire document section 2.1): whoever sees it can do all that the token can. It ends up in
   * the browser's history, in server logs, and in `Referer` headers unless the page has `Referrer-Policy: no-referrer`.
   * Never publish it; for that there is {@link FilesResource.publish}.
   * @throws {TokenExpiredError} at once, when the token is known to have expired
   * @throws {ConfigurationError} at once, when the id, the rendition or the token is wrong
   */
  url(id: string, rendition?: Rendition): URL;
  /**
   * Copies a file, without its tags. Scopes: `file.create`, `file.read`.
   * @returns the id of the copy
   * @throws {NotFoundError} when there is no such file
   * @throws {ApiError} `http_413` when the user has no room for it
   * @throws what every call does: see {@link ApiClient}
   */
  clone(id: string, options?: CallOptions): Promise<string>;
  /**
   * Gives a file an address that anyone can open. Scopes: `file.update`, `file.read`.
   * @throws {NotFoundError} when there is no such file
   * @throws what every call does: see {@link ApiClient}
   */
  publish(id: string, options?: CallOptions): Promise<URL>;
  /**
   * Takes that address away. Scopes: `file.update`, `file.read`.
   * @throws {NotFoundError} when there is no such file
   * @throws what every call does: see {@link ApiClient}
   */
  unpublish(id: string, options?: CallOptions): Promise<void>;
  /**
   * Deletes a file for good. Scopes: `file.delete`, `file.read`.
   * @throws {NotFoundError} when there is no such file; not when an attempt that went unanswered had deleted it
   * @throws what every call does: see {@link ApiClient}
   */
  delete(id: string, options?: CallOptions): Promise<void>;
  /**
   * Unpacks a zip archive: its files appear in the list as if uploaded, some time later. Scopes: `file.create`, `file.read`.
   * @throws {NotFoundError} when there is no such file
   * @throws {ApiError} `http_400` when it is no zip archive
   * @throws what every call does: see {@link ApiClient}
   */
  extract(id: string, options?: CallOptions): Promise<void>;
  /**
   * Waits until a file has been converted, asking again and again. Scope: `file.read`.
   * @throws {ProcessingError} when the server could not process it
   * @throws {TimeoutError} `timeout` when it takes longer than `timeout`
   * @throws {NotFoundError} when there is no such file
   * @throws what every call does: see {@link ApiClient}
   */
  waitUntilProcessed(id: string, options?: WaitOptions): Promise<FileInfo>;
}

const listChecks = /* @__PURE__ */ withCallChecks({ includeMeta: checkFlag }) satisfies OptionChecks<ListOptions>;

const changeChecks = {
  name: checkName,
  tags: checkStrings,
  starred: checkBoolean,
} satisfies OptionChecks<FileChanges>;

const uploadAllChecks = /* @__PURE__ */ withCallChecks({
  tags: checkTags,
  starred: checkFlag,
  onProgress: checkOptionalFunction<OnProgress>,
}) satisfies OptionChecks<UploadAllOptions>;

const uploadChecks = /* @__PURE__ */ withCallChecks({
  tags: checkTags,
  starred: checkFlag,
  onProgress: checkOptionalFunction<OnProgress>,
  name: checkName,
  type: checkType,
}) satisfies OptionChecks<UploadOptions>;

const downloadChecks = /* @__PURE__ */ withCallChecks({
  range: checkRange,
  onProgress: checkOptionalFunction<OnProgress>,
}) satisfies OptionChecks<DownloadOptions>;

const waitChecks = /* @__PURE__ */ withCallChecks({
  interval: (name: string, value: number | undefined = 1_000) => checkDuration(name, value),
}) satisfies OptionChecks<WaitOptions>;

type CheckedUpload = CheckedOptions<typeof uploadAllChecks> & Partial<CheckedOptions<typeof uploadChecks>>;

export function filesResource(connection: Connection): FilesResource {
  /** A call to the route of one file, or to one below it. */
  function callFile<T>(
    { id, below = [], ...route }: Omit<RouteCall<T>, 'segments'> & { id: string; below?: readonly string[] },
    settings: CallSettings,
  ): Promise<T> {
    return callRoute(connection, { ...route, segments: ['doc', checkId(id), ...below] }, settings);
  }

  async function* iterateFiles(
    searchParams: SearchParams,
    settings: CallSettings,
  ): AsyncGenerator<FileInfo, void, undefined> {
    const own = connectionFor(connection, settings);
    const { signal, timeout } = settings;
    const wanted = { name: 'files.iterate', segments: ['doc'], signal };
    const rest = await restFor(own, { ...wanted, method: 'GET' });
    yield* rest.iterateFiles(own, { ...wanted, searchParams, timeout });
  }

  async function uploadParts(
    operation: string,
    sources: readonly UploadSource[],
    read: () => CheckedUpload,
  ): Promise<UploadedFile[]> {
    const held = sources.map(hold); // before anything that can fail or take time
    try {
      const { name, type, tags, starred, onProgress, ...settings } = read();
      const own = connectionFor(connection, settings);
      const { signal, timeout } = settings;
      const route = { name: operation, segments: ['doc', 'upload'], signal };
      const { upload } = await restFor(own, { ...route, method: 'POST' });
      return await upload(own, {
        ...route,
        searchParams: { tags, starred },
        sources: held,
        describe: (content) => ({
          name: name ?? (content.name || 'untitled'),
          type: type ?? (isMediaType(content.type) ? content.type : 'application/octet-stream'),
        }),
        onProgress,
        timeout,
        ...mapOf(uploadedFile, sources.length),
      });
    } catch (error) {
      for (const source of held) letGo(source);
      throw error;
    }
  }

  return {
    async list(options = {}) {
      const { includeMeta, ...settings } = readOptions('options', options, listChecks);
      const searchParams = { include_meta: includeMeta };
      const route = { name: 'files.list', method: 'GET', segments: ['doc'], searchParams } as const;
      return callRoute(connection, { ...route, ...mapOf(fileInfo) }, settings);
    },

    iterate(options = {}) {
      const { includeMeta, ...settings } = readOptions('options', options, listChecks);
      return iterateFiles({ include_meta: includeMeta }, settings);
    },

    async get(id, options = {}) {
      return callFile({ name: 'files.get', method: 'GET', id, ...one(fileInfo) }, checkCall(options));
    },

    async update(id, changes, options = {}) {
      const json = readOptions('changes', changes, changeChecks);
      if (Object.values(json).every((value) => value === undefined)) {
        throw invalid('changes', 'must hold name, tags or starred');
      }
      return callFile({ name: 'files.update', method: 'POST', id, json, ...one(fileInfo) }, checkCall(options));
    },

    async upload(source, options = {}) {
      const [file] = await uploadParts('files.upload', [source], () => readOptions('options', options, uploadChecks));
      return file as UploadedFile; // one source, one file: mapOf has counted
    },

    async uploadAll(sources, options = {}) {
      const several = typeof sources === 'object' && sources !== null && Symbol.iterator in sources ? [...sources] : [];
      if (several.length === 0) throw invalid('sources', 'must be an array of at least one source, or a FileList');
      return uploadParts('files.uploadAll', several, () => readOptions('options', options, uploadAllChecks));
    },

    async download(id, rendition = 'original', options = {}) {
      const { range, onProgress, ...settings } = readOptions('options', options, downloadChecks);
      const own = connectionFor(connection, settings);
      const { signal, timeout } = settings;
      const segments = ['doc', checkId(id), checkRendition(rendition)];
      const wanted = { name: 'files.download', segments, range, onProgress, signal, timeout };
      const { download } = await restFor(own, { ...wanted, method: 'GET' });
      return download(own, wanted);
    },

    url(id, rendition = 'original') {
      const segments = ['doc', checkId(id), checkRendition(rendition)];
      return routeUrl(connection, segments, { access_token: connection.accessTokenNow() });
    },

    async clone(id, options = {}) {
      const route = { name: 'files.clone', method: 'POST', id, below: ['clone'] } as const;
      return (await callFile({ ...route, ...one(clonedFile) }, checkCall(options))).id;
    },

    async publish(id, options = {}) {
      const route = { name: 'files.publish', method: 'POST', id, below: ['public'], json: { public: true } } as const;
      const { public_url } = await callFile({ ...route, ...one(publishedFile) }, checkCall(options));
      return new URL(public_url);
    },

    async unpublish(id, options = {}) {
      const json = { public: false };
      await callFile(
        { name: 'files.unpublish', method: 'POST', id, below: ['public'], json, ...nothing },
        checkCall(options),
      );
    },

    async delete(id, options = {}) {
      const gone = () => {};
      await callFile({ name: 'files.delete', method: 'DELETE', id, gone, ...nothing }, checkCall(options));
    },

    async extract(id, options = {}) {
      await callFile({ name: 'files.extract', method: 'POST', id, below: ['extract'], ...nothing }, checkCall(options));
    },

    async waitUntilProcessed(id, options = {}) {
      const route = { name: 'files.waitUntilProcessed', method: 'GET', id, ...one(fileInfo) } as const;
      const settings = readOptions('options', options, waitChecks);
      const beginning = { ...route, segments: ['doc', checkId(id)], signal: settings.signal };
      const rest = await restFor(connection, beginning);
      return rest.waitUntilProcessed(id, (own) => callFile(route, own), settings);
    },
  };
}
