import { invalid } from '../protocol/checks.js';
import { failure } from './failure.js';
import { type Fetch, type HttpAnswer, isRedirect, readText, redirectRefused } from './http.js';
import { platform } from './platform.js';
import { operationOf } from './redaction.js';
import type { Watch } from './watch.js';

/** Byte transfers, on plain `fetch`: ky would keep a copy of what it sends and lose the URL of what it receives. */
export interface ByteRequest {
  method: 'GET' | 'POST';
  url: URL;
  headers: Record<string, string>;
  body?: FormData | ReadableStream<Uint8Array>;
  fetch: Fetch | undefined;
  watched: Watch;
}

/** A redirect comes back as it is, except in a browser, which follows that of a GET and drops the token where the origin changes. */
export async function fetchBytes(request: ByteRequest): Promise<Response> {
  const fetcher = request.fetch ?? globalThis.fetch;
  try {
    const response = await request.watched.run(
      fetcher(request.url.href, {
        method: request.method,
        headers: request.headers,
        ...(request.body && { body: request.body, duplex: 'half' }),
        redirect: redirectMode(request),
        signal: request.watched.signal,
        ...(platform() !== 'workerd' && { credentials: 'omit', cache: 'no-store' }),
      } as RequestInit),
    );
    if (typeof response?.status !== 'number') throw invalid('fetch', 'must resolve to a Response');
    return response;
  } catch (error) {
    const operation = operationOf(request.method, request.url);
    throw isRedirectError(error) ? redirectRefused(operation) : failure(error, operation, request.watched.signal);
  }
}

function redirectMode({ body }: ByteRequest): RequestRedirect {
  const where = platform();
  if (where === 'browser') return body ? 'error' : 'follow';
  // any other mode makes Node keep everything it sends (nodejs/undici#4058)
  return where === 'node' && body ? 'error' : 'manual';
}

/** How Node says that a redirect came where none was allowed. */
function isRedirectError(error: unknown): boolean {
  const cause = error instanceof TypeError ? error.cause : undefined;
  return cause instanceof Error && cause.message === 'unexpected redirect';
}

/** The answer of a transfer that failed, or of an upload: small, and JSON. */
export async function readAnswer(response: Response, method: string, url: URL, watched: Watch): Promise<HttpAnswer> {
  const operation = operationOf(method, url);
  if (isRedirect(response)) throw redirectRefused(operation, response.status);
  try {
    const text = await watched.run(readText(response, 1024 * 1024, operation, response.ok ? 'refuse' : 'cut'));
    return { operation, status: response.status, headers: response.headers, text };
  } catch (error) {
    throw failure(error, operation, watched.signal);
  }
}
