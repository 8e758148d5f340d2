import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ApiClient,
  type FileInfo,
  InsufficientScopeError,
  TokenExpiredError,
  UnauthorizedError,
} from 'doctape-sdk';
import { saveDownload } from 'doctape-sdk/node';
import { type Entry, openManifest } from './manifest.ts';
import { fold, safeName, uniqueName } from './safe-name.ts';

export interface BackupOptions {
  /** The number of simultaneous downloads. */
  concurrency: number;
  /** Whether to read every file in the backup and compare its hash with the manifest. */
  verify: boolean;
  /** Cancels the backup. The next run continues. */
  signal: AbortSignal;
  /** Called after each file. `problem` is set if it could not be saved. */
  onFile: (path: string, problem?: string) => void;
}

export interface Summary {
  /** The number of files in the account. */
  files: number;
  /** The number of files that were already in the backup. */
  unchanged: number;
  saved: number;
  /** The total size of the saved files in bytes. */
  bytes: number;
  failed: { id: string; path: string; problem: string }[];
  /** The number of files that are in the backup but no longer in the account. */
  kept: number;
}

/**
 * Copies all files of an account to `folder/files` and their metadata to `folder/manifest.jsonl`. Unchanged files are not
 * downloaded again. Files that were deleted from the account stay in the backup. Scope: `file.read`.
 */
export async function backupAccount(api: ApiClient, folder: string, options: BackupOptions): Promise<Summary> {
  const { concurrency, verify, onFile } = options;
  const files = join(folder, 'files');
  const incoming = join(folder, 'incoming');
  for (const path of [files, incoming]) await mkdir(path, { recursive: true });
  const manifest = await openManifest(join(folder, 'manifest.jsonl'));
  // a file never overwrites another one in the folder
  const taken = new Set(
    [...(await readdir(files)), ...[...manifest.entries.values()].map(({ path }) => path)].map(fold),
  );
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const summary: Summary = { files: 0, unchanged: 0, saved: 0, bytes: 0, failed: [], kept: 0 };

  async function isSaved(entry: Entry, file: FileInfo): Promise<boolean> {
    if (entry.sha256 === undefined) return false;
    const [before, now] = [entry.file, plain(file)];
    if (before.size !== now.size || before.time_added !== now.time_added) return false;
    const path = join(files, entry.path);
    const status = await lstat(path).catch(() => undefined);
    if (!status?.isFile() || status.size !== file.size) return false;
    return !verify || (await sha256Of(path)) === entry.sha256;
  }

  /** Updates the name and the metadata of a file whose content has not changed. */
  async function update(entry: Entry, file: FileInfo): Promise<void> {
    let { path } = entry;
    if (safeName(nameOf(entry.file)) !== safeName(nameOf(file))) {
      taken.delete(fold(path)); // the names may differ only in case
      path = claim(file);
      await rename(join(files, entry.path), join(files, path));
    } else if (JSON.stringify(entry.file) === JSON.stringify(plain(file))) return;
    await manifest.record({ ...entry, path, file: plain(file) });
  }

  function claim(file: FileInfo): string {
    const path = uniqueName(safeName(nameOf(file)), taken);
    taken.add(fold(path));
    return path;
  }

  async function save(file: FileInfo): Promise<void> {
    signal.throwIfAborted();
    const known = manifest.entries.get(file.id);
    const path = known?.path ?? claim(file);
    // recorded before the file is created, so that a killed run never leaves an unknown file
    if (!known) await manifest.record({ id: file.id, path, file: plain(file) });
    try {
      // named after the id, so that the next run continues the download
      const arrived = join(incoming, createHash('sha256').update(file.id).digest('hex'));
      const { size } = await saveDownload(api, file.id, arrived, { signal });
      if (size !== file.size) throw new Error('it changed during the download: run the backup again');
      const sha256 = await sha256Of(arrived);
      await rename(arrived, join(files, path));
      await manifest.record({ id: file.id, path, sha256, file: plain(file) });
      summary.saved += 1;
      summary.bytes += size;
      onFile(path);
    } catch (error) {
      signal.throwIfAborted();
      if (isFatal(error)) stop.abort(error); // the other files would fail too
      signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      summary.failed.push({ id: file.id, path, problem });
      onFile(path, problem);
    }
  }

  try {
    const due: FileInfo[] = [];
    const listed = new Set<string>();
    // read completely before the downloads start: the connection of a list that is read slowly may be closed
    for await (const file of api.files.iterate({ includeMeta: true, signal })) {
      summary.files += 1;
      listed.add(file.id);
      const entry = manifest.entries.get(file.id);
      if (entry && (await isSaved(entry, file))) {
        summary.unchanged += 1;
        await update(entry, file);
      } else due.push(file);
    }
    for (const { id, sha256 } of manifest.entries.values()) if (sha256 && !listed.has(id)) summary.kept += 1;
    await inParallel(due, concurrency, save);
    if (summary.failed.length === 0) await rm(incoming, { recursive: true });
    return summary;
  } finally {
    await manifest.close();
  }
}

/** Processes up to `limit` items at a time. If one rejects, waits for the others before it rejects. */
async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: limit }, async () => {
    for (const item of queue) await work(item);
  });
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

function isFatal(error: unknown): boolean {
  return (
    error instanceof UnauthorizedError || error instanceof TokenExpiredError || error instanceof InsufficientScopeError
  );
}

/** A copy as JSON, as the manifest contains it. */
function plain(file: FileInfo): Record<string, unknown> {
  return JSON.parse(JSON.stringify(file));
}

function nameOf({ name, extension }: { name?: unknown; extension?: unknown }): string {
  return extension ? `${name}.${extension}` : String(name);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
