import { chmodSync, statSync } from 'node:fs';

/** Removes the permissions of everyone but the owner from a file or folder, if it exists. */
export function makePrivate(path: string): void {
  if (process.platform === 'win32') return; // Windows has no mode bits: a new file inherits the access control list of its folder
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return;
  try {
    chmodSync(path, mode & 0o700);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    // another user owns the file, for example on a volume of a container
    console.warn(`doctape sandbox: other users can read ${path}, and only its owner can change its permissions`);
  }
}
