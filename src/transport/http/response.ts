import { invalid, kindOf } from '../../protocol/checks.js';
import { ResponseError } from '../../protocol/errors.js';
import { failure, networkError, usedResponse } from './failure.js';
import type { Watch } from './watch.js';

export type { Fetch } from './fetch-option.js';

/** A response that was read whole. */
export interface HttpAnswer {
  /** What was asked, for messages: the method and the redacted URL. */
  operation: string;
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Checks what a `fetch` resolved to. It may be a mock, or of a library.
 * @throws {ConfigurationError} `invalid_argument` when it cannot be used as a Response
 */
export function checkResponse(response: unknown, operation: string): Response {
  if (!isResponse(response)) {
    const what = typeof response === 'object' && response ? 'an object without status, ok and headers' : '';
    throw invalid('fetch', `must resolve to a Response, not to ${what || kindOf(response)}`);
  }
  if (response.type === 'error') throw networkError(operation); // Response.error() stands for that
  if (response.type === 'opaque') throw invalid('`fetch`', 'gave an opaque Response: do not set mode to "no-cors"');
  if (response.bodyUsed || response.body?.locked)
    throw invalid('fetch', `must resolve to a Response that is not used up. It ${usedResponse}`);
  listen(response.body);
  return response;
}

function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, ok, headers }: { status?: unknown; ok?: unknown; headers?: unknown } = value;
  return typeof status === 'number' && typeof ok === 'boolean' && hasMethod(headers, 'get');
}

export function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, (...args: unknown[]) => unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}

/** A stream of Node that fails before somebody reads it would end the process, if nobody listened. */
function listen(body: unknown): void {
  if (hasMethod(body, 'on')) body.on('error', () => {});
}

/** Browsers hide a redirect that is not to be followed behind the type `opaqueredirect` and the status 0. */
export function isRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400);
}

export function redirectRefused(operation: string, status?: number): ResponseError {
  const message = `${operation} was answered with a redirect, which is refused because it would take the credentials along`;
  return new ResponseError('redirect_refused', message, status || undefined);
}

/** Gives up a body that nobody will read. That it may have failed already is of no interest. */
export function discard(response: Response): void {
  const body: unknown = response.body;
  if (hasMethod(body, 'cancel')) void Promise.resolve(body.cancel()).catch(() => {});
  else if (hasMethod(body, 'destroy')) body.destroy();
}

/** What is being answered. */
export interface Asked {
  operation: string;
  watched: Watch;
}

/** A response that is read whole, however long it is. A redirect is refused: it would take the credentials along. */
export function readAnswer(response: Response, asked: Asked): Promise<HttpAnswer> {
  return readBy(response, asked, () => response.text());
}

/** The same, read by a function. */
export async function readBy(
  response: Response,
  { operation, watched }: Asked,
  read: () => Promise<string>,
): Promise<HttpAnswer> {
  const { status, headers } = response;
  if (isRedirect(response)) {
    discard(response);
    throw redirectRefused(operation, status);
  }
  try {
    return { operation, status, headers, text: await watched.run(read()) };
  } catch (error) {
    throw failure(error, { operation, signal: watched.signal });
  }
}
