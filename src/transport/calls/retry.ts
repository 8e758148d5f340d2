import { checkDuration, invalid, kindOf } from '../../protocol/checks.js';
import { ApiError, NetworkError, NotFoundError, TimeoutError, TransferError } from '../../protocol/errors.js';
import { randomText } from '../../protocol/random.js';
import { redactedUrl } from '../http/redaction.js';
import type { HookEvent, Hooks } from './hooks.js';

/** How often, and how long apart, a call is tried again. */
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

/** What is being tried. */
export interface Attempted {
  method: string;
  url: URL;
  resend: Resend;
  signal?: AbortSignal | undefined;
}

/** What an attempt tells of itself. */
export interface Tell {
  /** It is sent now. */
  request: () => void;
  /** It was answered with this status. */
  response: (status: number) => void;
}

/** The attempts of one call, numbered from the first to the last, with a budget of failures. */
export interface Attempts {
  /** Tries, and tries again where that is safe and may help. */
  run<T>(attempt: (tell: Tell) => Promise<T>): Promise<T>;
  /** Waits until there may be another attempt. Rejects with the error itself when there may be none. */
  failed(error: unknown): Promise<void>;
  /** Makes the budget whole again: something arrived. */
  refill(): void;
}

export function attemptsOf(
  { retry, hooks }: { retry: RetryPolicy; hooks: Hooks },
  { method, url, resend, signal }: Attempted,
): Attempts {
  let id: string | undefined; // randomness takes its time, so it is made for a hook only
  let number = 0;
  let started = 0;
  let failures = 0;

  function event(status?: number): HookEvent {
    id ??= randomText();
    return {
      id,
      method,
      url: redactedUrl(url),
      attempt: number,
      durationMs: performance.now() - started,
      ...(status !== undefined && { status }),
    };
  }

  const tell: Tell = {
    request: () => hooks.request?.(event()),
    response: (status) => hooks.response?.(event(status)),
  };

  async function failed(error: unknown): Promise<void> {
    failures++;
    const delay = failures > retry.limit ? undefined : delayAfter(error, failures, resend, retry.maxDelay);
    if (delay === undefined) throw error;
    hooks.retry?.(event(error instanceof ApiError ? error.status : undefined));
    await sleep(delay, signal);
  }

  return {
    async run(attempt) {
      for (;;) {
        number++;
        started = performance.now();
        try {
          return await attempt(tell);
        } catch (error) {
          await failed(error);
        }
      }
    },
    failed,
    refill() {
      failures = 0;
    },
  };
}

export interface Retried<T> extends Attempted {
  /** What a 404 means once an earlier attempt may have succeeded unheard. */
  gone?: (() => T) | undefined;
}

/** Tries, and tries again where that is safe and may help. */
export function withRetries<T>(
  connection: { retry: RetryPolicy; hooks: Hooks },
  { gone, ...sending }: Retried<T>,
  attempt: (tell: Tell) => Promise<T>,
): Promise<T> {
  const attempts = attemptsOf(connection, sending);
  if (!gone) return attempts.run(attempt);
  let unheard = false;
  return attempts.run(async (tell) => {
    try {
      return await attempt(tell);
    } catch (error) {
      if (unheard && error instanceof NotFoundError) return gone();
      unheard ||= !(error instanceof ApiError && error.status < 500); // it may have been done all the same
      throw error;
    }
  });
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
  } else if (!mayPass(error)) return undefined;
  // full jitter: clients that failed together do not come back together
  return resend === 'always' ? Math.random() * Math.min(maxDelay, 300 * 2 ** (attempt - 1)) : undefined;
}

function mayPass(error: unknown): boolean {
  if (error instanceof NetworkError || error instanceof TimeoutError) return true;
  return error instanceof TransferError && error.code !== 'changed';
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
