import { ApiError, DoctapeError, NotFoundError } from '../../protocol/errors.js';
import { quotable } from '../../protocol/quotable.js';
import { randomText } from '../../protocol/random.js';
import { operationOf, redactedUrl } from '../http/redaction.js';
import { runWithin, type Watch } from '../http/watch.js';
import type { Hooks } from './hooks.js';
import { delayAfter, type Resend, type RetryPolicy, sleep } from './retry.js';

/** The part of a connection that a call needs. */
interface Callable {
  accessToken: () => string | undefined | Promise<string | undefined>;
  secrets?: string[] | undefined;
  timeout: number | false;
  retry: RetryPolicy;
  hooks: Hooks;
}

/** The call that is attempted. */
export interface Attempted {
  /** The method that was called, such as `files.list`. */
  name: string;
  method: string;
  url: URL;
  /** Ends the waits between attempts. */
  signal?: AbortSignal | undefined;
  /** The signal of the application, if `signal` is another one. */
  callerSignal?: AbortSignal | undefined;
}

interface ResponseSummary {
  status: number;
  headers: Headers;
}

/** The header with an access token, if there is one. */
export type Authorization = { authorization: string } | '' | undefined;

/** One attempt of a call. */
export interface Attempt {
  /** The credentials of this call, which are removed from messages. */
  readonly secrets: readonly string[];
  /** The header with the access token to send with this attempt. Undefined if the connection has no token. */
  authorization(watched: Watch): Promise<Authorization>;
  /** Calls the `request` hook. */
  request(watched: Watch): Promise<unknown> | undefined;
  /** Calls the `response` hook. If it throws, the caller discards the body. */
  response(received: ResponseSummary, watched: Watch): Promise<unknown> | undefined;
}

/** The attempts of one call, numbered from 1, with a limit of failures. */
export interface Attempts extends Attempt {
  /** Makes attempts until one succeeds or the call must not be retried. */
  run<T>(attempt: (attempt: Attempt) => Promise<T>, resend?: Resend): Promise<T>;
  /** Waits before the next attempt. Rejects with the error if there is none. */
  failed(error: unknown, resend?: Resend): Promise<void>;
  /** Resets the number of failures after progress. */
  resetFailures(): void;
  /** The call has failed: calls the `error` hook, once. @returns what to throw */
  end(error: unknown): Promise<unknown>;
}

export function createAttempts(
  { accessToken, secrets = [], timeout, retry, hooks }: Callable,
  { name, method, url, signal, callerSignal = signal }: Attempted,
): Attempts {
  const callStartedAt = performance.now();
  let id: string | undefined; // created only if it is needed, because random numbers are slow
  let number = 0;
  let attemptStartedAt = callStartedAt;
  let failures = 0;
  let ended: Promise<unknown> | undefined;

  function callId(): string {
    id ??= randomText();
    return id;
  }
  const event = () => ({ id: callId(), operation: name, method, url: redactedUrl(url), attempt: number });

  /** Sets the `callId`. An error that the application has frozen is unchanged. */
  function mark(error: unknown): void {
    if (error instanceof DoctapeError) Reflect.set(error, 'callId', callId());
  }

  const attempts: Attempts = {
    secrets,
    async authorization(watched) {
      const given = accessToken();
      const token = given === undefined || typeof given === 'string' ? given : await watched.run(given);
      if (token && !secrets.includes(token)) secrets.push(token);
      return token && { authorization: `Bearer ${token}` };
    },
    request(watched) {
      return hooks.request && watched.run(Promise.resolve(hooks.request({ type: 'request', ...event() })));
    },
    response({ status, headers }, watched) {
      if (!hooks.response) return undefined;
      const requestId = headers.get('x-request-id');
      const durationMs = performance.now() - attemptStartedAt;
      const id = requestId !== null && { requestId: quotable(requestId, secrets) };
      const result = hooks.response({ type: 'response', ...event(), status, durationMs, ...id });
      return watched.run(Promise.resolve(result));
    },
    async run(attempt, resend) {
      for (;;) {
        number++;
        attemptStartedAt = performance.now();
        try {
          return await attempt(attempts);
        } catch (error) {
          await attempts.failed(error, resend);
        }
      }
    },
    async failed(error, resend = 'always') {
      signal?.throwIfAborted();
      failures++;
      const delayMs = failures > retry.limit ? undefined : delayAfter(error, failures, resend, retry.maxDelay);
      if (delayMs === undefined) throw error;
      if (hooks.retry) {
        mark(error);
        const operation = `the retry hook of ${operationOf(method, url)}`;
        const tell = () => hooks.retry?.({ type: 'retry', ...event(), error, delayMs });
        await runWithin(tell, { signal, limit: timeout, operation });
      }
      await sleep(delayMs, signal);
    },
    resetFailures() {
      failures = 0;
    },
    end(error) {
      ended ??= (async () => {
        mark(error);
        const durationMs = performance.now() - callStartedAt;
        const tell = () => hooks.error?.({ type: 'error', ...event(), error, attempts: number, durationMs });
        // a hook that does not settle must not keep the error from the caller, above all not after an abort
        const limits = callerSignal?.aborted ? { limit: 1 } : { limit: timeout, signal: callerSignal };
        try {
          if (hooks.error) await runWithin(tell, { ...limits, reason: error });
          return error;
        } catch (thrown) {
          return thrown;
        }
      })();
      return ended;
    },
  };
  return attempts;
}

export interface Retried<T> extends Attempted {
  resend: Resend;
  /** The result if a 404 follows an attempt that may have succeeded without a response. */
  resultIfGone?: (() => T) | undefined;
}

/** Runs a call with its retries, and reports the error of the last attempt. */
export async function withRetries<T>(
  connection: Callable,
  { resend, resultIfGone, ...attempted }: Retried<T>,
  send: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const attempts = createAttempts(connection, attempted);
  let mayHaveSucceeded = false;
  try {
    return await attempts.run(async (attempt) => {
      try {
        return await send(attempt);
      } catch (error) {
        if (resultIfGone && mayHaveSucceeded && error instanceof NotFoundError) return resultIfGone();
        mayHaveSucceeded ||= !(error instanceof ApiError && error.status < 500); // the server may have done it
        throw error;
      }
    }, resend);
  } catch (error) {
    throw await attempts.end(error);
  }
}
