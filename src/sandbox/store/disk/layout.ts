import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigurationError } from '../../../protocol/errors.js';
import { refusedFolder } from './refused-folder.js';

/** The names of the files and folders in a data folder. */
export const names = {
  marker: 'doctape-sandbox.json',
  database: 'sandbox.sqlite',
  blobs: 'files',
  reserve: 'reserve',
  setAside: 'set-aside',
  /** The files of running conversions. */
  converting: 'converting',
  /** The database while it is closed after a failed sync. */
  closing: 'sandbox.sqlite-closing',
  /** Only in folders of version 0.1. */
  incoming: 'incoming',
} as const;

const databaseFiles: string[] = ['', '-wal', '-shm', '-journal'].map((ending) => names.database + ending);

/** Files that operating systems and Git users put into otherwise empty folders. */
const ignoredNames = new Set(['lost+found', '.gitkeep', '.gitignore', '.DS_Store', 'Thumbs.db', 'desktop.ini']);

/** The format of data folders that this version writes. Version 0.1 wrote format 1, without a marker. */
export const format = 2;

/** The content of the marker. */
export const markerText: string = `${JSON.stringify({
  format,
  note: 'This is the data folder of a doctape-sdk sandbox. Do not change the files in it, and do not add others.',
})}\n`;

/** The kind of a folder, detected from its contents. */
export type FolderKind = 'empty' | 'marked' | 'version 0.1';

/**
 * Detects the kind of a folder without changing it.
 * @param adopt whether a folder of version 0.1 may lack its database
 * @throws {ConfigurationError} if it is not a data folder, or if one of its own files or folders is a symbolic link
 */
export function inspectFolder(root: string, adopt: boolean): FolderKind {
  const entries = readdirSync(root, { withFileTypes: true });
  const found = entries.filter(({ name }) => !ignoredNames.has(name));
  const marker = entries.find(({ name }) => name === names.marker);
  if (marker) {
    checkOwn(root, marker, 'file');
    checkMarker(root);
  } else if (found.length === 0) {
    return 'empty';
  } else if (!isVersion01(root, found, adopt)) {
    const some = found
      .slice(0, 3)
      .map(({ name }) => JSON.stringify(name))
      .join(', ');
    throw refusedFolder(
      root,
      `contains other files (${some}${found.length > 3 ? ' and more' : ''}): choose an empty folder, or the data folder of a sandbox`,
    );
  }
  for (const entry of entries) {
    if (
      entry.name === names.blobs ||
      entry.name === names.setAside ||
      entry.name === names.converting ||
      entry.name === names.incoming
    )
      checkOwn(root, entry, 'folder');
    if (entry.name === names.reserve || entry.name === names.closing || databaseFiles.includes(entry.name))
      checkOwn(root, entry, 'file');
  }
  return marker ? 'marked' : 'version 0.1';
}

/** Refuses symbolic links, because they could lead out of the folder. */
function checkOwn(root: string, entry: Dirent, kind: 'file' | 'folder'): void {
  if (kind === 'file' ? entry.isFile() : entry.isDirectory()) return;
  const actual = entry.isSymbolicLink()
    ? 'a symbolic link'
    : entry.isDirectory()
      ? 'a folder'
      : 'neither a file nor a folder';
  throw refusedFolder(root, `is invalid: ${JSON.stringify(entry.name)} in it must be a ${kind}, but it is ${actual}`);
}

function checkMarker(root: string): void {
  const text = readFileSync(join(root, names.marker), 'utf8');
  if (text === '') return; // the sandbox was stopped while it wrote the marker
  let marker: unknown;
  try {
    marker = JSON.parse(text);
  } catch {
    marker = undefined; // refused below
  }
  const found = typeof marker === 'object' && marker !== null && 'format' in marker ? marker.format : undefined;
  if (found === format) return;
  if (typeof found === 'number' && found > format) throw newerFolder(root, found);
  throw refusedFolder(
    root,
    `contains a ${names.marker} that was not written by a sandbox. If it is the data folder of a sandbox, ` +
      `write ${JSON.stringify({ format })} into that file`,
  );
}

export function newerFolder(root: string, found: number, known: number = format): ConfigurationError {
  return refusedFolder(
    root,
    `was written by a newer version (format ${found}, this version reads up to ${known}): update doctape-sdk`,
  );
}

/** A folder of version 0.1 contains only the database, `files` and `incoming`. */
function isVersion01(root: string, entries: readonly Dirent[], adopt: boolean): boolean {
  const known: string[] = [...databaseFiles, names.blobs, names.incoming];
  if (!entries.every((entry) => known.includes(entry.name))) return false;
  const exists = (name: string) => entries.some((entry) => entry.name === name && !entry.isSymbolicLink());
  if (exists(names.database)) {
    if (!isDatabaseOfVersion01(root) && !adopt) return false;
  } else if (!adopt) return false;
  return !exists(names.blobs) || containsOnlyBlobs(join(root, names.blobs));
}

/** Searches the bytes for the statement that created the only table, because opening it with SQLite could change the file. */
function isDatabaseOfVersion01(root: string): boolean {
  const file = join(root, names.database);
  if (!lstatSync(file).isFile()) return false;
  const database = readFileSync(file).subarray(0, 64 * 1024);
  if (!database.subarray(0, 16).equals(Buffer.from('SQLite format 3\0'))) return false;
  const wal = join(root, `${names.database}-wal`);
  const hasWal = lstatSync(wal, { throwIfNoEntry: false })?.isFile();
  const statement =
    'CREATE TABLE records (\n    position INTEGER PRIMARY KEY AUTOINCREMENT,\n    collection TEXT NOT NULL,';
  return [database, ...(hasWal ? [readFileSync(wal)] : [])].some((bytes) => bytes.includes(statement));
}

function containsOnlyBlobs(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).every((entry) => {
    if (!entry.isDirectory() || !isBlobFolder(entry.name)) return false;
    return readdirSync(join(folder, entry.name), { withFileTypes: true }).every(
      (file) => file.isFile() && isBlobName(file.name) && file.name.startsWith(entry.name),
    );
  });
}

/** Names of blobs are ids that the sandbox generated. The check prevents path traversal. */
export function isBlobName(name: string): boolean {
  return /^[\w-][\w.-]*$/.test(name);
}

function isBlobFolder(name: string): boolean {
  return /^[\w-][\w.-]?$/.test(name);
}

/** Returns the path of a blob. */
export function blobPath(root: string, name: string): string {
  if (!isBlobName(name))
    throw new Error(
      'the name of a blob must consist of letters, digits, `_`, `.` and `-`, and must not begin with a dot',
    );
  return join(root, names.blobs, name.slice(0, 2), name);
}

/**
 * Lists the blobs in a data folder. Ignores other files in the folder of blobs.
 * @throws {ConfigurationError} if a folder of blobs is a symbolic link
 */
export function* blobsIn(root: string): Generator<string, undefined> {
  const folder = join(root, names.blobs);
  if (!lstatSync(folder, { throwIfNoEntry: false })) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!isBlobFolder(entry.name)) continue;
    checkOwn(root, entry, 'folder');
    for (const file of readdirSync(join(folder, entry.name), { withFileTypes: true })) {
      if (file.isFile() && isBlobName(file.name) && file.name.startsWith(entry.name)) yield file.name;
    }
  }
}

/** Returns whether the folder has a database and a write-ahead log that are not empty. */
export function hasDatabase(root: string): { database: boolean; log: boolean } {
  const sizeOf = (name: string) => lstatSync(join(root, name), { throwIfNoEntry: false })?.size ?? 0;
  return { database: sizeOf(names.database) > 0, log: sizeOf(`${names.database}-wal`) > 0 };
}
