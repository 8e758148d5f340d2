import { checkDuration, checkSignal } from '../../protocol/checks.js';
import { readOptions } from '../../protocol/options.js';
import { type Call, type Connection, call, routeUrl, type SearchParams } from '../../transport/calls/connection.js';
import { type CallHeaders, checkHeaders, type HeadersOption } from '../../transport/calls/headers.js';
import { checkRetry, type RetryOptions, type RetryPolicy, type RetrySettings } from '../../transport/calls/retry.js';

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call, which rejects with the reason of the signal. */
  signal?: AbortSignal | undefined;
  /**
   * The time limit in milliseconds, including the response body. `false` disables it. It limits each attempt of a JSON call.
   * It limits a transfer as a whole, in addition to `idleTimeout`.
   * @default the client's `timeout` for a JSON call; no limit for a transfer
   */
  timeout?: number | false | undefined;
  /** When to retry this call. Omitted fields have the value of the client. @default the client's `retry` */
  retry?: RetryOptions | number | false | undefined;
  /** Headers of this call, in addition to those of the client. Headers that the SDK or `fetch` sets are not allowed. */
  headers?: HeadersOption | undefined;
}

export function checkTimeout(name: string, value: number | false | undefined): number | false | undefined {
  return value === undefined || value === false ? value : checkDuration(name, value);
}

/** The checked options of a call. */
export interface CallSettings {
  signal: AbortSignal | undefined;
  timeout: number | false | undefined;
  retry: RetrySettings | undefined;
  headers: CallHeaders | undefined;
}

/** The checks of {@link CallOptions}. */
export const callChecks: {
  [Name in keyof CallSettings]: (name: string, value: CallOptions[Name]) => CallSettings[Name];
} = {
  signal: (_, value) => checkSignal(value),
  timeout: checkTimeout,
  retry: checkRetry,
  headers: checkHeaders,
};

/**
 * Adds the checks of {@link CallOptions} to those of a call. It is a function because bundlers do not remove an unused
 * object that contains a spread. Mark calls of it as pure.
 */
export function withCallChecks<Checks extends object>(checks: Checks): typeof callChecks & Checks {
  return { ...callChecks, ...checks };
}

/** Checks the options of a call that takes only {@link CallOptions}. */
export function checkCall(options: CallOptions): CallSettings {
  return readOptions('options', options, callChecks);
}

/** The connection with the settings of one call. */
export function connectionFor(connection: Connection, { timeout, retry, headers }: CallSettings): Connection {
  return {
    ...connection,
    timeout: timeout ?? connection.timeout,
    retry: policyFrom(connection.retry, retry),
    headers: { ...connection.headers, ...headers },
  };
}

/** Merges retry options into a policy. */
export function policyFrom(policy: RetryPolicy, retry: RetrySettings | undefined): RetryPolicy {
  return { limit: retry?.limit ?? policy.limit, maxDelay: retry?.maxDelay ?? policy.maxDelay };
}

/** A call of a documented route: its path segments, query and JSON body. */
export interface RouteCall<T> extends Omit<Call<T>, 'url' | 'signal' | 'body'> {
  segments: readonly string[];
  searchParams?: SearchParams | undefined;
  json?: unknown | undefined;
}

/** Calls a documented route. */
export function callRoute<T>(
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
