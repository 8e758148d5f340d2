import { invalid, kindOf } from '../../protocol/checks.js';
import { isUrl, parseUrl } from '../../protocol/urls.js';

/** A longer one might not fit in a cookie with the rest of `pending`. */
const maxCharacters = 1_024;

/**
 * Returns the path, query and fragment of a page of the application. The path begins with exactly one slash, so that a redirect
 * to it stays in the application.
 * @param redirectUri defines the origin of the application. The private-use scheme of a native application has no origin
 */
export function checkReturnTo(name: string, value: unknown, redirectUri: string): string {
  const text = isUrl(value) ? value.href : value;
  if (typeof text !== 'string') throw invalid(name, `must be a path such as /files, not ${kindOf(value)}`);
  const own = parseUrl(redirectUri);
  const origin = own && /^https?:$/.test(own.protocol) ? own.origin : 'https://application.invalid';
  const url = /^(\/|https?:)/i.test(text) ? parseUrl(text, origin) : undefined;
  // `/.//host` and `https://app.example//host` are paths here, but a redirect to their pathname leads to another host
  if (url?.origin !== origin || url.pathname.startsWith('//')) {
    throw invalid(name, 'must be a path that begins with one slash, or a URL on the origin of redirectUri');
  }
  const place = url.pathname + url.search + url.hash;
  if (place.length > maxCharacters) throw invalid(name, `must have at most ${maxCharacters} characters`);
  return place;
}
