import type { Challenge } from '../../protocol/errors.js';
import { parseScope } from '../../protocol/grammar.js';

// a scheme, or a parameter of the scheme before it (RFC 9110 section 11.6.1)
const part =
  /[\s,]*(?:([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([!#$%&'*+.^_`|~\w-]+)(?=[\s,]|$))/y;

/** Reads the `Bearer` challenge of a `WWW-Authenticate` header (RFC 6750 section 3). @returns undefined if there is none */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null) return undefined;
  let challenge: Challenge | undefined;
  let inBearer = false;
  part.lastIndex = 0;
  for (let match = part.exec(header); match; match = part.exec(header)) {
    const [, name, quoted, plain, scheme] = match;
    if (scheme !== undefined) {
      inBearer = scheme.toLowerCase() === 'bearer';
      if (inBearer) challenge ??= {};
      continue;
    }
    if (!inBearer || !challenge || name === undefined) continue;
    const value = quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1');
    const key = name.toLowerCase();
    if (key === 'realm' || key === 'error' || key === 'error_description') challenge[key] ??= value;
    if (key === 'scope') challenge.scope ??= parseScope(value) ?? [];
  }
  return challenge;
}
