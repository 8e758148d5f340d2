import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { FileRecord, TapeRecord } from '../records.js';
import { renditionBlobs } from '../rendition-blobs.js';
import { sqliteModule } from './database.js';
import { rebuildDerivedRecords } from './derived-records.js';
import { blobPath, isBlobName, names } from './layout.js';
import { setAside } from './move-aside.js';
import { recordTable } from './record-table.js';

/** The records that could be read from a database that was set aside. */
export interface Salvaged {
  files: Map<string, FileRecord>;
  tapes: TapeRecord[];
}

/** Moves the database and its log to `set-aside/`. First reads the records of files and tapes, as far as possible. */
export function setDatabaseAside(root: string): Salvaged {
  const salvaged = salvage(join(root, names.database));
  const time = new Date().toISOString().replaceAll(/[:.]/g, '-');
  for (const ending of ['', '-wal', '-journal']) {
    const name = names.database + ending;
    if (existsSync(join(root, name))) setAside(root, name, `${names.database}-${time}${ending}`);
  }
  return salvaged;
}

function salvage(path: string): Salvaged {
  const salvaged: Salvaged = { files: new Map(), tapes: [] };
  if (!existsSync(path)) return salvaged;
  const { DatabaseSync } = sqliteModule();
  const database = new DatabaseSync(path);
  try {
    // row by row, because reading fails at the first damaged page
    const rows = database.prepare(`
      SELECT collection, json FROM records NOT INDEXED WHERE collection IN ('files', 'tapes') ORDER BY position`);
    for (const { collection, json } of rows.iterate()) {
      const record = JSON.parse(String(json));
      if (collection === 'tapes') salvaged.tapes.push(record);
      else salvaged.files.set(record.id, record);
    }
  } catch {
    // the remaining records cannot be read: their files are adopted without their names
  } finally {
    database.close();
  }
  return salvaged;
}

/** Moves blobs without a record to `set-aside/`. */
export function setBlobsAside(root: string, blobs: Iterable<string>): void {
  for (const name of blobs) setAside(root, relative(root, blobPath(root, name)), name);
}

/** Lists the blobs in `set-aside/`. */
function findSetAside(root: string): string[] {
  const folder = join(root, names.setAside);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isBlobName(entry.name) && !entry.name.startsWith(names.database))
    .map(({ name }) => name);
}

/** Moves blobs with a record from `set-aside/` back to the folder of blobs. Returns the names of those found there. */
export function restoreBlobs(root: string, missing: readonly string[]): string[] {
  const found = new Set(findSetAside(root));
  return moveBack(
    root,
    missing.filter((name) => found.has(name)),
  );
}

/** Returns the names of the blobs that were moved. Never overwrites anything in the folder of blobs. */
function moveBack(root: string, blobs: readonly string[]): string[] {
  return blobs.filter((name) => {
    const path = blobPath(root, name);
    if (lstatSync(path, { throwIfNoEntry: false })) return false;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    renameSync(join(root, names.setAside, name), path);
    return true;
  });
}

/** Creates file records for blobs without one, including those in `set-aside/`. Returns their number. */
export function adoptBlobs(
  root: string,
  database: DatabaseSync,
  orphans: readonly string[],
  owner: string,
  salvaged: Salvaged | undefined,
): number {
  const hasRow = database.prepare('SELECT 1 FROM blobs WHERE name = ?');
  const others = findSetAside(root).filter((name) => !hasRow.get(name));
  const { files: blobs, renditions } = withoutRenditions([...orphans, ...moveBack(root, others)], salvaged);
  const records = recordTable(database);
  const addBlob = database.prepare("INSERT INTO blobs (name, state) VALUES (?, 'kept')");
  database.exec('BEGIN IMMEDIATE');
  for (const tape of salvaged?.tapes ?? []) records.put('tapes', `${tape.owner}/${tape.name}`, tape);
  for (const record of recordsFor(root, blobs, owner, salvaged)) {
    addBlob.run(record.id);
    records.put('files', `${record.owner}/${record.id}`, record);
  }
  for (const name of renditions) addBlob.run(name);
  rebuildDerivedRecords(database);
  database.exec('COMMIT');
  return blobs.length;
}

/**
 * Separates the content of files from the renditions that salvaged records list. A rendition without such a record becomes a file,
 * because it can be the only copy that is left.
 */
function withoutRenditions(
  blobs: readonly string[],
  salvaged: Salvaged | undefined,
): { files: string[]; renditions: string[] } {
  const known = new Set([...(salvaged?.files.values() ?? [])].flatMap(renditionBlobs));
  return {
    files: blobs.filter((name) => !known.has(name)),
    renditions: blobs.filter((name) => known.has(name)),
  };
}

/** Salvaged records come first, in their order. The others follow, sorted by age. */
function recordsFor(
  root: string,
  blobs: readonly string[],
  owner: string,
  salvaged: Salvaged | undefined,
): FileRecord[] {
  const order = new Map([...(salvaged?.files.keys() ?? [])].map((id, index) => [id, index]));
  const place = ({ id }: FileRecord) => order.get(id) ?? order.size;
  return blobs
    .map((id) => {
      const { size, mtimeMs } = statSync(blobPath(root, id));
      const record = salvaged?.files.get(id) ?? recovered(id, owner, Math.floor(mtimeMs / 1000));
      return { ...record, size, public_code: null };
    })
    .sort((a, b) => place(a) - place(b) || a.time_added - b.time_added);
}

function recovered(id: string, owner: string, time_added: number): FileRecord {
  return {
    id,
    owner,
    name: `recovered-${id.slice(0, 8)}`,
    extension: '',
    type: 'application/octet-stream',
    size: 0,
    time_added,
    media_type: 'unknown',
    tags: [],
    origin: 'recovered',
    starred: false,
    public_code: null,
    processing_status: 'ok',
    meta: {},
  };
}
