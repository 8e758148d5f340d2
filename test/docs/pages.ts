import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block of code between fences. */
export interface Block {
  page: string;
  /** What it stands under. */
  heading: string;
  /** The line of its first line in the page, from 1. */
  line: number;
  language: string;
  text: string;
}

/** The README and all that is written in docs/, without what is generated or installed there. */
export const pages: string[] = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/(?:^|[\\/])(?:node_modules|reference)[\\/]/.test(file))
    .map((file) => join('docs', file)),
];

export function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ index, 1: language = '', 2: code = '' }) => ({
    page,
    heading: headingAtEndOf(text.slice(0, index)),
    line: text.slice(0, index).split('\n').length + 1,
    language,
    text: code,
  }));
}

function headingAtEndOf(text: string): string {
  const headings = text.replace(/^```.*?^```/gms, '').match(/^#+ .*$/gm);
  return headings?.at(-1)?.replace(/^#+ /, '') ?? '';
}

export const blocks: Block[] = pages.flatMap(blocksOf);
