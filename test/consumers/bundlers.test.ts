import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';
import { beforeAll, describe, expect, it } from 'vitest';
import webpack from 'webpack';
import { installPackage, packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/paths.js';

// Resolves the server entry point in Jest, and in bundlers with their default configuration.

const run = promisify(execFile);
const program = `
  import { AuthorizationCodeClient } from 'doctape-sdk/server';
  const client = new AuthorizationCodeClient({ clientId: 'a', clientSecret: 'a-secret', redirectUri: 'https://app.example/' });
  const { url } = await client.authorize();
  console.log(url.searchParams.get('code_challenge_method'));`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctape-bundlers-'));
  await installPackage((await packPackage(folder)).tarball, folder);
  await writeFile(join(folder, 'program.mjs'), program);
  return () => rm(folder, { recursive: true, force: true });
});

describe('the server entry point', () => {
  it('is bundled by Rollup', async () => {
    const bundle = await rollup({ input: join(folder, 'program.mjs'), plugins: [nodeResolve()], logLevel: 'silent' });
    await bundle.write({ dir: join(folder, 'rolled'), entryFileNames: 'out.mjs', chunkFileNames: '[name].mjs' });
    expect((await run(process.execPath, [join(folder, 'rolled/out.mjs')])).stdout.trim()).toBe('S256');
  });

  it('is bundled by webpack', async () => {
    const compiler = webpack({
      mode: 'production',
      target: 'node',
      context: folder,
      entry: './program.mjs',
      experiments: { outputModule: true },
      output: { path: join(folder, 'packed'), filename: 'out.mjs', module: true },
    });
    const stats = await promisify(compiler.run.bind(compiler))();
    expect(stats?.compilation.errors).toEqual([]);
    expect((await run(process.execPath, [join(folder, 'packed/out.mjs')])).stdout.trim()).toBe('S256');
  });

  it.each(['node', inPackage('jest-fixed-jsdom', 'test/consumers')])(
    'is found by Jest in the environment %s',
    async (environment) => {
      await writeFile(
        join(folder, 'app.test.mjs'),
        `import { AuthorizationCodeClient } from 'doctape-sdk/server';
      test('resolves', () => expect(typeof AuthorizationCodeClient).toBe('function'));`,
      );
      const config = JSON.stringify({
        testEnvironment: environment,
        testEnvironmentOptions: { customExportConditions: [''] },
        testMatch: ['**/*.test.mjs'],
        transform: {},
      });
      const jest = inPackage('jest/bin/jest.js', 'test/consumers');
      const args = ['--experimental-vm-modules', jest, '--config', config, '--rootDir', folder];
      const { stderr } = await run(process.execPath, args, { cwd: folder });
      expect(stderr).toContain('1 passed');
    },
  );
});
