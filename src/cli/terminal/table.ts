import stringWidth from 'string-width';

/**
 * Formats rows as aligned columns.
 *
 * @param rows the first row contains the titles
 * @param right the indexes of the columns that are aligned right
 */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, stringWidth(row[column] ?? '')), 0),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const space = ' '.repeat((widths[column] ?? 0) - stringWidth(cell));
          return right.includes(column) ? space + cell : cell + space;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
