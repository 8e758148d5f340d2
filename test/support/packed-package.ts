import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { inPackage, inRepository, type PackageHome } from './paths.js';

const run = promisify(execFile);

/** Packs the built package as it would be published. */
export async function packPackage(folder: string): Promise<{ tarball: string; files: string[] }> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename, files }] = JSON.parse(stdout);
  return { tarball: join(folder, filename), files: files.map(({ path }: { path: string }) => path) };
}

/** Installs the packed package and its dependencies in a folder, with `npm install`. */
export async function installPackage(tarball: string, folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  await writeFile(join(folder, '.npmrc'), 'audit=false\nfund=false\nupdate-notifier=false\nnoproxy=127.0.0.1\n');
  const registry = await serveRegistry();
  // without the npm settings of the test run and of the user
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const own = { npm_config_cache: join(folder, '.npm'), npm_config_userconfig: join(folder, '.npmrc-empty') };
  try {
    const args = ['install', `--registry=${registry.url}`, tarball];
    await run('npm', args, { cwd: folder, env: { ...env, ...own } });
  } finally {
    await registry.close();
  }
}

/** A registry with the packages that are installed in this repository. */
async function serveRegistry(): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const [name = '', isTarball] = path.endsWith('.tgz') ? [path.slice(0, -'.tgz'.length), true] : [path];
    const sending = isTarball ? sendTarball(name, response) : sendDocument(name, `http://${request.headers.host}/`);
    sending.then(
      (document) => response.end(document),
      () => response.writeHead(404).end('{}'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The registry document of a package. */
async function sendDocument(name: string, registry: string): Promise<string> {
  const manifest = JSON.parse(await readFile(inPackage(`${name}/package.json`), 'utf8'));
  const { version } = manifest;
  const versions = { [version]: { ...manifest, dist: { tarball: `${registry}${name}.tgz` } } };
  return JSON.stringify({ name: manifest.name, 'dist-tags': { latest: version }, versions });
}

async function sendTarball(name: string, response: ServerResponse): Promise<undefined> {
  const flags = ['-czf', '-', '-C', inRepository('node_modules'), name];
  const { stdout } = spawn('tar', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  await pipeline(stdout, response);
}

/** Links an installed package into a project. */
export async function linkPackage(name: string, folder: string, home: PackageHome = '.'): Promise<void> {
  const link = join(folder, 'node_modules', name);
  await mkdir(dirname(link), { recursive: true });
  await symlink(inPackage(name, home), link, 'junction');
}
