import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { installPackage, linkPackage, packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/places.js';

// The declarations of the packed package, in projects as its users have them, compiled as strictly as it goes.

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

/** What the compiler has to say about a project. */
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
  'Node, without the types of the DOM': { lib: ['es2023'], types: ['node'] },
  'a page, without the types of Node': { lib: ['es2023', 'dom'], types: [] },
};
const both = { lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'] };
const files = ['program.ts', 'all.ts'];

describe.each(['oldest', 'newest'] as const)('the %s TypeScript', (compiler) => {
  for (const [resolution, how] of Object.entries(resolutions)) {
    for (const [platform, where] of Object.entries(platforms)) {
      it(`finds nothing wrong by ${resolution} resolution in a project for ${platform}`, async () => {
        expect(await compile(compiler, files, { ...how, ...where, exactOptionalPropertyTypes: true })).toBe('');
      });
    }
  }

  it('finds nothing wrong with both, and optional properties that may be undefined', async () => {
    expect(await compile(compiler, files, { ...resolutions.nodenext, ...both })).toBe('');
  });

  it('takes the handlers for msw', async () => {
    // the declarations of msw 3 need TypeScript 5.7 and the DOM, so an older one can be strict with ours only
    const how = { ...resolutions.nodenext, ...both, skipLibCheck: compiler === 'oldest' };
    expect(await compile(compiler, ['handlers.ts'], how)).toBe('');
  });
});

describe('from CommonJS', () => {
  // require() of ES modules is known to nodenext since TypeScript 5.8, and to node20 since there is one, in 5.9
  it.each([
    ['newest', 'nodenext'],
    ['newest', 'node20'],
  ] as const)('the %s TypeScript takes it under module %s', async (compiler, module) => {
    expect(await compileCommon(compiler, module)).toBe('');
  });

  it.each([
    ['newest', 'node16'],
    ['newest', 'node18'],
    ['oldest', 'nodenext'],
    ['oldest', 'node16'],
  ] as const)('the %s TypeScript wants import() of it under module %s', async (compiler, module) => {
    const complaints = (await compileCommon(compiler, module)).trim().split(/\n(?! )/);
    expect(complaints.filter((complaint) => !complaint.includes('error TS1479'))).toEqual([]);
  });

  async function compileCommon(compiler: keyof typeof compilers, module: string): Promise<string> {
    await copyFile('test/package/program.ts', join(folder, 'common.cts'));
    return compile(compiler, ['common.cts'], { module, ...both });
  }
});

it('names the oldest TypeScript in the README', async () => {
  const { devDependencies } = JSON.parse(await readFile('test/consumers/package.json', 'utf8'));
  const [, version] = /^npm:typescript@(\d+\.\d+)\.\d+$/.exec(devDependencies['typescript-oldest'] ?? '') ?? [];
  expect(version, 'an exact version of TypeScript under the name typescript-oldest').toBeDefined();
  expect(await readFile('README.md', 'utf8')).toContain(`TypeScript ${version}`);
});
