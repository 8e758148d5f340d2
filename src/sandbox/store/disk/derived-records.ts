import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { keyOf, readerOfTag, tapeOfTag } from '../records.js';
import { recordTable } from './record-table.js';

/** Rebuilds the records that are derived from the files: tapes, the files on each tape and of each reader, conversions, and the usage. */
export function rebuildDerivedRecords(database: DatabaseSync): void {
  const records = recordTable(database);
  database.exec("DELETE FROM records WHERE collection IN ('taped', 'shared', 'conversions', 'usage')");
  const usage = new Map<string, number>();
  for (const { owner, id, size, tags, processing_status } of records.all('files')) {
    if (processing_status === 'processing') records.put('conversions', id, { owner, id, attempts: 0 });
    usage.set(owner, (usage.get(owner) ?? 0) + size);
    for (const tag of tags) {
      const reader = readerOfTag(tag);
      if (reader !== undefined) records.put('shared', keyOf(owner, reader, id), { owner, id });
      const name = tapeOfTag(tag);
      if (name === undefined) continue;
      records.put('taped', keyOf(owner, name, id), { owner, id });
      // version 0.1 wrote a file and its tape separately, so it could be killed in between
      if (records.get('tapes', keyOf(owner, name))) continue;
      records.put('tapes', keyOf(owner, name), { id: randomUUID(), owner, name, live: true, shared_with: [] });
    }
  }
  for (const [owner, bytes] of usage) records.put('usage', owner, { bytes });
}
