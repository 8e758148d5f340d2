import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The paths of the repository and of installed packages.

/** The folder of this repository. */
export const repository: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** An absolute path in this repository. */
export function inRepository(...path: string[]): string {
  return join(repository, ...path);
}

/** The folders with their own `package.json` and lockfile. See docs/contributing.md, "Dependencies". */
export type PackageHome = '.' | 'test/runtimes' | 'test/consumers';

/** The folder of an installed package, or a path in it: `inPackage('node/bin/node')`. @throws if it is not installed */
export function inPackage(path: string, home: PackageHome = '.'): string {
  const found = inRepository(home, 'node_modules', path);
  if (!existsSync(found)) {
    const remedy = home === '.' ? 'npm ci' : `npm run ${home.replace('test/', 'test:')}`;
    throw new Error(`${found} does not exist: ${remedy} installs it`);
  }
  return found;
}
