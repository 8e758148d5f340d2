import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Packs the package as it would be published, from what is built. */
export async function packPackage(folder: string): Promise<{ tarball: string; files: string[] }> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename, files }] = JSON.parse(stdout);
  return { tarball: join(folder, filename), files: files.map(({ path }: { path: string }) => path) };
}

/** Makes a project of a folder: the packed package in it, with its dependencies from where they are. */
export async function installPackage(tarball: string, folder: string, type = 'module'): Promise<void> {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'doctape-sdk'), { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'doctape-sdk')]);
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
  for (const name of Object.keys(dependencies)) {
    await cp(join('node_modules', name), join(modules, name), { recursive: true });
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type, private: true }));
}

/** Puts a package of this repository into a project, which has no other way to it. */
export async function linkPackage(name: string, folder: string): Promise<void> {
  const link = join(folder, 'node_modules', name);
  await mkdir(dirname(link), { recursive: true });
  await symlink(resolve('node_modules', name), link, 'junction');
}
