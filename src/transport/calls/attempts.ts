import { ApiError, DoctapeError, NotFoundError } from '../../protocol/errors.js';
import { quotable } from '../../protocol/quotable.js';
import { randomText } from '../../protocol/random.js';
import { redactedUrl } from '../http/redaction.js';
import { orAborted, type Watch } from '../http/watch.js';
import type { Hooks } from './hooks.js';
import { delayAfter, type Resend, type RetryPolicy, sleep } from './retry.js';

/** What a call needs of its connection. */
interface Callable {
  accessToken: () => string | Promise<string>;
  retry: RetryPolicy;
  hooks: Hooks;
}

/** What is being attempted. */
export interface Attempted {
  /** The method that was called, such as `files.list`. */
  name: string;
  method: string;
  url: URL;
  signal?: AbortSignal | undefined;
}

/** A response, or what has been read of one. */
interface ResponseSummary {
  status: number;
  headers: Headers;
  body?: ReadableStream | null;
}

/** One attempt of a call. */
export interface Attempt {
  /** The access tokens of this call, which must not reach a message. */
  readonly secrets: readonly string[];
  /** The access token to send with this attempt. */
  token(watched: Watch): Promise<string>;
  /** Calls the `request` hook. */
  request(watched: Watch): Promise<void>;
  /** Calls the `response` hook. If it throws, a body that has not been read is given up. */
  response(received: ResponseSummary, watched: Watch): Promise<void>;
}

/** The attempts of one call, numbered from the first to the last, with a budget of failures. */
export interface Attempts extends Attempt {
  /** Tries, and retries where that is safe and may help. */
  run<T>(attempt: (attempt: Attempt) => Promise<T>, resend?: Resend): Promise<T>;
  /** Waits until there may be another attempt. Rejects with the error itself when there may be none. */
  failed(error: unknown, resend?: Resend): Promise<void>;
  /** Makes the budget whole again: something arrived. */
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
  let id: string | undefined; // made when it is needed, because randomness takes time
  let number = 0;
  let started = begun;
  let failures = 0;
  let ended: Promise<unknown> | undefined;

  function callId(): string {
    id ??= randomText();
    return id;
  }
  const event = () => ({ id: callId(), operation: name, method, url: redactedUrl(url), attempt: number });

  /** An error that the application has frozen stays as it is. */
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
        const told = hooks.response({ type: 'response', ...event(), status, durationMs, ...id });
        await watched.run(Promise.resolve(told));
      } catch (error) {
        void body?.cancel().catch(() => {}); // that it may have failed already is of no interest
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
  /** What a 404 means once an earlier attempt may have succeeded unheard. */
  gone?: (() => T) | undefined;
}

/** A whole call: tries, retries where that is safe and may help, and reports the failure of the last attempt. */
export async function withRetries<T>(
  connection: Callable,
  { resend, gone, ...attempted }: Retried<T>,
  send: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const attempts = attemptsOf(connection, attempted);
  let unheard = false;
  try {
    return await attempts.run(async (attempt) => {
      try {
        return await send(attempt);
      } catch (error) {
        if (gone && unheard && error instanceof NotFoundError) return gone();
        unheard ||= !(error instanceof ApiError && error.status < 500); // it may have been done all the same
        throw error;
      }
    }, resend);
  } catch (error) {
    throw await attempts.end(error);
  }
}
