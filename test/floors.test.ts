import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

/** What each room may import from: itself, and what stands here. Entry points may import from everywhere. */
const mayImport: Record<string, string[]> = {
  protocol: [],
  transport: ['protocol'],
  sandbox: ['protocol'],
  oauth: ['protocol', 'transport'],
  api: ['protocol', 'transport'],
  disk: ['protocol', 'transport', 'oauth', 'api'],
  cli: ['entry points'],
};

/** Packages that only one room may use. */
const onlyIn: Record<string, string> = { ky: 'transport', jose: 'oauth', hono: 'sandbox', commander: 'cli' };

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function importsOf(file: string): string[] {
  const text = readFileSync(join('src', file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, specifier = '']) => specifier);
}

function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : 'entry points';
}

function target(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative('src', join('src', dirname(file), specifier)).replace(/\.js$/, '.ts');
}

it('reads the imports of all rooms', () => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter((file) => roomOf(file) !== 'entry points' && !(roomOf(file) in mayImport))).toEqual([]);
});

it('imports downwards only', () => {
  const breaches = files.flatMap((file) =>
    importsOf(file).flatMap((specifier) => {
      const imported = target(file, specifier);
      if (imported === undefined) return [];
      const [from, to] = [roomOf(file), roomOf(imported)];
      return from === to || from === 'entry points' || mayImport[from]?.includes(to)
        ? []
        : [`${file} imports ${imported}`];
    }),
  );
  expect(breaches).toEqual([]);
});

it('goes in no circles, not even of types', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    else if (!done.has(file)) {
      for (const specifier of importsOf(file)) {
        const imported = target(file, specifier);
        if (imported !== undefined) walk(imported, [...path, file]);
      }
      done.add(file);
    }
  };
  for (const file of files) walk(file, []);
  expect(circles).toEqual([]);
});

it('has entry points that import no other entry point', () => {
  const breaches = files
    .filter((file) => roomOf(file) === 'entry points')
    .flatMap((file) =>
      importsOf(file).filter((specifier) => !specifier.startsWith('./') || !specifier.slice(2).includes('/')),
    );
  expect(breaches).toEqual([]);
});

it('keeps each package in its room', () => {
  const breaches = files.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => !specifier.startsWith('.'))
      .filter((specifier) => {
        const room = onlyIn[specifier.split('/')[0] ?? ''];
        return room !== undefined && room !== roomOf(file);
      })
      .map((specifier) => `${file} imports ${specifier}`),
  );
  expect(breaches).toEqual([]);
  const ofTheFloor = files.filter((file) => roomOf(file) === 'protocol').flatMap(importsOf);
  expect(new Set(ofTheFloor.filter((specifier) => !specifier.startsWith('.')))).toEqual(new Set(['zod/mini']));
});

it.each(['index.ts', 'server.ts', 'browser.ts', 'sandbox.ts'])(
  'runs everywhere: %s reaches no module of Node',
  (entry) => {
    const seen = new Set<string>();
    const reach = (file: string): string[] => {
      if (seen.has(file)) return [];
      seen.add(file);
      return importsOf(file).flatMap((specifier) => {
        const imported = target(file, specifier);
        return imported === undefined ? [specifier] : reach(imported);
      });
    };
    const reached = reach(entry);
    expect(seen.size).toBeGreaterThan(5);
    expect(reached.filter((specifier) => specifier.startsWith('node:') || specifier === '@hono/node-server')).toEqual(
      [],
    );
  },
);
