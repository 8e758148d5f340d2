import { callbackParameters } from '../../protocol/urls.js';
import { pairsOf } from '../callback.js';

/**
 * The callback of an implicit grant in the URL of a page. A token is in the fragment. An error is in the query according to
 * doctape's documentation, and in the fragment according to OAuth (wire document section 2.9).
 */
export interface PageCallback {
  query: string;
  fragment: string;
  /** The part of the fragment before the callback: `/files?sort=name&` in `#/files?sort=name&error=…`. */
  route: string;
}

/** The start of every state of a popup sign-in. Only the page that opened the popup knows the rest. */
export const popupPrefix = 'popup.';

export const isPopupState = (state: string): boolean => state.startsWith(popupPrefix);

/** The start of a fragment that is a route: `/`, `!/`, `?`, or a name followed by `?` or another `#`. */
const routeStart = '(?:[/!?]|[^=&#?]*[#?])';

/**
 * A fragment that a hash router has rewritten: a route, which may have no name, followed by the callback. Angular also encodes
 * the `=` in a path.
 */
const routed = () =>
  new RegExp(`^(${routeStart}(?:[^]*?[/!?&#])??)((?:${[...callbackParameters].join('|')})(?:=|%3D)[^]*)$`, 'i');

/** A prefix that a router adds to every fragment. */
const namelessRoute = /^[/!?]*$/;

/**
 * Finds the callback in the URL of a page. Returns undefined if there is none, so that the page's own queries and fragments
 * are not changed. A callback has a token or an error, or a state together with a code or a token type.
 *
 * `#/login?error=1&state=open` is a route of the application. It is treated as a callback only if it has a token, or a state
 * for which `isPending` returns true.
 */
export function pageCallback({ search, hash }: URL, isPending: (state: string) => boolean): PageCallback | undefined {
  const callback = { query: search.slice(1), fragment: hash.slice(1), route: '' };
  if (new RegExp(`^${routeStart}`).test(callback.fragment)) {
    // `%61ccess_token` is `access_token` (RFC 3986 section 6.2.2.2), and the expression finds plain names only
    const plain = callback.fragment.replace(/%(?:4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])/gi, decodeURIComponent);
    const [, route = plain, response = ''] = routed().exec(plain) ?? [];
    callback.route = route;
    callback.fragment = response.replace(/(^|&)(\w+)%3D/gi, '$1$2=');
    const names = namesIn(callback.fragment);
    const isCallback =
      names.has('access_token') ||
      (hasCallback(callback.fragment) &&
        statesIn({ ...callback, query: '' }).some((state) => namelessRoute.test(route) || isPending(state)));
    if (!isCallback) {
      callback.route = hash.slice(1);
      callback.fragment = '';
    }
  }
  return hasCallback(callback.query) || hasCallback(callback.fragment) ? callback : undefined;
}

function hasCallback(encoded: string): boolean {
  const names = namesIn(encoded);
  if (names.has('access_token') || names.has('error')) return true;
  return names.has('state') && (names.has('code') || names.has('token_type'));
}

/** Every value of `state`, also in a malformed callback. */
export function statesIn({ query, fragment }: PageCallback): string[] {
  return valuesOf('state', `${query}&${fragment}`);
}

/** Every value of `name`, still encoded. */
export function valuesOf(name: string, encoded: string): string[] {
  return pairsOf(encoded).flatMap((pair) => (pair.name === name ? pair.rawValue : []));
}

/** The URL without the callback. The rest of the query and of the route is preserved byte for byte. */
export function withoutCallback({ origin, pathname }: URL, { query, fragment, route }: PageCallback): string {
  const search = ownPairs(query);
  const hash = namelessRoute.test(route) ? '' : (route + ownPairs(fragment)).replace(/[?&#]+$/, '');
  return origin + pathname + (search && `?${search}`) + (hash && `#${hash}`);
}

function ownPairs(encoded: string): string {
  const pairs = pairsOf(encoded).filter(({ text, name = '' }) => text !== '' && !callbackParameters.has(name));
  return pairs.map(({ text }) => text).join('&');
}

/** The names of parameters with a value. `#error` alone may link to a heading of the page, and empty parameters count as absent. */
function namesIn(encoded: string): Set<string | undefined> {
  const pairs = pairsOf(encoded).filter(({ rawValue }) => rawValue !== '');
  return new Set(pairs.map(({ name }) => name));
}
