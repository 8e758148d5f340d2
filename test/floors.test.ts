import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

/** Each folder of `src/` may import from itself, from the folders listed here, and from no others. */
const allowedImports: Record<string, string[]> = {
  protocol: [],
  'protocol/schemas': ['protocol'],

  'transport/http': ['protocol', 'protocol/schemas'],
  'transport/calls': ['protocol', 'protocol/schemas', 'transport/http'],
  'transport/download': ['protocol', 'transport/http', 'transport/calls'],
  'transport/upload': ['protocol', 'protocol/schemas', 'transport/http', 'transport/calls'],
  transport: ['protocol', 'transport/http'],

  oauth: ['protocol', 'protocol/schemas'],
  'oauth/authorization-code': ['protocol', 'protocol/schemas', 'transport', 'transport/http', 'oauth'],
  'oauth/implicit-grant': ['protocol', 'protocol/schemas', 'oauth'],

  'api/options': ['protocol', 'transport/calls'],
  api: [
    'protocol',
    'protocol/schemas',
    'transport',
    'transport/http',
    'transport/calls',
    'transport/download',
    'transport/upload',
    'api/options',
  ],

  view: ['protocol', 'protocol/schemas', 'transport/calls', 'transport/http', 'transport/upload', 'api', 'api/options'],

  node: ['protocol'],
  'node/files': ['protocol', 'transport/http', 'transport/calls', 'transport/download', 'api', 'node'],
  'node/folders': [
    'protocol',
    'protocol/schemas',
    'transport/http',
    'transport/calls',
    'api',
    'api/options',
    'node',
    'node/files',
  ],
  'node/sign-in': ['protocol', 'protocol/schemas', 'transport/http', 'oauth/authorization-code', 'node'],

  'sandbox/media/reading': [],
  'sandbox/media/kinds': ['sandbox/media/reading'],
  'sandbox/media/images/decoders': ['sandbox/media/reading'],
  'sandbox/media/images': ['sandbox/media/reading', 'sandbox/media/images/decoders'],
  'sandbox/media/archives': ['sandbox/media/reading'],
  'sandbox/media/audio-video': ['sandbox/media/reading'],
  'sandbox/media/documents': ['sandbox/media/reading', 'sandbox/media/archives'],
  'sandbox/media': [
    'sandbox/media/reading',
    'sandbox/media/kinds',
    'sandbox/media/images',
    'sandbox/media/images/decoders',
    'sandbox/media/archives',
    'sandbox/media/audio-video',
    'sandbox/media/documents',
  ],
  'sandbox/media/pool': [
    'sandbox/media',
    'sandbox/media/reading',
    'sandbox/media/kinds',
    'sandbox/media/images',
    'sandbox/media/archives',
  ],
  'sandbox/store': ['sandbox/media/reading'],
  'sandbox/store/disk': ['protocol', 'sandbox/store'],
  'sandbox/core': ['protocol', 'sandbox/store', 'sandbox/media'],
  'sandbox/convert': ['sandbox/core', 'sandbox/store', 'sandbox/media', 'sandbox/media/reading'],
  'sandbox/convert/programs': ['sandbox/convert', 'sandbox/store'],
  'sandbox/tapes': ['sandbox/core', 'sandbox/store'],
  'sandbox/files': [
    'protocol',
    'sandbox/core',
    'sandbox/convert',
    'sandbox/store',
    'sandbox/media',
    'sandbox/media/archives',
    'sandbox/tapes',
  ],
  'sandbox/account': ['sandbox/core', 'sandbox/store', 'sandbox/files'],
  'sandbox/log': ['sandbox/core'],
  'sandbox/pages': ['protocol', 'sandbox/core', 'sandbox/store', 'sandbox/files', 'sandbox/media/reading'],
  'sandbox/oauth': ['protocol', 'protocol/schemas', 'sandbox/core', 'sandbox/store', 'sandbox/pages'],
  'sandbox/start': [
    'protocol',
    'sandbox/core',
    'sandbox/store',
    'sandbox/files',
    'sandbox/log',
    'sandbox/oauth',
    'sandbox/pages',
  ],
  'sandbox/openapi': ['protocol', 'sandbox/oauth', 'sandbox/files', 'sandbox/tapes'],
  'sandbox/view': ['protocol', 'sandbox/core', 'sandbox/store', 'sandbox/files', 'sandbox/pages'],
  'sandbox/server': [
    'protocol',
    'protocol/schemas',
    'sandbox/core',
    'sandbox/store',
    'sandbox/store/disk',
    'sandbox/media',
    'sandbox/media/pool',
    'sandbox/convert',
    'sandbox/convert/programs',
    'sandbox/account',
    'sandbox/files',
    'sandbox/tapes',
    'sandbox/oauth',
    'sandbox/view',
    'sandbox/log',
    'sandbox/start',
    'sandbox/pages',
    'sandbox/openapi',
  ],

  'cli/terminal': ['entry points'],
  'cli/core': ['entry points', 'cli/terminal'],
  'cli/commands': ['entry points', 'cli/core', 'cli/terminal'],
  'cli/account': ['entry points', 'cli/core', 'cli/terminal'],
  'cli/files': ['entry points', 'cli/core', 'cli/terminal'],
  'cli/sharing': ['entry points', 'cli/core', 'cli/files', 'cli/terminal'],
  'cli/transfers': ['entry points', 'cli/core', 'cli/terminal'],
  'cli/completion': ['cli/core', 'cli/terminal'],
  cli: [
    'cli/account',
    'cli/commands',
    'cli/completion',
    'cli/core',
    'cli/files',
    'cli/sharing',
    'cli/terminal',
    'cli/transfers',
  ],
};

/** A folder is one idea with about a dozen files. Before you raise this number, look for a second idea in the folder. */
const maxFilesPerFolder = 13;

/** Packages that only some floors may use. */
const packageFloors: Record<string, string[]> = {
  ky: ['transport', 'cli'], // the command line sends requests of its own: it submits forms and checks that a sandbox runs
  jose: ['oauth'],
  '@noble': ['view', 'sandbox'],
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

function folderOf(file: string): string {
  return file.includes('/') ? dirname(file) : 'entry points';
}

function floorOf(file: string): string {
  return folderOf(file).split('/')[0] ?? '';
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

it('lists every folder', () => {
  expect(files.length).toBeGreaterThan(40);
  const folders = new Set(files.map(folderOf));
  folders.delete('entry points');
  expect([...folders].sort()).toEqual(Object.keys(allowedImports).sort());
});

it('has no folder with too many files', () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(folderOf(file), (counts.get(folderOf(file)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > maxFilesPerFolder)).toEqual([]);
});

it('imports only from allowed folders', () => {
  const violations = files.flatMap((file) =>
    importsOf(file).flatMap((specifier) => {
      const imported = target(file, specifier);
      if (imported === undefined) return [];
      const [from, to] = [folderOf(file), folderOf(imported)];
      return from === to || from === 'entry points' || allowedImports[from]?.includes(to)
        ? []
        : [`${file} imports ${imported}`];
    }),
  );
  expect(violations).toEqual([]);
});

it('lists no unused permission', () => {
  const used = new Set(
    files.flatMap((file) =>
      importsOf(file).flatMap((specifier) => {
        const imported = target(file, specifier);
        return imported === undefined ? [] : [`${folderOf(file)} -> ${folderOf(imported)}`];
      }),
    ),
  );
  const unused = Object.entries(allowedImports).flatMap(([from, folders]) =>
    folders.map((to) => `${from} -> ${to}`).filter((edge) => !used.has(edge)),
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

it('has no import cycles between folders', () => {
  const importedBy = (folder: string) => (allowedImports[folder] ?? []).filter((other) => other !== 'entry points');
  expect(cyclesIn(Object.keys(allowedImports), importedBy)).toEqual([]);
});

it('has entry points that import no other entry point', () => {
  const violations = files
    .filter((file) => folderOf(file) === 'entry points' && file !== 'doctape-sdk.min.ts') // it is several in one file
    .flatMap((file) =>
      importsOf(file).filter((specifier) => !specifier.startsWith('./') || !specifier.slice(2).includes('/')),
    );
  expect(violations).toEqual([]);
});

it('keeps each package on its floor', () => {
  const violations = files.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => !specifier.startsWith('.'))
      .filter((specifier) => {
        const floors = packageFloors[specifier.split('/')[0] ?? ''];
        return floors !== undefined && !floors.includes(floorOf(file));
      })
      .map((specifier) => `${file} imports ${specifier}`),
  );
  expect(violations).toEqual([]);
  const imports = files.filter((file) => floorOf(file) === 'protocol').flatMap(importsOf);
  expect(new Set(imports.filter((specifier) => !specifier.startsWith('.')))).toEqual(
    new Set(['zod/mini', 'zod/v4/core']),
  );
});

it.each(['index.ts', 'server.ts', 'view.ts', 'browser.ts', 'doctape-sdk.min.ts', 'sandbox.ts'])(
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
