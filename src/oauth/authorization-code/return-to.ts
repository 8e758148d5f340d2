import { invalid, kindOf } from '../../protocol/checks.js';
import { isUrl, parseUrl } from '../../protocol/urls.js';

/** A longer one might not fit in a cookie, together with the rest of `pending`. */
const mostCharacters = 1_024;

/**
 * A page of the application, without its origin: path, query and fragment. It begins with one slash, so that a redirect to
 * it stays in the application.
 * @param redirectUri tells the origin of the application; that of a native one has none
 */
export function checkReturnTo(name: string, value: unknown, redirectUri: string): string {
  const text = isUrl(value) ? value.href : value;
  if (typeof text !== 'string') throw invalid(name, `must be a path such as /files, not ${kindOf(value)}`);
  const own = parseUrl(redirectUri);
  const origin = own && /^https?:$/.test(own.protocol) ? own.origin : 'https://application.invalid';
  const url = /^(\/|https?:)/i.test(text) ? parseUrl(text, origin) : undefined;
  // `/.//host` and `https://app.example//host` are paths here, but another host as the target of a redirect
  if (url?.origin !== origin || url.pathname.startsWith('//')) {
    throw invalid(
      name,
      'must be a path of your application that begins with one slash, or a URL on the origin of redirectUri',
    );
  }
  const place = url.pathname + url.search + url.hash;
  if (place.length > mostCharacters) throw invalid(name, `must have at most ${mostCharacters} characters`);
  return place;
}
