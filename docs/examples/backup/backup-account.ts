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
  /** How many files are downloaded at once. */
  concurrency: number;
  /** Reads every file that is there, and compares what it reads with the record. */
  verify: boolean;
  /** Ends the backup; the next one goes on from there. */
  signal: AbortSignal;
  /** Told of every file that was saved, or could not be. */
  onFile: (path: string, problem?: string) => void;
}

export interface Summary {
  /** In the account. */
  files: number;
  /** Of those, what the backup had already. */
  unchanged: number;
  saved: number;
  /** Bytes of what was saved. */
  bytes: number;
  failed: { id: string; path: string; problem: string }[];
  /** In the backup, but no longer in the account. */
  kept: number;
}

/**
 * Copies all files of an account into `folder/files`, with what is known of them in `folder/manifest.jsonl`. What is there
 * is not downloaded again, and what was deleted from the account stays. Scope: `file.read`.
 */
export async function backupAccount(api: ApiClient, folder: string, options: BackupOptions): Promise<Summary> {
  const { concurrency, verify, onFile } = options;
  const files = join(folder, 'files');
  const incoming = join(folder, 'incoming');
  for (const path of [files, incoming]) await mkdir(path, { recursive: true });
  const manifest = await openManifest(join(folder, 'manifest.jsonl'));
  // nothing that is in the folder is ever written over by another file
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

  /** Brings the record, and the name in the folder, up to a file whose bytes are there. */
  async function update(entry: Entry, file: FileInfo): Promise<void> {
    let { path } = entry;
    if (safeName(nameOf(entry.file)) !== safeName(nameOf(file))) {
      taken.delete(fold(path)); // it may only have changed between small letters and capitals
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
    // on record before it is in the folder: a run that is killed in between leaves no file that belongs to nobody
    if (!known) await manifest.record({ id: file.id, path, file: plain(file) });
    try {
      // by its id, so that the next run finds what arrived of it
      const arrived = join(incoming, createHash('sha256').update(file.id).digest('hex'));
      const { size } = await saveDownload(api, file.id, arrived, { signal });
      if (size !== file.size) throw new Error('it changed while it was saved: run the backup again');
      const sha256 = await sha256Of(arrived);
      await rename(arrived, join(files, path));
      await manifest.record({ id: file.id, path, sha256, file: plain(file) });
      summary.saved += 1;
      summary.bytes += size;
      onFile(path);
    } catch (error) {
      signal.throwIfAborted();
      if (isFatal(error)) stop.abort(error); // the other files would fail as well
      signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      summary.failed.push({ id: file.id, path, problem });
      onFile(path, problem);
    }
  }

  try {
    const due: FileInfo[] = [];
    const listed = new Set<string>();
    // to its end before anything is downloaded: a list that is read as slowly as files arrive would break off
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

/** Works on so many items at a time. When one rejects, the others are waited for. */
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

/** As it will be read from the record. */
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
