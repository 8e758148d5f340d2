import { invalid, kindOf } from '../protocol/checks.js';

/** A path as a caller gives it: it may be anything but nothing. */
export function checkPath(path: unknown): string {
  if (typeof path !== 'string') throw invalid('path', `must be a string, not ${kindOf(path)}`);
  if (path === '') throw invalid('path', 'is empty: it must name a file');
  if (path.includes('\0')) throw invalid('path', 'must not hold the character NUL');
  return path;
}
