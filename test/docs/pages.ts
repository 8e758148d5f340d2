import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block of code between fences. */
export interface Block {
  page: string;
  /** The page and the heading, for test names. Does not depend on the line. */
  place: string;
  /** The number of its first line in the page, from 1. */
  line: number;
  language: string;
  text: string;
}

/** The README and all pages in docs/, without generated and installed ones, and those of the site. */
export const pages: string[] = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/(?:^|[\\/])(?:node_modules|reference|site)[\\/]/.test(file))
    .map((file) => join('docs', file)),
];

export function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  const places: string[] = [];
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ index, 1: language = '', 2: code = '' }) => {
    const before = text.slice(0, index);
    const place = `${page}: ${lastHeadingOf(before)}`;
    const same = places.filter((other) => other === place).length;
    places.push(place);
    return {
      page,
      place: same === 0 ? place : `${place} (${same + 1})`,
      line: before.split('\n').length + 1,
      language,
      text: code,
    };
  });
}

function lastHeadingOf(text: string): string {
  const headings = text.replace(/^```.*?^```/gms, '').match(/^#+ .*$/gm);
  return headings?.at(-1)?.replace(/^#+ /, '') ?? '';
}

/** The page whose code needs packages of users. test/consumers/recipes compiles and runs it. */
export const recipes: string = join('docs', 'recipes.md');

/** The page whose code needs test runners. test/consumers/runners and test/runtimes run it. */
export const testRunners: string = join('docs', 'test-runners.md');

/** The blocks of all pages, without code that needs packages of users. */
export const blocks: Block[] = pages.flatMap((page) =>
  blocksOf(page).filter(({ language }) => ![recipes, testRunners].includes(page) || ['sh', 'json'].includes(language)),
);
