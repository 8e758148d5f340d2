import { checkOptionalFunction, invalid, kindOf } from '../../protocol/checks.js';
import { type OptionChecks, readOptions } from '../../protocol/options.js';

/** The fields of all hook events. */
interface CallEvent {
  /** The same for all events of one call, and the `callId` of the error that the call rejects with. */
  id: string;
  /** The method that was called, such as `files.list`. */
  operation: string;
  /** The HTTP method. */
  method: string;
  /** The URL without its query, so without credentials. */
  url: string;
  /** The number of the attempt, from 1. */
  attempt: number;
}

/** An attempt is about to be sent. */
export interface RequestHookEvent extends CallEvent {
  /** The type of the event. */
  type: 'request';
}

/** An attempt has received a response, with any status. */
export interface ResponseHookEvent extends CallEvent {
  /** The type of the event. */
  type: 'response';
  /** The HTTP status. */
  status: number;
  /** Milliseconds since the attempt began. */
  durationMs: number;
  /** The server's `X-Request-Id`. */
  requestId?: string | undefined;
}

/** An attempt has failed and will be retried. */
export interface RetryHookEvent extends CallEvent {
  /** The type of the event. */
  type: 'retry';
  /** The error of the attempt. */
  error: unknown;
  /** Milliseconds until the next attempt. */
  delayMs: number;
}

/** The call has failed, or the body of its download has. No other event of this call follows. */
export interface ErrorHookEvent extends CallEvent {
  /** The type of the event. */
  type: 'error';
  /** The value that the call rejects with: an error of the SDK, the reason of your signal, or an error that your code threw. */
  error: unknown;
  /** How many attempts were made. */
  attempts: number;
  /** Milliseconds since the call began. */
  durationMs: number;
}

/** An event of a call, with a `type`. */
export type HookEvent = RequestHookEvent | ResponseHookEvent | RetryHookEvent | ErrorHookEvent;

/**
 * Callbacks for logging and metrics. They cannot change a call. A hook can be async: the call waits for it, until the call is
 * aborted or takes longer than `timeout`. If a hook throws or rejects, the call rejects with the same error.
 *
 * @example
 * ```ts
 * const api = new ApiClient({
 *   token,
 *   hooks: {
 *     response: ({ id, operation, status, durationMs }) => console.log(id, operation, status, durationMs),
 *     error: ({ id, operation, error }) => console.error(id, operation, error),
 *   },
 * });
 * ```
 */
export interface Hooks {
  /** Called before an attempt is sent. */
  request?: ((event: RequestHookEvent) => unknown) | undefined;
  /** Called after an attempt has received a response, with any status. */
  response?: ((event: ResponseHookEvent) => unknown) | undefined;
  /** Called after an attempt has failed and before the wait for the next one. */
  retry?: ((event: RetryHookEvent) => unknown) | undefined;
  /** Called once if the call, or the body of its download, fails. Not called for invalid arguments. */
  error?: ((event: ErrorHookEvent) => unknown) | undefined;
}

const hookChecks = {
  request: checkOptionalFunction,
  response: checkOptionalFunction,
  retry: checkOptionalFunction,
  error: checkOptionalFunction,
} satisfies OptionChecks<Hooks>;

export function checkHooks(name: string, hooks: Hooks | undefined): Hooks | undefined {
  if (hooks === undefined) return undefined;
  if (typeof hooks !== 'object' || hooks === null) throw invalid(name, `must be an object, not ${kindOf(hooks)}`);
  readOptions(name, hooks, hookChecks);
  return hooks; // not a copy: a hook may be a method that needs its object
}
