import stringWidth from 'string-width';
import { shorten } from './shorten.js';

const gap = 2;

export interface TableOptions {
  /** The indexes of the columns that are aligned right. */
  right?: readonly number[];
  /** The index of the column that is shortened if the terminal is too narrow. */
  flexible?: number;
  /** The width of the terminal. @default that of stdout, or unlimited if it is not a terminal */
  columns?: number;
}

/**
 * Formats rows as aligned columns.
 *
 * @param rows the first row contains the titles
 */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  const { right = [], flexible, columns = terminalColumns() } = options;
  const widths = widthsOf(rows);
  if (flexible !== undefined) {
    const others = widthOfTable(widths) - (widths[flexible] ?? 0);
    widths[flexible] = Math.min(widths[flexible] ?? 0, Math.max(narrowest, columns - others));
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          const text = column === flexible ? shorten(cell, width) : cell;
          const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
          return right.includes(column) ? space + text : text + space;
        })
        .join(' '.repeat(gap))
        .trimEnd(),
    )
    .join('\n');
}

/** A name is not shortened to less than this. */
const narrowest = 8;

/** The width of stdout. Programs and files get everything. */
export function terminalColumns(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

export function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, stringWidth(row[column] ?? '')), 0),
  );
}

export function widthOfTable(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1);
}
