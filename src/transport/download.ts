import { ResponseError, TransferError } from '../protocol/errors.js';
import { isLoopback, parseUrl } from '../protocol/urls.js';
import { openAnswer } from './answer.js';
import { fetchBytes, readAnswer } from './bytes.js';
import { type Connection, routeUrl } from './connection.js';
import { failure } from './failure.js';
import { isRedirect, redirectRefused } from './http.js';
import { meter, type OnProgress } from './progress.js';
import { redactedUrl } from './redaction.js';
import { type Watch, watch } from './watch.js';

/** Bytes `start` to `end`, both included, as in HTTP; without `end`, to the end of the file. */
export interface ByteRange {
  start: number;
  end?: number;
}

export interface Download {
  segments: readonly string[];
  range?: ByteRange | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

const mostRedirects = 5;

/** Fetches bytes. The body of the response streams, is watched, and is checked against the announced length. */
export async function download(
  connection: Connection,
  { segments, range, onProgress, signal }: Download,
): Promise<Response> {
  const token = connection.accessToken();
  const url = routeUrl(connection, segments);
  const operation = `GET ${redactedUrl(url)}`;
  const watched = watch({ signal, limit: connection.idleTimeout, code: 'idle_timeout', operation });
  try {
    const response = await follow(connection, url, token, range, watched);
    if (!response.ok) {
      openAnswer(await readAnswer(response, 'GET', url, watched), { now: connection.now, secrets: [token] });
      throw new ResponseError('unexpected_status', `${operation} answered with ${response.status}`, response.status);
    }
    if (range ? response.status !== 206 : response.status !== 200) {
      void response.body?.cancel();
      const problem = range ? 'ignored the range that was asked for' : `answered with ${response.status}`;
      throw new ResponseError('unexpected_status', `${operation} ${problem}`, response.status);
    }
    return watchedResponse(response, operation, watched, onProgress);
  } catch (error) {
    watched.stop();
    throw error;
  }
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
    const ours =
      url.origin === first.origin && url.pathname.startsWith(`${connection.baseUrl.pathname.replace(/\/$/, '')}/`);
    const response = await fetchBytes({
      method: 'GET',
      url,
      headers: {
        ...(ours && { authorization: `Bearer ${token}` }),
        'accept-encoding': 'identity', // the length of a compressed body could not be checked
        ...(range && { range: `bytes=${range.start}-${range.end ?? ''}` }),
      },
      fetch: connection.fetch,
      watched,
    });
    if (!isRedirect(response)) return response;
    void response.body?.cancel();
    const next = parseUrl(response.headers.get('location') ?? '', url.href);
    const secure = next?.protocol === 'https:' || (next?.protocol === 'http:' && isLoopback(next) && isLoopback(first));
    if (!next || !secure || redirects === mostRedirects) {
      throw redirectRefused(`GET ${redactedUrl(first)}`, response.status);
    }
    url = next;
  }
}

function watchedResponse(
  response: Response,
  operation: string,
  watched: Watch,
  onProgress: OnProgress | undefined,
): Response {
  const length = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
  const total = length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
  const progress = meter(onProgress, total);
  const reader = response.body?.getReader();
  watched.pause();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          watched.alive();
          const { done, value } = reader ? await watched.run(reader.read()) : { done: true, value: undefined };
          watched.pause(); // a reader that takes its time is no stalled transfer
          if (!done && value) {
            progress.add(value.byteLength);
            controller.enqueue(value);
            return;
          }
          watched.stop();
          if (total !== undefined && progress.loaded !== total) throw truncated(operation, progress.loaded, total);
          progress.end();
          controller.close();
        } catch (error) {
          watched.stop();
          void reader?.cancel().catch(() => {}); // it has failed already, or hangs
          throw bodyFailure(error, operation, progress.loaded, total, watched);
        }
      },
      async cancel(reason) {
        watched.stop();
        await reader?.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers, url, redirected } = response;
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
