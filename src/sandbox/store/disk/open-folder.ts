import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '../../../protocol/errors.js';
import { DamagedDatabase, finishClosing, openDatabase, sqliteModule } from './database.js';
import { isDiskFull, openReserve, type Reserve, writeAll } from './disk-space.js';
import { blobPath, blobsIn, hasDatabase, inspectFolder, markerText, names } from './layout.js';
import { makePrivate } from './make-private.js';
import { refusedFolder } from './refused-folder.js';
import { adoptBlobs, restoreBlobs, type Salvaged, setBlobsAside, setDatabaseAside } from './set-aside.js';

/** A data folder that this process has opened and locked. */
export interface DataFolder {
  root: string;
  database: DatabaseSync;
  reserve: Reserve;
}

/**
 * Opens or creates a data folder.
 * @param adopt the username of the new owner of blobs without a record
 * @throws {ConfigurationError} if the folder cannot be used. It is left unchanged
 */
export function openFolder(folder: string, adopt: string | undefined): DataFolder {
  sqliteModule();
  const path = resolve(folder);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return open(realpathSync(path), adopt); // the folder itself may be a symbolic link, but not the files in it
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const reason = isDiskFull(error) ? 'its disk is full' : error instanceof Error ? error.message : 'unknown reason';
    throw refusedFolder(path, `cannot be opened: ${reason}`);
  }
}

function open(root: string, adopt: string | undefined): DataFolder {
  // the marker is written first, so that the folder is recognized even if the sandbox is killed before the next step
  if (inspectFolder(root, adopt !== undefined) !== 'marked') writeMarker(root, 'wx');
  finishClosing(root);
  const { database, salvaged } = openOrReplaceDatabase(root, adopt !== undefined);
  try {
    // it is empty if the last sandbox was stopped while it wrote it
    if (statSync(join(root, names.marker)).size === 0) writeMarker(root, 'w');
    makePrivate(root);
    mkdirSync(join(root, names.blobs), { recursive: true, mode: 0o700 });
    rmSync(join(root, names.converting), { recursive: true, force: true }); // left by a sandbox that was killed
    const blobs = new Set(blobsIn(root));
    const reserve = openReserve(join(root, names.reserve));
    removeUncommitted(root, database, blobs, reserve);
    reconcile(root, database, blobs, adopt, salvaged);
    reserve.refill();
    return { root, database, reserve };
  } catch (error) {
    database.close();
    throw error;
  }
}

function writeMarker(root: string, flags: 'wx' | 'w'): void {
  const file = openSync(join(root, names.marker), flags, 0o600);
  try {
    writeAll(file, Buffer.from(markerText));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function openOrReplaceDatabase(
  root: string,
  replace: boolean,
): { database: DatabaseSync; salvaged: Salvaged | undefined } {
  const hasBlobs = !blobsIn(root).next().done;
  const found = hasDatabase(root);
  try {
    if (!found.database && (hasBlobs || found.log)) throw new DamagedDatabase('is missing or empty');
    return { database: openDatabase(root, hasBlobs), salvaged: undefined };
  } catch (error) {
    if (!(error instanceof DamagedDatabase)) throw error;
    if (replace) {
      const salvaged = setDatabaseAside(root);
      return { database: openDatabase(root, false), salvaged };
    }
    throw refusedFolder(
      root,
      `contains ${count([...blobsIn(root)].length)}, but its database ${names.database} ${error.message}. Nothing was changed. ` +
        `Restore ${names.database} from a backup, or start with --adopt USER (the option adopt of diskStore and ` +
        `serveSandbox), which moves the database to ${names.setAside} and makes USER the owner of the files`,
    );
  }
}

/** Deletes the blobs that were being written or deleted when the last process ended. The database has a row for each of them. */
function removeUncommitted(root: string, database: DatabaseSync, blobs: Set<string>, reserve: Reserve): void {
  const rows = database.prepare("SELECT name FROM blobs WHERE state <> 'kept'").all();
  if (rows.length === 0) return;
  for (const { name } of rows) {
    rmSync(blobPath(root, String(name)), { force: true });
    blobs.delete(String(name));
  }
  const forget = "DELETE FROM blobs WHERE state <> 'kept'";
  try {
    database.exec(forget);
  } catch (error) {
    if (!isDiskFull(error) || !reserve.release(1)) throw error;
    database.exec(forget);
  }
}

/**
 * Compares the blobs on disk with the records. A blob without a record is set aside or adopted, never deleted.
 * It is moved back from `set-aside/` when the database has its record again.
 */
function reconcile(
  root: string,
  database: DatabaseSync,
  blobs: Set<string>,
  adopt: string | undefined,
  salvaged: Salvaged | undefined,
): void {
  const absent: string[] = [];
  for (const { name } of database.prepare('SELECT name FROM blobs').iterate()) {
    if (!blobs.delete(String(name))) absent.push(String(name));
  }
  const restored = new Set(absent.length > 0 ? restoreBlobs(root, absent) : []);
  if (restored.size > 0)
    report(
      root,
      `has records of ${count(restored.size)} found in ${names.setAside}. The sandbox moved the content back`,
    );
  const missing = absent.filter((name) => !restored.has(name));
  if (missing.length > 0) {
    const some = missing.slice(0, 3).join(', ');
    report(
      root,
      `has records of ${count(missing.length)} whose content is missing (${some}${missing.length > 3 ? ', ...' : ''})`,
    );
  }
  if (adopt !== undefined) {
    const adopted = adoptBlobs(root, database, [...blobs], adopt, salvaged);
    if (adopted > 0) report(root, `had ${count(adopted)} without a record. They now belong to ${adopt}`);
  } else if (blobs.size > 0) {
    setBlobsAside(root, [...blobs]);
    report(
      root,
      `had ${count(blobs.size)} without a record. They are now in ${names.setAside}: start with --adopt USER to make USER their owner`,
    );
  }
}

function count(files: number): string {
  return files === 1 ? '1 file' : `${files} files`;
}

function report(root: string, message: string): void {
  console.warn(`doctape sandbox: data folder ${root} ${message}`);
}
