import { type FileHandle, stat } from 'node:fs/promises';
import { unlessAbsent } from '../system-error.js';

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
 * Gives an open file, which is to replace another one, its owner, group and permissions, as far as the system lets us.
 * It never becomes more open than the other.
 */
export async function adopt(file: FileHandle, { mode, uid, gid }: Access): Promise<void> {
  const before = await file.stat();
  if (before.uid !== uid) await file.chown(uid, before.gid).catch(() => {}); // only root may
  const { uid: owner } = await file.stat();
  if (before.gid !== gid) await file.chown(owner, gid).catch(() => {}); // only members of the group may
  const now = await file.stat();
  const granted = now.gid === gid ? mode : mode & ~0o070; // what a group might do is nothing that another group may
  const given = now.mode & 0o777;
  if (given === granted) return;
  await file.chmod(granted).catch((error: unknown) => {
    if ((given & ~(granted | closed)) !== 0) throw error; // else it stays more closed
  });
}
