import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { installPackage, linkPackage, packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/paths.js';

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
  const paths = Object.keys(exports).filter((path) => !path.endsWith('.json') && path !== './testing');
  const all = paths.map((path, index) => `export * as entry${index} from 'doctape-sdk${path.slice(1)}';`);
  await writeFile(join(folder, 'all.ts'), all.join('\n'));
  const handlers = `
    import { doctapeHandlers } from 'doctape-sdk/testing';
    import { setupServer } from 'msw/node';
    export const server = setupServer(...doctapeHandlers());`;
  await writeFile(join(folder, 'handlers.ts'), handlers);
  await writeFile(join(folder, 'narrowing.ts'), narrowing);
  return () => rm(folder, { recursive: true, force: true });
});

/** A program that narrows errors by name and by code, and passes a fake where a helper needs only the files of a client. */
const narrowing = `
  import { type AnyDoctapeError, type ApiClient, DoctapeError, type FileInfo } from 'doctape-sdk';
  import { downloadAll, saveDownload, uploadFolder } from 'doctape-sdk/node';

  export function byName(error: AnyDoctapeError): string | number | undefined | string[] {
    if (error.name === 'FileSystemError') return error.path;
    if (error.name === 'InsufficientScopeError') return error.requiredScopes;
    if (error.name === 'TransferError') return error.bytes;
    if (error.name === 'ForbiddenError') return error.url;
    if (error.name === 'NetworkError') return error.reason;
    // @ts-expect-error there is no error with this name
    if (error.name === 'ForbidenError') return 1;
    // @ts-expect-error not every error has a path
    return error.path;
  }

  export function byCode(error: AnyDoctapeError): string | number | undefined {
    switch (error.code) {
      case 'disk_full':
      case 'file_exists':
        return error.path;
      case 'truncated':
        return error.bytes;
      case 'http_429':
        return error.retryAfter;
      case 'access_denied':
        return error.description;
      // @ts-expect-error there is no such code
      case 'disc_full':
        return 1;
      default:
        return error.message;
    }
  }

  export function caught(error: unknown): boolean {
    return error instanceof DoctapeError && error.code === 'network' && error.callId !== undefined;
  }

  /** A helper of an application that needs only the files. */
  export async function largest(api: Pick<ApiClient, 'files'>): Promise<FileInfo | undefined> {
    return (await api.files.list()).toSorted((one, other) => other.size - one.size)[0];
  }

  declare const files: ApiClient['files'];
  const fake: Pick<ApiClient, 'files'> = { files: { ...files, list: async () => [] } };
  export const results = [
    largest(fake),
    uploadFolder(fake, 'folder'),
    downloadAll(fake, [], 'folder'),
    saveDownload(fake, 'id', 'path'),
  ];
  // @ts-expect-error a fake without the files is no client
  export const wrong = uploadFolder({}, 'folder');
`;

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

  it('narrows errors by name and by code, and accepts fakes of a client', async () => {
    const how = { ...resolutions.nodenext, ...both, exactOptionalPropertyTypes: true };
    expect(await compile(compiler, ['narrowing.ts'], how)).toBe('');
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

it('an editor completes the names and the codes of errors', () => {
  const file = join(folder, 'completion.ts');
  const completionsAfter = (text: string) => {
    const options = {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
    };
    const content = `import type { AnyDoctapeError, FileSystemError } from 'doctape-sdk';\n${text}`;
    const service = ts.createLanguageService({
      ...{ getCompilationSettings: () => options, getScriptFileNames: () => [file], getScriptVersion: () => '1' },
      getScriptSnapshot(path) {
        const found = path === file ? content : ts.sys.readFile(path);
        return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
      },
      ...{ getCurrentDirectory: () => folder, getDefaultLibFileName: ts.getDefaultLibFilePath },
      ...{ fileExists: ts.sys.fileExists, readFile: ts.sys.readFile, directoryExists: ts.sys.directoryExists },
    });
    const entries = service.getCompletionsAtPosition(file, content.length, {})?.entries ?? [];
    return entries.map(({ name }) => name);
  };
  const codes = completionsAfter("export const isFull = (error: FileSystemError) => error.code === '");
  expect(codes.toSorted()).toEqual([
    'disk_full',
    'file_exists',
    'file_not_found',
    'io',
    'is_directory',
    'locked',
    'name_too_long',
    'permission_denied',
  ]);
  const any = completionsAfter("export const is = (error: AnyDoctapeError) => error.code === '");
  expect(any).toEqual(expect.arrayContaining(['network', 'idle_timeout', 'access_denied', 'state_expired', ...codes]));
  const names = completionsAfter("export const is = (error: AnyDoctapeError) => error.name === '");
  expect(names).toEqual(expect.arrayContaining(['ApiError', 'QuotaExceededError', 'PopupError']));
});

it('the README names the oldest supported TypeScript', async () => {
  const { devDependencies } = JSON.parse(await readFile('test/consumers/package.json', 'utf8'));
  const [, version] = /^npm:typescript@(\d+\.\d+)\.\d+$/.exec(devDependencies['typescript-oldest'] ?? '') ?? [];
  expect(version, 'an exact version of TypeScript under the name typescript-oldest').toBeDefined();
  expect(await readFile('README.md', 'utf8')).toContain(`TypeScript ${version}`);
});
