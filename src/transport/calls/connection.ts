import { decode, type ResponseOrigin, type Schema } from '../../protocol/schemas/decode.js';
import { fetchApi } from '../http/fetch.js';
import { operationOf } from '../http/redaction.js';
import { type Fetch, type Parser, readResponse, readWith } from '../http/response.js';
import { readEnvelope } from '../http/response-envelope.js';
import { watch } from '../http/watch.js';
import { withRetries } from './attempts.js';
import type { CallHeaders } from './headers.js';
import type { Hooks } from './hooks.js';
import type { RetryPolicy } from './retry.js';

/** The settings that all calls to the API share. Resources receive this, never the client. */
export interface Connection {
  baseUrl: URL;
  /** Whether plain http is allowed for hosts other than loopback. */
  allowInsecureHttp: boolean;
  /** The current access token. Throws or rejects if it has expired. Undefined if the API uses no tokens. */
  accessToken: () => string | undefined | Promise<string | undefined>;
  /** The current access token for a URL, which is created synchronously. */
  accessTokenNow: () => string | undefined;
  /** Further credentials of one call, to remove from messages. Its access tokens are added. */
  secrets?: string[] | undefined;
  fetch: Fetch | undefined;
  timeout: number | false;
  idleTimeout: number | false;
  retry: RetryPolicy;
  hooks: Hooks;
  headers: CallHeaders;
  now: () => number;
}

export type SearchParams = Record<string, string | undefined>;

/** The URL of a route below the base. Segments are encoded, so they cannot add path segments or a query. */
export function routeUrl(connection: Connection, segments: readonly string[], searchParams: SearchParams = {}): URL {
  const { href } = connection.baseUrl; // it has no query: see `checkBaseUrl`
  const url = new URL(`${href.endsWith('/') ? href : `${href}/`}${segments.map(encodeURIComponent).join('/')}`);
  for (const [name, value] of Object.entries(searchParams)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** The path of the base URL, with a trailing slash. */
export function basePath({ baseUrl }: Connection): string {
  return baseUrl.pathname.endsWith('/') ? baseUrl.pathname : `${baseUrl.pathname}/`;
}

/** Checks a value of a response. Errors name the request. */
export type Decode = <T>(schema: Schema<T>, value: unknown, path: string) => T;

export interface Call<T> {
  /** The method that was called, such as `files.list`. */
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  /** The JSON body. */
  body?: string | undefined;
  signal?: AbortSignal | undefined;
  /** The result if a 404 follows an attempt that may have succeeded without a response. */
  resultIfGone?: () => T;
  /** Creates what parses a response. @default `JSON.parse` */
  createParser?: (() => Parser) | undefined;
  /** Converts the `result` in the envelope to the return value. */
  read: (result: unknown, decode: Decode, origin: ResponseOrigin) => T | Promise<T>;
}

/** Makes a JSON call: sends the token in a header and reads the envelope of the response. */
export function call<T>(connection: Connection, { body, createParser, read, ...sent }: Call<T>): Promise<T> {
  const { timeout, fetch, now } = connection;
  const { method, url, signal } = sent;
  const operation = operationOf(method, url);
  const resend = method === 'GET' || method === 'DELETE' ? 'always' : 'if refused';
  return withRetries(connection, { ...sent, resend }, async (attempt) => {
    const watched = watch({ signal, limit: timeout, code: 'timeout', operation });
    try {
      const headers = {
        ...connection.headers,
        ...(await attempt.authorization(watched)),
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      await attempt.request(watched);
      const response = await fetchApi({ operation, method, url, headers, body, fetch, watched });
      const parser = createParser?.();
      const context = { operation, watched, fetch };
      const received = await (parser ? readWith(parser, response, context) : readResponse(response, context));
      await attempt.response(received, watched);
      const { secrets } = attempt;
      const result = readEnvelope(received, { now, secrets, parse: parser?.end });
      const origin = { operation, status: received.status, secrets };
      return await read(result, (schema, value, path) => decode(schema, value, path, origin), origin);
    } finally {
      watched.stop();
    }
  });
}
