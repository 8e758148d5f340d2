import { spawnSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from './data-folder.js';
import { inRepository } from './paths.js';

/** What the configurations of vitest do in this environment. */
function prepared(env: Record<string, string>, print: string) {
  const program = `await import('./test/support/environment.ts'); console.log(${print});`;
  return spawnSync(
    process.execPath,
    ['--import', './test/support/typescript-workers.js', '--input-type=module', '--eval', program],
    { cwd: inRepository(), encoding: 'utf8', env: { ...process.env, ...env } },
  );
}

it.runIf(process.platform !== 'win32')('resolves a temporary folder that is a link', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'real'));
  await symlink(join(folder, 'real'), join(folder, 'link'));
  const { stdout } = prepared({ TMPDIR: join(folder, 'link') }, `(await import('node:os')).tmpdir()`);
  expect(stdout).toBe(`${join(folder, 'real')}\n`);
});

it.runIf(process.platform !== 'win32')('names a temporary folder that does not exist', async () => {
  const folder = join(await makeFolder(), 'nothing');
  const { status, stderr } = prepared({ TMPDIR: folder }, '');
  expect(status).toBe(1);
  expect(stderr).toContain(`the temporary folder ${folder} does not exist: create it, or change TMPDIR`);
});

it('keeps the language, but not a variable that makes shells warn', () => {
  const { stdout } = prepared({ LC_ALL: 'tr_TR.UTF-8' }, '[process.env.LANG, process.env.LC_ALL].join()');
  expect(stdout).toBe('tr_TR.UTF-8,\n');
});

it('npm installs the tools for tests also with NODE_ENV=production', () => {
  const env = { ...process.env, NODE_ENV: 'production', npm_config_omit: 'dev' };
  const { stdout } = spawnSync('npm', ['ls', 'vitest', '--depth=0'], {
    cwd: inRepository(),
    encoding: 'utf8',
    env,
    shell: process.platform === 'win32',
  });
  expect(stdout).toContain('vitest@');
});
