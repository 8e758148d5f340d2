import { checkOptions, checkSignal } from '../protocol/checks.js';
import type { Schema } from '../protocol/schemas/decode.js';
import { byId } from '../protocol/schemas/file.js';
import {
  type Call,
  type Connection,
  call,
  type Decode,
  routeUrl,
  type SearchParams,
} from '../transport/calls/connection.js';

/** What every call takes. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface RouteCall<T> extends Omit<Call<T>, 'url' | 'signal' | 'body'> {
  segments: readonly string[];
  searchParams?: SearchParams | undefined;
  json?: unknown | undefined;
}

/** A JSON call to one of the documented routes. */
export async function callRoute<T>(
  connection: Connection,
  { segments, searchParams, json, ...rest }: RouteCall<T>,
  options: CallOptions,
): Promise<T> {
  const { signal } = checkOptions('options', options);
  return call(connection, {
    ...rest,
    url: routeUrl(connection, segments, searchParams),
    ...(json !== undefined && { body: JSON.stringify(json) }),
    signal: checkSignal(signal),
  });
}

/** The result is one of these. */
export function one<T>(schema: Schema<T>): (result: unknown, decode: Decode) => T {
  return (result, decode) => decode(schema, result, 'result');
}

/** The result is a map of these, keyed by id. They are read one by one: that is far cheaper than one large schema. */
export function mapOf<T>(schema: Schema<T>): (result: unknown, decode: Decode) => T[] {
  return (result, decode) => {
    const map = decode(byId, result, 'result');
    return Object.keys(map).map((id) => decode(schema, map[id], `result.${id}`));
  };
}

/** The result says nothing that is not known already. */
export function nothing(): void {}
