import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = readdirSync('src', { withFileTypes: true })
  .filter((file) => file.isFile())
  .map((file) => file.name.replace(/\.ts$/, ''));

it('exports exactly the files in src', () => {
  const names = Object.keys(manifest.exports)
    .filter((path) => path !== './package.json')
    .map((path) => (path === '.' ? 'index' : path.slice(2)));
  expect(names.sort()).toEqual(entries.filter((name) => name !== 'cli').sort());
  expect(manifest.bin).toEqual({ 'doctape-sdk': './dist/cli.js' });
});

it('has a file and a declaration behind every export', () => {
  for (const [path, { types, default: file }] of Object.entries<{ types: string; default: string }>(manifest.exports)) {
    if (path === './package.json') continue;
    expect(existsSync(file), file).toBe(true);
    expect(existsSync(types), types).toBe(true);
  }
});

it('needs four packages at run time', () => {
  expect(Object.keys(manifest.dependencies).sort()).toEqual(['jose', 'ky', 'pkce-challenge', 'zod']);
});

it('ships nothing that imports any other package', () => {
  const allowed = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]);
  const foreign = readdirSync('dist')
    .filter((file) => file.endsWith('.js') || file.endsWith('.d.ts'))
    .flatMap((file) => {
      const text = readFileSync(`dist/${file}`, 'utf8');
      return [...text.matchAll(/^(?:import|export)[^'"\n]*?\bfrom ['"]([^'".][^'"]*)['"]/gm)].map(
        ([, name = '']) => `${file}: ${name}`,
      );
    })
    .filter((row) => !row.includes('node:') && !allowed.has(row.split(': ')[1]?.split('/')[0] ?? ''));
  expect(foreign).toEqual([]);
});

it('keeps download addresses out of the lockfile', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toContain('"resolved"');
});
