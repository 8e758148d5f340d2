import { type FileHandle, stat } from 'node:fs/promises';
import { unlessAbsent } from '../system-error.js';

/** The owner, group and permissions of a file. */
export interface Access {
  /** The nine permission bits. */
  mode: number;
  uid: number;
  gid: number;
}

/** The mode of a file that only its owner can read and write. */
export const privateMode = 0o600;

/** Returns undefined if the file does not exist. */
export async function accessOf(path: string): Promise<Access | undefined> {
  const status = await stat(path).catch(unlessAbsent);
  return status && { mode: status.mode & 0o777, uid: status.uid, gid: status.gid };
}

/**
 * Gives an open file the owner, group and permissions of the file that it will replace, as far as the system allows. It never
 * becomes accessible to more users than the other file.
 */
export async function copyAccess(file: FileHandle, { mode, uid, gid }: Access): Promise<void> {
  const before = await file.stat();
  if (before.uid !== uid) await file.chown(uid, before.gid).catch(() => {}); // only root may do this
  const { uid: owner } = await file.stat();
  if (before.gid !== gid) await file.chown(owner, gid).catch(() => {}); // only members of the group may do this
  const now = await file.stat();
  const granted = now.gid === gid ? mode : mode & ~0o070; // the permissions of one group must not apply to another
  const current = now.mode & 0o777;
  if (current === granted) return;
  await file.chmod(granted).catch((error: unknown) => {
    if ((current & ~(granted | privateMode)) !== 0) throw error; // otherwise it stays more private
  });
}
