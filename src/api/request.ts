import { invalid } from '../protocol/checks.js';
import { type ConfigurationError, ResponseError } from '../protocol/errors.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import { quotable } from '../protocol/quotable.js';
import type { ResponseOrigin } from '../protocol/schemas/decode.js';
import { type Connection, call } from '../transport/calls/connection.js';
import { pathUrl } from '../transport/calls/path-url.js';
import { type CallOptions, connectionFor, withCallChecks } from './options/call-options.js';

/** A schema of any library that follows Standard Schema (https://standardschema.dev), such as zod or valibot. */
export interface StandardSchema<T> {
  /** The interface of Standard Schema, version 1. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Validates a value. May also transform it. */
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
  };
}

/** The result of a {@link StandardSchema}: the validated value, or the issues that were found. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | {
      readonly issues: ReadonlyArray<{
        readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
      }>;
    };

/** Options of {@link ApiClient.request}. */
export interface RequestOptions<T> extends CallOptions {
  /** The HTTP method. @default 'GET' */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  /** The query. Undefined values are omitted. Use `URLSearchParams` to repeat a name. */
  searchParams?: URLSearchParams | Record<string, string | number | boolean | undefined> | undefined;
  /** The body, sent as JSON. */
  json?: unknown | undefined;
  /** Validates the result and determines its type. Without it, nothing but the envelope is validated. */
  schema?: StandardSchema<T> | undefined;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

const requestChecks = /* @__PURE__ */ withCallChecks({
  method(name: string, method: RequestOptions<unknown>['method'] = 'GET') {
    if (methods.includes(method)) return method;
    throw invalid(name, `must be one of ${methods.join(', ')}`);
  },
  searchParams: queryOf,
  json: jsonText,
  schema: (_: string, schema: StandardSchema<unknown> | undefined) => schema,
}) satisfies OptionChecks<RequestOptions<unknown>>;

/** Calls any route below the base URL. */
export async function request<T = unknown>(
  connection: Connection,
  path: string,
  options: RequestOptions<T>,
): Promise<T> {
  const { method, searchParams, json, schema, ...settings } = readOptions('options', options, requestChecks);
  if (method === 'GET' && json !== undefined)
    throw invalid('json', 'must be left out with GET, which has no body: use searchParams, or another method');
  return call(connectionFor(connection, settings), {
    name: 'request',
    method,
    url: pathUrl(connection, path, searchParams),
    body: json,
    signal: settings.signal,
    // without a schema the type is the caller's claim
    read: (result, _, origin) => (schema ? validated(schema as StandardSchema<T>, result, origin) : (result as T)),
  });
}

function queryOf(name: string, searchParams: RequestOptions<unknown>['searchParams'] = {}): URLSearchParams {
  if (isSearchParams(searchParams)) return searchParams;
  if (typeof searchParams !== 'object' || !searchParams || Symbol.iterator in searchParams) throw notSearchParams(name);
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(searchParams)) {
    if (value === undefined) continue;
    if (!/^(string|number|boolean)$/.test(typeof value)) throw notSearchParams(name);
    query.append(key, String(value));
  }
  return query;
}

/** Not `instanceof`: it may come from an iframe or from a polyfill. */
function isSearchParams(value: unknown): value is URLSearchParams {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && 'append' in value;
}

function notSearchParams(name: string): ConfigurationError {
  return invalid(name, 'must be URLSearchParams or an object of strings, numbers and booleans');
}

async function validated<T>(schema: StandardSchema<T>, value: unknown, origin: ResponseOrigin): Promise<T> {
  const { operation, status, secrets } = origin;
  let checked: SchemaResult<T>;
  try {
    checked = await schema['~standard'].validate(value);
  } catch {
    // its error may quote the value
    throw new ResponseError(
      'malformed_response',
      `the schema threw while it validated the response to ${operation}`,
      status,
    );
  }
  if (!checked.issues) return checked.value;
  const keys = checked.issues[0]?.path?.map((part) => String(typeof part === 'object' ? part.key : part)) ?? [];
  const place = quotable(['result', ...keys].join('.'), secrets).slice(0, 200);
  throw new ResponseError(
    'malformed_response',
    `the response to ${operation} is malformed: ${place} does not match the schema`,
    status,
  );
}

/** The error of `JSON.stringify()` may quote the value, so it is replaced. */
function jsonText(name: string, json: unknown): string | undefined {
  try {
    const text = JSON.stringify(json);
    if (json === undefined || text !== undefined) return text;
  } catch {
    // thrown below
  }
  throw invalid(name, 'cannot be converted to JSON: it has a circular reference or a BigInt, or is a function');
}
