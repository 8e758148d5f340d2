import { invalid } from '../../protocol/checks.js';
import { ResponseError } from '../../protocol/errors.js';
import { byteReader } from './byte-reader.js';
import { failure } from './failure.js';
import type { Watch } from './watch.js';

/** A `fetch`: that of the platform, of a library, or a server in the same process. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** An answer that was read whole. */
export interface HttpAnswer {
  /** What was asked, for messages: the method and the redacted URL. */
  operation: string;
  status: number;
  headers: Headers;
  text: string;
}

/** What an application's own `fetch` gave. */
export function checkResponse(response: Response): Response {
  if (typeof response?.status !== 'number') throw invalid('fetch', 'must resolve to a Response');
  return response;
}

/** Browsers hide a redirect that is not to be followed behind the type `opaqueredirect` and the status 0. */
export function isRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400);
}

export function redirectRefused(operation: string, status?: number): ResponseError {
  const message = `${operation} answered with a redirect, which is refused because it would take the credentials along`;
  return new ResponseError('redirect_refused', message, status || undefined);
}

/** Gives up a body that nobody will read. That it may have failed already is of no interest. */
export function discard(response: Response): void {
  const body: unknown = response.body;
  try {
    void byteReader(body)?.release();
  } catch {
    // somebody else is reading it, and has to give it up
  }
}

/** What is being answered. */
export interface Asked {
  operation: string;
  watched: Watch;
}

export interface ReadOptions {
  /** The most bytes to read. @default no limit */
  limit?: number;
  /** What becomes of more bytes: an error, or nothing. */
  excess?: 'refuse' | 'cut';
}

/** An answer that is small enough to be read whole. A redirect is refused: it would take the credentials along. */
export async function readAnswer(
  response: Response,
  { operation, watched }: Asked,
  { limit = Number.POSITIVE_INFINITY, excess = 'refuse' }: ReadOptions = {},
): Promise<HttpAnswer> {
  if (isRedirect(response)) {
    discard(response);
    throw redirectRefused(operation, response.status);
  }
  try {
    const text = await watched.run(readText(response, limit, operation, excess));
    return { operation, status: response.status, headers: response.headers, text };
  } catch (error) {
    throw failure(error, operation, watched.signal);
  }
}

async function readText(
  response: Response,
  limit: number,
  operation: string,
  excess: 'refuse' | 'cut',
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
