import { invalid } from '../protocol/checks.js';
import { type ConfigurationError, TransferError } from '../protocol/errors.js';

/** A code of the operating system, such as ENOENT. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown reason';
}

/** For `catch`: what is not there is nothing. */
export function unlessAbsent(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}

const remedies: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'something on the way to it is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'this process may not: change the permissions, or choose another',
  EPERM: 'this process may not: change the permissions, or choose another',
  EROFS: 'the file system can only be read',
  ENAMETOOLONG: 'the name is too long for the file system',
  ELOOP: 'its links lead in a circle',
  EBUSY: 'it is in use, or mounted by itself: choose another',
  EEXIST: 'there is something else by then',
  EMFILE: 'this process has too many files open',
};

/** @param problem such as `cannot be read` */
export function pathError(path: string, problem: string, error: unknown): ConfigurationError {
  const code = systemCode(error);
  const remedy = remedies[code];
  return invalid('path', `${path} ${problem}: ${remedy ? `${remedy} (${code})` : code}`);
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What to reject with when bytes could not be written. What had been written can be continued. */
export function writeError(path: string, bytes: number, error: unknown): ConfigurationError | TransferError {
  const code = systemCode(error);
  if (code in remedies) return pathError(path, 'cannot be written', error);
  const problem = full.has(code) ? 'there is no room left: make some, and call again to continue' : 'writing failed';
  return new TransferError('interrupted', `${path} has ${bytes} bytes so far: ${problem} (${code})`, bytes);
}
