import { invalid } from '../protocol/checks.js';
import { openAnswer } from './answer.js';
import { type Fetch, type HttpAnswer, type HttpRequest, send } from './http.js';

/** What every call to the API shares. Resources are given this, never the client. */
export interface Connection {
  baseUrl: URL;
  /** The access token to send now. Throws when it has expired. */
  accessToken: () => string;
  fetch: Fetch | undefined;
  timeout: number | false;
  idleTimeout: number | false;
  now: () => number;
}

export type SearchParams = Record<string, string | undefined>;

/** The URL of a route below the base. Its segments are taken literally: nothing in them can climb or ask. */
export function routeUrl(connection: Connection, segments: readonly string[], searchParams: SearchParams = {}): URL {
  const url = new URL(connection.baseUrl);
  url.pathname = [url.pathname.replace(/\/$/, ''), ...segments.map(encodeURIComponent)].join('/');
  for (const [name, value] of Object.entries(searchParams)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** An id as a path segment. `.` and `..` would be taken for directions. */
export function checkId(id: unknown): string {
  if (typeof id !== 'string') throw invalid('id', `must be a string, not ${id === null ? 'null' : typeof id}`);
  if (id === '' || id === '.' || id === '..') throw invalid('id', 'must be the id of a file, as list() gives it');
  if (!id.isWellFormed()) throw invalid('id', 'is not well-formed Unicode');
  return id;
}

export interface Call {
  method: HttpRequest['method'];
  segments: readonly string[];
  searchParams?: SearchParams;
  json?: unknown;
  signal?: AbortSignal | undefined;
}

/** A JSON call: sends the token in the header and opens the envelope of the answer. */
export async function call(
  connection: Connection,
  { method, segments, searchParams, json, signal }: Call,
): Promise<unknown> {
  const token = connection.accessToken();
  const answer: HttpAnswer = await send({
    method,
    url: routeUrl(connection, segments, searchParams),
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(json !== undefined && { 'content-type': 'application/json' }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    fetch: connection.fetch,
    timeout: connection.timeout,
    signal,
  });
  return openAnswer(answer, { now: connection.now, secrets: [token] });
}
