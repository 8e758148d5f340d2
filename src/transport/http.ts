import ky from 'ky';
import { invalid } from '../protocol/checks.js';
import { ResponseError } from '../protocol/errors.js';
import { failure } from './failure.js';
import { platform } from './platform.js';
import { operationOf } from './redaction.js';
import { watch } from './watch.js';

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A request whose answer is small enough to be read whole, and tried once. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  headers?: Record<string, string>;
  body?: URLSearchParams | string;
  fetch?: Fetch | undefined;
  /** Milliseconds, body included; false for no limit. */
  timeout: number | false;
  signal?: AbortSignal | undefined;
  /** The most bytes to read of the answer. */
  limit?: number;
}

export interface HttpAnswer {
  /** What was asked, for messages: the method and the redacted URL. */
  operation: string;
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Everything that ky adds is off: its retries keep a copy of each body, its time limits end at the headers, and its
 * errors print the Authorization header.
 */
const client = ky.create({ retry: 0, timeout: false, throwHttpErrors: false });

/** A redirect is refused: it would carry the token, or a secret in the body, to wherever the server says. */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  const operation = operationOf(request.method, request.url);
  const watched = watch({ signal: request.signal, limit: request.timeout, code: 'timeout', operation });
  try {
    const response = await watched.run(
      client(request.url, {
        method: request.method,
        ...(request.headers && { headers: request.headers }),
        ...(request.body !== undefined && { body: request.body }),
        ...(request.fetch && { fetch: request.fetch }),
        signal: watched.signal,
        redirect: 'manual',
        // workerd knows neither cookies nor a cache, and throws on the options
        ...(platform() !== 'workerd' && { credentials: 'omit', cache: 'no-store' }),
      }),
    );
    if (typeof response?.status !== 'number') throw invalid('fetch', 'must resolve to a Response');
    refuseRedirect(response, operation);
    const text = await watched.run(readText(response, request.limit ?? Number.POSITIVE_INFINITY, operation));
    return { operation, status: response.status, headers: response.headers, text };
  } catch (error) {
    throw failure(error, operation, watched.signal);
  } finally {
    watched.stop();
  }
}

/** Browsers hide a redirect that is not to be followed behind the type `opaqueredirect` and the status 0. */
export function isRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400);
}

export function refuseRedirect(response: Response, operation: string): void {
  if (!isRedirect(response)) return;
  discard(response);
  throw redirectRefused(operation, response.status);
}

export function redirectRefused(operation: string, status?: number): ResponseError {
  const message = `${operation} answered with a redirect, which is refused because it would take the credentials along`;
  return new ResponseError('redirect_refused', message, status || undefined);
}

/** Gives up a body that nobody will read. That it may have failed already is of no interest. */
export function discard(response: Response): void {
  void response.body?.cancel().catch(() => {});
}

/** The body as text, up to `limit` bytes. More of them are an error, or are cut off. */
export async function readText(
  response: Response,
  limit: number,
  operation: string,
  excess: 'refuse' | 'cut' = 'refuse',
): Promise<string> {
  if (limit === Number.POSITIVE_INFINITY || !response.body) return response.text();
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > limit) {
      void reader.cancel().catch(() => {}); // what is thrown next says it all
      if (excess === 'cut') return text;
      throw new ResponseError(
        'malformed_response',
        `${operation} answered with more than ${limit} bytes`,
        response.status,
      );
    }
    text += decoder.decode(value, { stream: true });
  }
}
