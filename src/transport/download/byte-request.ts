import { isLoopback, parseUrl } from '../../protocol/urls.js';
import { basePath, type Connection, climbs } from '../calls/connection.js';
import type { Tell } from '../calls/retry.js';
import { openAnswer } from '../http/answer.js';
import { readBounded } from '../http/body.js';
import { fetchApi } from '../http/fetch.js';
import { operationOf } from '../http/redaction.js';
import { discard, isRedirect, redirectRefused } from '../http/response.js';
import { type Watch, watch } from '../http/watch.js';
import { type Part, partOf } from './part.js';
import { type ByteRange, rangeHeaders } from './range.js';

export interface ByteRequest {
  url: URL;
  range?: ByteRange | undefined;
  redirects: 'follow' | 'refuse';
  signal: AbortSignal;
  /** Which answers are good. @default those of the 200s */
  isGood?: ((response: Response) => boolean) | undefined;
  /** Throws when a good answer is not the one that was asked for. */
  check: (response: Response) => void;
}

const mostRedirects = 5;

/** Asks for bytes once. */
export async function requestBytes(
  connection: Connection,
  { url, range, redirects, signal, isGood = ({ ok }) => ok, check }: ByteRequest,
  tell: Tell,
): Promise<Part> {
  const operation = operationOf('GET', url);
  const token = connection.accessToken();
  const watched = watch({ signal, limit: connection.idleTimeout, code: 'idle_timeout', operation });
  let response: Response | undefined;
  try {
    tell.request();
    response = await follow(connection, url, token, range, redirects === 'follow' ? mostRedirects : 0, watched);
    tell.response(response.status);
    if (!isGood(response)) {
      const answer = await readBounded(response, { operation, watched }, { limit: 1024 * 1024, excess: 'cut' });
      openAnswer(answer, { now: connection.now, secrets: [token] });
    }
    check(response);
    return partOf(response, watched);
  } catch (error) {
    watched.stop();
    if (response) discard(response);
    throw error;
  }
}

/** The token goes to the origin and base path of the API, and on a redirect nowhere else. */
async function follow(
  connection: Connection,
  first: URL,
  token: string,
  range: ByteRange | undefined,
  most: number,
  watched: Watch,
): Promise<Response> {
  const operation = operationOf('GET', first);
  let url = first;
  for (let redirects = 0; ; redirects++) {
    const ours = url.origin === first.origin && url.pathname.startsWith(basePath(connection)) && !climbs(url.pathname);
    const response = await fetchApi({
      operation, // where a redirect leads may be a secret
      method: 'GET',
      url,
      headers: {
        ...(ours && { authorization: `Bearer ${token}` }),
        'accept-encoding': 'identity', // the length of a compressed body could not be checked
        ...(range && rangeHeaders(range)),
      },
      followInBrowser: most > 0,
      fetch: connection.fetch,
      watched,
    });
    if (!isRedirect(response)) {
      return redirects === 0 ? response : Object.defineProperty(response, 'redirected', { value: true });
    }
    discard(response);
    const location = response.headers.get('location');
    const next = location === null ? undefined : parseUrl(location, url.href);
    const secure = next?.protocol === 'https:' || (next?.protocol === 'http:' && isLoopback(next) && isLoopback(first));
    if (!next || !secure || next.username !== '' || next.password !== '' || redirects === most) {
      throw redirectRefused(operation, response.status);
    }
    url = next;
  }
}
