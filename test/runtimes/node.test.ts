import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectedResult, programNames, runProgram } from '../package/node-programs.js';
import { installPackage, packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/paths.js';
import { requires } from '../support/requirements.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctape-nodes-'));
  await installPackage((await packPackage(folder)).tarball, folder);
  return () => rm(folder, { recursive: true, force: true });
});

// test/package/tarball.test.ts does the same in Node 24
describe.each([
  ['Node 22', 'node22', {}],
  ['Node 26', 'node26', requires('libatomic')],
] as const)('%s', (_version, name, options) => {
  it.each(programNames)('runs %s with the packed package', options, async (file) => {
    const node = inPackage(`${name}/bin/node`, 'test/runtimes');
    expect(await runProgram(file, node, folder)).toEqual(await expectedResult());
  });
});
