import { checkDuration, checkSignal } from '../protocol/checks.js';
import { readOptions } from '../protocol/options.js';
import { type Call, type Connection, call, routeUrl, type SearchParams } from '../transport/calls/connection.js';
import { type CallHeaders, checkHeaders, type HeadersOption } from '../transport/calls/headers.js';
import { checkRetry, type RetryOptions, type RetryPolicy, type RetrySettings } from '../transport/calls/retry.js';

/** What every call takes. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds that the call may take, the body of the response included; false turns the limit off. For a JSON call it
   * limits each attempt. For a transfer it limits all of it, beside `idleTimeout`.
   * @default the client's `timeout`; no limit for a transfer
   */
  timeout?: number | false | undefined;
  /** How often this call is retried. What is left out is as the client has it. @default the client's `retry` */
  retry?: RetryOptions | number | false | undefined;
  /** Headers of this call, beside those of the client. Headers that the SDK sets itself are refused. */
  headers?: HeadersOption | undefined;
}

export function checkTimeout(name: string, value: number | false | undefined): number | false | undefined {
  return value === undefined || value === false ? value : checkDuration(name, value);
}

/** The options of a call, after they have been checked. */
export interface CallSettings {
  signal: AbortSignal | undefined;
  timeout: number | false | undefined;
  retry: RetrySettings | undefined;
  headers: CallHeaders | undefined;
}

/** The options of every call, to be spread into the options of one. */
export const callChecks: {
  [Name in keyof CallSettings]: (name: string, value: CallOptions[Name]) => CallSettings[Name];
} = {
  signal: (_, value) => checkSignal(value),
  timeout: checkTimeout,
  retry: checkRetry,
  headers: checkHeaders,
};

/**
 * The options of a call that has others besides. A function, because bundlers do not leave out an unused object with a
 * spread in it; mark its call as pure.
 */
export function withCallChecks<Checks extends object>(checks: Checks): typeof callChecks & Checks {
  return { ...callChecks, ...checks };
}

/** The options of a call that has no others. */
export function checkCall(options: CallOptions): CallSettings {
  return readOptions('options', options, callChecks);
}

/** The connection as a call with these options uses it. */
export function connectionFor(connection: Connection, { timeout, retry, headers }: CallSettings): Connection {
  return {
    ...connection,
    timeout: timeout ?? connection.timeout,
    retry: policyFrom(connection.retry, retry),
    headers: { ...connection.headers, ...headers },
  };
}

/** What is left out stays as it is. */
export function policyFrom(policy: RetryPolicy, retry: RetrySettings | undefined): RetryPolicy {
  return { limit: retry?.limit ?? policy.limit, maxDelay: retry?.maxDelay ?? policy.maxDelay };
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
  settings: CallSettings,
): Promise<T> {
  return call(connectionFor(connection, settings), {
    ...rest,
    url: routeUrl(connection, segments, searchParams),
    ...(json !== undefined && { body: JSON.stringify(json) }),
    signal: settings.signal,
  });
}
