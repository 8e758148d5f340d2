import { readFileSync } from 'node:fs';

export interface Row {
  /** The line in the page, from 1. */
  line: number;
  cells: string[];
}

export interface Table {
  page: string;
  columns: string[];
  rows: Row[];
}

/** The lines of a page, with code blocks replaced by empty lines. */
export function linesOf(page: string): string[] {
  const blank = (code: string) => code.replace(/.+/g, '');
  return readFileSync(page, 'utf8')
    .replace(/^```.*?^```/gms, blank)
    .split('\n');
}

export function tablesOf(page: string): Table[] {
  const lines = linesOf(page);
  const isRow = (index: number) => lines[index]?.startsWith('|') === true;
  const firstLines = [...lines.keys()].filter((index) => isRow(index) && !isRow(index - 1));
  return firstLines.map((first) => {
    const rows: Row[] = [];
    // the line below the headings has only dashes
    for (let index = first + 2; isRow(index); index++) rows.push({ line: index + 1, cells: cellsOf(lines[index]) });
    return { page, columns: cellsOf(lines[first]), rows };
  });
}

function cellsOf(text = ''): string[] {
  return text
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split('|')
    .map((cell) => cell.trim());
}

/** The rows of the table whose first column has this heading. */
export function rowsUnder(heading: string, page: string): Row[] {
  const rows = tablesOf(page).find(({ columns }) => columns[0] === heading)?.rows;
  if (!rows || rows.length === 0) throw new Error(`${page} has no table whose first column is ${heading}`);
  return rows;
}

/** The code between backticks. */
export function codeIn(text: string | undefined): string[] {
  return [...(text ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '));
}
