import { failure } from './failure.js';
import { platform, withoutTraces } from './platform.js';
import { type Asked, checkResponse, discard, type Fetch, redirectRefused } from './response.js';

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

/** A redirect comes back as it is. */
export async function fetchApi(request: ApiRequest): Promise<Response> {
  const { operation, method, url, headers, body, watched } = request;
  const fetcher = request.fetch ?? globalThis.fetch;
  let answer: Promise<Response> | undefined;
  try {
    const begun = fetcher(url.href, {
      method,
      headers,
      ...(body !== undefined && { body }),
      ...(body instanceof ReadableStream && { duplex: 'half' }),
      redirect: redirectMode(request),
      signal: watched.signal,
      ...withoutTraces(),
    } as RequestInit);
    answer = Promise.resolve(begun); // of a test, it may be no promise
    return checkResponse(await watched.run(answer));
  } catch (error) {
    answer?.then(discard).catch(() => {}); // it may come when nobody waits for it any more
    throw isRedirectError(error) ? redirectRefused(operation) : failure(error, operation, watched.signal);
  }
}

function redirectMode({ body, followInBrowser }: ApiRequest): RequestRedirect {
  const where = platform();
  if (where === 'browser' && followInBrowser) return 'follow';
  // any other mode makes Node keep everything it sends (nodejs/undici#4058)
  return where === 'node' && body instanceof ReadableStream ? 'error' : 'manual';
}

/** How Node says that a redirect came where none was allowed. */
function isRedirectError(error: unknown): boolean {
  const cause = error instanceof TypeError ? error.cause : undefined;
  return cause instanceof Error && cause.message === 'unexpected redirect';
}
