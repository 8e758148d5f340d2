import { ResponseError, TransferError } from '../../protocol/errors.js';
import { type Attempts, attemptsOf } from '../calls/attempts.js';
import { type Connection, routeUrl, type SearchParams } from '../calls/connection.js';
import type { OnProgress } from '../calls/progress.js';
import { isUnpackable } from '../http/body.js';
import { operationOf } from '../http/redaction.js';
import { watch } from '../http/watch.js';
import { requestBytes } from './byte-request.js';
import { type ByteRange, isOtherVersion, rangeProblem } from './range.js';
import { restOf } from './rest.js';
import { resumableBody } from './resumable-body.js';

export interface Download {
  /** The method that was called, such as `files.download`. */
  name: string;
  segments: readonly string[];
  searchParams?: SearchParams | undefined;
  range?: ByteRange | undefined;
  /** Bytes may come from elsewhere; what is believed may not. @default 'follow' */
  redirects?: 'follow' | 'refuse' | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds for all of it, the body included. @default no limit */
  timeout?: number | false | undefined;
}

/**
 * Fetches bytes. The body of the response streams, is watched, is checked against the announced length, and asks for the
 * rest by itself when it breaks.
 */
export async function download(connection: Connection, options: Download): Promise<Response> {
  return (await openDownload(connection, options)).response;
}

/** The same, with the attempts of the call, for a caller that may still find the body to be wrong. */
export async function openDownload(
  connection: Connection,
  options: Download,
): Promise<{ response: Response; attempts: Attempts }> {
  const { name, segments, searchParams, range, redirects = 'follow', onProgress, signal, timeout = false } = options;
  const url = routeUrl(connection, segments, searchParams);
  const operation = operationOf('GET', url);
  const whole = watch({ signal, limit: timeout, code: 'timeout', operation });
  const attempts = attemptsOf(connection, { name, method: 'GET', url, signal: whole.signal });
  const check = (response: Response) => checkFirst(response, range, operation);
  try {
    const request = { url, range, redirects, signal: whole.signal, check };
    const first = await attempts.run((attempt) => requestBytes(connection, request, attempt));
    const rest = restOf(connection, { url, range, redirects, first, attempts, signal: whole.signal });
    const response = withBody(first.response, (onFailure) =>
      resumableBody(first, { operation, attempts, whole, onProgress, rest, onFailure }),
    );
    return { response, attempts };
  } catch (error) {
    whole.stop();
    throw await attempts.end(error);
  }
}

function checkFirst(response: Response, range: ByteRange | undefined, operation: string): void {
  const { status, headers } = response;
  if (range?.ifRange !== undefined && (status === 200 || isOtherVersion(headers, range.ifRange))) {
    throw new TransferError('changed', `${operation} has another version of the file than the one asked for`, 0);
  }
  if (!isUnpackable(headers)) {
    const message = `${operation} answered in a coding that was not asked for, and that not every runtime can unpack`;
    throw new ResponseError('malformed_response', message, status);
  }
  const problem = range ? rangeProblem(response, range) : status !== 200 && `answered with ${status}`;
  if (problem) throw new ResponseError('unexpected_status', `${operation} ${problem}`, status);
}

const readers = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

/** The response with another body, whose failures are told as they are: browsers make a `TypeError` of each. */
function withBody(
  { status, statusText, headers, url, redirected }: Response,
  bodyOf: (onFailure: (error: unknown) => void) => ReadableStream,
): Response {
  let failure: { error: unknown } | undefined;
  const body = bodyOf((error) => {
    failure = { error };
  });
  // a server may send a reason that no Response can be made with
  const reason = /^[\t\x20-\x7e]*$/.test(statusText) ? statusText : '';
  const response = new Response(body, { status, statusText: reason, headers });
  Object.defineProperties(response, { url: { value: url }, redirected: { value: redirected } });
  for (const name of readers) {
    if (!(name in response)) continue; // `bytes` is young
    const read = response[name].bind(response);
    const value = () =>
      read().catch((error: unknown) => {
        throw failure ? failure.error : error;
      });
    Object.defineProperty(response, name, { value });
  }
  return response;
}
