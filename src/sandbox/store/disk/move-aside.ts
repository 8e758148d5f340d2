import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { names } from './layout.js';

/** Moves something into the folder `set-aside`, where nothing is ever deleted. */
export function setAside(root: string, name: string, newName: string): void {
  mkdirSync(join(root, names.setAside), { recursive: true, mode: 0o700 });
  let target = join(root, names.setAside, newName);
  for (let copy = 2; existsSync(target); copy++) target = join(root, names.setAside, `${newName}-${copy}`);
  renameSync(join(root, name), target);
}

/** Version 0.1 kept unfinished uploads in a folder that is not used any more. */
export function setIncomingAside(root: string): void {
  const folder = join(root, names.incoming);
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (readdirSync(folder).length === 0) rmdirSync(folder);
  else setAside(root, names.incoming, names.incoming);
}
