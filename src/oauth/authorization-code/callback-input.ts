import { invalid, kindOf } from '../../protocol/checks.js';
import { type CallbackParameters, malformed, maxCharacters, parseParameters } from '../callback.js';

/** The request to the redirect URI: a `Request`, or the request object of Node or of a framework. */
export interface CallbackRequest {
  /** The requested URL, or its path and query. */
  readonly url?: string | { readonly href: string } | undefined;
}

/**
 * A query that a framework has parsed: `request.query` of Express, Fastify and Koa, `c.req.query()` and `c.req.queries()` of
 * Hono, the awaited `searchParams` of Next.js.
 */
export type CallbackQuery =
  | { readonly [name: string]: string | object | null | undefined }
  | { readonly code?: string | undefined; readonly state?: string | undefined; readonly error?: string | undefined };

/** A callback: the request to the redirect URI, its URL, its query as a string, or its query as parsed by a framework. */
export type Callback = string | { readonly href: string } | URLSearchParams | CallbackRequest | CallbackQuery;

/** Parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207). */
const known: ReadonlySet<string> = new Set(['state', 'code', 'iss', 'error', 'error_description', 'error_uri']);

/**
 * Reads the parameters of a callback. Objects are recognised by their properties, because a `Request` or a `URL` of another realm
 * is not an instance of the global class.
 * @throws {CallbackError} `malformed_callback` if a known parameter is repeated or cannot be decoded
 * @throws {ConfigurationError} if the argument is not a callback
 */
export function readCallback(callback: unknown): CallbackParameters {
  if (typeof callback === 'string') return parseParameters(queryOf(trimPasted(callback)), known);
  if (typeof callback !== 'object' || callback === null || Array.isArray(callback)) throw notACallback(callback);
  if ('then' in callback && typeof callback.then === 'function') {
    throw invalid('callback', 'is a promise: await it first, as in `await searchParams` in Next.js');
  }
  if (isSearchParams(callback)) return readValues((name) => callback.getAll(name));
  const query: object = callback;
  const isQuery = Array.from(known).some((name) => Object.hasOwn(query, name));
  const plain = isPlain(query);
  if (plain && isQuery) return readQuery(query);
  // after the query: a visitor may add a parameter `url` to it
  const url = textOf(Reflect.get(query, 'url')) ?? textOf(query);
  if (url !== undefined) return parseParameters(queryOf(url), known);
  if (!isQuery && !(plain && Object.values(query).every(isQueryValue))) throw notACallback(query);
  return readQuery(query);
}

function notACallback(value: unknown): Error {
  return invalid('callback', `must be the request to the redirect URI, its URL or its query, not ${kindOf(value)}`);
}

function isSearchParams(value: object): value is Pick<URLSearchParams, 'getAll'> {
  return 'getAll' in value && typeof value.getAll === 'function';
}

/** Whether it is an object literal of any realm, or has no prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether a query parser can return it: they return neither numbers nor functions. */
function isQueryValue(value: unknown): boolean {
  return value === undefined || typeof value === 'string' || typeof value === 'object';
}

/** The text of a URL, which is a string or a `URL` object of any realm. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('href' in value)) return undefined;
  return typeof value.href === 'string' ? value.href : undefined;
}

function readQuery(query: object): CallbackParameters {
  return readValues((name) => (Object.hasOwn(query, name) ? Reflect.get(query, name) : undefined));
}

/** Reads the parameters of a query that is already decoded. */
function readValues(read: (name: string) => unknown): CallbackParameters {
  const parameters = new Map<string, string>();
  let characters = 0;
  for (const name of known) {
    const value = onlyValue(name, read(name));
    if (value) parameters.set(name, value);
    characters += value?.length ?? 0;
  }
  if (characters > maxCharacters) throw malformed(`is longer than ${maxCharacters} characters`);
  return parameters;
}

/** Frameworks return an array for a repeated parameter, and some for every parameter. Empty parameters count as absent. */
function onlyValue(name: string, values: unknown): string | undefined {
  const given: unknown[] = Array.isArray(values) ? values.filter((value) => (value ?? '') !== '') : [values];
  if (given.length > 1) throw malformed(`has more than one ${name}`);
  const [value] = given;
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  if (typeof value === 'object') throw malformed(`has a nested ${name}`); // `?code[x]=y`, as qs parses it
  throw invalid(
    `callback.${name}`,
    `must be a string, not ${kindOf(value)}: pass the query as the framework parsed it`,
  );
}

/** The encoded query of a URL. A text with neither a scheme nor a path before its first parameter is itself a query. */
function queryOf(url: string): string {
  const [beforeFragment = ''] = url.split('#', 1);
  const at = beforeFragment.indexOf('?');
  const isUrl =
    /^([a-z][a-z0-9+.-]*:|\/)/i.test(beforeFragment) || (at >= 0 && !beforeFragment.slice(0, at).includes('='));
  if (!isUrl) return beforeFragment;
  return at < 0 ? '' : beforeFragment.slice(at + 1);
}

/** Characters that may surround a pasted URL and never occur in one. */
const around = /[\s"<>`\u2018-\u201f]/;

/** Removes the white space and quotation marks around a pasted URL. */
function trimPasted(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && around.test(text.charAt(start))) start++;
  while (start < end && around.test(text.charAt(end - 1))) end--;
  // an apostrophe may be the last character of a query: only a pair counts as quotation marks
  const pair = end - start > 1 && text[start] === "'" && text[end - 1] === "'";
  return pair ? text.slice(start + 1, end - 1) : text.slice(start, end);
}
