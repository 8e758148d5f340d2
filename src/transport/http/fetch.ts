import { invalid } from '../../protocol/checks.js';
import { failure } from './failure.js';
import type { Fetch, FetchInit } from './fetch-option.js';
import { platform, requireGlobals, withoutTraces } from './platform.js';
import { checkResponse, discard, type RequestContext, redirectRefused } from './response.js';

/**
 * A request to the API with plain `fetch`. ky would make a page's bundle half as large again, keep a copy of request bodies, and
 * lose the URL of responses (docs/performance.md).
 */
export interface ApiRequest extends RequestContext {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string | FormData | ReadableStream<Uint8Array> | undefined;
  /** Browsers hide the target of a redirect. They follow it and remove the token if the origin changes. */
  followInBrowser?: boolean;
}

/** The only place that calls `fetch`: as a plain function, with a string and an object. Redirects are returned, not followed. */
export async function fetchApi(request: ApiRequest): Promise<Response> {
  const { operation, method, url, headers, body, watched } = request;
  if (!request.fetch) requireGlobals('fetch');
  const fetcher: Fetch = request.fetch ?? globalThis.fetch;
  const init: FetchInit = {
    method,
    headers,
    ...(body !== undefined && { body }),
    ...(isStream(body) && { duplex: 'half' }),
    redirect: redirectMode(request),
    signal: watched.signal,
    ...withoutTraces(),
  };
  let pending: Promise<unknown> | undefined;
  try {
    pending = Promise.resolve(fetcher(url.href, init)); // the `fetch` of a test may not return a promise
    return checkResponse(await watched.run(pending), operation);
  } catch (error) {
    pending?.then((late) => discard(checkResponse(late, operation))).catch(() => {}); // the call is over
    if (isRedirectError(error)) throw redirectRefused(operation);
    throw failure(error, request, 'no');
  }
}

/**
 * node-fetch and Firefox cannot send a stream. They convert it to a string, and would store `[object ReadableStream]` as the file.
 */
function isStream(body: ApiRequest['body']): boolean {
  if (typeof body !== 'object' || !('getReader' in body)) return false;
  Object.defineProperty(body, 'toString', {
    value() {
      throw invalid('`fetch`', 'cannot send a ReadableStream: use the global `fetch` or undici for uploads');
    },
  });
  return true;
}

function redirectMode({ body, followInBrowser }: ApiRequest): FetchInit['redirect'] {
  const where = platform();
  if (where === 'browser' && followInBrowser) return 'follow';
  // in any other mode Node.js keeps a copy of the body (nodejs/undici#4058)
  return where === 'node' && typeof body === 'object' && 'getReader' in body ? 'error' : 'manual';
}

/** How Node.js reports a redirect in mode `error`. */
function isRedirectError(error: unknown): boolean {
  const cause = error instanceof TypeError ? error.cause : undefined;
  return cause instanceof Error && cause.message === 'unexpected redirect';
}
