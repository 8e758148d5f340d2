import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../../src/cli/terminal/duration.js';
import { shorten } from '../../../src/cli/terminal/shorten.js';

describe('shorten()', () => {
  it.each([
    ['short.txt', 20, 'short.txt'],
    ['a rather long name of a file.jpeg', 20, 'a rather l…file.jpeg'],
    ['no extension but long enough', 12, 'no exten…ugh'],
    ['日本語の長いファイル名.txt', 14, '日本語…名.txt'],
    ['👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧.png', 9, '👨‍👩‍👧👨‍👩‍👧….png'],
    ['.a-hidden-file-with-a-long-name', 10, '.a-hid…ame'],
    ['name.an-extension-that-is-too-long', 12, 'name.an-…ong'],
  ])('shortens %j to %d columns', (name, columns, expected) => {
    expect(shorten(name, columns)).toBe(expected);
  });

  it('never returns more columns than asked for, and ends quickly for a name of a megabyte', () => {
    for (const name of [
      'a'.repeat(1e6),
      '日'.repeat(1e6),
      '👨‍👩‍👧'.repeat(1e5),
      `${'e\u0301'.repeat(1e5)}.txt`,
      '\ud83d'.repeat(1e5),
    ]) {
      for (const columns of [1, 2, 5, 8, 39, 200])
        expect(stringWidth(shorten(name, columns))).toBeLessThanOrEqual(columns);
    }
  });
});

it.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [61, '1 min 1 s'],
  [3_900, '1 h 5 min'],
  [1e9, '277777 h'],
])('formats %d seconds as %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected);
});
