import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileSystemError } from '../../protocol/errors.js';
import { pathError, systemCode } from '../system-error.js';
import { isInside } from './inside.js';
import type { PathTest } from './patterns.js';

/** A file in a folder, or something in it that cannot be uploaded. */
export type Found = { path: string; size: number } | { path: string; error: FileSystemError };

export interface Walk {
  /** The absolute path of the folder, without symbolic links. */
  root: string;
  recursive: boolean;
  hidden: boolean;
  includes: PathTest;
  excludes: PathTest;
  signal: AbortSignal | undefined;
}

/**
 * Finds the files in a folder, sorted by path. Paths are relative to the folder, with `/`.
 *
 * A symbolic link is followed if its target is in the folder. Others are reported: silently leaving them out loses data
 * (nextflow-io/nextflow#7515), and one broken link must not stop the rest (aws/aws-cli#487).
 */
export async function walkFolder(walk: Walk): Promise<Found[]> {
  const found: Found[] = [];
  await visit(walk, '', [walk.root], found);
  return found;
}

/** @param parents the folder to visit and those that contain it, without symbolic links, to find loops (aws/aws-cli#3961) */
async function visit(walk: Walk, path: string, parents: readonly string[], found: Found[]): Promise<void> {
  const folder = join(walk.root, path);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const problem = pathError(folder, 'cannot be listed', error);
    if (path === '') throw problem;
    found.push({ path, error: problem });
    return;
  }
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const { name } of entries) {
    walk.signal?.throwIfAborted();
    const own = path === '' ? name : `${path}/${name}`;
    if ((!walk.hidden && name.startsWith('.')) || walk.excludes(own)) continue;
    const entry = await look(walk, own, parents);
    if ('folder' in entry) {
      if (walk.recursive) await visit(walk, own, [...parents, entry.folder], found);
    } else if (walk.includes(own)) found.push(entry);
  }
}

/** What a path leads to. */
async function look({ root }: Walk, path: string, parents: readonly string[]): Promise<Found | { folder: string }> {
  const absolute = join(root, path);
  const problem = (what: string) => new FileSystemError('io', `${absolute} ${what}`, absolute);
  try {
    const target = await realpath(absolute);
    if (!isInside(root, target)) throw outside(absolute);
    const status = await stat(target);
    if (status.isFile()) return { path, size: status.size };
    if (!status.isDirectory()) throw problem('is not a regular file: exclude it, or upload a stream');
    if (parents.includes(target)) throw problem('is a symbolic link to a folder that contains it: exclude it');
    return { folder: target };
  } catch (error) {
    const isUnreadable = path.includes('\ufffd') && systemCode(error) === 'ENOENT';
    if (isUnreadable) return { path, error: problem('has a name that is not UTF-8: rename it') };
    return { path, error: error instanceof FileSystemError ? error : pathError(absolute, 'cannot be read', error) };
  }
}

/** The error for a link that leads out of the folder. */
export function outside(path: string): FileSystemError {
  const message = `${path} leads out of the folder through a symbolic link, which is not followed: exclude it, or upload its target`;
  return new FileSystemError('io', message, path);
}
