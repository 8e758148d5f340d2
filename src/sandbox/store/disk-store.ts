import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { invalid } from '../../protocol/checks.js';
import { ConfigurationError } from '../../protocol/errors.js';
import type { Store } from './store.js';

const schema = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  BEGIN EXCLUSIVE;
  CREATE TABLE IF NOT EXISTS records (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (collection, key)
  );
  CREATE INDEX IF NOT EXISTS records_in_order ON records (collection, position);
  COMMIT;
`;

const pageSize = 500;
const readSize = 512 * 1024;

/**
 * Keeps records in SQLite and bytes in files below `folder`, which it makes if need be. What was committed survives
 * `kill -9`. A folder belongs to one process at a time.
 * @throws {ConfigurationError} when the folder cannot be opened, or another sandbox has it
 */
export function diskStore(folder: string): Store {
  if (typeof folder !== 'string' || folder === '') throw invalid('folder', 'must be the path of a folder');
  const root = resolve(folder);
  const incoming = join(root, 'incoming');
  const blobs = join(root, 'files');
  const database = openFolder(root, incoming);
  sweep(database, blobs);
  let closed = false;

  const get = database.prepare('SELECT json FROM records WHERE collection = ? AND key = ?');
  const put = database.prepare(`
    INSERT INTO records (collection, key, json) VALUES (?, ?, ?)
    ON CONFLICT (collection, key) DO UPDATE SET json = excluded.json`);
  const remove = database.prepare('DELETE FROM records WHERE collection = ? AND key = ?');
  const page = database.prepare(`
    SELECT position, json FROM records
    WHERE collection = ? AND position > ? AND substr(key, 1, length(?)) = ?
    ORDER BY position LIMIT ${pageSize}`);

  // names are ids that the sandbox made; the check keeps that true
  const pathOf = (name: string) => {
    if (!/^[\w-][\w.-]*$/.test(name)) throw new Error('a blob needs a plain name');
    return join(blobs, name.slice(0, 2), name);
  };

  return {
    async get(collection, key) {
      const row = get.get(collection, key);
      return row === undefined ? undefined : JSON.parse(String(row.json));
    },
    async put(collection, key, record) {
      put.run(collection, key, JSON.stringify(record));
    },
    async delete(collection, key) {
      return remove.run(collection, key).changes > 0;
    },
    async *list(collection, prefix) {
      let position = 0;
      let rows: ReturnType<typeof page.all>;
      do {
        rows = page.all(collection, position, prefix, prefix);
        for (const row of rows) yield JSON.parse(String(row.json));
        position = Number(rows.at(-1)?.position);
      } while (rows.length === pageSize);
    },
    async writeBlob(name) {
      const path = pathOf(name);
      const temporary = join(incoming, randomUUID());
      const file = await open(temporary, 'wx', 0o600);
      return {
        write: (chunk) => file.appendFile(chunk),
        async commit() {
          await file.sync();
          await file.close();
          await mkdir(dirname(path), { recursive: true, mode: 0o700 });
          await rename(temporary, path);
        },
        async discard() {
          await file.close();
          await rm(temporary, { force: true });
        },
      };
    },
    readBlob: (name, { start, end }) => readFile(pathOf(name), start, end),
    async deleteBlob(name) {
      await rm(pathOf(name), { force: true });
    },
    async clear() {
      database.exec('DELETE FROM records');
      await rm(blobs, { recursive: true, force: true });
    },
    async close() {
      if (closed) return;
      closed = true;
      database.close();
    },
  };
}

/** A blob whose record was never written, or whose record was deleted first, when the last process ended. */
function sweep(database: DatabaseSync, blobs: string): void {
  const keys = database.prepare("SELECT key FROM records WHERE collection = 'files'").all();
  const known = new Set(keys.map(({ key }) => String(key).split('/')[1])); // a blob is named after its file
  for (const entry of readdirSync(blobs, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !known.has(entry.name)) rmSync(join(entry.parentPath, entry.name));
  }
}

function openFolder(root: string, incoming: string): DatabaseSync {
  const sqlite = process.getBuiltinModule('node:sqlite');
  if (!sqlite)
    throw new ConfigurationError('invalid_argument', 'a data folder needs Node 22.13 or newer, which has SQLite');
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    database = new sqlite.DatabaseSync(join(root, 'sandbox.sqlite'));
    database.exec(schema);
    rmSync(incoming, { recursive: true, force: true }); // what was on its way when the last process ended
    mkdirSync(incoming, { mode: 0o700 });
    mkdirSync(join(root, 'files'), { recursive: true, mode: 0o700 });
    return database;
  } catch (error) {
    database?.close();
    const busy = error instanceof Error && 'errcode' in error && error.errcode === 5; // SQLITE_BUSY
    const reason = busy ? 'another sandbox is using it' : error instanceof Error ? error.message : 'unknown reason';
    throw new ConfigurationError('invalid_argument', `data folder ${root} cannot be opened: ${reason}`);
  }
}

/** Opens the file when the first byte is asked for, so that a response nobody reads holds nothing open. */
function readFile(path: string, start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: FileHandle | undefined;
  let position = start;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          file ??= await open(path, 'r');
          const buffer = new Uint8Array(Math.min(readSize, end + 1 - position));
          const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position);
          position += bytesRead;
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
          if (position > end) {
            await file.close();
            controller.close();
          } else if (bytesRead === 0) throw new Error('a file of the store is shorter than its record says');
        } catch (error) {
          await file?.close();
          throw error;
        }
      },
      async cancel() {
        await file?.close();
      },
    },
    { highWaterMark: 0 },
  );
}
