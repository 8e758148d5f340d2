import { expect, it } from 'vitest';
import { printable } from '../../../src/cli/terminal/printable.js';
import { table } from '../../../src/cli/terminal/table.js';

it('formats a table with more rows than a function call can have arguments', () => {
  const rows = Array.from({ length: 200_000 }, (_, index) => [String(index), 'x']);
  expect(table(rows).split('\n').at(-1)).toBe('199999  x');
});

it('prints U+FFFD for a lone surrogate', () => {
  expect(printable('a\ud800b')).toBe('a\ufffdb');
});
