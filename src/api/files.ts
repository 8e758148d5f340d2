import { checkOptionalFunction, checkSignal, invalid } from '../protocol/checks.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import type { Rendition } from '../protocol/renditions.js';
import {
  byId,
  clonedFile,
  type FileInfo,
  fileInfo,
  publishedFile,
  type UploadedFile,
} from '../protocol/schemas/file.js';
import { type Connection, routeUrl, type SearchParams } from '../transport/calls/connection.js';
import { itemsOf } from '../transport/calls/items-of.js';
import type { OnProgress } from '../transport/calls/progress.js';
import type { ByteRange } from '../transport/download/range.js';
import { acquireEach, acquireSource, releaseSource } from '../transport/upload/acquire-source.js';
import type { UploadSource } from '../transport/upload/source.js';
import { type LazyChunk, loadLazyChunk } from './load-lazy-chunk.js';
import {
  type CallOptions,
  type CallSettings,
  callRoute,
  checkCall,
  connectionFor,
  type RouteCall,
  withCallChecks,
} from './options/call-options.js';
import { checkBoolean, checkFlag, checkId, checkName, checkRendition, checkStrings } from './options/checks.js';
import type { GivenUpload, UploadAllOptions, UploadOptions } from './options/upload-options.js';
import { mapOf, nothing, objectOf } from './results.js';
import type { UploadEachOptions } from './uploads.js';
import type { WaitOptions } from './wait-until-processed.js';

// The calls of wire document section 3.2, and those of sections 2.1 and 3.3 on one file.

/** Options of {@link FilesResource.list} and {@link FilesResource.iterate}. */
export interface ListOptions extends CallOptions {
  /** Whether the server fills in the `meta` of each file. @default false */
  includeMeta?: boolean | undefined;
}

/** The fields of a file that can be changed. Omitted fields keep their values. */
export interface FileChanges {
  /** The new name, without the extension. The extension cannot be changed. */
  name?: string | undefined;
  /** The complete list of tags. Replaces all existing tags. */
  tags?: readonly string[] | undefined;
  /** Whether the file is starred. */
  starred?: boolean | undefined;
}

/** Options of {@link FilesResource.download}. */
export interface DownloadOptions extends CallOptions {
  /**
   * Downloads a part of the file. If the server ignores the range, the call rejects. To continue a download of an earlier
   * run, pass the first missing byte as `start`, and the validator of the existing bytes as `ifRange`.
   *
   * @example
   * const part = await api.files.download(id, 'original', { range: { start: 4096, ifRange: '"v1"' } });
   */
  range?: ByteRange | undefined;
  /**
   * Called with the progress at most every 100 ms, and once at the end. It counts the bytes received, which are at most
   * 256 KiB ahead of the bytes read from the body. It never decreases: a download that resumes continues the count.
   */
  onProgress?: OnProgress | undefined;
}

/** The files of the user, and those shared with them. */
export interface FilesResource {
  /**
   * Lists all files, in the order of the server. Scope: `file.read`.
   *
   * @example
   * for (const file of await api.files.list()) console.log(file.name, file.size);
   *
   * @throws every error of a call: see {@link ApiClient}
   */
  list(options?: ListOptions): Promise<FileInfo[]>;
  /**
   * Yields all files one by one, while the list is received. Memory use does not grow with the number of files. Leaving
   * the loop cancels the request. Scope: `file.read`.
   *
   * Every error except a wrong option is thrown in the loop, after the files that were received before it.
   *
   * @example
   * for await (const file of api.files.iterate()) {
   *   if (file.starred) console.log(file.name);
   * }
   *
   * @throws {ConfigurationError} synchronously, if an option is invalid
   * @throws {TransferError} if the connection breaks
   * @throws {TimeoutError} `idle_timeout` if the list stalls; `timeout` if you set one and the whole list takes longer
   * @throws every error of a call: see {@link ApiClient}
   */
  iterate(options?: ListOptions): AsyncIterableIterator<FileInfo>;
  /**
   * Gets one file. Scope: `file.read`.
   *
   * @example
   * const { name, extension, tags } = await api.files.get(id);
   *
   * @throws {NotFoundError} if the file does not exist, or is not visible to the user
   * @throws every error of a call: see {@link ApiClient}
   */
  get(id: string, options?: CallOptions): Promise<FileInfo>;
  /**
   * Changes the name, the tags or the star of a file. Scopes: `file.update`, `file.read`.
   *
   * @example
   * await api.files.update(id, { name: 'holiday', tags: ['beach', '#summer'] });
   *
   * @returns the file after the change
   * @throws {NotFoundError} if the file does not exist
   * @throws every error of a call: see {@link ApiClient}
   */
  update(id: string, changes: FileChanges, options?: CallOptions): Promise<FileInfo>;
  /**
   * Uploads a file. Scope: `file.create`. A stream is sent while it is read, and is never sent twice.
   *
   * @example
   * const { id } = await api.files.upload(new File(['Hello'], 'hello.txt'), { tags: ['greeting'] });
   *
   * @throws {TransferError} `interrupted` if the source fails; `truncated` if the source has another number of bytes than it
   * announced, or if the server responds before it has received all of them
   * @throws {TimeoutError} `idle_timeout` if the upload stalls. There is no limit to its duration unless you set `timeout`
   * @throws {QuotaExceededError} if the account or the server has no room for the file
   * @throws every error of a call: see {@link ApiClient}
   */
  upload(source: UploadSource, options?: UploadOptions): Promise<UploadedFile>;
  /**
   * Uploads several files in one request. Either all of them are stored, or none. Scope: `file.create`.
   *
   * @example
   * const uploaded = await api.files.uploadAll([new File(['a'], 'a.txt'), new File(['b'], 'b.txt')]);
   *
   * @returns the uploaded files, in the order of `sources`
   * @throws the errors of {@link FilesResource.upload}
   */
  uploadAll(sources: Iterable<UploadSource>, options?: UploadAllOptions): Promise<UploadedFile[]>;
  /**
   * Uploads several files, each in a request of its own. One that fails does not stop the others. Scope: `file.create`.
   *
   * `sources` is an array or another iterable, and sources can be promises. A generator is asked for the next source only when it can
   * be uploaded: yield `openFile(path)` to open many files one after the other. If a generator throws, the error is the result of
   * the source that it could not return.
   *
   * After an abort, the result of each file that was not uploaded is the reason of the signal. All sources are released.
   *
   * @example
   * const results = await api.files.uploadEach([new File(['a'], 'a.txt'), new File(['b'], 'b.txt')]);
   * for (const result of results) {
   *   if (result.status === 'fulfilled') console.log(result.value.id);
   *   else console.error(result.reason);
   * }
   *
   * @returns a result for each source, in their order, as `Promise.allSettled()` returns them. The reasons are the errors of
   * {@link FilesResource.upload}
   * @throws {ConfigurationError} if `sources` is not iterable, or an option is invalid. Nothing was sent
   * @throws an error that was thrown by `onFile` or `onProgress`
   */
  uploadEach(
    sources:
      | Iterable<UploadSource | PromiseLike<UploadSource>>
      | AsyncIterable<UploadSource | PromiseLike<UploadSource>>,
    options?: UploadEachOptions,
  ): Promise<PromiseSettledResult<UploadedFile>[]>;
  /**
   * Downloads a file, or one of its {@link renditions}. Scope: `file.read`. The body of the response is a stream: read it, or
   * call `.blob()`, `.text()` or `.arrayBuffer()`.
   *
   * A body that breaks, ends early, or stalls for `idleTimeout` is resumed: the SDK requests the missing bytes of the same
   * version of the file. `retry` limits how often; the count starts again whenever bytes arrive. Resuming requires:
   *
   * - `Accept-Ranges: bytes` in the response
   * - a strong `ETag`, or a `Last-Modified` without an `ETag`
   * - in a browser, a server that exposes these headers (`Access-Control-Expose-Headers`)
   *
   * @example
   * const response = await api.files.download(id, 'thumb_320.jpg');
   * image.src = URL.createObjectURL(await response.blob());
   *
   * @throws {NotFoundError} if the file does not exist or has no such rendition
   * @throws {TransferError} while the body is read: `interrupted` if the connection broke, `truncated` if the body ended early,
   * `changed` if the file was replaced in the meantime. `bytes` is the number of bytes received. The call itself rejects with
   * `changed` if `range.ifRange` is no longer current
   * @throws {TimeoutError} `idle_timeout` while the body is read, if it stalls
   * @throws {ApiError} if the server refuses the download or a resumption; `http_416` if `range` starts beyond the end
   * @throws every error of a call: see {@link ApiClient}
   */
  download(id: string, rendition?: Rendition, options?: DownloadOptions): Promise<Response>;
  /**
   * Builds a URL that needs no header, for `<img src>`, a media player or a download link. Scope: `file.read`. No request
   * is sent.
   *
   * **The URL contains the access token**, so it grants everything that the token does. It appears in the browser's history,
   * in server logs, and in `Referer` headers unless the page sets `Referrer-Policy: no-referrer`. Never publish it: use
   * {@link FilesResource.publish} instead.
   *
   * @example
   * image.src = api.files.url(id, 'thumb_320.jpg').href;
   *
   * @throws {TokenExpiredError} synchronously, if the token is known to have expired
   * @throws {ConfigurationError} synchronously, if the id, the rendition or the token is invalid
   */
  url(id: string, rendition?: Rendition): URL;
  /**
   * Copies a file, without its tags. Scopes: `file.create`, `file.read`.
   *
   * @example
   * const copy = await api.files.clone(id);
   *
   * @returns the id of the copy
   * @throws {NotFoundError} if the file does not exist
   * @throws {QuotaExceededError} if the account or the server has no room for the copy
   * @throws every error of a call: see {@link ApiClient}
   */
  clone(id: string, options?: CallOptions): Promise<string>;
  /**
   * Publishes a file: anyone with the returned URL can open it, without a token. Scopes: `file.update`, `file.read`.
   *
   * @example
   * const { href } = await api.files.publish(id);
   *
   * @throws {NotFoundError} if the file does not exist
   * @throws every error of a call: see {@link ApiClient}
   */
  publish(id: string, options?: CallOptions): Promise<URL>;
  /**
   * Makes a published file private again. Scopes: `file.update`, `file.read`.
   *
   * @example
   * await api.files.unpublish(id);
   *
   * @throws {NotFoundError} if the file does not exist
   * @throws every error of a call: see {@link ApiClient}
   */
  unpublish(id: string, options?: CallOptions): Promise<void>;
  /**
   * Deletes a file permanently. Scopes: `file.delete`, `file.read`.
   *
   * @example
   * await api.files.delete(id);
   *
   * @throws {NotFoundError} if the file does not exist. A retry that finds it deleted by an earlier attempt succeeds
   * @throws every error of a call: see {@link ApiClient}
   */
  delete(id: string, options?: CallOptions): Promise<void>;
  /**
   * Extracts a zip archive on the server. Its files appear in the list a short time later. Scopes: `file.create`, `file.read`.
   *
   * @example
   * await api.files.extract(id);
   *
   * @throws {NotFoundError} if the file does not exist
   * @throws {ApiError} `http_400` if the file is not a zip archive
   * @throws every error of a call: see {@link ApiClient}
   */
  extract(id: string, options?: CallOptions): Promise<void>;
  /**
   * Polls a file until the server has converted it. Scope: `file.read`.
   *
   * @example
   * const { id } = await api.files.upload(file);
   * await api.files.waitUntilProcessed(id, { timeout: 60_000 });
   * const pdf = await api.files.download(id, 'document.pdf');
   *
   * @returns the file after the conversion
   * @throws {ProcessingError} if the server could not convert it
   * @throws {TimeoutError} `timeout` if it takes longer than `timeout`
   * @throws {NotFoundError} if the file does not exist
   * @throws every error of a call: see {@link ApiClient}
   */
  waitUntilProcessed(id: string, options?: WaitOptions): Promise<FileInfo>;
}

const listChecks = /* @__PURE__ */ withCallChecks({ includeMeta: checkFlag }) satisfies OptionChecks<ListOptions>;

const changeChecks = {
  name: checkName,
  tags: checkStrings,
  starred: checkBoolean,
} satisfies OptionChecks<FileChanges>;

// transfer-checks.ts, which is loaded on demand, refuses commas in tags and malformed media types
const uploadAllChecks = /* @__PURE__ */ withCallChecks({
  tags: checkStrings,
  starred: checkFlag,
  onProgress: checkOptionalFunction<OnProgress>,
}) satisfies OptionChecks<UploadAllOptions>;

const uploadChecks = /* @__PURE__ */ withCallChecks({
  tags: checkStrings,
  starred: checkFlag,
  onProgress: checkOptionalFunction<OnProgress>,
  name: checkName,
  type: (_: string, type: string | undefined) => type,
}) satisfies OptionChecks<UploadOptions>;

const downloadChecks = /* @__PURE__ */ withCallChecks({
  range: copyOfRange,
  onProgress: checkOptionalFunction<OnProgress>,
}) satisfies OptionChecks<DownloadOptions>;

/** Copies a range, because the application may change its own object before `openDownload()`, which is loaded on demand, checks it. */
export function copyOfRange(_: string, range: ByteRange | undefined): ByteRange | undefined {
  return typeof range === 'object' && !Array.isArray(range) ? { ...range } : range;
}

function downloadRoute(id: string, rendition: Rendition): string[] {
  return ['doc', checkId(id), checkRendition(rendition)];
}

/** For each `url()`, the function that leaves out the access token. */
const plainUrls = new WeakMap<FilesResource['url'], FilesResource['url']>();

/** The URL of a file without the access token, which an async `token` function may not have returned yet. */
export function plainUrl(files: FilesResource, id: string, rendition: Rendition): URL {
  return plainUrls.get(files.url)?.(id, rendition) ?? files.url(id, rendition); // an application may replace it
}

export function filesResource(connection: Connection): FilesResource {
  /** Calls `/doc/{id}`, or a route below it. */
  function callFile<T>(
    { id, subpath = [], ...route }: Omit<RouteCall<T>, 'segments'> & { id: string; subpath?: readonly string[] },
    settings: CallSettings,
  ): Promise<T> {
    return callRoute(connection, { ...route, segments: ['doc', checkId(id), ...subpath] }, settings);
  }

  async function* iterateFiles(
    searchParams: SearchParams,
    settings: CallSettings,
  ): AsyncGenerator<FileInfo[], void, undefined> {
    const own = connectionFor(connection, settings);
    const { signal, timeout } = settings;
    const wanted = { name: 'files.iterate', segments: ['doc'], signal };
    const lazy = await loadLazyChunk(own, { ...wanted, method: 'GET' });
    yield* lazy.iterateFiles(own, { ...wanted, searchParams, timeout }, { fileInfo, byId });
  }

  /**
   * Loads the rest of the SDK for an upload. If anything fails, the sources are released.
   * @param acquired the sources, secured before the first `await`: a stream may fail, and the caller may reuse the bytes
   */
  async function uploadWith<Settings extends { signal?: AbortSignal | undefined }, T>(
    name: string,
    acquired: readonly unknown[],
    read: () => Settings,
    send: (lazy: LazyChunk, settings: Settings) => Promise<T>,
  ): Promise<T> {
    try {
      const settings = read();
      const { signal } = settings;
      return await send(
        await loadLazyChunk(connection, { name, method: 'POST', segments: ['doc', 'upload'], signal }),
        settings,
      );
    } catch (error) {
      acquired.forEach(releaseSource);
      throw error;
    }
  }

  async function uploadParts(name: string, acquired: UploadSource[], read: () => GivenUpload): Promise<UploadedFile[]> {
    return uploadWith(name, acquired, read, (lazy, settings) => lazy.uploadFiles(connection, name, acquired, settings));
  }

  const files: FilesResource = {
    async list(options = {}) {
      const { includeMeta, ...settings } = readOptions('options', options, listChecks);
      const searchParams = { include_meta: includeMeta };
      const route = { name: 'files.list', method: 'GET', segments: ['doc'], searchParams } as const;
      return callRoute(connection, { ...route, ...mapOf(fileInfo) }, settings);
    },

    iterate(options = {}) {
      const { includeMeta, ...settings } = readOptions('options', options, listChecks);
      return itemsOf(iterateFiles({ include_meta: includeMeta }, settings));
    },

    async get(id, options = {}) {
      return callFile({ name: 'files.get', method: 'GET', id, ...objectOf(fileInfo) }, checkCall(options));
    },

    async update(id, changes, options = {}) {
      const json = readOptions('changes', changes, changeChecks);
      if (Object.values(json).every((value) => value === undefined)) {
        throw invalid('changes', 'must contain name, tags or starred');
      }
      return callFile({ name: 'files.update', method: 'POST', id, json, ...objectOf(fileInfo) }, checkCall(options));
    },

    async upload(source, options = {}) {
      const read = () => readOptions('options', options, uploadChecks);
      const [file] = await uploadParts('files.upload', [acquireSource(source)], read);
      return file as UploadedFile; // the response has one file for each source
    },

    async uploadAll(sources, options = {}) {
      const acquired =
        typeof sources === 'object' && sources?.[Symbol.iterator] ? Array.from(sources, acquireSource) : [];
      if (acquired.length === 0) {
        acquireSource(sources); // a Node.js stream that fails later must not end the process
        throw invalid('sources', 'must be a non-empty array');
      }
      return uploadParts('files.uploadAll', acquired, () => readOptions('options', options, uploadAllChecks));
    },

    async uploadEach(sources, options = {}) {
      const acquired = acquireEach(sources);
      // without the signal: after an abort, each source has a result
      return uploadWith(
        'files.uploadEach',
        [acquired].flat(),
        () => ({}),
        (lazy) => lazy.uploadEach(connection, acquired, options),
      );
    },

    async download(id, rendition = 'original', options = {}) {
      const { range, onProgress, ...settings } = readOptions('options', options, downloadChecks);
      const own = connectionFor(connection, settings);
      const { signal, timeout } = settings;
      const wanted = {
        name: 'files.download',
        segments: downloadRoute(id, rendition),
        range,
        onProgress,
        signal,
        timeout,
      };
      const { download } = await loadLazyChunk(own, { ...wanted, method: 'GET' });
      return download(own, wanted);
    },

    url(id, rendition = 'original') {
      return routeUrl(connection, downloadRoute(id, rendition), { access_token: connection.accessTokenNow() });
    },

    async clone(id, options = {}) {
      const route = { name: 'files.clone', method: 'POST', id, subpath: ['clone'] } as const;
      return (await callFile({ ...route, ...objectOf(clonedFile) }, checkCall(options))).id;
    },

    async publish(id, options = {}) {
      const route = { name: 'files.publish', method: 'POST', id, subpath: ['public'], json: { public: true } } as const;
      const { public_url } = await callFile({ ...route, ...objectOf(publishedFile) }, checkCall(options));
      return new URL(public_url);
    },

    async unpublish(id, options = {}) {
      const json = { public: false };
      await callFile(
        { name: 'files.unpublish', method: 'POST', id, subpath: ['public'], json, ...nothing },
        checkCall(options),
      );
    },

    async delete(id, options = {}) {
      const resultIfGone = () => {};
      await callFile({ name: 'files.delete', method: 'DELETE', id, resultIfGone, ...nothing }, checkCall(options));
    },

    async extract(id, options = {}) {
      await callFile(
        { name: 'files.extract', method: 'POST', id, subpath: ['extract'], ...nothing },
        checkCall(options),
      );
    },

    async waitUntilProcessed(id, options = {}) {
      const route = { name: 'files.waitUntilProcessed', method: 'GET', id, ...objectOf(fileInfo) } as const;
      const call = { ...route, segments: ['doc', checkId(id)], signal: checkSignal(options?.signal) };
      const lazy = await loadLazyChunk(connection, call);
      return lazy.waitUntilProcessed(id, (own) => callFile(route, own), options);
    },
  };
  plainUrls.set(files.url, (id, rendition = 'original') => routeUrl(connection, downloadRoute(id, rendition)));
  return files;
}
