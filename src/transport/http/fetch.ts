import { invalid } from '../../protocol/checks.js';
import { failure } from './failure.js';
import type { Fetch, FetchInit } from './fetch-option.js';
import { needs, platform, withoutTraces } from './platform.js';
import { type Asked, checkResponse, discard, redirectRefused } from './response.js';

/**
 * The calls of the API, on plain `fetch`. ky would cost a page half as much again, keep a copy of what it sends, and lose
 * the URL of what it receives (docs/performance.md).
 */
export interface ApiRequest extends Asked {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string | FormData | ReadableStream<Uint8Array> | undefined;
  /** A browser does not show where a redirect leads: it follows it, and drops the token where the origin changes. */
  followInBrowser?: boolean;
  fetch: Fetch | undefined;
}

/** The only place that calls a `fetch`: as a plain function, with a string and an object. A redirect comes back as it is. */
export async function fetchApi(request: ApiRequest): Promise<Response> {
  const { operation, method, url, headers, body, watched } = request;
  if (!request.fetch) needs('fetch');
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
  let answer: Promise<unknown> | undefined;
  try {
    answer = Promise.resolve(fetcher(url.href, init)); // of a test, it may be no promise
    return checkResponse(await watched.run(answer), operation);
  } catch (error) {
    answer?.then((late) => discard(checkResponse(late, operation))).catch(() => {}); // nobody waits for it any more
    if (isRedirectError(error)) throw redirectRefused(operation);
    throw failure(error, { operation, signal: watched.signal, ownFetch: request.fetch !== undefined });
  }
}

/**
 * A library that cannot send a stream makes a string of it, and would store `[object ReadableStream]` as the file: node-fetch,
 * and Firefox.
 */
function isStream(body: ApiRequest['body']): boolean {
  if (typeof body !== 'object' || !('getReader' in body)) return false;
  Object.defineProperty(body, 'toString', {
    value() {
      throw invalid('`fetch`', 'cannot send a ReadableStream: for uploads use that of the platform or of undici');
    },
  });
  return true;
}

function redirectMode({ body, followInBrowser }: ApiRequest): FetchInit['redirect'] {
  const where = platform();
  if (where === 'browser' && followInBrowser) return 'follow';
  // any other mode makes Node keep everything it sends (nodejs/undici#4058)
  return where === 'node' && typeof body === 'object' && 'getReader' in body ? 'error' : 'manual';
}

/** How Node says that a redirect came where none was allowed. */
function isRedirectError(error: unknown): boolean {
  const cause = error instanceof TypeError ? error.cause : undefined;
  return cause instanceof Error && cause.message === 'unexpected redirect';
}
