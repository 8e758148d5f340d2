import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = readdirSync('src', { withFileTypes: true })
  .filter((file) => file.isFile())
  .map((file) => file.name.replace(/\.ts$/, ''));

it('exports exactly the files in src', () => {
  const names = Object.keys(manifest.exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => (path === '.' ? 'index' : path.slice(2)));
  const unlisted = ['cli', 'doctape-sdk.min', 'server.browser', 'view.browser'];
  expect(names.sort()).toEqual(entries.filter((name) => !unlisted.includes(name)).sort());
  expect(entries).toEqual(expect.arrayContaining(unlisted));
  expect(manifest.bin).toEqual({ 'doctape-sdk': './dist/cli.js' });
  // unpkg would otherwise serve `exports`, whose files import packages by name (toss/es-toolkit#1779)
  const { jsdelivr, unpkg } = manifest;
  expect({ jsdelivr, unpkg }).toEqual({
    jsdelivr: './dist/doctape-sdk.min.js',
    unpkg: './dist/doctape-sdk.min.js',
  });
});

it('has a file for every export', () => {
  for (const [path, conditions] of Object.entries(manifest.exports)) {
    const files = typeof conditions === 'string' ? [conditions] : Object.values(conditions as Record<string, string>);
    for (const file of files) expect(existsSync(file), `${path}: ${file}`).toBe(true);
    if (!path.endsWith('.json')) expect(conditions).toMatchObject({ types: expect.any(String) });
  }
});

it('has two runtime dependencies', () => {
  expect(Object.keys(manifest.dependencies).sort()).toEqual(['jose', 'ky']);
});

it('imports only its dependencies', () => {
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

it.each(['.', 'test/runtimes', 'test/consumers', 'docs/site'])(
  'the lockfile in %s contains no registry URLs',
  (folder) => {
    expect(readFileSync(`${folder}/package-lock.json`, 'utf8')).not.toContain('"resolved"');
  },
);

it('npm ci installs at most 300 packages', () => {
  interface Entry {
    os?: string[];
    cpu?: string[];
    libc?: string[];
  }
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Entry> };
  const installed = Object.values(packages).filter(
    ({ os = ['linux'], cpu = ['x64'], libc = ['glibc'] }) =>
      os.includes('linux') && cpu.includes('x64') && libc.includes('glibc'),
  );
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.length - 1).toBeLessThanOrEqual(300);
});
