import type { DatabaseSync } from 'node:sqlite';
import type { Collection, Records } from '../records.js';

/** The records in SQLite. Each is stored as JSON. */
export interface RecordTable {
  get<C extends Collection>(collection: C, key: string): Records[C] | undefined;
  put<C extends Collection>(collection: C, key: string, record: Records[C]): void;
  /** Returns whether the record existed. */
  delete(collection: Collection, key: string): boolean;
  /** Lists the records of a folder. Reads them in pages, so the table may change during the iteration. */
  list<C extends Collection>(collection: C, folder: string): Iterable<Records[C]>;
  /** Lists the records of all folders. */
  all<C extends Collection>(collection: C): Iterable<Records[C]>;
}

const pageSize = 500;

export function recordTable(database: DatabaseSync): RecordTable {
  const get = database.prepare('SELECT json FROM records WHERE collection = ? AND folder = ? AND name = ?');
  const put = database.prepare(`
    INSERT INTO records (collection, folder, name, json) VALUES (?, ?, ?, ?)
    ON CONFLICT (collection, folder, name) DO UPDATE SET json = excluded.json`);
  const remove = database.prepare('DELETE FROM records WHERE collection = ? AND folder = ? AND name = ?');
  const page = database.prepare(`
    SELECT position, json FROM records WHERE collection = ? AND folder = ? AND position > ?
    ORDER BY position LIMIT ${pageSize}`);
  const pageOfAll = database.prepare(`
    SELECT position, json FROM records WHERE collection = ? AND position > ? ORDER BY position LIMIT ${pageSize}`);

  function* pages<T>(rowsAfter: (position: number) => Record<string, unknown>[]): Iterable<T> {
    let position = 0;
    let rows: Record<string, unknown>[];
    do {
      rows = rowsAfter(position);
      for (const { json } of rows) yield JSON.parse(String(json));
      position = Number(rows.at(-1)?.position);
    } while (rows.length === pageSize);
  }

  return {
    get(collection, key) {
      const row = get.get(collection, ...split(key));
      return row === undefined ? undefined : JSON.parse(String(row.json));
    },
    put(collection, key, record) {
      put.run(collection, ...split(key), JSON.stringify(record));
    },
    delete: (collection, key) => Number(remove.run(collection, ...split(key)).changes) > 0,
    list: (collection, folder) => pages((position) => page.all(collection, folder, position)),
    all: (collection) => pages((position) => pageOfAll.all(collection, position)),
  };
}

function split(key: string): [folder: string, name: string] {
  const end = key.lastIndexOf('/') + 1;
  return [key.slice(0, end), key.slice(end)];
}
