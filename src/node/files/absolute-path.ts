import { resolve } from 'node:path';
import { invalid, kindOf } from '../../protocol/checks.js';
import { FileSystemError } from '../../protocol/errors.js';

/** Checks an argument that is the path of a file or folder, and returns it as an absolute path. */
export function absolutePath(path: unknown, name: 'path' | 'folder' = 'path'): string {
  if (typeof path !== 'string') throw invalid(name, `must be a string, not ${kindOf(path)}`);
  if (path === '') throw invalid(name, `is empty: it must name a ${name === 'path' ? 'file' : name}`);
  if (path.includes('\0')) throw invalid(name, 'must not contain the character NUL');
  try {
    return resolve(path);
  } catch {
    const message = `${path} is relative to a current folder that was removed: change the current folder, or pass an absolute path`;
    throw new FileSystemError('file_not_found', message, path);
  }
}
