import { chmod, chown, lstat, stat } from 'node:fs/promises';
import { unlessAbsent } from './system-error.js';

/** Who may do what with a file. */
export interface Access {
  /** The nine bits of permission. */
  mode: number;
  uid: number;
  gid: number;
}

/** What a file is given that nobody but its writer is to see yet. */
export const closed = 0o600;

/** Of the file that is there, if one is. */
export async function accessOf(path: string): Promise<Access | undefined> {
  const status = await stat(path).catch(unlessAbsent);
  return status && { mode: status.mode & 0o777, uid: status.uid, gid: status.gid };
}

/**
 * Gives a file that is to replace another one its owner and group, as far as the system lets us, and closes it to all who
 * may not use the other.
 * @returns what may be done with it in the end, for `grant`
 */
export async function adopt(file: string, { mode, uid, gid }: Access): Promise<number> {
  const before = await lstat(file);
  if (before.uid !== uid) await chown(file, uid, before.gid).catch(() => {}); // only root may
  const { uid: owner } = await lstat(file);
  if (before.gid !== gid) await chown(file, owner, gid).catch(() => {}); // only members of the group may
  const now = await lstat(file);
  const granted = now.gid === gid ? mode : mode & ~0o070; // what a group might do is nothing that another group may
  if ((now.mode & 0o777 & ~(granted | closed)) !== 0) await chmod(file, closed);
  return granted;
}

/** Gives a file its permissions. Where the file system refuses, it keeps fewer. */
export async function grant(file: string, mode: number): Promise<void> {
  if (((await lstat(file)).mode & 0o777) !== mode) await chmod(file, mode).catch(() => {});
}
