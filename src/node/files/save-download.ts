import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import type { ApiClient } from '../../api/client.js';
import { checkOptionalFunction, checkSignal, invalid, kindOf } from '../../protocol/checks.js';
import { ApiError, DoctapeError, FileSystemError, ResponseError, TransferError } from '../../protocol/errors.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import type { Rendition } from '../../protocol/renditions.js';
import { meter, type OnProgress, type Progress } from '../../transport/calls/progress.js';
import { contentRange, strongValidator } from '../../transport/download/range.js';
import { type ResponseReader, responseReader } from '../../transport/download/response-reader.js';
import { isEncoded } from '../../transport/http/body.js';
import { pathError, systemCode, unlessAbsent, writeError } from '../system-error.js';
import { absolutePath } from './absolute-path.js';
import { type BatchWriter, batchWriter } from './batch-writer.js';
import { type Left, type Origin, type Part, partOf } from './part.js';
import { lockPath } from './path-lock.js';
import { sideFiles } from './side-files.js';

/** What to save, and whom to tell. */
export interface SaveOptions {
  /** @default 'original' */
  rendition?: Rendition | undefined;
  /** Whether a file that is there may be replaced; if not, one that is there is an error. @default true */
  overwrite?: boolean | undefined;
  /**
   * Told at most every 100 ms, and once at the end, when the file bears its name. It counts bytes that are written, those
   * of earlier runs among them; `total` is the whole file.
   */
  onProgress?: OnProgress | undefined;
  /** Stops the download, which then rejects with the signal's reason. What is there can be continued. */
  signal?: AbortSignal | undefined;
}

const optionNames: OptionNames<SaveOptions> = { rendition: 1, overwrite: 1, onProgress: 1, signal: 1 };

/** A file that is on the disk. */
export interface SavedFile {
  /** Where it is, absolute. */
  path: string;
  /** Bytes. */
  size: number;
}

/** A file that changes again and again while it is downloaded is given up. */
const mostVersions = 4;

/**
 * Downloads a file to `path`. Scope: `file.read`.
 *
 * The bytes go to `path.part`, which gets its final name when all of them are on the disk: whatever happens, `path` holds
 * the old file or the whole new one. A part that an earlier run left is continued if the file is still the same version
 * (RFC 9110 section 14.2), and else begun again. One download at a time can write to a path. Where the name is longer than 133
 * bytes, the part has a shorter one.
 *
 * @param path where to write it: the name of a file, never a folder
 *
 * @example
 * await saveDownload(api, id, 'holiday.jpg', { onProgress: ({ fraction }) => console.log(fraction) });
 *
 * @throws {FileSystemError} `file_exists` if `overwrite` is false and there is a file, or if another file has the name of the part;
 * `locked` if another download is writing to `path`; `disk_full`, `permission_denied`, `file_not_found`, `is_directory`,
 * `name_too_long` or `io` if the file system refuses. `bytes` is what has been written. `path.part` is kept, and the next call continues
 * @throws {TransferError} when it broke off; `path.part` is kept, and the next call continues
 * @throws {ConfigurationError} when an argument is wrong
 * @throws whatever else `api.files.download()` throws
 */
export async function saveDownload(
  api: ApiClient,
  id: string,
  path: string,
  options: SaveOptions = {},
): Promise<SavedFile> {
  checkApi(api);
  const {
    rendition = 'original',
    overwrite = true,
    onProgress,
    signal,
  } = checkOptions('options', options, optionNames);
  if (typeof overwrite !== 'boolean') throw invalid('overwrite', `must be true or false, not ${kindOf(overwrite)}`);
  checkOptionalFunction('onProgress', onProgress);
  checkSignal(signal)?.throwIfAborted();
  const { origin, pathname } = api.files.url(id, rendition);
  const target = await checkTarget(path, overwrite);
  const beside = sideFiles(target);
  const lock = await lockPath(target, beside.lock, signal);
  try {
    await checkTarget(path, overwrite); // somebody may have written it while we waited for the lock
    const download: Download = {
      url: origin + pathname, // without its query, which holds the token
      path: target,
      overwrite,
      part: partOf(target, beside, lock),
      onProgress: onProgress && monotonic(onProgress),
      fetch: (range) => api.files.download(id, rendition, { ...(range && { range }), ...(signal && { signal }) }),
    };
    for (let version = 1; ; version++) {
      try {
        return { path: target, size: await save(download) };
      } catch (error) {
        if (!(error instanceof TransferError && error.code === 'changed') || version === mostVersions) throw error;
        await onDisk(target, () => 0, download.part.remove()); // what is there is of the old version
      }
    }
  } finally {
    await lock.release();
  }
}

interface Download {
  url: string;
  path: string;
  overwrite: boolean;
  part: Part;
  onProgress: OnProgress | undefined;
  fetch: (range?: { start: number; ifRange: string }) => Promise<Response>;
}

/** Continues what is there, or begins. @returns the size of the file */
async function save(download: Download): Promise<number> {
  const { path, part, url } = download;
  let written = 0;
  const disk = <T>(work: Promise<T>) => onDisk(path, () => written, work);
  const left = await disk(part.left(url));
  const { response, start } = await ask(download, left);
  const { total, origin } = describe(response, url);
  const progress = meter(download.onProgress, total);
  const reader = responseReader(response);
  written = start;
  try {
    progress.add(start);
    const opened = await disk(left && start > 0 ? part.reopen(left) : part.create(origin));
    const writer = batchWriter(async (chunks) => {
      const bytes = await disk(opened.write(chunks, written));
      written += bytes;
      progress.add(bytes);
      return bytes;
    });
    try {
      await pour(reader, writer);
      await disk(opened.publish(written, download.overwrite));
    } finally {
      await opened.close().catch(() => {}); // what counts was synced, and has its name
    }
  } catch (error) {
    void reader.release(); // ends the connection, when it is the disk that failed
    if (origin.validator === undefined && start === 0) await part.remove().catch(() => {}); // nobody could continue it
    // the transfer counts from where it was continued
    if (error instanceof TransferError && error.bytes !== written) {
      throw new TransferError(error.code, error.message, written);
    }
    throw error instanceof FileSystemError ? Object.assign(error, { bytes: written }) : error;
  }
  progress.end();
  return written;
}

/**
 * The last byte that is there is asked for once more. So a part that is complete already is no special case, and one that
 * is longer than the file is told by the server (416).
 */
async function ask(download: Download, left: Left | undefined): Promise<{ response: Response; start: number }> {
  if (left && left.size > 1) {
    const start = left.size - 1;
    try {
      return { response: await download.fetch({ start, ifRange: left.validator }), start };
    } catch (error) {
      if (!isUnfit(error)) throw error;
    }
  }
  return { response: await download.fetch(), start: 0 };
}

/** Whether what is there is no part of what the server has, or not one that it can give the rest of. */
function isUnfit(error: unknown): boolean {
  // 400 and 501 are answers of servers that know no ranges
  if (error instanceof ApiError) return [400, 412, 416, 501].includes(error.status);
  if (error instanceof TransferError) return error.code === 'changed';
  return error instanceof ResponseError && error.code === 'unexpected_status';
}

function onDisk<T>(path: string, written: () => number, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw error instanceof DoctapeError ? error : writeError(path, written(), error);
  });
}

/** The size of the whole file, and the version it is of, as far as the response tells. */
function describe({ status, headers }: Response, url: string): { total: number | undefined; origin: Origin } {
  // of a compressed body, lengths and ranges are of something else than what arrives
  if (isEncoded(headers)) return { total: undefined, origin: { url } };
  const length = headers.get('content-length') ?? '';
  const whole = /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  return {
    total: status === 206 ? contentRange(headers)?.size : whole,
    origin: { url, validator: strongValidator(headers, Date.now()) },
  };
}

async function pour(reader: ResponseReader, writer: BatchWriter): Promise<void> {
  try {
    for (let chunk = await reader.read(); chunk; chunk = await reader.read()) await writer.write(chunk);
  } catch (error) {
    await writer.flush().catch(() => {}); // what arrived before it broke is worth keeping
    throw error;
  }
  await writer.flush();
}

/** What was loaded of a version that is gone still counts as loaded. Until there is as much again, nobody knows of how much. */
function monotonic(onProgress: OnProgress): OnProgress {
  let most = 0;
  return (progress: Progress) => {
    const { loaded, fraction } = progress;
    const isBehind = loaded < most;
    most = Math.max(most, loaded);
    onProgress(isBehind ? { loaded: most, ...(fraction === 1 && { fraction }) } : progress);
  };
}

function checkApi(api: unknown): void {
  if (typeof api === 'object' && api !== null && 'files' in api) return;
  throw invalid('api', `must be an ApiClient, not ${kindOf(api)}`);
}

/** The file to write: where a link leads, if there is one. */
async function checkTarget(path: string, overwrite: boolean): Promise<string> {
  const target = absolutePath(path);
  if (path.endsWith('/') || path.endsWith(sep)) throw isFolder(path);
  try {
    const status = await stat(target);
    if (status.isDirectory()) throw isFolder(path);
    if (!status.isFile()) {
      throw new FileSystemError('io', `${path} is not a regular file, and cannot be replaced by one`, path);
    }
    if (!overwrite) throw new FileSystemError('file_exists', `${path} exists, and overwrite is false`, path);
    return await realpath(target);
  } catch (error) {
    if (error instanceof DoctapeError) throw error;
    if (systemCode(error) !== 'ENOENT') throw pathError(path, 'cannot be written', error);
  }
  const link = await lstat(target).catch(unlessAbsent);
  if (link?.isSymbolicLink()) throw notFound(path, 'is a link that leads nowhere: make what it leads to');
  const folder = await stat(dirname(target)).catch(() => undefined);
  if (!folder) throw notFound(path, 'is in a folder that does not exist: make it first');
  return target;
}

function notFound(path: string, problem: string): FileSystemError {
  return new FileSystemError('file_not_found', `${path} ${problem}`, path);
}

function isFolder(path: string): FileSystemError {
  return new FileSystemError('is_directory', `${path} is a folder: name the file to write`, path);
}
