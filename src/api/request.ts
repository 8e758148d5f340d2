import { checkOptions, checkSignal, invalid, kindOf } from '../protocol/checks.js';
import { ResponseError } from '../protocol/errors.js';
import { plainText } from '../protocol/grammar.js';
import { type Connection, call, pathUrl } from '../transport/connection.js';
import type { CallOptions } from './call-options.js';

/** A schema of any library that follows Standard Schema (https://standardschema.dev), such as zod or valibot. */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
  };
}

export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | {
      readonly issues: ReadonlyArray<{
        readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
      }>;
    };

export interface RequestOptions<T> extends CallOptions {
  /** @default 'GET' */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  searchParams?: Record<string, string | number | boolean | undefined>;
  /** The body, sent as JSON. */
  json?: unknown;
  /** What the result must be. Without one it is `unknown`. */
  schema?: StandardSchema<T>;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A call to anything else below the base. */
export async function request<T = unknown>(
  connection: Connection,
  path: string,
  options: RequestOptions<T> = {},
): Promise<T> {
  const { method = 'GET', searchParams = {}, json, schema, signal } = checkOptions('options', options);
  if (!methods.includes(method)) throw invalid('method', `must be one of ${methods.join(', ')}`);
  if (method === 'GET' && json !== undefined) throw invalid('json', 'cannot go with GET, which has no body');
  if (typeof searchParams !== 'object' || searchParams === null) {
    throw invalid('searchParams', `must be an object, not ${kindOf(searchParams)}`);
  }
  const texts = Object.entries(searchParams).map(([name, value]) => [
    name,
    value === undefined ? undefined : String(value),
  ]);
  const url = pathUrl(connection, path, Object.fromEntries(texts));
  const read = (value: unknown) => value;
  const result = await call(connection, { method, url, json: checkJson(json), signal: checkSignal(signal), read });
  if (!schema) return result as T; // unknown, unless the caller says otherwise
  const checked = await schema['~standard'].validate(result);
  if (!checked.issues) return checked.value;
  const keys = checked.issues[0]?.path?.map((part) => String(typeof part === 'object' ? part.key : part)) ?? [];
  const place = plainText(['result', ...keys].join('.')).slice(0, 200);
  throw new ResponseError('malformed_response', `malformed answer: ${place} is not what the schema wants`);
}

/** What JSON cannot hold is refused here, by a message that does not quote it. */
function checkJson(json: unknown): unknown {
  try {
    if (json === undefined || JSON.stringify(json) !== undefined) return json;
  } catch {
    // told below
  }
  throw invalid('json', 'cannot be written as JSON: it holds a circle, a BigInt, or is a function');
}
