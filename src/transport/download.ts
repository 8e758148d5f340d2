import { ResponseError, TransferError } from '../protocol/errors.js';
import { isLoopback, parseUrl } from '../protocol/urls.js';
import { openAnswer } from './answer.js';
import { basePath, type Connection, routeUrl, type SearchParams } from './connection.js';
import { failure } from './failure.js';
import { fetchApi } from './fetch.js';
import { platform } from './platform.js';
import { meter, type OnProgress } from './progress.js';
import { operationOf } from './redaction.js';
import { discard, isRedirect, readAnswer, redirectRefused } from './response.js';
import { withRetries } from './retry.js';
import { type Watch, watch } from './watch.js';

/** Bytes `start` to `end`, both included, as in HTTP; without `end`, to the end of the file. */
export interface ByteRange {
  start: number;
  end?: number | undefined;
}

export interface Download {
  segments: readonly string[];
  searchParams?: SearchParams | undefined;
  range?: ByteRange | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

const mostRedirects = 5;

/** Fetches bytes. The body of the response streams, is watched, and is checked against the announced length. */
export async function download(connection: Connection, options: Download): Promise<Response> {
  const { segments, searchParams, range, onProgress, signal } = options;
  const url = routeUrl(connection, segments, searchParams);
  const operation = operationOf('GET', url);
  return withRetries(connection, { method: 'GET', url, resend: 'always', signal }, async (tell) => {
    const token = connection.accessToken();
    const watched = watch({ signal, limit: connection.idleTimeout, code: 'idle_timeout', operation });
    let response: Response | undefined;
    try {
      tell.request();
      response = await follow(connection, url, token, range, watched);
      tell.response(response.status);
      if (!response.ok) {
        const answer = await readAnswer(response, { operation, watched }, { limit: 1024 * 1024, excess: 'cut' });
        openAnswer(answer, { now: connection.now, secrets: [token] });
      }
      const problem = range
        ? rangeProblem(response, range)
        : response.status !== 200 && `answered with ${response.status}`;
      if (problem) throw new ResponseError('unexpected_status', `${operation} ${problem}`, response.status);

      return watchedResponse(response, operation, watched, onProgress);
    } catch (error) {
      watched.stop();
      if (response) discard(response);
      throw error;
    }
  });
}

/** What is wrong with the answer to a request for a range (RFC 9110 section 14.4). A range may be clipped at the end. */
function rangeProblem(response: Response, { start, end }: ByteRange): string | undefined {
  if (response.status !== 206) return 'ignored the range that was asked for';
  const [, from, to, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(response.headers.get('content-range') ?? '') ?? [];
  const last = total === undefined || total === '*' ? end : Math.min(end ?? Number(total) - 1, Number(total) - 1);
  const right = from !== undefined && Number(from) === start && (last === undefined || Number(to) === last);
  return right ? undefined : 'sent another range than was asked for';
}

/** The token goes to the origin and base path of the API, and on a redirect nowhere else. */
async function follow(
  connection: Connection,
  first: URL,
  token: string,
  range: ByteRange | undefined,
  watched: Watch,
): Promise<Response> {
  let url = first;
  for (let redirects = 0; ; redirects++) {
    const ours = url.origin === first.origin && url.pathname.startsWith(basePath(connection));
    const response = await fetchApi({
      operation: operationOf('GET', url),
      method: 'GET',
      url,
      headers: {
        ...(ours && { authorization: `Bearer ${token}` }),
        'accept-encoding': 'identity', // the length of a compressed body could not be checked
        ...(range && { range: `bytes=${range.start}-${range.end ?? ''}` }),
      },
      followInBrowser: true,
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
    if (!next || !secure || next.username !== '' || next.password !== '' || redirects === mostRedirects) {
      throw redirectRefused(operationOf('GET', first), response.status);
    }
    url = next;
  }
}

/**
 * The length that the body must have. A page cannot know: it is not told whether the body was compressed, and the browser
 * checks the length itself.
 */
function announcedLength({ headers }: Response): number | undefined {
  const [, from, to] = /^bytes (\d{1,15})-(\d{1,15})\//i.exec(headers.get('content-range') ?? '') ?? [];
  if (from !== undefined && to !== undefined) return Number(to) - Number(from) + 1;
  const length = headers.get('content-length') ?? '';
  const exact = platform() !== 'browser' && !headers.has('content-encoding');
  return exact && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function watchedResponse(
  response: Response,
  operation: string,
  watched: Watch,
  onProgress: OnProgress | undefined,
): Response {
  const total = announcedLength(response);
  const progress = meter(onProgress, total);
  const reader = response.body?.getReader();
  watched.pause();

  /** The next chunk, or undefined at the end. */
  async function next(): Promise<Uint8Array | undefined> {
    try {
      watched.alive();
      const chunk = reader ? await watched.run(reader.read()) : undefined;
      watched.pause(); // a reader that takes its time is no stalled transfer
      if (chunk && !chunk.done) return chunk.value;
    } catch (error) {
      throw bodyFailure(error, operation, progress.loaded, total, watched);
    }
    if (total !== undefined && progress.loaded !== total) throw truncated(operation, progress.loaded, total);
    return undefined;
  }

  function giveUp(reason?: unknown): Promise<void> {
    watched.stop();
    return reader?.cancel(reason) ?? Promise.resolve();
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk) {
            progress.add(chunk.byteLength);
            controller.enqueue(chunk);
          } else {
            watched.stop();
            progress.end();
            controller.close();
          }
        } catch (error) {
          void giveUp().catch(() => {}); // it has failed already, or hangs
          throw error;
        }
      },
      cancel: giveUp,
    },
    { highWaterMark: 0 },
  );
  const { status, headers, url, redirected } = response;
  // a server may send a reason that no Response can be made with
  const statusText = /^[\t\x20-\x7e]*$/.test(response.statusText) ? response.statusText : '';
  return Object.defineProperties(new Response(body, { status, statusText, headers }), {
    url: { value: url },
    redirected: { value: redirected },
  });
}

function truncated(operation: string, loaded: number, total: number): TransferError {
  return new TransferError('truncated', `${operation} ended after ${loaded} of ${total} bytes`, loaded);
}

function bodyFailure(
  error: unknown,
  operation: string,
  loaded: number,
  total: number | undefined,
  watched: Watch,
): unknown {
  if (watched.signal.aborted || error instanceof TransferError) return failure(error, operation, watched.signal);
  const of = total === undefined ? '' : ` of ${total}`;
  return new TransferError('interrupted', `${operation} broke after ${loaded}${of} bytes`, loaded);
}
