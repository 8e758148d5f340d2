import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, it } from 'vitest';
import { packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/paths.js';

// Checks the packed package with publint and attw.

const run = promisify(execFile);
const manifest = JSON.parse(await readFile('package.json', 'utf8'));

let packed: { tarball: string; files: string[] };
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-manifest-'));
  packed = await packPackage(folder);
  return () => rm(folder, { recursive: true, force: true });
});

describe('the manifest of the package', () => {
  it('has no problems by publint', async () => {
    const { buffer } = new Uint8Array(await readFile(packed.tarball));
    const { messages, pkg } = await publint({ pkgDir: 'package', pack: { tarball: buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it('has no problems by attw', async () => {
    // node16, not esm-only: CommonJS must find the types too, because require() of ES modules works in every Node that
    // `engines` allows. The ignored rule reports that CommonJS finds ES modules. node10 does not support exports.
    const flags = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'json'];
    const attw = run(inPackage('.bin/attw', 'test/consumers'), [packed.tarball, ...flags], { maxBuffer: 2 ** 26 });
    const { stdout } = await attw.catch((error: { stdout: string }) => error);
    const { analysis, problems } = JSON.parse(stdout);
    const isExpected = (problem: { kind: string; resolutionKind?: string }) =>
      problem.kind === 'CJSResolvesToESM' || problem.resolutionKind === 'node10';
    expect(Object.keys(analysis.entrypoints)).toHaveLength(Object.keys(manifest.exports).length);
    expect(
      Object.values<{ kind: string }[]>(problems)
        .flat()
        .filter((problem) => !isExpected(problem)),
    ).toEqual([]);
    await attw;
  });
});
