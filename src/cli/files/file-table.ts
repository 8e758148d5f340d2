import prettyBytes from 'pretty-bytes';
import { type FileInfo, fileName } from '../../index.js';
import { formatTime } from '../terminal/format-time.js';
import { note, print } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { table, terminalColumns, widthOfTable, widthsOf } from '../terminal/table.js';

type Column = keyof typeof cells;

const cells = {
  id: ({ id }: FileInfo) => id,
  name: (file: FileInfo) => fileName(file),
  size: ({ size }: FileInfo) => prettyBytes(size),
  added: ({ time_added }: FileInfo) => formatTime(time_added),
  kind: ({ media_type }: FileInfo) => media_type,
  processing: ({ processing_status }: FileInfo) => processing_status,
  starred: ({ starred }: FileInfo) => (starred ? 'yes' : 'no'),
  public: ({ public_url }: FileInfo) => (public_url === null ? 'no' : 'yes'),
  tags: ({ tags }: FileInfo) => tags.join(' '),
};

/** A name gets at least this width, if columns can be left out for it. */
const comfortable = 24;

/** Columns that a narrow terminal does without, the most dispensable first. `short id` prints only the start of an id. */
const dispensable = ['processing', 'public', 'starred', 'short id', 'kind', 'tags', 'added'] as const;

/** Prints a list of files. On a terminal, it is as wide as the terminal. */
export function printFiles(files: readonly FileInfo[], long = false): void {
  if (files.length === 0) {
    note('No files were found.');
    return;
  }
  const all: Column[] = ['id', 'name', 'size', 'added'];
  if (long) all.push('kind', 'processing', 'starred', 'public', 'tags');
  const columns = terminalColumns();
  const prefixes = shortIds(files);
  let shown = all;
  let short = false;
  let rows = rowsOf(files, shown, prefixes, short);
  for (const one of dispensable) {
    if (fits(rows, shown.indexOf('name'), columns)) break;
    if (one === 'short id') short = true;
    else shown = shown.filter((column) => column !== one);
    rows = rowsOf(files, shown, prefixes, short);
  }
  print(table(rows, { right: [shown.indexOf('size')], flexible: shown.indexOf('name') }));
}

function rowsOf(files: readonly FileInfo[], shown: readonly Column[], prefixes: readonly string[], short: boolean) {
  const rows = files.map((file, index) =>
    shown.map((column) => (column === 'id' && short ? (prefixes[index] ?? '') : printable(cells[column](file)))),
  );
  return [[...shown], ...rows];
}

function fits(rows: string[][], name: number, columns: number): boolean {
  const widths = widthsOf(rows);
  const widest = widths[name] ?? 0;
  return widthOfTable(widths) - widest + Math.min(widest, comfortable) <= columns;
}

/** The shortest starts of ids that are different, with at least 8 characters. All have the same length. */
function shortIds(files: readonly FileInfo[]): string[] {
  for (let length = 8; length < 36; length++) {
    const starts = files.map(({ id }) => printable(id.slice(0, length)));
    if (new Set(starts).size === files.length) return starts;
  }
  return files.map(({ id }) => printable(id));
}
