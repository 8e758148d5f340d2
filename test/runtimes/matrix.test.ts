import { afterAll, describe, expect, it } from 'vitest';
import type { Outcome } from './contract.js';
import { layBed } from './matrix.js';

const bed = await layBed();
afterAll(() => bed.close());

const withoutDisk = ['workerd', 'Chromium', 'Firefox'];
const found = new Map<string, Outcome[]>();

it('has a runtime of every kind', () => {
  const needed = ['Node 22', 'Node 24', 'Node 26', 'Bun', 'Deno', 'workerd', 'Chromium'];
  expect(bed.runtimes).toEqual(expect.arrayContaining(needed));
});

describe('the contract', () => {
  it.each(bed.runtimes)('holds in %s', { timeout: 180_000 }, async (runtime) => {
    const outcomes = await bed.outcomes(runtime);
    found.set(runtime, outcomes);
    expect(outcomes.length).toBeGreaterThan(10);
    const failures = outcomes.flatMap(({ name, error }) =>
      error === undefined ? [] : `${name}: ${error.slice(0, 500)}`,
    );
    expect(failures).toEqual([]);
    expect(outcomes.some(({ absent }) => absent)).toBe(withoutDisk.includes(runtime));
  });
});

it.runIf(bed.runtimes.includes('Firefox'))('is in the documentation as it was found', async () => {
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
(\`npm test -- test/runtimes --update\`), and fail when it is no longer true.

${[row(['', ...found.keys()]), row(['---', ...[...found.keys()].map(() => '---')]), ...rows].join('\n')}

"Signs in by authorization code" is, in a page, that it is refused; "signs in by implicit grant" and "takes a sign-in out of the
address bar" are, elsewhere, that they work with a page's objects handed in, and the first that it is refused without. "Is a
doctape of its own" is the sandbox as a function, in the same program. A dash is where something needs files or ports, and
there are none: they are those of \`doctape-sdk/node\`, which is for Node, Bun and Deno.
`;
  await expect(text).toMatchFileSnapshot('../../docs/runtimes.md');
});
