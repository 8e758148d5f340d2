import { ApiError, NetworkError, TransferError } from '../../protocol/errors.js';
import type { Attempts } from '../calls/attempts.js';
import type { Connection } from '../calls/connection.js';
import { isEncoded } from '../http/body.js';
import { operationOf } from '../http/redaction.js';
import { requestBytes } from './byte-request.js';
import type { Part } from './part.js';
import {
  type ByteRange,
  contentRange,
  isOtherVersion,
  type Known,
  rangeProblem,
  strongValidator,
  unsatisfiedSize,
} from './range.js';

export interface StartedDownload {
  url: URL;
  /** The requested range. */
  range: ByteRange | undefined;
  redirects: 'follow' | 'refuse';
  first: Part;
  attempts: Attempts;
  signal: AbortSignal;
}

/** Requests the rest after `loaded` bytes. Resolves with undefined if nothing was missing but the end of the body. */
export type ResumeRequest = (loaded: number) => Promise<Part | undefined>;

/**
 * Returns a function that requests the rest of an interrupted download: the same version of the file, from the first missing byte.
 * Undefined if the server does not support that.
 */
export function resumeRequest(
  connection: Connection,
  { url, range, redirects, first, attempts, signal }: StartedDownload,
): ResumeRequest | undefined {
  const { status, headers } = first.response;
  const validator = strongValidator(headers, connection.now()) ?? range?.ifRange;
  const supportsRanges = status === 206 || /(^|[\s,])bytes($|[\s,])/i.test(headers.get('accept-ranges') ?? '');
  if (validator === undefined || !supportsRanges || isEncoded(headers)) return undefined;

  const operation = operationOf('GET', url);
  const origin = range?.start ?? 0;
  const known: Known = {
    size: status === 206 ? contentRange(headers)?.size : first.length,
    last: first.length === undefined ? undefined : origin + first.length - 1,
  };

  return async (loaded) => {
    const interrupted = `${operation} was interrupted after ${loaded} bytes`;
    const changed = (problem: string) =>
      new TransferError('changed', `${interrupted} and cannot be resumed: the server ${problem}`, loaded);
    const missing = { start: origin + loaded, end: range?.end, ifRange: validator };
    const isEnd = (response: Response) =>
      known.size === undefined &&
      unsatisfiedSize(response) === missing.start &&
      !isOtherVersion(response.headers, validator);
    const isSuccess = (response: Response) => response.ok || isEnd(response);
    function check(response: Response): void {
      if (isEnd(response)) return;
      const problem = resumeProblem(response, missing, known);
      if (problem) throw changed(problem);
      const sent = contentRange(response.headers);
      known.size ??= sent?.size;
      known.last ??= sent?.end;
    }
    try {
      const request = { url, range: missing, redirects, signal, isSuccess, check };
      const part = await attempts.run((attempt) => requestBytes(connection, request, attempt));
      if (!isEnd(part.response)) return part;
      void part.release();
      return undefined;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 412 || error.status === 416)) {
        throw changed(`returned ${error.status}`);
      }
      if (error instanceof NetworkError) {
        throw new TransferError(
          'interrupted',
          `${interrupted} and could not be resumed: the connection failed`,
          loaded,
        );
      }
      throw error;
    }
  };
}

function resumeProblem(response: Response, range: ByteRange & { ifRange: string }, known: Known): string | undefined {
  if (response.status !== 206) return `returned ${response.status}`;
  if (isOtherVersion(response.headers, range.ifRange)) return 'sent another version of the file';
  if (isEncoded(response.headers)) return 'sent a compressed body';
  return rangeProblem(response, range, known);
}
