import { FileSystemError, type FileSystemErrorCode } from '../protocol/errors.js';

/** A code of the operating system, such as ENOENT. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown reason';
}

/** For `catch`: what is not there is nothing. */
export function unlessAbsent(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}

const denied = 'this process may not: change the permissions, or choose another';
const full = 'there is no room left: make some, and call again to continue';

/** What the codes of operating systems mean, and what to do about it. */
const meanings: Record<string, [FileSystemErrorCode, string]> = {
  ENOENT: ['file_not_found', 'there is no such file or folder'],
  ENOTDIR: ['file_not_found', 'something on the way to it is not a folder'],
  EISDIR: ['is_directory', 'it is a folder'],
  EACCES: ['permission_denied', denied],
  EPERM: ['permission_denied', denied],
  EROFS: ['permission_denied', 'the file system can only be read'],
  ENAMETOOLONG: ['name_too_long', 'the name is too long for the file system'],
  EBUSY: ['locked', 'it is in use, or mounted by itself: choose another'],
  ETXTBSY: ['locked', 'it is a program that is running'],
  EEXIST: ['file_exists', 'there is something else by then'],
  ENOSPC: ['disk_full', full],
  EDQUOT: ['disk_full', full],
  EFBIG: ['disk_full', full],
  ELOOP: ['io', 'its links lead in a circle'],
  EMFILE: ['io', 'this process has too many files open'],
  ENFILE: ['io', 'the system has too many files open'],
};

/**
 * @param problem such as `cannot be read`
 * @param bytes that were transferred before it failed, if a transfer was running
 */
export function pathError(path: string, problem: string, error: unknown, bytes?: number): FileSystemError {
  const system = systemCode(error);
  const [code, meaning] = meanings[system] ?? ['io'];
  const reason = meaning ? `${meaning} (${system})` : system;
  return new FileSystemError(code, `${path} ${problem}: ${reason}`, path, bytes);
}

/** What to reject with when bytes could not be written. What had been written can be continued. */
export function writeError(path: string, bytes: number, error: unknown): FileSystemError {
  const code = meanings[systemCode(error)]?.[0];
  const isUnderWay = code === undefined || code === 'disk_full';
  return pathError(path, isUnderWay ? `cannot be written after ${bytes} bytes` : 'cannot be written', error, bytes);
}
