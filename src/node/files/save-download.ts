import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import type { ApiClient } from '../../api/client.js';
import { plainUrl } from '../../api/files.js';
import { checkOptionalFunction, checkSignal, invalid, kindOf } from '../../protocol/checks.js';
import { ApiError, DoctapeError, FileSystemError, ResponseError, TransferError } from '../../protocol/errors.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import type { Rendition } from '../../protocol/renditions.js';
import { meter, type OnProgress, type Progress } from '../../transport/calls/progress.js';
import { contentRange, strongValidator } from '../../transport/download/range.js';
import { type ResponseReader, responseReader } from '../../transport/download/response-reader.js';
import { takeBody } from '../../transport/download/taken-body.js';
import { announcedLength, isEncoded } from '../../transport/http/body.js';
import { pathError, systemCode, unlessAbsent, writeError } from '../system-error.js';
import { absolutePath } from './absolute-path.js';
import { type BatchWriter, batchWriter } from './batch-writer.js';
import { type Part, partOf, type RemoteFile, type ResumablePart } from './part.js';
import { lockPath } from './path-lock.js';
import { sideFiles } from './side-files.js';

/** The options of {@link saveDownload}. */
export interface SaveOptions {
  /** The rendition to download. @default 'original' */
  rendition?: Rendition | undefined;
  /** Whether to replace an existing file. If false and the file exists, the call rejects with `file_exists`. @default true */
  overwrite?: boolean | undefined;
  /**
   * Called at most every 100 ms, and once at the end, when the file has its final name. `loaded` is the number of bytes on disk,
   * including those of earlier runs. `total` is the size of the whole file.
   */
  onProgress?: OnProgress | undefined;
  /** Cancels the download, which then rejects with the signal's reason. A later call continues it. */
  signal?: AbortSignal | undefined;
}

const optionNames: OptionNames<SaveOptions> = { rendition: 1, overwrite: 1, onProgress: 1, signal: 1 };

/** A file that was saved to disk. */
export interface SavedFile {
  /** The absolute path. */
  path: string;
  /** The size in bytes. */
  size: number;
}

/** How often the download starts again if the file changes on the server. */
const maxVersions = 4;

/**
 * Downloads a file to `path`. Scope: `file.read`.
 *
 * The bytes are written to `path.part`, which is renamed when all of them are on the disk: `path` never contains an incomplete
 * file. An incomplete download of an earlier call is continued if the file on the server has not changed (RFC 9110 section 14.2);
 * otherwise it starts again. Only one download at a time can write to a path. If the file name is longer than 133 bytes, the name
 * of the part is shortened.
 *
 * @param api the client to download with
 * @param id the id of the file
 * @param path the path of the file to write, not of a folder
 *
 * @example
 * import { saveDownload } from 'doctape-sdk/node';
 *
 * await saveDownload(api, id, 'holiday.jpg', { onProgress: ({ fraction }) => console.log(fraction) });
 *
 * @throws {FileSystemError} `file_exists` if `overwrite` is false and the file exists, or if a foreign file has the name of the part;
 * `locked` if another download is writing to `path`; `disk_full`, `permission_denied`, `file_not_found`, `is_directory`,
 * `name_too_long` or `io` if the file system reports an error. `bytes` is the number of bytes written. The part is kept, and the
 * next call continues
 * @throws {TransferError} if the connection broke. The part is kept, and the next call continues
 * @throws {ConfigurationError} if an argument is invalid
 * @throws the errors of `api.files.download()`
 */
export async function saveDownload(
  api: Pick<ApiClient, 'files'>,
  id: string,
  path: string,
  options: SaveOptions = {},
): Promise<SavedFile> {
  checkApi(api);
  const { overwrite = true, onProgress, signal } = checkOptions('options', options, optionNames);
  if (typeof overwrite !== 'boolean') throw invalid('overwrite', `must be true or false, not ${kindOf(overwrite)}`);
  checkOptionalFunction('onProgress', onProgress);
  checkSignal(signal)?.throwIfAborted();
  return saveFile(api, id, path, { ...options, overwrite });
}

interface FileOptions extends SaveOptions {
  overwrite: boolean;
  /** The modification time of the file. @default when it was written */
  modified?: Date | undefined;
}

/** {@link saveDownload} with options that have been checked. */
export async function saveFile(
  api: Pick<ApiClient, 'files'>,
  id: string,
  path: string,
  { rendition = 'original', overwrite, onProgress, signal, modified }: FileOptions,
): Promise<SavedFile> {
  const { origin, pathname } = plainUrl(api.files, id, rendition);
  const target = await checkTarget(path, overwrite);
  const beside = sideFiles(target);
  const lock = await lockPath(target, beside.lock, signal);
  try {
    await checkTarget(path, overwrite); // another process may have created the file while this one waited for the lock
    const download: Download = {
      url: origin + pathname,
      path: target,
      overwrite,
      modified,
      part: partOf(target, beside, lock),
      onProgress: onProgress && monotonic(onProgress),
      signal,
      fetch: (range) => api.files.download(id, rendition, { ...(range && { range }), ...(signal && { signal }) }),
    };
    for (let version = 1; ; version++) {
      try {
        return { path: target, size: await save(download) };
      } catch (error) {
        if (!(error instanceof TransferError && error.code === 'changed') || version === maxVersions) throw error;
        await onDisk(target, () => 0, download.part.remove()); // the part belongs to the old version
      }
    }
  } finally {
    await lock.release();
  }
}

/** How long `onProgress` can delay the end, in milliseconds. The default `timeout` of a client. */
export const lastReportLimit: number = 30_000;

interface Download {
  url: string;
  path: string;
  overwrite: boolean;
  modified: Date | undefined;
  part: Part;
  onProgress: OnProgress | undefined;
  signal: AbortSignal | undefined;
  fetch: (range?: { start: number; ifRange: string }) => Promise<Response>;
}

/** Continues or starts the download. @returns the size of the file in bytes */
async function save(download: Download): Promise<number> {
  const { path, part, url } = download;
  let written = 0;
  const disk = <T>(work: Promise<T>) => onDisk(path, () => written, work);
  const found = await disk(part.find(url));
  const { response, start } = await requestBytes(download, found);
  const { total, remote } = readHead(response, url);
  const progress = meter(download.onProgress, total);
  const reader = takeBody(response) ?? responseReader(response);
  written = start;
  try {
    progress.add(start);
    const opened = await disk(found && start > 0 ? part.reopen(found) : part.create(remote));
    const append = async (chunks: Uint8Array[]) => {
      const bytes = await disk(opened.write(chunks, written));
      written += bytes;
      progress.add(bytes);
      return bytes;
    };
    const writer = batchWriter(append, (chunk) => {
      if (reader.ownsChunks) freeMemory(chunk);
    });
    try {
      await writeBody(reader, writer);
      await disk(opened.publish(written, download));
    } finally {
      await opened.close().catch(() => {}); // the file is complete and flushed
    }
  } catch (error) {
    void reader.release(); // closes the connection if the disk failed
    if (remote.validator === undefined && start === 0) await part.remove().catch(() => {}); // it could not be continued
    // the error counts the bytes of this response only
    if (error instanceof TransferError && error.bytes !== written) {
      throw new TransferError(error.code, error.message, written);
    }
    throw error instanceof FileSystemError ? Object.assign(error, { bytes: written }) : error;
  }
  await progress.end({ operation: `GET ${url}`, signal: download.signal, limit: lastReportLimit });
  return written;
}

/**
 * Requests the last byte of the part again. A complete part is then not a special case, and the server rejects a part that is longer
 * than the file with 416.
 */
async function requestBytes(
  download: Download,
  found: ResumablePart | undefined,
): Promise<{ response: Response; start: number }> {
  if (found && found.size > 1) {
    const start = found.size - 1;
    try {
      return { response: await download.fetch({ start, ifRange: found.validator }), start };
    } catch (error) {
      if (!cannotContinue(error)) throw error;
    }
  }
  return { response: await download.fetch(), start: 0 };
}

/** Whether the server cannot send the rest of this part: the file has changed, or the server does not support ranges. */
function cannotContinue(error: unknown): boolean {
  // servers that do not support ranges may respond with 400 or 501
  if (error instanceof ApiError) return [400, 412, 416, 501].includes(error.status);
  if (error instanceof TransferError) return error.code === 'changed';
  return error instanceof ResponseError && error.code === 'unexpected_status';
}

function onDisk<T>(path: string, written: () => number, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw error instanceof DoctapeError ? error : writeError(path, written(), error);
  });
}

/** The size of the whole file and its version, if the response has them. */
function readHead(response: Response, url: string): { total: number | undefined; remote: RemoteFile } {
  const { status, headers } = response;
  // the length and ranges of a compressed body do not apply to the decompressed bytes
  if (isEncoded(headers)) return { total: undefined, remote: { url } };
  return {
    total: status === 206 ? contentRange(headers)?.size : announcedLength(response),
    remote: { url, validator: strongValidator(headers, Date.now()) },
  };
}

/**
 * Frees the memory of a chunk now. The next chunk then uses the same memory, and the garbage collector runs half as often: it would
 * take a seventh of the CPU time of a download.
 */
function freeMemory({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

async function writeBody(reader: ResponseReader, writer: BatchWriter): Promise<void> {
  try {
    for (let chunk = await reader.read(); chunk; chunk = await reader.read()) await writer.write(chunk);
  } catch (error) {
    await writer.flush().catch(() => {}); // keep what arrived before the connection broke
    throw error;
  }
  await writer.flush();
}

/** `loaded` never decreases, also if the download starts again. Until the new version has as many bytes, `total` is omitted. */
function monotonic(onProgress: OnProgress): OnProgress {
  let most = 0;
  return (progress: Progress) => {
    const { loaded, fraction } = progress;
    const isBehind = loaded < most;
    most = Math.max(most, loaded);
    return onProgress(isBehind ? { loaded: most, ...(fraction === 1 && { fraction }) } : progress);
  };
}

export function checkApi(api: unknown): void {
  if (typeof api === 'object' && api !== null && 'files' in api) return;
  throw invalid('api', `must be an ApiClient, not ${kindOf(api)}`);
}

/** Returns the path of the file to write. Symbolic links are followed. */
async function checkTarget(path: string, overwrite: boolean): Promise<string> {
  const target = absolutePath(path);
  if (path.endsWith('/') || path.endsWith(sep)) throw folderError(path);
  try {
    const status = await stat(target);
    if (status.isDirectory()) throw folderError(path);
    if (!status.isFile()) {
      throw new FileSystemError(
        'io',
        `${path} is not a regular file, so a download cannot replace it: choose another path`,
        path,
      );
    }
    if (!overwrite)
      throw new FileSystemError(
        'file_exists',
        `${path} exists and overwrite is false: remove it, or choose another path`,
        path,
      );
    return await realpath(target);
  } catch (error) {
    if (error instanceof DoctapeError) throw error;
    if (systemCode(error) !== 'ENOENT') throw pathError(path, 'cannot be written', error);
  }
  const link = await lstat(target).catch(unlessAbsent);
  if (link?.isSymbolicLink()) throw notFound(path, 'is a symbolic link to a file that does not exist: remove the link');
  const folder = await stat(dirname(target)).catch(() => undefined);
  if (!folder) throw notFound(path, 'is in a folder that does not exist: create the folder first');
  return target;
}

function notFound(path: string, problem: string): FileSystemError {
  return new FileSystemError('file_not_found', `${path} ${problem}`, path);
}

function folderError(path: string): FileSystemError {
  return new FileSystemError('is_directory', `${path} is a folder: pass the path of a file in it`, path);
}
