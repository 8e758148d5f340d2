import { ResponseError, TransferError } from '../../protocol/errors.js';
import { type Attempts, createAttempts } from '../calls/attempts.js';
import { type Connection, routeUrl, type SearchParams } from '../calls/connection.js';
import type { OnProgress } from '../calls/progress.js';
import { isDecodable } from '../http/body.js';
import { operationOf } from '../http/redaction.js';
import { watch } from '../http/watch.js';
import { requestBytes } from './byte-request.js';
import { type ByteRange, checkRange, isOtherVersion, rangeProblem } from './range.js';
import { type Body, resumableBody } from './resumable-body.js';
import { resumeRequest } from './resume.js';
import { keepBody } from './taken-body.js';

export interface Download {
  /** The method that was called, such as `files.download`. */
  name: string;
  segments: readonly string[];
  searchParams?: SearchParams | undefined;
  range?: ByteRange | undefined;
  /** Files can be served by another host. Metadata must come from the API. @default 'follow' */
  redirects?: 'follow' | 'refuse' | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds for the whole download, including its body. @default no limit */
  timeout?: number | false | undefined;
}

/**
 * Downloads bytes. The body is a stream with an idle timeout. Its length is checked, and it resumes automatically if the connection
 * breaks.
 */
export async function download(connection: Connection, options: Download): Promise<Response> {
  return (await openDownload(connection, options)).response;
}

/** Like {@link download}, with the attempts of the call, for a caller that checks the body itself. */
export async function openDownload(
  connection: Connection,
  options: Download,
): Promise<{ response: Response; attempts: Attempts }> {
  const { name, segments, searchParams, redirects = 'follow', onProgress, signal, timeout = false } = options;
  const range = checkRange('range', options.range);
  const url = routeUrl(connection, segments, searchParams);
  const operation = operationOf('GET', url);
  const overall = watch({ signal, limit: timeout, code: 'timeout', operation });
  const call = { name, method: 'GET', url, signal: overall.signal, callerSignal: signal };
  const attempts = createAttempts(connection, call);
  const check = (response: Response) => checkFirst(response, range, operation);
  try {
    const request = { url, range, redirects, signal: overall.signal, check };
    const first = await attempts.run((attempt) => requestBytes(connection, request, attempt));
    const requestRest = resumeRequest(connection, { url, range, redirects, first, attempts, signal: overall.signal });
    const lastReport = { signal, limit: connection.timeout };
    const response = withBody(first.response, (onFailure) =>
      resumableBody(first, { operation, attempts, overall, onProgress, lastReport, requestRest, onFailure }),
    );
    return { response, attempts };
  } catch (error) {
    overall.stop();
    throw await attempts.end(error);
  }
}

function checkFirst(response: Response, range: ByteRange | undefined, operation: string): void {
  const { status, headers } = response;
  if (range?.ifRange !== undefined && (status === 200 || isOtherVersion(headers, range.ifRange))) {
    throw new TransferError('changed', `${operation} returned another version of the file than requested`, 0);
  }
  if (!isDecodable(headers)) {
    const message = `${operation} returned a content coding that was not requested, and that some runtimes cannot decompress`;
    throw new ResponseError('malformed_response', message, status);
  }
  const problem = range ? rangeProblem(response, range) : status !== 200 && `returned ${status}`;
  if (problem) throw new ResponseError('unexpected_status', `${operation} ${problem}`, status);
}

const readers = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

/** The response with another body. Its methods reject with the original error, which browsers would replace with a `TypeError`. */
function withBody(
  { status, statusText, headers, url, redirected }: Response,
  bodyOf: (onFailure: (error: unknown) => void) => Body,
): Response {
  let failure: { error: unknown } | undefined;
  const body = bodyOf((error) => {
    failure = { error };
  });
  // `new Response()` refuses some reason phrases that servers send
  const reason = /^[\t\x20-\x7e]*$/.test(statusText) ? statusText : '';
  const response = new Response(body.stream, { status, statusText: reason, headers });
  keepBody(response, body);
  Object.defineProperties(response, { url: { value: url }, redirected: { value: redirected } });
  for (const name of readers) {
    if (!(name in response)) continue; // `bytes` is new
    const read = response[name].bind(response);
    const value = () =>
      read().catch((error: unknown) => {
        throw failure ? failure.error : error;
      });
    Object.defineProperty(response, name, { value });
  }
  return response;
}
