import { FileSystemError, type FileSystemErrorCode } from '../protocol/errors.js';

/** The code of a system error, such as ENOENT. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown reason';
}

/** For `catch`: returns undefined if the file does not exist. */
export function unlessAbsent(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}

const denied = 'permission denied: change the permissions, or choose another path';
const full = 'the disk is full: free some space, then call again to continue';

/** The meaning of each system error code, with a remedy. */
const meanings: Record<string, [FileSystemErrorCode, string]> = {
  ENOENT: ['file_not_found', 'the file or folder does not exist'],
  ENOTDIR: ['file_not_found', 'a part of its path is not a folder'],
  EISDIR: ['is_directory', 'it is a folder'],
  EACCES: ['permission_denied', denied],
  EPERM: ['permission_denied', denied],
  ERR_ACCESS_DENIED: [
    'permission_denied',
    "Node's permission model does not allow it: start Node with --allow-fs-read and --allow-fs-write for this path",
  ],
  EROFS: ['permission_denied', 'the file system is read-only: choose another path'],
  ENAMETOOLONG: ['name_too_long', 'the name is too long for the file system: choose a shorter one'],
  EBUSY: ['locked', 'it is in use, or is a mount point: choose another path'],
  ETXTBSY: ['locked', 'it is a program that is running'],
  EEXIST: ['file_exists', 'another file was created there: remove it, or choose another path'],
  ENOSPC: ['disk_full', full],
  EDQUOT: ['disk_full', full],
  EFBIG: [
    'disk_full',
    'the file is larger than the file system or a limit of this process allows: choose another path',
  ],
  ELOOP: ['io', 'its symbolic links form a loop'],
  EMFILE: ['io', 'this process has too many files open'],
  ENFILE: ['io', 'the system has too many files open'],
};

/**
 * @param problem for example `cannot be read`
 * @param bytes transferred before the failure, if a transfer was running
 */
export function pathError(path: string, problem: string, error: unknown, bytes?: number): FileSystemError {
  const system = systemCode(error);
  const [code, meaning] = meanings[system] ?? ['io'];
  const reason = meaning ? `${meaning} (${system})` : system;
  return new FileSystemError(code, `${path} ${problem}: ${reason}`, path, bytes);
}

/** The error for a write that failed. A later call can continue after the bytes that were written. */
export function writeError(path: string, bytes: number, error: unknown): FileSystemError {
  const code = meanings[systemCode(error)]?.[0];
  const isPartlyWritten = code === undefined || code === 'disk_full';
  return pathError(
    path,
    isPartlyWritten ? `cannot be written after ${bytes} bytes` : 'cannot be written',
    error,
    bytes,
  );
}
