import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { installPackage, packPackage } from '../support/packed-package.js';
import { inPackage, repository } from '../support/paths.js';
import { requires } from '../support/requirements.js';
import { expectedResult, programNames, runProgram } from './node-programs.js';

// The package as it would be published, installed in a project.

const run = promisify(execFile);
const manifest = JSON.parse(await readFile('package.json', 'utf8'));
let folder: string;
let packed: { tarball: string; files: string[] };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctape-package-'));
  packed = await packPackage(folder);
  await installPackage(packed.tarball, folder);
  return () => rm(folder, { recursive: true, force: true });
});

describe('the tarball', () => {
  it('contains the build, the guides, the examples and the licence', requires('git'), async () => {
    const belongs =
      /^(package\.json|README\.md|LICENSE|dist\/[\w.-]+(\.js|\.d\.ts)|dist\/(third-party-licences\.txt|openapi\.json)|docs\/[\w-]+\.md)$/;
    const { stdout } = await run('git', ['ls-files', 'docs/examples']);
    const examples = stdout.trim().split('\n');
    expect(packed.files.filter((file) => !belongs.test(file)).sort()).toEqual(examples.sort());
    expect(packed.files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'dist/third-party-licences.txt']));
  });

  it('contains every file that its pages link to', async () => {
    const pages = packed.files.filter((file) => file.endsWith('.md'));
    const broken = pages.map(async (page) => {
      const text = await readFile(join(folder, 'node_modules/doctape-sdk', page), 'utf8');
      const links = [...text.replace(/^```.*?^```/gms, '').matchAll(/\]\((?!\w+:)([^)#]+)/g)];
      const targets = links.map(([, path = '']) => normalize(join(dirname(page), decodeURIComponent(path))));
      return targets
        .filter((target) => !packed.files.some((file) => file === target || file.startsWith(`${target}/`)))
        .map((target) => `${page}: ${target}`);
    });
    expect((await Promise.all(broken)).flat()).toEqual([]);
    expect(pages).toContain('docs/README.md');
  });

  it('contains no paths of the build machine and no source maps', async () => {
    const forbidden = [repository, '/home/', '/Users/', ':\\Users\\', 'sourceMappingURL'];
    const found = packed.files.map(async (file) => {
      const text = await readFile(join(folder, 'node_modules/doctape-sdk', file), 'utf8');
      return forbidden.filter((part) => text.includes(part)).map((part) => `${file}: ${part}`);
    });
    expect((await Promise.all(found)).flat()).toEqual([]);
  });
});

describe('npm install', () => {
  it('installs only the dependencies', async () => {
    const { packages } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
    const names = ['doctape-sdk', ...Object.keys(manifest.dependencies)].map((name) => `node_modules/${name}`);
    expect(Object.keys(packages).sort()).toEqual(['', ...names].sort());
  });
});

describe('a project in Node', () => {
  it.each(programNames)('runs %s', async (file) => {
    expect(await runProgram(file, inPackage('node/bin/node'), folder)).toEqual(await expectedResult());
  });

  it('has the doctape-sdk command', async () => {
    const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
    const { stdout } = await run('node_modules/.bin/doctape-sdk', ['--version'], { cwd: folder, env });
    expect(stdout.trim()).toBe(manifest.version);
  });
});
