import { resolve } from 'node:path';
import { invalid, kindOf } from '../../protocol/checks.js';
import { FileSystemError } from '../../protocol/errors.js';

/** Checks the `path` argument and returns it as an absolute path. */
export function absolutePath(path: unknown): string {
  if (typeof path !== 'string') throw invalid('path', `must be a string, not ${kindOf(path)}`);
  if (path === '') throw invalid('path', 'is empty: it must name a file');
  if (path.includes('\0')) throw invalid('path', 'must not contain the character NUL');
  try {
    return resolve(path);
  } catch {
    const message = `${path} is relative to a current folder that was removed: change the current folder, or pass an absolute path`;
    throw new FileSystemError('file_not_found', message, path);
  }
}
