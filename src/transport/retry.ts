import { checkDuration, invalid, kindOf } from '../protocol/checks.js';
import { ApiError, NetworkError, NotFoundError, TimeoutError } from '../protocol/errors.js';
import { randomText } from '../protocol/random.js';
import type { HookEvent, Hooks } from './hooks.js';
import { redactedUrl } from './redaction.js';

export interface RetryOptions {
  /** How often a call is tried again. @default 2 */
  limit?: number | undefined;
  /** The longest wait in milliseconds. A server that asks for a longer one ends the call at once. @default 60_000 */
  maxDelay?: number | undefined;
}

export type RetryPolicy = Required<RetryOptions>;

/** @param value how often, or the options, or false for never */
export function checkRetry(value: RetryOptions | number | false | undefined): RetryPolicy {
  if (value === false) return { limit: 0, maxDelay: 60_000 };
  const { limit = 2, maxDelay = 60_000 } = typeof value === 'number' ? { limit: value } : (value ?? {});
  if (value === null || !['undefined', 'number', 'object'].includes(typeof value)) {
    throw invalid('retry', `must be { limit, maxDelay }, a number or false, not ${kindOf(value)}`);
  }
  if (!Number.isInteger(limit) || limit < 0) throw invalid('retry.limit', 'must be a whole number, 0 or more');
  return { limit, maxDelay: checkDuration('retry.maxDelay', maxDelay) };
}

/**
 * `always`: what is done twice is done once (GET, HEAD, DELETE). `when asked`: only when the server refused it and said
 * when to come back. `never`: the body is gone.
 */
export type Resend = 'always' | 'when asked' | 'never';

export interface Attempts<T> {
  method: string;
  url: URL;
  resend: Resend;
  signal?: AbortSignal | undefined;
  /** What a 404 means once an earlier attempt may have succeeded unheard. */
  gone?: (() => T) | undefined;
}

/** What an attempt tells of itself. */
export interface Tell {
  /** It is sent now. */
  request: () => void;
  /** It was answered with this status. */
  response: (status: number) => void;
}

/** Tries, and tries again where that is safe and may help. */
export async function withRetries<T>(
  { retry, hooks }: { retry: RetryPolicy; hooks: Hooks },
  { method, url, resend, signal, gone }: Attempts<T>,
  attempt: (tell: Tell) => Promise<T>,
): Promise<T> {
  let id: string | undefined; // randomness takes its time, so it is made for a hook only
  let unheard = false;
  for (let number = 1; ; number++) {
    const started = performance.now();
    const event = (status?: number): HookEvent => {
      id ??= randomText();
      return {
        id,
        method,
        url: redactedUrl(url),
        attempt: number,
        durationMs: performance.now() - started,
        ...(status !== undefined && { status }),
      };
    };
    try {
      return await attempt({
        request: () => hooks.request?.(event()),
        response: (status) => hooks.response?.(event(status)),
      });
    } catch (error) {
      if (gone && unheard && error instanceof NotFoundError) return gone();
      const delay = number > retry.limit ? undefined : delayAfter(error, number, resend, retry.maxDelay);
      if (delay === undefined) throw error;
      unheard ||= !(error instanceof ApiError && error.status < 500); // it may have been done all the same
      hooks.retry?.(event(error instanceof ApiError ? error.status : undefined));
      await sleep(delay, signal);
    }
  }
}

const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Milliseconds to wait, or undefined to give up. */
function delayAfter(error: unknown, attempt: number, resend: Resend, maxDelay: number): number | undefined {
  if (error instanceof ApiError && passing.has(error.status)) {
    if (
      error.retryAfter !== undefined &&
      (resend === 'always' || (resend === 'when asked' && [429, 503].includes(error.status)))
    ) {
      return error.retryAfter * 1000 <= maxDelay ? error.retryAfter * 1000 : undefined;
    }
  } else if (!(error instanceof NetworkError || error instanceof TimeoutError)) return undefined;
  // full jitter: clients that failed together do not come back together
  return resend === 'always' ? Math.random() * Math.min(maxDelay, 300 * 2 ** (attempt - 1)) : undefined;
}

export function sleep(delay: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delay);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
