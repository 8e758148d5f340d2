import { invalid, kindOf } from '../../protocol/checks.js';
import { ResponseError } from '../../protocol/errors.js';
import { failure, networkError, usedResponse } from './failure.js';
import type { Fetch } from './fetch-option.js';
import type { Watch } from './watch.js';

export type { Fetch };

/** A response whose body has been read. */
export interface ReceivedResponse {
  /** The method and the redacted URL, for messages. */
  operation: string;
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Checks the result of `fetch`, which can be a mock or come from a library.
 * @throws {ConfigurationError} `invalid_argument` if it cannot be used as a Response
 */
export function checkResponse(response: unknown, operation: string): Response {
  if (!isResponse(response)) {
    const what = typeof response === 'object' && response ? 'an object without status, ok and headers' : '';
    throw invalid('fetch', `must resolve to a Response, not ${what || kindOf(response)}`);
  }
  if (response.type === 'error') throw networkError(operation, 'no'); // Response.error() means a network error
  if (response.type === 'opaque') throw invalid('`fetch`', 'returned an opaque Response: do not set mode to "no-cors"');
  if (response.bodyUsed || response.body?.locked) throw invalid('`fetch`', usedResponse);
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

/** A Node.js stream without an error listener ends the process if it fails before it is read. */
function listen(body: unknown): void {
  if (hasMethod(body, 'on')) body.on('error', () => {});
}

/** In mode `manual` browsers return a redirect with the type `opaqueredirect` and the status 0. */
export function isRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400);
}

export function redirectRefused(operation: string, status?: number): ResponseError {
  const message = `${operation} returned a redirect, which is refused because it would forward the credentials`;
  return new ResponseError('redirect_refused', message, status || undefined);
}

/** Cancels a body that will not be read. Ignores whether it has failed. */
export function discard(response: Response): void {
  const body: unknown = response.body;
  if (hasMethod(body, 'cancel')) void Promise.resolve(body.cancel()).catch(() => {});
  else if (hasMethod(body, 'destroy')) body.destroy();
}

/** The request that a response belongs to. */
export interface RequestContext {
  operation: string;
  watched: Watch;
  /** The `fetch` option. Its errors are treated differently, because it can have a bug. */
  fetch: Fetch | undefined;
}

/** Reads a whole response of any length. A redirect is refused, because it would forward the credentials. */
export function readResponse(response: Response, context: RequestContext): Promise<ReceivedResponse> {
  return readBy(response, context, () => response.text());
}

/** Parses a body while it is received. */
export interface Parser {
  write(chunk: Uint8Array): void;
  /** The text of the body, perhaps without parts that have been parsed. */
  frame(): string;
  /** The parsed document. Undefined if it is not JSON. */
  end(): unknown;
}

/** Parses a whole text. */
export function parseText(parser: Parser, text: string): unknown {
  parser.write(new TextEncoder().encode(text));
  return parser.end();
}

/** Like {@link readResponse}, and parses the body while it is received. Polyfills without web streams have only `text()`. */
export function readWith(parser: Parser, response: Response, context: RequestContext): Promise<ReceivedResponse> {
  return readBy(response, context, async () => {
    const { body } = response;
    if (!hasMethod(body, 'getReader')) parseText(parser, await response.text());
    else {
      const reader = body.getReader();
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        if (!ArrayBuffer.isView(read.value)) {
          throw invalid('fetch', `must resolve to a Response with a body of bytes, not of ${kindOf(read.value)}`);
        }
        parser.write(read.value);
      }
    }
    return parser.frame();
  });
}

/** Like {@link readResponse}, with a function that reads the body. */
export async function readBy(
  response: Response,
  context: RequestContext,
  read: () => Promise<string>,
): Promise<ReceivedResponse> {
  const { operation, watched } = context;
  const { status, headers } = response;
  if (isRedirect(response)) {
    discard(response);
    throw redirectRefused(operation, status);
  }
  try {
    return { operation, status, headers, text: await watched.run(read()) };
  } catch (error) {
    throw failure(error, context, 'an incomplete');
  }
}
