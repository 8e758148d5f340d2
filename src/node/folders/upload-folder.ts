import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClient } from '../../api/client.js';
import { type CallOptions, withCallChecks } from '../../api/options/call-options.js';
import { checkBoolean, checkFlag } from '../../api/options/checks.js';
import { checkTags } from '../../api/options/transfer-checks.js';
import { checkOptionalFunction, invalid, kindOf } from '../../protocol/checks.js';
import { FileSystemError } from '../../protocol/errors.js';
import { type OptionChecks, readOptions } from '../../protocol/options.js';
import type { UploadedFile } from '../../protocol/schemas/file.js';
import type { OnProgress } from '../../transport/calls/progress.js';
import { checkConcurrency, settleEach } from '../../transport/calls/settle-each.js';
import { totalProgress } from '../../transport/calls/total-progress.js';
import { absolutePath } from '../files/absolute-path.js';
import { openFile } from '../files/open-file.js';
import { checkApi, lastReportLimit } from '../files/save-download.js';
import { pathError } from '../system-error.js';
import { isInside } from './inside.js';
import { compilePatterns, namesHidden, type Patterns } from './patterns.js';
import { outside, walkFolder } from './walk-folder.js';

/** The result for one file of a folder: as `Promise.allSettled()` returns it, with the path of the file. */
export type FolderResult<T> = PromiseSettledResult<T> & {
  /** The path, relative to the folder, with `/` on every system. */
  path: string;
};

/** The options of {@link uploadFolder}. `timeout` and `retry` apply to each file. */
export interface UploadFolderOptions extends CallOptions {
  /** Whether to upload the files in subfolders. @default true */
  recursive?: boolean | undefined;
  /**
   * Glob patterns of the files to upload. A pattern without a slash applies to names in every folder, such as `*.jpg`. Others apply to
   * paths relative to the folder, such as `2013/*.jpg`. A pattern that matches a folder applies to everything in it. @default all files
   */
  include?: Patterns | undefined;
  /** Glob patterns of the files and folders to leave out, such as `['node_modules', '*.tmp']`. @default none */
  exclude?: Patterns | undefined;
  /** Whether to upload files and folders whose names begin with a dot. @default false */
  hidden?: boolean | undefined;
  /** Tags for each file. @default none */
  tags?: readonly string[] | undefined;
  /**
   * Returns more tags for a file. doctape has no folders, so this is how a file can keep the folder it was in. Tags that begin with `+`
   * share the file, and `#` adds it to a tape.
   * @default none
   *
   * @example
   * await uploadFolder(api, 'photos', { tagsFor: (path) => path.split('/').slice(0, -1) });
   */
  tagsFor?: ((path: string) => readonly string[]) | undefined;
  /** Whether each file is starred. @default false */
  starred?: boolean | undefined;
  /** How many files are uploaded at the same time, from 1 to 100. @default 4 */
  concurrency?: number | undefined;
  /**
   * Called with the progress of all files together, at most every 100 ms, and once at the end. The bytes that a failed file did not
   * send are subtracted from `total`.
   */
  onProgress?: OnProgress | undefined;
  /** Called with the result of each file as soon as it is known. It can be async: the next upload waits for it. */
  onFile?: ((result: FolderResult<UploadedFile>) => unknown) | undefined;
}

const checks = /* @__PURE__ */ withCallChecks({
  recursive: checkBoolean,
  include: compilePatterns,
  exclude: compilePatterns,
  hidden: checkBoolean,
  tags: checkTags,
  tagsFor: checkOptionalFunction<UploadFolderOptions['tagsFor']>,
  starred: checkFlag,
  concurrency: checkConcurrency,
  onProgress: checkOptionalFunction<OnProgress>,
  onFile: checkOptionalFunction<UploadFolderOptions['onFile']>,
}) satisfies OptionChecks<UploadFolderOptions>;

/**
 * Uploads the files in a folder, each in a request of its own. One that fails does not stop the others. Scope: `file.create`.
 *
 * The folder is listed first, then its files are opened one after the other. A file that was removed or has changed in the meantime is
 * reported as failed, and files that were added are not uploaded.
 *
 * Symbolic links are followed if their targets are in the folder. A link that leads out of the folder, a broken one, and anything else
 * that is not a file is reported as failed. Use `exclude` to leave it out.
 *
 * The files keep their names, but not their folders, which doctape does not have: see `tagsFor`.
 *
 * @param api the client to upload with
 * @param folder the path of the folder
 *
 * @example
 * import { uploadFolder } from 'doctape-sdk/node';
 *
 * const results = await uploadFolder(api, 'photos', { include: '*.jpg', tags: ['holiday'] });
 * for (const result of results) if (result.status === 'rejected') console.error(result.path, result.reason);
 *
 * @returns a result for each file, sorted by path. The reasons are the errors of `openFile()` and `api.files.upload()`. After an abort,
 * the reason of the signal is the result of each file that was not uploaded
 * @throws {FileSystemError} if the folder does not exist or cannot be read
 * @throws {ConfigurationError} if an argument is invalid. Nothing was sent
 * @throws an error that was thrown by `onFile` or `onProgress`, or the reason of a signal that aborts while the folder is listed
 */
export async function uploadFolder(
  api: Pick<ApiClient, 'files'>,
  folder: string,
  options: UploadFolderOptions = {},
): Promise<FolderResult<UploadedFile>[]> {
  checkApi(api);
  const {
    recursive = true,
    include,
    exclude,
    hidden = false,
    tagsFor,
    concurrency,
    onProgress,
    onFile,
    signal,
    timeout,
    retry,
    headers,
  } = readOptions('options', options, checks);
  const { tags = [], starred } = options; // they have been checked
  const given = [...tags];
  if (!hidden && namesHidden(options.include)) {
    throw invalid('include', 'names hidden files, which are left out by default: add hidden: true');
  }
  const root = await rootOf(folder);
  const walk = {
    root,
    recursive,
    hidden,
    includes: include ?? (() => true),
    excludes: exclude ?? (() => false),
    signal,
  };
  const found = await walkFolder(walk);

  let fail: (error: unknown) => void = () => {}; // set before the first report
  const progress = totalProgress(onProgress, (error) => fail(error));
  const transfers = found.map((each) => progress.add('size' in each ? each.size : 0));
  progress.complete();
  const pathOf = (index: number) => found[index]?.path ?? '';

  const results = await settleEach(found, {
    concurrency,
    signal,
    async work(each, index, work) {
      fail = work.fail;
      const own = transfers[index];
      try {
        if ('error' in each) throw each.error;
        const all = [...given, ...tagsOf(tagsFor?.(each.path))];
        const file = await openInside(root, each.path);
        return await api.files.upload(file, {
          ...{ tags: all, starred, timeout, retry, headers },
          onProgress: own?.onProgress,
          signal: work.signal,
        });
      } finally {
        own?.end();
      }
    },
    onSettled: onFile && ((result, index) => onFile({ path: pathOf(index), ...result })),
    release() {},
  });
  await progress.end({ operation: 'uploadFolder()', signal, limit: lastReportLimit });
  return results.map((result, index) => ({ path: pathOf(index), ...result }));
}

function tagsOf(tags: unknown): readonly string[] {
  if (tags === undefined) return [];
  if (Array.isArray(tags)) return tags;
  throw invalid('tagsFor', `must return an array of tags, not ${kindOf(tags)}`); // the characters of a string would be tags
}

async function rootOf(folder: string): Promise<string> {
  const absolute = absolutePath(folder, 'folder');
  let root: string;
  try {
    root = await realpath(absolute);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    throw pathError(folder, 'cannot be read', error);
  }
  throw new FileSystemError('io', `${folder} is not a folder: open it with openFile() and pass it to upload()`, root);
}

/** Opens a file of the folder. It may have been replaced by a link since the folder was listed. */
async function openInside(root: string, path: string): Promise<File> {
  const absolute = join(root, path);
  const target = await realpath(absolute).catch((error: unknown) => {
    throw pathError(absolute, 'cannot be read', error);
  });
  if (!isInside(root, target)) throw outside(absolute);
  return openFile(absolute);
}
