import { answerParameters } from '../../protocol/urls.js';
import { type CallbackParameters, malformed, parameterName, parseParameters } from '../callback.js';

/**
 * The callback of an implicit grant, as it stands in the address of a page. A token comes in the fragment; an error comes
 * in the query by doctape's documentation, and in the fragment by OAuth (wire document section 2.9).
 */
export interface PageCallback {
  query: string;
  fragment: string;
}

export function pageCallback({ search, hash }: URL): PageCallback {
  const fragment = hash.slice(1);
  // `#/files?sort=name&state=open` is a route of the page, whatever its parameters are called
  const isRoute = /^[/!]/.test(fragment) && !namesIn(fragment).has('access_token');
  return { query: search.slice(1), fragment: isRoute ? '' : fragment };
}

/**
 * Whether this is an answer at all, so that the page's own fragments and queries are left alone: it has a token or an error,
 * or a state together with what a server sends beside it.
 */
export function isAnswer({ query, fragment }: PageCallback): boolean {
  return [query, fragment].map(namesIn).some((names) => {
    if (names.has('access_token') || names.has('error')) return true;
    return names.has('state') && (names.has('code') || names.has('token_type'));
  });
}

/** Every value of `state`, also of what is no valid answer. */
export function statesIn({ query, fragment }: PageCallback): string[] {
  return [query, fragment].flatMap((encoded) => {
    const states = encoded.split('&').filter((pair) => parameterName(pair) === 'state');
    return states.map((pair) => pair.slice(pair.indexOf('=') + 1));
  });
}

/**
 * The parameters of the answer, wherever they stand.
 * @throws {CallbackError} `malformed_callback` when one cannot be decoded, or comes twice
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

/** The address without the answer: what is left of the query stays as it is, byte for byte. */
export function withoutAnswer({ origin, pathname, search }: URL): string {
  const rest = search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !answerParameters.has(parameterName(pair) ?? ''));
  return origin + pathname + (rest.length > 0 ? `?${rest.join('&')}` : '');
}

/** The names of what is written with a `=`: `#error` may be a heading of the page. */
function namesIn(encoded: string): Set<string | undefined> {
  const pairs = encoded.split('&').filter((pair) => pair.includes('='));
  return new Set(pairs.map(parameterName));
}
