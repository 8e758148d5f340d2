import type { DatabaseSync } from 'node:sqlite';
import type { Collection, Records } from '../records.js';

/** The records in SQLite. Each is stored as JSON. */
export interface RecordTable {
  get<C extends Collection>(collection: C, key: string): Records[C] | undefined;
  put<C extends Collection>(collection: C, key: string, record: Records[C]): void;
  /** Returns whether the record existed. */
  delete(collection: Collection, key: string): boolean;
  /** Deletes all records. */
  clear(): void;
  /** Removes what is kept in memory. */
  forget(): void;
  /** Lists the records of a folder. Reads them in pages, so the table may change during the iteration. */
  list<C extends Collection>(collection: C, folder: string): Iterable<Records[C]>;
  /** Lists the records of all folders. */
  all<C extends Collection>(collection: C): Iterable<Records[C]>;
}

/** The first page is small, because callers often stop after a few records. */
const pageSizes = { first: 20, most: 500 };

/** The number of records that are kept in memory, and the most characters of each. */
const kept = { records: 1_000, length: 4_096 };

/**
 * Keeps the records that `get` has read in memory: to read a token and a file from SQLite takes as long as the rest of a call. No other
 * process can change the records, because the database is locked. So nothing else in this process may, while the table is used.
 */
export function recordTable(database: DatabaseSync): RecordTable {
  const get = database.prepare('SELECT json FROM records WHERE collection = ? AND folder = ? AND name = ?');
  const put = database.prepare(`
    INSERT INTO records (collection, folder, name, json) VALUES (?, ?, ?, ?)
    ON CONFLICT (collection, folder, name) DO UPDATE SET json = excluded.json`);
  const remove = database.prepare('DELETE FROM records WHERE collection = ? AND folder = ? AND name = ?');
  const page = database.prepare(`
    SELECT position, json FROM records WHERE collection = ? AND folder = ? AND position > ?
    ORDER BY position LIMIT ?`);
  const pageOfAll = database.prepare(`
    SELECT position, json FROM records WHERE collection = ? AND position > ? ORDER BY position LIMIT ?`);

  const read = new Map<string, unknown>();

  function keep(path: string, record: unknown): void {
    if (read.size >= kept.records) read.clear();
    read.set(path, record);
  }

  function* pages<T>(rowsAfter: (position: number, size: number) => Record<string, unknown>[]): Iterable<T> {
    let position = 0;
    for (let size = pageSizes.first; ; size = pageSizes.most) {
      const rows = rowsAfter(position, size);
      for (const { json } of rows) yield JSON.parse(String(json));
      if (rows.length < size) return;
      position = Number(rows.at(-1)?.position);
    }
  }

  return {
    get(collection, key) {
      const path = `${collection}/${key}`;
      const known = read.get(path);
      if (known !== undefined) return copyOf(known);
      const row = get.get(collection, ...split(key));
      if (row === undefined) return undefined;
      const json = String(row.json);
      if (json.length <= kept.length) keep(path, JSON.parse(json));
      return JSON.parse(json);
    },
    put(collection, key, record) {
      read.delete(`${collection}/${key}`); // not replaced by the new text: the transaction may be rolled back
      put.run(collection, ...split(key), JSON.stringify(record));
    },
    delete(collection, key) {
      read.delete(`${collection}/${key}`);
      return Number(remove.run(collection, ...split(key)).changes) > 0;
    },
    forget: () => read.clear(),
    clear() {
      read.clear();
      database.exec('DELETE FROM records');
    },
    list: (collection, folder) => pages((position, size) => page.all(collection, folder, position, size)),
    all: (collection) => pages((position, size) => pageOfAll.all(collection, position, size)),
  };
}

/** A copy of JSON data, which the caller may modify. To parse the JSON again takes several times as long. */
function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T; // the same type of each item
  const copy = { ...value };
  for (const name in copy) if (typeof copy[name] === 'object') copy[name] = copyOf(copy[name]);
  return copy;
}

function split(key: string): [folder: string, name: string] {
  const end = key.lastIndexOf('/') + 1;
  return [key.slice(0, end), key.slice(end)];
}
