import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

// Installs the packages of folders, unless those in their lockfiles are already installed: `node test/install.ts test/runtimes`

const names = process.argv.slice(2);
if (names.length === 0) throw new Error('name a folder with a package-lock.json, such as test/runtimes');
for (const name of names) install(name);

function install(name: string): void {
  const folder = join(import.meta.dirname, '..', name);
  const lockfile = join(folder, 'package-lock.json');
  if (!existsSync(lockfile)) throw new Error(`${name} has no package-lock.json: name a folder that does`);
  const installed = join(folder, 'node_modules/.installed-from.json');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lockfile))) return;
  rmSync(installed, { force: true });
  const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', flags, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status === 0) copyFileSync(lockfile, installed);
  else process.exitCode = 1;
}
