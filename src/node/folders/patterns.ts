import picomatch from 'picomatch';
import { invalid } from '../../protocol/checks.js';

/** One glob pattern or several. */
export type Patterns = string | readonly string[];

/** Tests the path of a file or folder, relative to the folder that is uploaded, with `/`. */
export type PathTest = (path: string) => boolean;

/**
 * Compiles glob patterns, or returns undefined if there are none. A pattern without a slash is compared with the name of a file or
 * folder in any folder, other patterns with the whole path. A pattern that matches a folder matches everything in it.
 *
 * Node's `matchesGlob()` is not used: it is experimental in Node 22, where `**` does not match hidden files (nodejs/node#56321).
 */
export function compilePatterns(name: string, patterns: Patterns | undefined): PathTest | undefined {
  if (patterns === undefined) return undefined;
  const all: readonly unknown[] = typeof patterns === 'string' ? [patterns] : patterns;
  if (!Array.isArray(all)) throw invalid(name, "must be a pattern or an array of patterns, such as '*.jpg'");
  const tests = all.map((pattern) => compile(name, pattern));
  const matches = (path: string) => tests.some((test) => test(path));
  return (path) => withParents(path).some(matches);
}

function compile(name: string, pattern: unknown): PathTest {
  if (typeof pattern !== 'string' || pattern === '') {
    throw invalid(name, "must contain patterns that are not empty, such as '*.jpg' or 'drafts/**'");
  }
  if (pattern.startsWith('!')) {
    throw invalid(name, 'must not contain a pattern that begins with "!": use include and exclude');
  }
  const isAnchored = /^\.?\//.test(pattern);
  const plain = pattern.replace(/^\.?\/+|\/+$/g, '');
  if (plain === '' || plain.split('/').includes('..')) {
    throw invalid(name, 'must contain patterns for paths below the folder: relative to it, without ".."');
  }
  if (plain.length > maxLength) throw invalid(name, `must contain patterns of at most ${maxLength} characters`);
  return picomatch(plain, { dot: true, basename: !isAnchored && !plain.includes('/'), windows: false });
}

const maxLength = 1000;

/** `a/b/c` with its parents `a` and `a/b`. */
function withParents(path: string): string[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** Whether a pattern can only match hidden files: one of its names begins with a dot. */
export function namesHidden(patterns: Patterns | undefined): boolean {
  return [patterns ?? []].flat().some((pattern) => /(^|\/)\.[^./]/.test(pattern));
}
