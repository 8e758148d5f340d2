import { answerParameters } from '../../protocol/urls.js';
import { type CallbackParameters, malformed, parameterName, parseParameters } from '../callback.js';

/**
 * The callback of an implicit grant in the URL of a page. A token comes in the fragment. An error comes in the query
 * according to doctape's documentation, and in the fragment according to OAuth (wire document section 2.9).
 */
export interface PageCallback {
  query: string;
  fragment: string;
  /** The beginning of the fragment that belongs to the application: `/files?sort=name&` in `#/files?sort=name&error=…`. */
  route: string;
}

/** A state that begins like this is of a sign-in in a popup. Only the page that opened the popup knows it. */
export const popupMark = 'popup.';

export const isPopupState = (state: string): boolean => state.startsWith(popupMark);

/**
 * A fragment that a hash router has rewritten: `/`, `!/`, `?` or a whole route, and then the answer. Angular also encodes
 * the `=` of what it takes for a path.
 */
const routed = new RegExp(`^([/!?](?:[^]*?[/!?&])??)((?:${[...answerParameters].join('|')})(?:=|%3D)[^]*)$`, 'i');

/** A fragment that begins like this is a route. Alone, it has no name: it is what a router puts in front of everything. */
const routeStart = /^[/!?]/;
const namelessRoute = /^[/!?]*$/;

/**
 * Finds the answer in the URL of a page. Undefined if there is none, so that the page's own queries and fragments are left
 * alone. An answer has a token or an error, or a state together with what a server sends beside it.
 *
 * `#/login?error=1&state=open` is a route of the application. It is an answer only if it has a token, or a state that
 * `isPending`.
 */
export function pageCallback({ search, hash }: URL, isPending: (state: string) => boolean): PageCallback | undefined {
  const callback = { query: search.slice(1), fragment: hash.slice(1), route: '' };
  if (routeStart.test(callback.fragment)) {
    const [, route = callback.fragment, answer = ''] = routed.exec(callback.fragment) ?? [];
    callback.route = route;
    callback.fragment = answer.replace(/(^|&)(\w+)%3D/gi, '$1$2=');
    const names = namesIn(callback.fragment);
    const ours =
      names.has('access_token') ||
      (hasAnswer(callback.fragment) &&
        statesIn({ ...callback, query: '' }).some((state) => namelessRoute.test(route) || isPending(state)));
    if (!ours) {
      callback.route = hash.slice(1);
      callback.fragment = '';
    }
  }
  return hasAnswer(callback.query) || hasAnswer(callback.fragment) ? callback : undefined;
}

function hasAnswer(encoded: string): boolean {
  const names = namesIn(encoded);
  if (names.has('access_token') || names.has('error')) return true;
  return names.has('state') && (names.has('code') || names.has('token_type'));
}

/** Every value of `state`, also in what is not a valid answer. */
export function statesIn({ query, fragment }: PageCallback): string[] {
  return valuesOf('state', `${query}&${fragment}`);
}

/** Every value of `name`, still encoded. */
export function valuesOf(name: string, encoded: string): string[] {
  const pairs = encoded.split('&').filter((pair) => parameterName(pair) === name);
  return pairs.map((pair) => pair.slice(pair.indexOf('=') + 1));
}

/**
 * The parameters of the answer, in the query and in the fragment.
 * @throws {CallbackError} `malformed_callback` if one cannot be decoded, or is repeated
 */
export function readAnswer({ query, fragment }: PageCallback): {
  parameters: CallbackParameters;
  inQuery: Set<string>;
} {
  const fromQuery = parseParameters(query, answerParameters);
  const parameters = new Map(fromQuery);
  for (const [name, value] of parseParameters(fragment, answerParameters)) {
    if (parameters.has(name)) throw malformed(`has more than one ${name}`);
    parameters.set(name, value);
  }
  return { parameters, inQuery: new Set(fromQuery.keys()) };
}

/** The URL without the answer. What is left of the query and of a route stays as it is, byte for byte. */
export function withoutAnswer({ origin, pathname }: URL, { query, fragment, route }: PageCallback): string {
  const search = ownPairs(query);
  const hash = namelessRoute.test(route) ? '' : (route + ownPairs(fragment)).replace(/[?&]+$/, '');
  return origin + pathname + (search && `?${search}`) + (hash && `#${hash}`);
}

function ownPairs(encoded: string): string {
  const pairs = encoded.split('&');
  return pairs.filter((pair) => pair !== '' && !answerParameters.has(parameterName(pair) ?? '')).join('&');
}

/** The names of parameters that have a value: `#error` may be a heading of the page, and empty ones count as absent. */
function namesIn(encoded: string): Set<string | undefined> {
  const pairs = encoded.split('&').filter((pair) => /=./.test(pair));
  return new Set(pairs.map(parameterName));
}
