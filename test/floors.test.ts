import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

/** A room is a folder of `src/`. Each room may import from itself, from the rooms listed here, and from no other. */
const mayImport: Record<string, string[]> = {
  protocol: [],
  'protocol/schemas': ['protocol'],

  'transport/http': ['protocol', 'protocol/schemas'],
  'transport/calls': ['protocol', 'protocol/schemas', 'transport/http'],
  'transport/download': ['protocol', 'transport/http', 'transport/calls'],
  'transport/upload': ['protocol', 'protocol/schemas', 'transport/http', 'transport/calls'],
  transport: ['protocol', 'transport/http'],

  oauth: ['protocol', 'protocol/schemas'],
  'oauth/authorization-code': ['protocol', 'protocol/schemas', 'transport/http', 'oauth'],
  'oauth/implicit-grant': ['protocol', 'protocol/schemas', 'oauth'],

  api: [
    'protocol',
    'protocol/schemas',
    'transport',
    'transport/http',
    'transport/calls',
    'transport/download',
    'transport/upload',
  ],

  node: ['protocol'],
  'node/files': ['protocol', 'transport/http', 'transport/calls', 'transport/download', 'api', 'node'],
  'node/sign-in': ['protocol', 'protocol/schemas', 'transport/http', 'oauth/authorization-code', 'node'],

  'sandbox/media/reading': [],
  'sandbox/media/images': ['sandbox/media/reading'],
  'sandbox/media/archives': ['sandbox/media/reading'],
  'sandbox/media/audio-video': ['sandbox/media/reading'],
  'sandbox/media/documents': ['sandbox/media/reading'],
  'sandbox/media': [
    'sandbox/media/reading',
    'sandbox/media/images',
    'sandbox/media/archives',
    'sandbox/media/audio-video',
    'sandbox/media/documents',
  ],
  'sandbox/media/pool': ['sandbox/media', 'sandbox/media/reading', 'sandbox/media/archives'],
  'sandbox/store': ['sandbox/media/reading'],
  'sandbox/store/disk': ['protocol', 'sandbox/store'],
  'sandbox/core': ['protocol', 'sandbox/store'],
  'sandbox/tapes': ['sandbox/core', 'sandbox/store'],
  'sandbox/files': [
    'protocol',
    'sandbox/core',
    'sandbox/store',
    'sandbox/media',
    'sandbox/media/reading',
    'sandbox/media/archives',
    'sandbox/tapes',
  ],
  'sandbox/account': ['sandbox/core', 'sandbox/store', 'sandbox/files', 'sandbox/media/images'],
  'sandbox/pages': ['protocol', 'sandbox/core', 'sandbox/store', 'sandbox/files'],
  'sandbox/oauth': ['protocol', 'sandbox/core', 'sandbox/store', 'sandbox/pages'],
  'sandbox/server': [
    'protocol',
    'sandbox/core',
    'sandbox/store',
    'sandbox/store/disk',
    'sandbox/media',
    'sandbox/media/pool',
    'sandbox/account',
    'sandbox/files',
    'sandbox/tapes',
    'sandbox/oauth',
    'sandbox/pages',
  ],

  'cli/terminal': ['entry points'],
  'cli/core': ['entry points', 'cli/terminal'],
  'cli/commands': ['entry points', 'cli/core', 'cli/terminal'],
  cli: ['entry points', 'cli/commands', 'cli/core', 'cli/terminal'],
};

/** A room is one idea, and about a dozen files can tell one idea. Before you raise this number, look for a second idea. */
const mostFilesInARoom = 13;

/** Packages that only some floors may use. */
const onlyIn: Record<string, string[]> = {
  ky: ['transport', 'cli'], // the command line sends requests of its own: it submits forms and checks that a sandbox runs
  jose: ['oauth'],
  hono: ['sandbox'],
  commander: ['cli'],
};

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));

function importsOf(file: string): string[] {
  const text = readFileSync(join('src', file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, specifier = '']) => specifier);
}

function roomOf(file: string): string {
  return file.includes('/') ? dirname(file) : 'entry points';
}

function floorOf(file: string): string {
  return roomOf(file).split('/')[0] ?? '';
}

function target(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative('src', join('src', dirname(file), specifier))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts');
}

/** The first path through `edgesOf` that returns to where it started, for each start. */
function cyclesIn(nodes: string[], edgesOf: (node: string) => string[]): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (node: string, path: string[]) => {
    if (path.includes(node)) cycles.push([...path.slice(path.indexOf(node)), node].join(' -> '));
    else if (!done.has(node)) {
      for (const next of edgesOf(node)) walk(next, [...path, node]);
      done.add(node);
    }
  };
  for (const node of nodes) walk(node, []);
  return cycles;
}

it('knows every room', () => {
  expect(files.length).toBeGreaterThan(40);
  const rooms = new Set(files.map(roomOf));
  rooms.delete('entry points');
  expect([...rooms].sort()).toEqual(Object.keys(mayImport).sort());
});

it('has no room with more files than one idea needs', () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(roomOf(file), (counts.get(roomOf(file)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > mostFilesInARoom)).toEqual([]);
});

it('imports only from the rooms that a room may import from', () => {
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

it('lists no permission that nobody uses', () => {
  const used = new Set(
    files.flatMap((file) =>
      importsOf(file).flatMap((specifier) => {
        const imported = target(file, specifier);
        return imported === undefined ? [] : [`${roomOf(file)} -> ${roomOf(imported)}`];
      }),
    ),
  );
  const unused = Object.entries(mayImport).flatMap(([from, rooms]) =>
    rooms.map((to) => `${from} -> ${to}`).filter((edge) => !used.has(edge)),
  );
  expect(unused).toEqual([]);
});

it('has no import cycles between files, not even of types', () => {
  const importedBy = (file: string) =>
    importsOf(file).flatMap((specifier) => {
      const imported = target(file, specifier);
      return imported === undefined ? [] : [imported];
    });
  expect(cyclesIn(files, importedBy)).toEqual([]);
});

it('has no import cycles between rooms', () => {
  const importedBy = (room: string) => (mayImport[room] ?? []).filter((other) => other !== 'entry points');
  expect(cyclesIn(Object.keys(mayImport), importedBy)).toEqual([]);
});

it('has entry points that import no other entry point', () => {
  const breaches = files
    .filter((file) => roomOf(file) === 'entry points')
    .flatMap((file) =>
      importsOf(file).filter((specifier) => !specifier.startsWith('./') || !specifier.slice(2).includes('/')),
    );
  expect(breaches).toEqual([]);
});

it('keeps each package on its floor', () => {
  const breaches = files.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => !specifier.startsWith('.'))
      .filter((specifier) => {
        const floors = onlyIn[specifier.split('/')[0] ?? ''];
        return floors !== undefined && !floors.includes(floorOf(file));
      })
      .map((specifier) => `${file} imports ${specifier}`),
  );
  expect(breaches).toEqual([]);
  const ofTheFloor = files.filter((file) => floorOf(file) === 'protocol').flatMap(importsOf);
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
