import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '../../../protocol/errors.js';
import { rebuildDerivedRecords } from './derived-records.js';
import { names, newerFolder } from './layout.js';
import { makePrivate } from './make-private.js';
import { setIncomingAside } from './move-aside.js';
import { refusedFolder } from './refused-folder.js';

/** The SQLite application id that identifies a database of the sandbox: "doct" in ASCII. */
const applicationId = 0x646f6374;

/** The version of the database in a folder of format 2. Version 2 had neither the `shared` records nor the keys of grants. */
const databaseVersion = 3;

/** Keys are split after their last slash, so that an index can return the records of a folder in order. */
const schema = `
  CREATE TABLE records (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (collection, folder, name)
  );
  CREATE INDEX records_in_order ON records (collection, folder, position);
  CREATE TABLE blobs (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('new', 'kept', 'dropped'))
  ) WITHOUT ROWID;
  CREATE INDEX unkept_blobs ON blobs (state) WHERE state <> 'kept';
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${databaseVersion};
`;

/** Thrown when SQLite cannot read the database, or the database is empty although there are blobs. */
export class DamagedDatabase extends Error {
  override readonly name = 'DamagedDatabase';
}

/**
 * Opens the database of a data folder with an exclusive lock. Creates the tables of a new database and migrates one of version 0.1.
 * @param hasBlobs whether the folder has blobs, so that the database must have records
 * @throws {DamagedDatabase} if it cannot be read, or is empty although there are blobs
 * @throws {ConfigurationError} if another process has locked it, or another program or a newer version wrote it
 */
export function openDatabase(root: string, hasBlobs: boolean): DatabaseSync {
  const sqlite = sqliteModule();
  const path = join(root, names.database);
  closeSync(openSync(path, 'a', 0o600)); // SQLite would create it with the default permissions, readable by everyone
  for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) makePrivate(file);
  let database: DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(path);
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const version = versionOf(root, database);
    if (version === 0 && hasBlobs) throw new DamagedDatabase('is empty');
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA journal_size_limit = ${4 * 1024 * 1024};
      PRAGMA synchronous = NORMAL;
      BEGIN EXCLUSIVE`);
    const problem = database.prepare('PRAGMA quick_check(1)').get();
    if (problem?.quick_check !== 'ok') throw new DamagedDatabase('is damaged');
    if (version === 0) database.exec(schema);
    if (version === 1) {
      migrate(database);
      setIncomingAside(root);
    }
    if (version === 1 || version === 2) {
      database.exec(`
        UPDATE records SET json = json_set(json, '$.key', name) WHERE collection IN ('codes', 'tokens', 'refreshes');
        PRAGMA user_version = ${databaseVersion}`);
      rebuildDerivedRecords(database);
    }
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database?.close(); // rolls back
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
    if (code === 5) throw refusedFolder(root, 'cannot be opened: another sandbox is using it'); // SQLITE_BUSY
    if (code === 11 || code === 26) throw new DamagedDatabase('is damaged'); // SQLITE_CORRUPT, SQLITE_NOTADB
    throw error;
  }
}

/**
 * Closes a database whose log may be damaged on the disk. SQLite would copy the log into the database without reading its checksums. It
 * does not do that if the database file was moved in the meantime. The option for it is not in `node:sqlite`.
 */
export function closeWithoutCheckpoint(root: string, database: DatabaseSync): void {
  const path = join(root, names.database);
  const away = join(root, names.closing);
  let moved = false;
  try {
    renameSync(path, away);
    moved = true;
  } catch {
    // the file system is read-only, so that SQLite cannot write to it either, or it is of Windows, where an open file cannot be moved
  }
  database.close();
  if (moved) renameSync(away, path);
}

/** Moves the database back that a process was closing when it was killed. */
export function finishClosing(root: string): void {
  const away = join(root, names.closing);
  if (existsSync(away) && !existsSync(join(root, names.database))) renameSync(away, join(root, names.database));
}

export function sqliteModule(): typeof import('node:sqlite') {
  const sqlite = process.getBuiltinModule('node:sqlite');
  if (sqlite) return sqlite;
  throw new ConfigurationError(
    'invalid_argument',
    'a data folder needs Node 22.13 or newer, which includes SQLite: update Node, or keep the data in memory',
  );
}

/** Returns 0 for a database without tables, 1 for one of version 0.1. */
function versionOf(root: string, database: DatabaseSync): number {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const { application_id } = database.prepare('PRAGMA application_id').get() ?? {};
  const { user_version } = database.prepare('PRAGMA user_version').get() ?? {};
  if (application_id === applicationId) {
    if (Number(user_version) > databaseVersion) throw newerFolder(root, Number(user_version), databaseVersion);
    return Number(user_version);
  }
  if (tables.length === 0) return 0;
  if (application_id === 0 && user_version === 0 && tables.some(({ name }) => name === 'records')) return 1;
  throw refusedFolder(root, `contains a ${names.database} that was not written by a sandbox: choose another folder`);
}

/** Version 0.1 did not split keys, and did not list its blobs. */
function migrate(database: DatabaseSync): void {
  database.exec(`
    DROP INDEX IF EXISTS records_in_order;
    ALTER TABLE records RENAME TO records_of_version_1;
    ${schema}
    INSERT INTO records (position, collection, folder, name, json)
      SELECT position, collection, substr(key, 1, instr(key, '/')), substr(key, instr(key, '/') + 1), json
      FROM records_of_version_1 ORDER BY position;
    DROP TABLE records_of_version_1;
    INSERT INTO blobs (name, state) SELECT name, 'kept' FROM records WHERE collection = 'files';
  `);
}
