import { isLoopback, parseUrl } from '../../protocol/urls.js';
import type { Attempt, Authorization } from '../calls/attempts.js';
import { basePath, type Connection } from '../calls/connection.js';
import { hasParentSegment } from '../calls/path-url.js';
import { readBounded } from '../http/body.js';
import { fetchApi } from '../http/fetch.js';
import { operationOf } from '../http/redaction.js';
import { discard, isRedirect, redirectRefused } from '../http/response.js';
import { readEnvelope } from '../http/response-envelope.js';
import { type Watch, watch } from '../http/watch.js';
import { type Part, partOf } from './part.js';
import { type ByteRange, rangeHeaders } from './range.js';

export interface ByteRequest {
  url: URL;
  range?: ByteRange | undefined;
  redirects: 'follow' | 'refuse';
  signal: AbortSignal;
  /** Whether a response is successful. @default a status of 200 to 299 */
  isSuccess?: ((response: Response) => boolean) | undefined;
  /** Throws if a successful response does not match the request. */
  check: (response: Response) => void;
}

const maxRedirects = 5;

/** Sends one request for bytes. */
export async function requestBytes(
  connection: Connection,
  { url, range, redirects, signal, isSuccess = ({ ok }) => ok, check }: ByteRequest,
  attempt: Attempt,
): Promise<Part> {
  const operation = operationOf('GET', url);
  const watched = watch({ signal, limit: connection.idleTimeout, code: 'idle_timeout', operation });
  let response: Response | undefined;
  try {
    const authorization = await attempt.authorization(watched);
    await attempt.request(watched);
    response = await follow(connection, url, authorization, range, redirects === 'follow' ? maxRedirects : 0, watched);
    await attempt.response(response, watched);
    if (!isSuccess(response)) {
      const { fetch } = connection;
      const received = await readBounded(
        response,
        { operation, watched, fetch },
        { limit: 1024 * 1024, onExcess: 'truncate' },
      );
      readEnvelope(received, { now: connection.now, secrets: attempt.secrets });
    }
    check(response);
    return partOf(response, watched);
  } catch (error) {
    watched.stop();
    if (response) discard(response);
    throw error;
  }
}

/** Follows redirects. The token and the application's headers are sent only to the origin and base path of the API. */
async function follow(
  connection: Connection,
  first: URL,
  authorization: Authorization,
  range: ByteRange | undefined,
  redirectLimit: number,
  watched: Watch,
): Promise<Response> {
  const operation = operationOf('GET', first);
  let url = first;
  for (let redirects = 0; ; redirects++) {
    const isApi =
      url.origin === first.origin && url.pathname.startsWith(basePath(connection)) && !hasParentSegment(url.pathname);
    const response = await fetchApi({
      operation, // the target of a redirect can contain a secret
      method: 'GET',
      url,
      headers: {
        ...(isApi && { ...connection.headers, ...authorization }),
        'accept-encoding': 'identity', // the length of a compressed body could not be checked
        ...(range && rangeHeaders(range)),
      },
      followInBrowser: redirectLimit > 0,
      fetch: connection.fetch,
      watched,
    });
    if (!isRedirect(response)) {
      return redirects === 0 ? response : Object.defineProperty(response, 'redirected', { value: true });
    }
    discard(response);
    const location = response.headers.get('location');
    const next = location === null ? undefined : parseUrl(location, url.href);
    const isLocal = next !== undefined && isLoopback(next) && isLoopback(first);
    const plain = isLocal || (connection.allowInsecureHttp && first.protocol === 'http:');
    const secure = next?.protocol === 'https:' || (next?.protocol === 'http:' && plain);
    if (!next || !secure || next.username !== '' || next.password !== '' || redirects === redirectLimit) {
      throw redirectRefused(operation, response.status);
    }
    url = next;
  }
}
