import { describe, expect, it } from 'vitest';
import { localPaths, safeName } from '../../../src/node/folders/local-names.js';

describe('a safe name', () => {
  it.each([
    ['holiday.jpg', 'holiday.jpg'],
    ['../../etc/passwd', '_.._.._etc_passwd'],
    ['..', '_'],
    ['.', '_'],
    ['', '_'],
    [' ', '_'],
    ['...', '_'],
    ['/etc/passwd', '_etc_passwd'],
    ['C:\\x', 'C__x'],
    ['a\u0000\u001b[31mb\r\n', 'a__[31mb__'],
    ['what? "this" <is> a|b*', 'what_ _this_ _is_ a_b_'],
    ['trailing dots... ', 'trailing dots'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['COM¹.log', '_COM¹.log'],
    ['con .txt', '_con .txt'],
    ['console.log', 'console.log'],
    ['-rf', '_-rf'],
    ['~root', '_~root'],
    ['.bashrc', '_.bashrc'],
    ['u\u0308ber', 'über'],
    ['gpj.\u202eexe', 'gpj._exe'],
    ['\ud800', '\ufffd'],
    ['日本語 🎉.txt', '日本語 🎉.txt'],
  ])('of %j is %j', (name, safe) => {
    expect(safeName(name, false)).toBe(safe);
    expect(safeName(safe, false)).toBe(safe); // the next run finds the same file
  });

  it('keeps the dot of a hidden file if that is wanted, but never of a path', () => {
    expect(['.bashrc', '..', '.', '...x', '.git'].map((name) => safeName(name, true))).toEqual([
      '.bashrc',
      '_',
      '_',
      '...x',
      '.git',
    ]);
  });

  // mikf/gallery-dl#5575: file systems limit names to 255 bytes, not characters
  it.each(['a', 'ü', '日', '🎉', '. '])(
    'has at most 255 bytes, and keeps the extension of a long name of %j',
    (character) => {
      for (const name of [character.repeat(400), `${character.repeat(400)}.tar`, `.${character.repeat(400)}`]) {
        const safe = safeName(name, false);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
        expect(safe).not.toContain('\ufffd');
        expect(safeName(safe, false)).toBe(safe);
      }
      expect(safeName(`x${character.repeat(400)}.tar`, false)).toMatch(/\.tar$/);
    },
  );
});

describe('local paths', () => {
  const wanted = (...paths: string[]) => paths.map((path, index) => ({ path, added: index, id: `${index}` }));

  it('are the paths of the files, if these are different', () => {
    expect(localPaths(wanted('a', 'b', 'x/a', 'y/a'))).toEqual(['a', 'b', 'x/a', 'y/a']);
  });

  it('are numbered if they are equal, also without regard to case and to Unicode forms', () => {
    expect(localPaths(wanted('a.txt', 'A.TXT', 'a.txt', 'x/ä', 'x/A\u0308', 'b', 'b'))).toEqual([
      'a.txt',
      'A (2).TXT',
      'a (3).txt',
      'x/ä',
      'x/A\u0308 (2)',
      'b',
      'b (2)',
    ]);
  });

  it('do not take the number of another file', () => {
    expect(localPaths(wanted('a (2)', 'a', 'a'))).toEqual(['a (2)', 'a', 'a (3)']);
  });

  it('are numbered in the order in which the files were added, whatever the order of the list', () => {
    const files = wanted('a', 'a', 'a');
    expect(localPaths(files.toReversed())).toEqual(['a (3)', 'a (2)', 'a']);
    const atOnce = [
      { path: 'a', added: 5, id: 'y' },
      { path: 'a', added: 5, id: 'x' },
    ];
    expect(localPaths(atOnce)).toEqual(['a (2)', 'a']);
  });

  it('are not those of folders', () => {
    expect(localPaths(wanted('a', 'A/b', 'x', 'y/X/z'))).toEqual(['a (2)', 'A/b', 'x', 'y/X/z']);
  });

  it('are not those of the temporary files of other downloads', () => {
    expect(localPaths(wanted('a', 'a.part', 'A.PART.JSON', 'a.part.lock'))).toEqual([
      'a',
      'a (2).part',
      'A.PART (2).JSON',
      'a.part (2).lock',
    ]);
    expect(localPaths(wanted('b.part', 'b'))).toEqual(['b.part', 'b (2)']);
  });

  it('have at most 255 bytes with their number', () => {
    const long = `${'ü'.repeat(125)}.jpg`;
    const paths = localPaths(wanted(long, long, long));
    expect(new Set(paths).size).toBe(3);
    for (const path of paths) {
      expect(Buffer.byteLength(path)).toBeLessThanOrEqual(255);
      expect(path).toMatch(/\.jpg$/);
    }
  });

  it('of many files with the same name are found quickly enough', () => {
    const paths = localPaths(wanted(...Array.from({ length: 20_000 }, () => 'untitled')));
    expect(new Set(paths).size).toBe(20_000);
    expect(paths.at(-1)).toBe('untitled (20000)');
  });
});
