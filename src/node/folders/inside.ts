import { isAbsolute, relative, sep } from 'node:path';

/** Whether a path is a folder or leads into it. Both paths must be absolute and without symbolic links. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
