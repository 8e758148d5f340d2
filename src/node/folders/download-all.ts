import { lstat, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { ApiClient } from '../../api/client.js';
import { fileName } from '../../api/file-name.js';
import { checkBoolean } from '../../api/options/checks.js';
import { checkOptionalFunction, checkSignal, invalid, kindOf } from '../../protocol/checks.js';
import { DoctapeError, FileSystemError } from '../../protocol/errors.js';
import { type OptionChecks, readOptions } from '../../protocol/options.js';
import type { FileInfo } from '../../protocol/schemas/file.js';
import type { OnProgress } from '../../transport/calls/progress.js';
import { checkConcurrency, settleEach } from '../../transport/calls/settle-each.js';
import { totalProgress } from '../../transport/calls/total-progress.js';
import { abortable } from '../../transport/http/watch.js';
import { absolutePath } from '../files/absolute-path.js';
import { checkApi, lastReportLimit, type SavedFile, saveFile } from '../files/save-download.js';
import { pathError, unlessAbsent } from '../system-error.js';
import { isInside } from './inside.js';
import { localPaths, safeName } from './local-names.js';
import type { FolderResult } from './upload-folder.js';

/** A file to download, such as a {@link FileInfo} of `list()` or `iterate()`. */
export type RemoteFile = Pick<FileInfo, 'id' | 'name' | 'extension'> & Partial<Pick<FileInfo, 'size' | 'time_added'>>;

/** A file that was saved by {@link downloadAll}. */
export interface DownloadedFile extends SavedFile {
  /** Whether an earlier call had downloaded it, so that it was not requested again. */
  unchanged: boolean;
}

/** The result for one file of {@link downloadAll}. */
export type DownloadResult = FolderResult<DownloadedFile> & {
  /** The id of the file. */
  id: string;
};

/** The options of {@link downloadAll}. */
export interface DownloadAllOptions<T extends RemoteFile = RemoteFile> {
  /**
   * Whether to replace files in the folder that were not downloaded from the same file on the server. If false, the result of such a
   * file is a `FileSystemError` (`file_exists`). @default false
   */
  overwrite?: boolean | undefined;
  /** Whether names may begin with a dot. If false, such a name gets the prefix `_`. @default false */
  hidden?: boolean | undefined;
  /**
   * Returns the path of a file, relative to the folder, with `/`. Missing folders are created. The names in the path are changed where
   * that is necessary, and cannot lead out of the folder. @default the name of the file, without subfolders
   *
   * @example
   * await downloadAll(api, await api.files.list(), 'photos', {
   *   pathFor: (file) => [...file.tags.slice(0, 1), fileName(file)].join('/'),
   * });
   */
  pathFor?: ((file: T) => string) | undefined;
  /** How many files are downloaded at the same time, from 1 to 100. @default 4 */
  concurrency?: number | undefined;
  /**
   * Called with the progress of all files together, at most every 100 ms, and once at the end. It includes the bytes of earlier
   * calls. The bytes that are missing from a failed file are subtracted from `total`.
   */
  onProgress?: OnProgress | undefined;
  /** Called with the result of each file as soon as it is known. It can be async: the next download waits for it. */
  onFile?: ((result: DownloadResult) => unknown) | undefined;
  /** Cancels the downloads. The next call continues them. */
  signal?: AbortSignal | undefined;
}

const checks = {
  overwrite: checkBoolean,
  hidden: checkBoolean,
  pathFor: checkOptionalFunction<DownloadAllOptions['pathFor']>,
  concurrency: checkConcurrency,
  onProgress: checkOptionalFunction<OnProgress>,
  onFile: checkOptionalFunction<DownloadAllOptions['onFile']>,
  signal: (_, signal) => checkSignal(signal),
} satisfies OptionChecks<DownloadAllOptions>;

/**
 * Downloads files to a folder, which is created if necessary. One that fails does not stop the others. Scope: `file.read`.
 *
 * Each file is saved as with {@link saveDownload}: incomplete downloads of an earlier call are continued. The modification time of a saved
 * file is the time when it was added to doctape. A file that has this time and the right size is not downloaded again.
 *
 * The names come from the server, also from other users who share files. They are made safe:
 *
 * - Characters that some system does not allow, such as `/`, `:` and control characters, become `_`.
 * - Names that are special on some system get the prefix `_`: `..`, `CON`, `-rf`.
 * - Spaces and dots at the end are removed, and names are shortened to 255 bytes.
 * - Names that are equal, or differ only in case, get a number: `a.txt`, `A (2).txt`.
 *
 * @param api the client to download with. For other settings, pass `api.with({ retry: 5 })`
 * @param files the files to download: an array or another iterable. It is read to its end before the first download
 * @param folder the path of the folder
 *
 * @example
 * import { downloadAll } from 'doctape-sdk/node';
 *
 * const results = await downloadAll(api, api.files.iterate(), 'backup');
 * for (const result of results) if (result.status === 'rejected') console.error(result.path, result.reason);
 *
 * @returns a result for each file, in the order of `files`, with its id and its path in the folder. The reasons are the errors of
 * {@link saveDownload}. After an abort, the reason of the signal is the result of each file that was not downloaded
 * @throws {FileSystemError} if the folder cannot be created, or its path is that of a file
 * @throws {ConfigurationError} if an argument is invalid. Nothing was downloaded
 * @throws an error of `files`, `pathFor`, `onFile` or `onProgress`, or the reason of a signal that aborts before the first download
 */
export async function downloadAll<T extends RemoteFile>(
  api: Pick<ApiClient, 'files'>,
  files: Iterable<T> | AsyncIterable<T>,
  folder: string,
  options: DownloadAllOptions<T> = {},
): Promise<DownloadResult[]> {
  checkApi(api);
  // the check of a function does not depend on its type
  const checked = readOptions('options', options as DownloadAllOptions, checks);
  const { overwrite = false, hidden = false, concurrency, onProgress, onFile, signal } = checked;
  const { pathFor = fileName } = options;
  const list = await collect(files, signal);
  const wanted = list.map((file) => ({
    path: safePath(pathFor === fileName ? [fileName(file)] : segmentsOf(pathFor(file)), hidden),
    added: file.time_added?.getTime() ?? 0,
    id: file.id,
  }));
  const paths = localPaths(wanted);
  const root = await createRoot(folder);

  let fail: (error: unknown) => void = () => {}; // set before the first report
  const progress = totalProgress(onProgress, (error) => fail(error));
  const transfers = list.map(({ size }) => progress.add(size));
  progress.complete();
  const labelled = <R>(result: R, index: number) => ({
    id: list[index]?.id ?? '',
    path: paths[index] ?? '',
    ...result,
  });

  const results = await settleEach(list, {
    concurrency,
    signal,
    async work(file, index, work) {
      fail = work.fail;
      const own = transfers[index];
      const saving = { overwrite, onProgress: own?.onProgress, signal: work.signal };
      try {
        return await save(api, file, { root, path: paths[index] ?? '', ...saving });
      } finally {
        own?.end();
      }
    },
    onSettled: onFile && ((result, index) => onFile(labelled(result, index))),
    release() {},
  });
  await progress.end({ operation: 'downloadAll()', signal, limit: lastReportLimit });
  return results.map(labelled);
}

/** Reads the whole list first: the server may close the connection of a list that is read slowly. */
async function collect<T extends RemoteFile>(
  files: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal | undefined,
): Promise<T[]> {
  if (typeof files !== 'object' || files === null || !(Symbol.iterator in files || Symbol.asyncIterator in files)) {
    const isPromise = typeof files === 'object' && files !== null && 'then' in files;
    const given = isPromise ? 'a promise: await it first' : kindOf(files);
    throw invalid('files', `must be an array or another iterable of files, such as api.files.iterate(), not ${given}`);
  }
  signal?.throwIfAborted();
  const list: T[] = [];
  const read = async () => {
    for await (const file of files) {
      signal?.throwIfAborted(); // leaves the loop, which closes the iterator
      list.push(checkFile(file));
    }
  };
  await abortable(read(), signal);
  return list;
}

function checkFile<T extends RemoteFile>(file: T): T {
  const { id, name, extension, size, time_added } = file ?? {};
  const isNamed = [id, name, extension].every((text) => typeof text === 'string');
  const isSized = size === undefined || (typeof size === 'number' && size >= 0);
  if (isNamed && isSized && (time_added === undefined || typeof time_added.getTime === 'function')) return file;
  throw invalid('files', 'must contain files of list(), iterate() or get(), with an id, a name and an extension');
}

function segmentsOf(path: unknown): string[] {
  if (typeof path !== 'string')
    throw invalid('pathFor', `must return a path, such as '2013/beach.jpg', not ${kindOf(path)}`);
  const names = path.split(sep === '\\' ? /[\\/]/ : '/');
  return names.filter((name) => name !== '' && name !== '.');
}

function safePath(names: readonly string[], hidden: boolean): string {
  return names.map((name) => safeName(name, hidden)).join('/') || '_';
}

async function createRoot(folder: string): Promise<string> {
  const absolute = absolutePath(folder, 'folder');
  try {
    await mkdir(absolute, { recursive: true });
    return await realpath(absolute);
  } catch (error) {
    throw pathError(folder, 'cannot be created', error);
  }
}

interface Saving {
  root: string;
  path: string;
  overwrite: boolean;
  onProgress: OnProgress | undefined;
  signal: AbortSignal;
}

async function save(
  api: Pick<ApiClient, 'files'>,
  file: RemoteFile,
  { root, path, ...options }: Saving,
): Promise<DownloadedFile> {
  const target = join(root, path);
  if (await isUnchanged(root, target, file)) {
    const size = file.size ?? 0;
    options.onProgress?.({ loaded: size, total: size, fraction: 1 });
    return { path: target, size, unchanged: true };
  }
  const saved = await saveFile(api, file.id, target, { ...options, modified: file.time_added });
  return { ...saved, unchanged: false };
}

/**
 * Whether the file was downloaded before. Creates its folder if it was not.
 * @throws {FileSystemError} if a symbolic link in the folder leads out of it
 */
async function isUnchanged(root: string, target: string, { size, time_added }: RemoteFile): Promise<boolean> {
  try {
    await mkdir(dirname(target), { recursive: true });
    if (!isInside(root, await realpath(dirname(target)))) throw leadsOut(target);
    const status = await lstat(target).catch(unlessAbsent);
    if (status?.isSymbolicLink()) throw leadsOut(target);
    return status?.isFile() === true && status.size === size && isTimeOf(status.mtimeMs, time_added?.getTime());
  } catch (error) {
    throw error instanceof DoctapeError ? error : pathError(target, 'cannot be written', error);
  }
}

/**
 * Whether a file has the time that {@link save} sets, which is a whole second. Another file of the same second nearly always has a
 * fraction. FAT keeps even seconds only (owncloud/client#3103).
 */
function isTimeOf(modified: number, added: number | undefined): boolean {
  return added !== undefined && (modified === added || (modified % 2000 === 0 && Math.abs(modified - added) === 1000));
}

function leadsOut(path: string): FileSystemError {
  const message = `${path} leads through a symbolic link, which is not followed: remove the link, or choose another folder`;
  return new FileSystemError('file_exists', message, path);
}
