import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { installPackage, linkPackage, packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/places.js';

// Compiles the declarations of the packed package in projects like those of its users, with the strictest options.

const run = promisify(execFile);
const compilers = {
  oldest: inPackage('typescript-oldest/lib/tsc.js', 'test/consumers'),
  newest: inPackage('@typescript/native/bin/tsc'),
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctape-types-'));
  await installPackage((await packPackage(folder)).tarball, folder);
  for (const name of ['@types/node', 'undici-types', 'msw']) await linkPackage(name, folder);
  await copyFile('test/package/program.ts', join(folder, 'program.ts'));
  const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
  const paths = Object.keys(exports).filter((path) => path !== './package.json' && path !== './testing');
  const all = paths.map((path, index) => `export * as entry${index} from 'doctape-sdk${path.slice(1)}';`);
  await writeFile(join(folder, 'all.ts'), all.join('\n'));
  const handlers = `
    import { doctapeHandlers } from 'doctape-sdk/testing';
    import { setupServer } from 'msw/node';
    export const server = setupServer(...doctapeHandlers());`;
  await writeFile(join(folder, 'handlers.ts'), handlers);
  return () => rm(folder, { recursive: true, force: true });
});

/** The output of the compiler for a project. */
async function compile(compiler: keyof typeof compilers, files: string[], options: object): Promise<string> {
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: false, target: 'es2022', ...options };
  const project = join(folder, `${crypto.randomUUID()}.json`);
  await writeFile(project, JSON.stringify({ compilerOptions, files }));
  try {
    await run(process.execPath, [compilers[compiler], '--project', project], { cwd: folder });
    return '';
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return String(error.stdout) || error.message;
    throw error;
  }
}

const resolutions = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'es2022', moduleResolution: 'bundler' },
};
const platforms = {
  'Node without DOM types': { lib: ['es2023'], types: ['node'] },
  'browsers without Node types': { lib: ['es2023', 'dom'], types: [] },
};
const both = { lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'] };
const files = ['program.ts', 'all.ts'];

describe.each(['oldest', 'newest'] as const)('the %s TypeScript', (compiler) => {
  for (const [resolution, how] of Object.entries(resolutions)) {
    for (const [platform, where] of Object.entries(platforms)) {
      it(`compiles a project for ${platform} with ${resolution} resolution`, async () => {
        expect(await compile(compiler, files, { ...how, ...where, exactOptionalPropertyTypes: true })).toBe('');
      });
    }
  }

  it('compiles a project with both types, without exactOptionalPropertyTypes', async () => {
    expect(await compile(compiler, files, { ...resolutions.nodenext, ...both })).toBe('');
  });

  it('compiles the handlers for msw', async () => {
    // the declarations of msw 3 need TypeScript 5.7 and the DOM
    const how = { ...resolutions.nodenext, ...both, skipLibCheck: compiler === 'oldest' };
    expect(await compile(compiler, ['handlers.ts'], how)).toBe('');
  });
});

describe('from CommonJS', () => {
  // nodenext supports require() of ES modules since TypeScript 5.8, and node20 since 5.9
  it.each([
    ['newest', 'nodenext'],
    ['newest', 'node20'],
  ] as const)('the %s TypeScript accepts require() with module %s', async (compiler, module) => {
    expect(await compileCommon(compiler, module)).toBe('');
  });

  it.each([
    ['newest', 'node16'],
    ['newest', 'node18'],
    ['oldest', 'nodenext'],
    ['oldest', 'node16'],
  ] as const)('the %s TypeScript requires import() with module %s', async (compiler, module) => {
    const errors = (await compileCommon(compiler, module)).trim().split(/\n(?! )/);
    expect(errors.filter((error) => !error.includes('error TS1479'))).toEqual([]);
  });

  async function compileCommon(compiler: keyof typeof compilers, module: string): Promise<string> {
    await copyFile('test/package/program.ts', join(folder, 'common.cts'));
    return compile(compiler, ['common.cts'], { module, ...both });
  }
});

it('the README names the oldest supported TypeScript', async () => {
  const { devDependencies } = JSON.parse(await readFile('test/consumers/package.json', 'utf8'));
  const [, version] = /^npm:typescript@(\d+\.\d+)\.\d+$/.exec(devDependencies['typescript-oldest'] ?? '') ?? [];
  expect(version, 'an exact version of TypeScript under the name typescript-oldest').toBeDefined();
  expect(await readFile('README.md', 'utf8')).toContain(`TypeScript ${version}`);
});
