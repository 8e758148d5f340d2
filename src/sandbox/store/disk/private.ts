import { chmodSync, statSync } from 'node:fs';

/** Takes the permissions of everyone but the owner away from a file or a folder, if it exists. */
export function makePrivate(path: string): void {
  if (process.platform === 'win32') return; // has access lists, which a new file inherits from its folder
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return;
  try {
    chmodSync(path, mode & 0o700);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    // a volume of somebody else, as in a container
    console.warn(`doctape sandbox: others may read ${path}, and only its owner can change that`);
  }
}
