import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
const text = readFileSync('docs/design.md', 'utf8');

it('names only source files that exist', () => {
  const named = [...text.matchAll(/[\w*/.-]+\.ts\b/g)].map(([name]) => name).filter((name) => !name.includes('*'));
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter(
    (name) =>
      !existsSync(name) &&
      !files.some((file) => file === name || file.endsWith(`/${name}`)) &&
      !files.some((file) => basename(file) === name),
  );
  expect(missing).toEqual([]);
});

it('names only folders that exist', () => {
  const rows = text.split('\n').filter((line) => /^\| `[a-z]/.test(line));
  const named = rows.flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([\w/-]+)\/`/g)].map(([, name = '']) => name),
  );
  expect(named.length).toBeGreaterThan(15);
  const folders = new Set(
    files.flatMap((file) =>
      file
        .split('/')
        .slice(0, -1)
        .map((_, index, all) => all.slice(0, index + 1).join('/')),
    ),
  );
  expect(named.filter((name) => !folders.has(name) && !folders.has(`sandbox/${name}`))).toEqual([]);
});
