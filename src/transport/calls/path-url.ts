import { invalid, kindOf } from '../../protocol/checks.js';
import { parseUrl } from '../../protocol/urls.js';
import { basePath, type Connection } from './connection.js';

// Not in connection.ts: a page that only lists files does not load it.

/** The URL of a path below the base, for `request()`. */
export function pathUrl(connection: Connection, path: string, query: URLSearchParams): URL {
  if (typeof path !== 'string') throw invalid('path', `must be a string, not ${kindOf(path)}`);
  const base = connection.baseUrl.origin + basePath(connection);
  const url = /^[a-z][a-z0-9+.-]*:|^[/\\]{2}|[\\\s]|#/i.test(path)
    ? undefined
    : parseUrl(base + path.replace(/^\//, ''));
  if (!url?.href.startsWith(base) || hasParentSegment(url.pathname)) {
    throw invalid('path', 'must be a path below baseUrl, such as "account": without a host, a fragment or ".."');
  }
  for (const name of query.keys()) url.searchParams.delete(name); // overrides the query in the path
  for (const [name, value] of query) url.searchParams.append(name, value);
  if (url.searchParams.has('access_token')) {
    throw invalid('access_token', 'must not be in the query: the SDK sends the token in a header');
  }
  return url;
}

/** Whether a path contains `..`, also after decoding it once more, as some servers do. */
export function hasParentSegment(path: string): boolean {
  const decoded = path.replace(/%2e/gi, '.').replace(/%2f|%5c/gi, '/');
  return decoded.split('/').includes('..');
}
