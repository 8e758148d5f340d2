import { chmod, chown, lstat, stat } from 'node:fs/promises';
import { unlessAbsent } from './system-error.js';

/** Who may do what with a file. */
export interface Access {
  /** The nine bits of permission. */
  mode: number;
  uid: number;
  gid: number;
}

/** Of the file that is there, if one is. */
export async function accessOf(path: string): Promise<Access | undefined> {
  const status = await stat(path).catch(unlessAbsent);
  return status && { mode: status.mode & 0o777, uid: status.uid, gid: status.gid };
}

/** For a file that is still being written: no more than `access`, but for its writer. */
export function whileWritten({ mode }: Access): number {
  return mode | 0o600;
}

/**
 * Gives a file that is to replace another one its owner and group as far as the system lets us, and takes away what nobody
 * may do with the other.
 * @returns what may be done with it in the end, which `grant` then gives
 */
export async function adopt(file: string, access: Access): Promise<number> {
  const { uid, gid } = await lstat(file);
  if (uid !== access.uid) await chown(file, access.uid, gid).catch(() => {}); // only root may
  if (gid !== access.gid) await chown(file, (await lstat(file)).uid, access.gid).catch(() => {}); // only its members may
  const now = await lstat(file);
  // what a group might do is nothing that another group may
  const mode = now.gid === access.gid ? access.mode : access.mode & ~0o070;
  const excess = now.mode & 0o777 & ~whileWritten({ ...access, mode });
  if (excess !== 0) await chmod(file, now.mode & 0o777 & ~excess);
  return mode;
}

/** Gives a file its permissions. Where the file system refuses, it keeps fewer. */
export async function grant(file: string, mode: number): Promise<void> {
  if (((await lstat(file)).mode & 0o777) !== mode) await chmod(file, mode).catch(() => {});
}
