import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import prettyBytes from 'pretty-bytes';
import { type ApiClient, type FileInfo, FileSystemError, fileName, type Rendition } from '../../index.js';
import { type DownloadResult, downloadAll, type RemoteFile, type SavedFile, saveDownload } from '../../node.js';
import { refuseUrls } from '../core/arguments.js';
import type { JsonFlag } from '../core/define.js';
import { UsageError } from '../core/errors.js';
import { fileFinder } from '../core/find-files.js';
import { type Batch, failureOf, type ItemError, startBatch } from '../core/for-each-item.js';
import { openSession } from '../core/session.js';
import { summarise } from '../core/summary.js';
import { note, print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { type Transfers, withTransfers } from '../terminal/transfers.js';
import { cat } from './cat.js';
import { observed } from './observed.js';

export interface DownloadFlags extends JsonFlag {
  output?: string;
  rendition: Rendition;
  force?: boolean;
  quiet?: boolean;
}

interface Download {
  api: ApiClient;
  batch: Batch;
  flags: DownloadFlags;
  signal: AbortSignal;
  transfers: Transfers;
}

/** A file to download, and how the user named it. */
interface Wanted extends RemoteFile {
  given: string;
}

/** `doctape-sdk download` */
export async function download(signal: AbortSignal, files: string[], flags: DownloadFlags): Promise<void> {
  const { output, json } = flags;
  refuseUrls('download takes ids or names, as printed by ls', files);
  refuseUrls('--output takes a local file or folder', [output]);
  if (output === '-') {
    if (json) throw new UsageError('--output - writes the files to stdout, without JSON: remove --json');
    return cat(signal, files, flags);
  }
  if (output === '') throw new UsageError('--output is empty: it must be a file, a folder, or `-` for stdout');
  const folder = output === undefined ? '.' : (await kindOf(output)) === 'folder' ? output : undefined;
  if (folder === undefined && files.length > 1) {
    throw new UsageError(`--output must be an existing folder to download ${files.length} files`);
  }
  const { api } = await openSession();
  const onFailure = json ? (file: string, error: ItemError) => printJson({ file, ...failureOf(error) }) : undefined;
  const batch = startBatch(signal, onFailure);
  try {
    await withTransfers(flags.quiet === true, async (transfers) => {
      const context = { api, batch, flags, signal, transfers };
      const wanted = await find(files, context);
      if (folder === undefined) await saveAs(output ?? '', wanted, context);
      else await saveTo(folder, wanted, context);
      if (!flags.quiet) summarise('Saved', files.length, batch, transfers);
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) note('Stopped. Run the same command again to continue.');
  batch.end();
}

async function find(files: readonly string[], { api, batch, flags, signal }: Download): Promise<Wanted[]> {
  const finder = fileFinder(api, signal);
  const wanted = new Map<string, Wanted>();
  for (const given of files) {
    const [result] = await Promise.allSettled([(async () => batch.check())().then(() => finder.find(given))]);
    signal.throwIfAborted();
    if (result.status === 'rejected') batch.settle(given, result);
    else wanted.set(result.value.id, { given, ...described(result.value, flags.rendition) });
  }
  return [...wanted.values()];
}

/** The size and the time of another rendition are not known. */
function described(file: FileInfo, rendition: Rendition): RemoteFile {
  if (rendition === 'original') return file;
  return { id: file.id, name: `${file.name}-${rendition}`, extension: '' };
}

/** Saves the only file with a name of the user's choice. */
async function saveAs(path: string, wanted: Wanted[], context: Download): Promise<void> {
  const { batch, flags, signal, transfers } = context;
  const [file] = wanted;
  if (!file) return;
  const watched = watch(wanted, context);
  const saving = async () => {
    if (!flags.force && (await kindOf(path))) throw new FileSystemError('file_exists', existsMessage(path), path);
    return saveDownload(watched.api, file.id, path, {
      rendition: flags.rendition,
      overwrite: flags.force === true,
      signal,
    });
  };
  transfers.expect({ files: 1, ...sizeOf(wanted) });
  const [result] = await Promise.allSettled([saving()]);
  watched.ended(file.id);
  batch.settle(file.given, result);
  if (result.status === 'fulfilled') printSaved(file, path, result.value, context);
}

async function saveTo(folder: string, wanted: Wanted[], context: Download): Promise<void> {
  const { batch, flags, signal, transfers } = context;
  transfers.expect({ files: wanted.length, ...sizeOf(wanted) });
  const watched = watch(wanted, context);
  const byId = new Map(wanted.map((file) => [file.id, file]));
  const onFile = async (result: DownloadResult) => {
    watched.ended(result.id);
    const path = join(folder, result.path);
    const file = byId.get(result.id);
    if (!file) return;
    batch.settle(file.given, await withRemedy(result, path, flags));
    if (result.status === 'rejected') return;
    if (result.value.unchanged) transfers.skip(result.value.size);
    printSaved(file, path, result.value, context);
  };
  const overwrite = flags.force === true;
  await downloadAll(watched.api, wanted, folder, { overwrite, pathFor: localName, onFile, signal });
}

/** The client for the downloads. It requests the rendition instead of the original. */
function watch(wanted: readonly Wanted[], { api, batch, flags, transfers }: Download) {
  const names = new Map(wanted.map((file) => [file.id, fileName(file)]));
  const watched = observed(api, batch, transfers, names);
  const { files } = watched.api;
  const url: typeof files.url = (id) => files.url(id, flags.rendition);
  const download: typeof files.download = (id, _, options) => files.download(id, flags.rendition, options);
  return { ...watched, api: { files: { ...files, url, download } } };
}

/**
 * A name without folders, which other programs do not treat specially: `+` begins an option of `less` and `vim`, `@` a file with
 * arguments, `=` a command in zsh. The SDK replaces everything that no system allows.
 */
function localName(file: RemoteFile): string {
  const name = fileName(file).replace(/[/\\]/g, '_').trimStart();
  return /^[+@=]/.test(name) ? `_${name}` : name;
}

/** Names the flag that replaces an existing file. */
async function withRemedy(
  result: DownloadResult,
  path: string,
  { force }: DownloadFlags,
): Promise<PromiseSettledResult<unknown>> {
  if (result.status === 'fulfilled' || force) return result;
  const { reason } = result;
  const isTaken = reason instanceof FileSystemError && reason.code === 'file_exists' && (await kindOf(path)) === 'file';
  return isTaken
    ? { status: 'rejected', reason: new FileSystemError('file_exists', existsMessage(path), path) }
    : result;
}

function existsMessage(path: string): string {
  return `${path} exists: add --force to replace it`;
}

function printSaved(
  { given, id }: Wanted,
  path: string,
  saved: SavedFile & { unchanged?: boolean },
  { flags }: Download,
): void {
  const { unchanged = false } = saved;
  if (flags.json) printJson({ file: given, id, path: saved.path, size: saved.size, unchanged });
  else
    print(`${unchanged ? 'Unchanged:' : 'Saved'} ${printable(relative('', path) || path)}, ${prettyBytes(saved.size)}`);
}

function sizeOf(files: readonly RemoteFile[]): { bytes?: number } {
  const sizes = files.flatMap(({ size }) => size ?? []);
  return sizes.length < files.length ? {} : { bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function kindOf(path: string): Promise<'folder' | 'file' | 'other' | undefined> {
  const status = await stat(path).catch(() => undefined);
  if (!status) return undefined;
  return status.isDirectory() ? 'folder' : status.isFile() ? 'file' : 'other';
}
