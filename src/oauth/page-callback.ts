import { answerParameters } from '../protocol/urls.js';
import { type CallbackParameters, malformed, parameterName, parseParameters } from './callback.js';

/**
 * The callback of an implicit grant, as it stands in the address of a page. A token comes in the fragment; an error comes
 * in the query by doctape's documentation, and in the fragment by OAuth (wire document section 2.9).
 */
export interface PageCallback {
  query: string;
  fragment: string;
}

export function pageCallback({ search, hash }: URL): PageCallback {
  return { query: search.slice(1), fragment: hash.slice(1) };
}

/**
 * Whether this is an answer at all, so that the page's own fragments and queries are left alone.
 * @param atRedirectUri on any other page less is taken for an answer, because the page may use such a name itself
 */
export function isAnswer({ query, fragment }: PageCallback, atRedirectUri: boolean): boolean {
  const inQuery = namesIn(query);
  const inFragment = namesIn(fragment);
  const has = (name: string) => inQuery.has(name) || inFragment.has(name);
  if (has('access_token') || (has('state') && (has('code') || has('error')))) return true;
  if (!atRedirectUri) return false;
  return inQuery.has('error') || ['state', 'error', 'code'].some((name) => inFragment.has(name));
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

function namesIn(encoded: string): Set<string | undefined> {
  return new Set(encoded.split('&').map(parameterName));
}
