import { fstat } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import mime from 'mime';
import prettyBytes from 'pretty-bytes';
import type { ApiClient } from '../../index.js';
import { openFile, uploadFolder } from '../../node.js';
import { refuseUrls } from '../core/arguments.js';
import type { JsonFlag } from '../core/define.js';
import { CommandError, namingFlags, UsageError } from '../core/errors.js';
import { type Batch, failureOf, forEachItem, type ItemError, startBatch } from '../core/for-each-item.js';
import { openSession } from '../core/session.js';
import { summarise } from '../core/summary.js';
import { note, print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { type Transfers, withTransfers } from '../terminal/transfers.js';
import { type Sent, skipExisting } from './existing-files.js';
import { observed } from './observed.js';

export interface UploadFlags extends JsonFlag {
  recursive?: boolean;
  include?: string[];
  exclude?: string[];
  hidden?: boolean;
  name?: string;
  tag?: string[];
  star?: boolean;
  skipExisting?: boolean;
  quiet?: boolean;
}

interface Upload {
  api: Pick<ApiClient, 'files'>;
  flags: UploadFlags;
  signal: AbortSignal;
  transfers: Transfers;
  onFailure: ((path: string, error: ItemError) => void) | undefined;
}

/** `doctape-sdk upload` */
export async function upload(signal: AbortSignal, paths: string[], flags: UploadFlags): Promise<void> {
  refuseUrls('upload takes local files', paths);
  checkFlags(paths, flags);
  const onFailure = flags.json
    ? (path: string, error: ItemError) => printJson({ path, ...failureOf(error) })
    : undefined;
  const session = await openSession();
  const api = flags.skipExisting ? await skipExisting(session.api, signal) : session.api;
  const isTyped = paths[0] === '-' && process.stdin.isTTY; // progress would be drawn over what the user types
  await withTransfers(flags.quiet === true || isTyped, async (transfers) => {
    const context = { api, flags, signal, transfers, onFailure };
    if (flags.recursive) return namingFlags(folderFlags, () => sendFolder(paths[0] ?? '', context));
    if (paths[0] === '-') return sendStdin(context);
    return sendFiles(paths, context);
  });
}

const folderFlags = new Map([
  ['include', '--include'],
  ['exclude', '--exclude'],
  ['tags', '--tag'],
]);

function checkFlags(paths: readonly string[], flags: UploadFlags): void {
  const { recursive, include, exclude, hidden, name, tag = [], skipExisting } = flags;
  if (paths.includes('-') && (paths.length > 1 || recursive)) throw new UsageError('`-` (stdin) must be the only file');
  if (paths[0] === '-' && !name) throw new UsageError('upload - needs --name NAME: stdin has no name');
  if (paths[0] === '-' && skipExisting)
    throw new UsageError('--skip-existing needs files: the size of stdin is not known');
  if (recursive && paths.length > 1) throw new UsageError('--recursive takes one folder');
  if (!recursive && (include || exclude || hidden))
    throw new UsageError('--include, --exclude and --hidden select files of a folder: add --recursive');
  if (name !== undefined && (name === '' || paths.length > 1 || recursive))
    throw new UsageError('--name must be a file name, for one file');
  const bad = tag.find((one) => one === '' || one.startsWith('+') || one.includes(','));
  if (bad !== undefined)
    throw new UsageError('--tag must not be empty, contain a comma, or begin with +: `doctape-sdk share` shares files');
}

async function sendFiles(paths: string[], { api, flags, signal, transfers, onFailure }: Upload): Promise<void> {
  transfers.expect({ files: paths.length, bytes: await totalSize(paths) });
  const batch = await forEachItem(paths, {
    signal,
    concurrency: 4,
    onFailure,
    async work(path) {
      const source = await opened(path);
      const name = flags.name ?? source.name;
      const line = transfers.start(name, source.size);
      const options = { name, tags: flags.tag, starred: flags.star, onProgress: line.update, signal };
      const file = await api.files.upload(source, options).finally(line.end);
      printUploaded(path, file, flags);
    },
  }).catch((error: unknown) => {
    if (signal.aborted && paths.length > 1) note(stopped);
    throw error;
  });
  if (!flags.quiet) summarise('Uploaded', paths.length, batch, transfers);
}

// an upload that was stopped can have reached the server
const stopped = 'Stopped. Files that are not listed may be missing: add --skip-existing to upload only these.';

async function opened(path: string): Promise<File> {
  const status = await stat(path).catch(() => undefined); // openFile() reports it
  if (status?.isDirectory()) {
    throw new CommandError('this is a folder: add --recursive to upload the files in it', 'is_directory');
  }
  if (status && !status.isFile()) {
    throw new CommandError('this is not a regular file: read it with `upload - --name NAME < FILE`', 'not_a_file');
  }
  return openFile(path);
}

async function totalSize(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (status) => (status.isFile() ? status.size : 0),
        () => 0, // the upload reports it
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sendFolder(folder: string, { api, flags, signal, transfers, onFailure }: Upload): Promise<void> {
  const batch = startBatch(signal, onFailure);
  const watched = observed(api, batch, transfers);
  const results = await uploadFolder(watched.api, folder, {
    ...{ include: flags.include, exclude: flags.exclude, hidden: flags.hidden },
    ...{ tags: flags.tag, starred: flags.star, signal },
    onProgress: ({ total }) => total !== undefined && transfers.expect({ bytes: total }),
    onFile(result) {
      batch.settle(result.path, result);
      if (result.status === 'fulfilled') printUploaded(result.path, result.value, flags);
    },
  });
  if (results.length === 0) note('There are no files to upload.');
  finish(batch, results.length, { flags, signal, transfers });
}

function finish(
  batch: Batch,
  count: number,
  { flags, signal, transfers }: Pick<Upload, 'flags' | 'signal' | 'transfers'>,
): void {
  if (!flags.quiet) summarise('Uploaded', count, batch, transfers);
  if (signal.aborted) note(stopped);
  batch.end();
}

/** Uploads what another program writes to stdin. Its end cannot be distinguished from a failure of that program (rclone/rclone#1001). */
async function sendStdin({ api, flags, signal, transfers, onFailure }: Upload): Promise<void> {
  const { name = '', tag, star } = flags;
  if (process.stdin.isTTY) note('Reading from the terminal. Press Ctrl+D at the end.');
  transfers.expect({ files: 1 });
  await forEachItem(['-'], {
    signal,
    onFailure,
    async work(path) {
      // Node reads a folder as an empty file
      if ((await promisify(fstat)(0)).isDirectory()) throw new CommandError('stdin is a folder', 'is_directory');
      const line = transfers.start(name);
      const type = mime.getType(name) ?? undefined;
      const options = { name, type, tags: tag, starred: star, onProgress: line.update, signal };
      const file = await api.files.upload(process.stdin, options).finally(line.end);
      printUploaded(path, file, flags);
    },
  });
}

function printUploaded(path: string, file: Sent, { json }: JsonFlag): void {
  if (json) {
    printJson({ path, ...file });
    return;
  }
  const isNamed = path === '-' || basename(path).normalize('NFC') === file.name.normalize('NFC');
  const as = isNamed ? '' : ` as ${printable(file.name)}`; // the server removes characters from some names
  const name = printable(path === '-' ? file.name : path);
  print(`${file.unchanged ? 'Unchanged:' : 'Uploaded'} ${name}${as}, ${prettyBytes(file.size)}: ${printable(file.id)}`);
}
