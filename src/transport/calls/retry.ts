import { checkDuration, invalid, kindOf } from '../../protocol/checks.js';
import { ApiError, NetworkError, TimeoutError, TransferError } from '../../protocol/errors.js';
import { type OptionChecks, readOptions } from '../../protocol/options.js';
import { abortable } from '../http/watch.js';

/** Options for retries. */
export interface RetryOptions {
  /** The maximum number of retries. @default 2 */
  limit?: number | undefined;
  /** The longest wait in milliseconds. If the server requests a longer one, the call fails at once. @default 60_000 */
  maxDelay?: number | undefined;
}

export type RetryPolicy = Required<{ [Name in keyof RetryOptions]: number }>;

/** Retry options, after they have been checked. */
export type RetrySettings = { [Name in keyof RetryPolicy]: number | undefined };

const retryChecks = {
  limit(name: string, value: number | undefined) {
    if (value === undefined || (Number.isInteger(value) && value >= 0)) return value;
    throw invalid(name, 'must be a whole number, 0 or more');
  },
  maxDelay: (name: string, value: number | undefined) => (value === undefined ? undefined : checkDuration(name, value)),
} satisfies OptionChecks<RetryOptions>;

/** @param value the maximum number of retries, the options, or false for no retries */
export function checkRetry(name: string, value: RetryOptions | number | false | undefined): RetrySettings | undefined {
  if (value === undefined) return undefined;
  const options = value === false ? { limit: 0 } : typeof value === 'number' ? { limit: value } : value;
  if (typeof options !== 'object' || options === null) {
    throw invalid(name, `must be { limit, maxDelay }, a number or false, not ${kindOf(value)}`);
  }
  return readOptions(name, options, retryChecks);
}

/**
 * When a request is retried. `always`: idempotent methods (GET, HEAD, DELETE). `if refused`: only if the server refused it with
 * `Retry-After`. `never`: the body cannot be read again.
 */
export type Resend = 'always' | 'if refused' | 'never';

const transient: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** @returns the milliseconds to wait, or undefined if there is no retry */
export function delayAfter(error: unknown, attempt: number, resend: Resend, maxDelay: number): number | undefined {
  if (error instanceof ApiError && transient.has(error.status)) {
    if (
      error.retryAfter !== undefined &&
      (resend === 'always' || (resend === 'if refused' && [429, 503].includes(error.status)))
    ) {
      return error.retryAfter * 1000 <= maxDelay ? error.retryAfter * 1000 : undefined;
    }
  } else if (!isTransient(error)) return undefined;
  // full jitter: clients that failed at the same time do not retry at the same time
  return resend === 'always' ? Math.random() * Math.min(maxDelay, 300 * 2 ** (attempt - 1)) : undefined;
}

function isTransient(error: unknown): boolean {
  if (error instanceof NetworkError || error instanceof TimeoutError) return true;
  return error instanceof TransferError && error.code !== 'changed';
}

export async function sleep(delay: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const woken = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delay);
  });
  try {
    await abortable(woken, signal);
  } finally {
    clearTimeout(timer);
  }
}
