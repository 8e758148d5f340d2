import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

// Installs the package of a folder in test/, unless what its lockfile names is there: `node test/install.ts runtimes`

const [name = ''] = process.argv.slice(2);
const folder = join(import.meta.dirname, name);
const lockfile = join(folder, 'package-lock.json');
if (name === '' || !existsSync(lockfile))
  throw new Error(`test/${name} has no package-lock.json: name a folder that does`);

const installed = join(folder, 'node_modules/.installed-from.json');
if (!existsSync(installed) || !readFileSync(installed).equals(readFileSync(lockfile))) {
  rmSync(installed, { force: true });
  const flags = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', flags, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status === 0) copyFileSync(lockfile, installed);
  else process.exitCode = 1;
}
