import { afterAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../package/contract.js';
import { type NeedName, needing } from '../support/needs.js';
import { layBed } from './matrix.js';

const bed = await layBed();
afterAll(() => bed.close());

const needed: Record<string, NeedName[]> = { 'Node 26': ['libatomic'], Chromium: ['chromium'], Firefox: ['firefox'] };
const withoutDisk = ['workerd', 'Chromium', 'Firefox'];
const found = new Map<string, Outcome[]>();

it('has a runtime of every kind', () => {
  expect(bed.runtimes).toEqual(['Node 22', 'Node 24', 'Node 26', 'Bun', 'Deno', 'workerd', 'Chromium', 'Firefox']);
});

describe('the contract', () => {
  for (const runtime of bed.runtimes) {
    it(`holds in ${runtime}`, { timeout: 180_000, ...needing(...(needed[runtime] ?? [])) }, async () => {
      const outcomes = await bed.outcomes(runtime);
      found.set(runtime, outcomes);
      expect(outcomes.length).toBeGreaterThan(10);
      const failures = outcomes.flatMap(({ name, error }) =>
        error === undefined ? [] : `${name}: ${error.slice(0, 500)}`,
      );
      expect(failures).toEqual([]);
      expect(outcomes.some(({ absent }) => absent)).toBe(withoutDisk.includes(runtime));
    });
  }
});

it('is in the documentation as it was found', needing(...Object.values(needed).flat()), async () => {
  const [first = []] = found.values();
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const rows = first.map(({ name }) => {
    const cells = [...found.values()].map((outcomes) => {
      const outcome = outcomes.find((other) => other.name === name);
      if (outcome?.absent) return '–';
      return outcome && outcome.error === undefined ? '✓' : '✗';
    });
    return row([name, ...cells]);
  });
  const text = `# Runtimes

One contract, run with the packed package in every runtime, against a sandbox over HTTP. The tests write this table
(\`npm run test:runtimes -- --update\`), and fail when it is no longer true.

${[row(['', ...found.keys()]), row(['---', ...[...found.keys()].map(() => '---')]), ...rows].join('\n')}

"Signs in by authorization code" is, in a page, that it is refused; "signs in by implicit grant" and "takes a sign-in out of the
address bar" are, elsewhere, that they work with a page's objects handed in, and the first that it is refused without. "Is a
doctape of its own" is the sandbox as a function, in the same program. A dash is where something needs files or ports, and
there are none: they are those of \`doctape-sdk/node\`, which is for Node, Bun and Deno.
`;
  await expect(text).toMatchFileSnapshot('../../docs/runtimes.md');
});
