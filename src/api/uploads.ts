import { checkOptionalFunction, invalid, kindOf } from '../protocol/checks.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import { type UploadedFile, uploadedFile } from '../protocol/schemas/file.js';
import type { Connection } from '../transport/calls/connection.js';
import type { OnProgress } from '../transport/calls/progress.js';
import { checkConcurrency, settleEach } from '../transport/calls/settle-each.js';
import { totalProgress } from '../transport/calls/total-progress.js';
import { isWebStream } from '../transport/http/byte-reader.js';
import { abortable } from '../transport/http/watch.js';
import {
  acquireSource,
  isAnyBuffer,
  isPromise,
  type Later,
  releaseSource,
} from '../transport/upload/acquire-source.js';
import type { UploadSource } from '../transport/upload/source.js';
import { upload } from '../transport/upload/upload.js';
import { connectionFor, withCallChecks } from './options/call-options.js';
import { checkFlag } from './options/checks.js';
import { checkTags, checkType, isMediaType } from './options/transfer-checks.js';
import type { GivenUpload, UploadAllOptions, UploadSettings } from './options/upload-options.js';
import { mapOf } from './results.js';

/** Called with the result of each file. */
export type OnFile = (result: PromiseSettledResult<UploadedFile>, index: number) => unknown;

/** Options of {@link FilesResource.uploadEach}. `timeout` and `retry` apply to each file. */
export interface UploadEachOptions extends UploadAllOptions {
  /** How many files are uploaded at the same time, from 1 to 100. @default 4 */
  concurrency?: number | undefined;
  /**
   * Called with the result of each file as soon as it is known, and with its index in `sources`. It can be async: the next
   * upload waits for it. If it throws or rejects, the running uploads are aborted and the call rejects with that error.
   *
   * @example
   * await api.files.uploadEach(files, {
   *   onFile: (result, index) => console.log(files[index]?.name, result.status),
   * });
   */
  onFile?: OnFile | undefined;
  /**
   * Called with the progress of all files together, at most every 100 ms, and once at the end. `total` and `fraction` are
   * missing until all sources and their sizes are known. The bytes that a failed file did not send are subtracted from `total`.
   */
  onProgress?: OnProgress | undefined;
}

const checks = /* @__PURE__ */ withCallChecks({
  tags: checkTags,
  starred: checkFlag,
  concurrency: checkConcurrency,
  onFile: checkOptionalFunction<OnFile>,
  onProgress: checkOptionalFunction<OnProgress>,
}) satisfies OptionChecks<UploadEachOptions>;

/** Checks the tags and the type, and uploads several sources in one request. */
export async function uploadFiles(
  connection: Connection,
  operation: string,
  acquired: readonly UploadSource[],
  given: GivenUpload,
): Promise<UploadedFile[]> {
  const settings = { ...given, tags: checkTags('tags', given.tags), type: checkType('type', given.type) };
  return uploadParts(connection, operation, acquired, settings);
}

/** Uploads several sources in one request, and always releases them. */
async function uploadParts(
  connection: Connection,
  operation: string,
  acquired: readonly UploadSource[],
  { name, type, tags, starred, onProgress, ...settings }: UploadSettings,
): Promise<UploadedFile[]> {
  const { signal, timeout } = settings;
  return upload(connectionFor(connection, settings), {
    name: operation,
    segments: ['doc', 'upload'],
    searchParams: { tags, starred },
    sources: acquired,
    describe: (content) => ({
      name: name ?? (content.name || 'untitled'),
      type: type ?? (isMediaType(content.type) ? content.type : 'application/octet-stream'),
    }),
    onProgress,
    signal,
    timeout,
    ...mapOf(uploadedFile, acquired.length),
  });
}

/** Uploads each source in a request of its own, and always releases them. */
export async function uploadEach(
  connection: Connection,
  acquired: unknown,
  options: UploadEachOptions,
): Promise<PromiseSettledResult<UploadedFile>[]> {
  const { concurrency, onFile, onProgress, signal, ...settings } = readOptions('options', options, checks);
  const sources = checkSources(acquired);

  let fail: (error: unknown) => void = () => {}; // set before the first report
  const progress = totalProgress(onProgress, (error) => fail(error));
  const known = Array.isArray(sources) ? sources.map((source) => progress.add(sizeOf(source))) : [];
  if (Array.isArray(sources)) progress.complete();

  const results = await settleEach(sources, {
    concurrency,
    signal,
    async work(given, index, work) {
      fail = work.fail;
      const transfer = known[index] ?? progress.add(undefined);
      try {
        const source = acquireSource(await arrived(given, work.signal));
        const own = { ...settings, onProgress: transfer.onProgress, signal: work.signal };
        return await sendOne(connection, source, own);
      } finally {
        transfer.end();
      }
    },
    onSettled: onFile,
    onLast: progress.complete,
    release: releaseSource,
  });
  await progress.end({ operation: 'uploadEach()', signal, limit: settings.timeout ?? connection.timeout });
  return results;
}

async function sendOne(connection: Connection, source: UploadSource, settings: UploadSettings): Promise<UploadedFile> {
  try {
    const [file] = await uploadParts(connection, 'files.uploadEach', [source], settings);
    return file as UploadedFile; // the response has one file for each source
  } catch (error) {
    releaseSource(source); // it may have failed before the source was read
    throw error;
  }
}

/** The source, or that of a promise. It is released if the call is aborted before. */
async function arrived(source: Later<UploadSource>, signal: AbortSignal): Promise<UploadSource> {
  if (!isPromise(source)) return source;
  try {
    return await abortable(Promise.resolve(source), signal);
  } catch (error) {
    releaseSource(source);
    throw error;
  }
}

/** The size of a source in bytes, if it is known before the upload. */
function sizeOf(source: unknown): number | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  if (isAnyBuffer(source)) return source.byteLength;
  return 'size' in source && typeof source.size === 'number' ? source.size : undefined;
}

/** A single source is iterable too, if it is a stream or a buffer. */
function checkSources(sources: unknown): Iterable<Later<UploadSource>> | AsyncIterable<Later<UploadSource>> {
  const name = 'sources';
  if (typeof sources !== 'object' || sources === null) {
    throw invalid(name, `must be an array, a generator or another iterable of sources, not ${kindOf(sources)}`);
  }
  if (isWebStream(sources) || 'pipe' in sources || isAnyBuffer(sources)) {
    throw invalid(name, 'is a single source: pass it to upload(), or pass an array');
  }
  if (isIterable(sources)) return sources;
  throw invalid(name, 'must be an array, a generator or another iterable: pass a single source to upload()');
}

function isIterable(value: object): value is Iterable<Later<UploadSource>> | AsyncIterable<Later<UploadSource>> {
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}
