import { ApiError, DoctapeError, NotFoundError } from '../../protocol/errors.js';
import { quotable } from '../../protocol/quotable.js';
import { randomText } from '../../protocol/random.js';
import { redactedUrl } from '../http/redaction.js';
import { orAborted, type Watch } from '../http/watch.js';
import type { Hooks } from './hooks.js';
import { delayAfter, type Resend, type RetryPolicy, sleep } from './retry.js';

/** The part of a connection that a call needs. */
interface Callable {
  accessToken: () => string | Promise<string>;
  retry: RetryPolicy;
  hooks: Hooks;
}

/** The call that is attempted. */
export interface Attempted {
  /** The method that was called, such as `files.list`. */
  name: string;
  method: string;
  url: URL;
  signal?: AbortSignal | undefined;
}

/** A response, with or without its body. */
interface ResponseSummary {
  status: number;
  headers: Headers;
  body?: ReadableStream | null;
}

/** One attempt of a call. */
export interface Attempt {
  /** The access tokens of this call, which are removed from messages. */
  readonly secrets: readonly string[];
  /** The access token to send with this attempt. */
  token(watched: Watch): Promise<string>;
  /** Calls the `request` hook. */
  request(watched: Watch): Promise<void>;
  /** Calls the `response` hook. If it throws, the body is cancelled. */
  response(received: ResponseSummary, watched: Watch): Promise<void>;
}

/** The attempts of one call, numbered from 1, with a limit of failures. */
export interface Attempts extends Attempt {
  /** Makes attempts until one succeeds or the call must not be retried. */
  run<T>(attempt: (attempt: Attempt) => Promise<T>, resend?: Resend): Promise<T>;
  /** Waits before the next attempt. Rejects with the error if there is none. */
  failed(error: unknown, resend?: Resend): Promise<void>;
  /** Resets the number of failures after progress. */
  refill(): void;
  /** The call has failed: calls the `error` hook, once. @returns what to throw */
  end(error: unknown): Promise<unknown>;
}

export function attemptsOf(
  { accessToken, retry, hooks }: Callable,
  { name, method, url, signal }: Attempted,
): Attempts {
  const begun = performance.now();
  const secrets: string[] = [];
  let id: string | undefined; // created only if it is needed, because random numbers are slow
  let number = 0;
  let started = begun;
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
    async token(watched) {
      const token = await watched.run(Promise.resolve(accessToken()));
      if (!secrets.includes(token)) secrets.push(token);
      return token;
    },
    async request(watched) {
      if (hooks.request) await watched.run(Promise.resolve(hooks.request({ type: 'request', ...event() })));
    },
    async response({ status, headers, body }, watched) {
      if (!hooks.response) return;
      const requestId = headers.get('x-request-id');
      const durationMs = performance.now() - started;
      const id = requestId !== null && { requestId: quotable(requestId, secrets) };
      try {
        const result = hooks.response({ type: 'response', ...event(), status, durationMs, ...id });
        await watched.run(Promise.resolve(result));
      } catch (error) {
        void body?.cancel().catch(() => {}); // it may have failed already
        throw error;
      }
    },
    async run(attempt, resend) {
      for (;;) {
        number++;
        started = performance.now();
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
        await orAborted(Promise.resolve(hooks.retry({ type: 'retry', ...event(), error, delayMs })), signal);
      }
      await sleep(delayMs, signal);
    },
    refill() {
      failures = 0;
    },
    end(error) {
      ended ??= (async () => {
        mark(error);
        try {
          const durationMs = performance.now() - begun;
          await hooks.error?.({ type: 'error', ...event(), error, attempts: number, durationMs });
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
  gone?: (() => T) | undefined;
}

/** Runs a call with its retries, and reports the error of the last attempt. */
export async function withRetries<T>(
  connection: Callable,
  { resend, gone, ...attempted }: Retried<T>,
  send: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const attempts = attemptsOf(connection, attempted);
  let maybeDone = false;
  try {
    return await attempts.run(async (attempt) => {
      try {
        return await send(attempt);
      } catch (error) {
        if (gone && maybeDone && error instanceof NotFoundError) return gone();
        maybeDone ||= !(error instanceof ApiError && error.status < 500); // the server may have done it
        throw error;
      }
    }, resend);
  } catch (error) {
    throw await attempts.end(error);
  }
}
