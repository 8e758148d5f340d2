import { invalid } from '../protocol/checks.js';
import { type ConfigurationError, ResponseError } from '../protocol/errors.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import { quotable } from '../protocol/quotable.js';
import type { AnswerOrigin } from '../protocol/schemas/decode.js';
import { type Connection, call, pathUrl } from '../transport/calls/connection.js';
import { type CallOptions, connectionFor, withCallChecks } from './call-options.js';

/** A schema of any library that follows Standard Schema (https://standardschema.dev), such as zod or valibot. */
export interface StandardSchema<T> {
  /** The schema, in the form that those libraries have agreed on. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Checks a value, or makes another of it. */
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
  };
}

/** What a {@link StandardSchema} makes of a value. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | {
      readonly issues: ReadonlyArray<{
        readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
      }>;
    };

/** A call that has no method of its own. */
export interface RequestOptions<T> extends CallOptions {
  /** @default 'GET' */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  /** The query. What is undefined is left out; for a name that comes more than once there is `URLSearchParams`. */
  searchParams?: URLSearchParams | Record<string, string | number | boolean | undefined> | undefined;
  /** The body, sent as JSON. */
  json?: unknown | undefined;
  /** What the result must be. Without one it is `unknown`. */
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

/** A call to anything else below the base. */
export async function request<T = unknown>(
  connection: Connection,
  path: string,
  options: RequestOptions<T>,
): Promise<T> {
  const { method, searchParams, json, schema, ...settings } = readOptions('options', options, requestChecks);
  if (method === 'GET' && json !== undefined) throw invalid('json', 'cannot go with GET, which has no body');
  return call(connectionFor(connection, settings), {
    name: 'request',
    method,
    url: pathUrl(connection, path, searchParams),
    body: json,
    signal: settings.signal,
    // without a schema the caller says what it is
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

/** By what it can do: it may come from an iframe, or from a polyfill. */
function isSearchParams(value: unknown): value is URLSearchParams {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && 'append' in value;
}

function notSearchParams(name: string): ConfigurationError {
  return invalid(name, 'must be URLSearchParams, or an object of strings, numbers and booleans');
}

async function validated<T>(schema: StandardSchema<T>, value: unknown, origin: AnswerOrigin): Promise<T> {
  const { operation, status, secrets } = origin;
  let checked: SchemaResult<T>;
  try {
    checked = await schema['~standard'].validate(value);
  } catch {
    // what it threw may quote the value
    throw new ResponseError('malformed_response', `${operation} gave an answer on which the schema failed`, status);
  }
  if (!checked.issues) return checked.value;
  const keys = checked.issues[0]?.path?.map((part) => String(typeof part === 'object' ? part.key : part)) ?? [];
  const place = quotable(['result', ...keys].join('.'), secrets).slice(0, 200);
  throw new ResponseError(
    'malformed_response',
    `${operation} gave a malformed answer: ${place} is not what the schema wants`,
    status,
  );
}

/** What JSON cannot hold is refused here, by a message that does not quote it. */
function jsonText(name: string, json: unknown): string | undefined {
  try {
    const text = JSON.stringify(json);
    if (json === undefined || text !== undefined) return text;
  } catch {
    // told below
  }
  throw invalid(name, 'cannot be written as JSON: it holds a circle, a BigInt, or is a function');
}
