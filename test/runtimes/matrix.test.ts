import { afterAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../package/contract.js';
import { type RequirementName, requires } from '../support/requirements.js';
import { prepareMatrix } from './matrix.js';

const matrix = await prepareMatrix();
afterAll(() => matrix.close());

const needed: Record<string, RequirementName[]> = {
  'Node 26': ['libatomic'],
  Chromium: ['chromium'],
  Firefox: ['firefox'],
  WebKit: ['webkit'],
};
const withoutDisk = ['workerd', 'Chromium', 'Firefox', 'WebKit'];
const found = new Map<string, Outcome[]>();

it('runs in every supported runtime', () => {
  expect(matrix.runtimes).toEqual([
    'Node 22',
    'Node 24',
    'Node 26',
    'Bun',
    'Deno',
    'workerd',
    'Chromium',
    'Firefox',
    'WebKit',
  ]);
});

describe('the contract', () => {
  for (const runtime of matrix.runtimes) {
    it(`passes in ${runtime}`, requires(...(needed[runtime] ?? [])), async () => {
      const outcomes = await matrix.outcomes(runtime);
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

it('the table in docs/runtimes.md is up to date', requires(...Object.values(needed).flat()), async () => {
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

The same test cases run with the packed package in every runtime, against a sandbox over HTTP. The tests generate this table
(\`npm run test:runtimes -- --update\`), and fail if it is out of date.

${[row(['', ...found.keys()]), row(['---', ...[...found.keys()].map(() => '---')]), ...rows].join('\n')}

Some rows mean different things in different runtimes:

- "signs in by authorization code": in a browser, the client refuses to be created.
- "signs in by implicit grant" and "removes a callback from the URL": outside of a browser, the client uses the \`location\`,
  \`history\` and storage that it is given, and refuses to be created without them.
- A dash means that the row needs \`doctape-sdk/node\`, which is for Node, Bun and Deno.
`;
  await expect(text).toMatchFileSnapshot('../../docs/runtimes.md');
});
