import { resolve } from 'node:path';
import { invalid, kindOf } from '../../protocol/checks.js';
import { FileSystemError } from '../../protocol/errors.js';

/** A path as a caller gives it, which may be anything but nothing, from the root on. */
export function absolutePath(path: unknown): string {
  if (typeof path !== 'string') throw invalid('path', `must be a string, not ${kindOf(path)}`);
  if (path === '') throw invalid('path', 'is empty: it must name a file');
  if (path.includes('\0')) throw invalid('path', 'must not hold the character NUL');
  try {
    return resolve(path);
  } catch {
    const message = `${path} is in a folder that is gone: go to another, or give the whole path`;
    throw new FileSystemError('file_not_found', message, path);
  }
}
