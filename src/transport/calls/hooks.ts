import { checkOptionalFunction, invalid, kindOf } from '../../protocol/checks.js';
import { type OptionChecks, readOptions } from '../../protocol/options.js';

/** What every hook is told about a call. */
interface CallEvent {
  /** The same for all events of one call, and the `callId` of the error that it ends in. */
  id: string;
  /** The method that was called, such as `files.list`. */
  operation: string;
  /** The HTTP method. */
  method: string;
  /** The URL without its query, and so without credentials. */
  url: string;
  /** The number of the attempt, from 1. */
  attempt: number;
}

/** An attempt is about to be sent. */
export interface RequestHookEvent extends CallEvent {
  type: 'request';
}

/** An attempt has been answered, whatever the status. */
export interface ResponseHookEvent extends CallEvent {
  type: 'response';
  /** The HTTP status. */
  status: number;
  /** Milliseconds since the attempt began. */
  durationMs: number;
  /** The server's `X-Request-Id`. */
  requestId?: string | undefined;
}

/** An attempt has failed, and there will be another. */
export interface RetryHookEvent extends CallEvent {
  type: 'retry';
  /** What the attempt failed with. */
  error: unknown;
  /** Milliseconds until the next attempt. */
  delayMs: number;
}

/** The call has failed, or the body of its download has. No other event of this call follows. */
export interface ErrorHookEvent extends CallEvent {
  type: 'error';
  /** What the call rejects with: an error of the SDK, the reason of your signal, or what a function of yours threw. */
  error: unknown;
  /** How many attempts were made. */
  attempts: number;
  /** Milliseconds since the call began. */
  durationMs: number;
}

/** An event of a call. Its `type` tells which one. */
export type HookEvent = RequestHookEvent | ResponseHookEvent | RetryHookEvent | ErrorHookEvent;

/**
 * Callbacks for logging and metrics. They cannot change a call. A hook may be async: the call waits for it. What a hook
 * throws, or rejects with, the call rejects with.
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
  /** Called when an attempt has been answered, whatever the status. */
  response?: ((event: ResponseHookEvent) => unknown) | undefined;
  /** Called when an attempt has failed and another will follow, before the wait. */
  retry?: ((event: RetryHookEvent) => unknown) | undefined;
  /** Called once when the call has failed, or the body of its download. Not called for arguments that are refused. */
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
