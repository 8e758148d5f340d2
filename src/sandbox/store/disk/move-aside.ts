import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { names } from './layout.js';

/** Moves a file or folder to `set-aside/`. The sandbox never deletes anything there. */
export function setAside(root: string, name: string, newName: string): void {
  mkdirSync(join(root, names.setAside), { recursive: true, mode: 0o700 });
  let target = join(root, names.setAside, newName);
  for (let copy = 2; existsSync(target); copy++) target = join(root, names.setAside, `${newName}-${copy}`);
  renameSync(join(root, name), target);
}

/** Moves the unfinished uploads of version 0.1 to `set-aside/`. Their folder is no longer used. */
export function setIncomingAside(root: string): void {
  const folder = join(root, names.incoming);
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (readdirSync(folder).length === 0) rmdirSync(folder);
  else setAside(root, names.incoming, names.incoming);
}
