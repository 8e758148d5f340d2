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

export interface Begun {
  url: URL;
  /** What was asked for at first. */
  range: ByteRange | undefined;
  redirects: 'follow' | 'refuse';
  first: Part;
  attempts: Attempts;
  signal: AbortSignal;
}

/** The rest after so many bytes, or undefined when there is none: all had arrived, but for the sign that it was all. */
export type AskForRest = (loaded: number) => Promise<Part | undefined>;

/**
 * How to ask for the rest of a download that broke off: the same version of the file, from the first byte that is missing.
 * Undefined where the server cannot, or does not say that it can.
 */
export function restOf(
  connection: Connection,
  { url, range, redirects, first, attempts, signal }: Begun,
): AskForRest | undefined {
  const { status, headers } = first.response;
  const validator = strongValidator(headers, connection.now()) ?? range?.ifRange;
  const serves = status === 206 || /(^|[\s,])bytes($|[\s,])/i.test(headers.get('accept-ranges') ?? '');
  if (validator === undefined || !serves || isEncoded(headers)) return undefined;

  const operation = operationOf('GET', url);
  const origin = range?.start ?? 0;
  const known: Known = {
    size: status === 206 ? contentRange(headers)?.size : first.length,
    last: first.length === undefined ? undefined : origin + first.length - 1,
  };

  return async (loaded) => {
    const broke = `${operation} broke after ${loaded} bytes`;
    const changed = (problem: string) =>
      new TransferError(
        'changed',
        `${broke} and cannot be completed: asked for the rest, the server ${problem}`,
        loaded,
      );
    const missing = { start: origin + loaded, end: range?.end, ifRange: validator };
    const isEnd = (response: Response) =>
      known.size === undefined &&
      unsatisfiedSize(response) === missing.start &&
      !isOtherVersion(response.headers, validator);
    const isGood = (response: Response) => response.ok || isEnd(response);
    function check(response: Response): void {
      if (isEnd(response)) return;
      const problem = restProblem(response, missing, known);
      if (problem) throw changed(problem);
      const sent = contentRange(response.headers);
      known.size ??= sent?.size;
      known.last ??= sent?.end;
    }
    try {
      const request = { url, range: missing, redirects, signal, isGood, check };
      const part = await attempts.run((attempt) => requestBytes(connection, request, attempt));
      if (!isEnd(part.response)) return part;
      void part.release();
      return undefined;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 412 || error.status === 416)) {
        throw changed(`answered with ${error.status}`);
      }
      if (error instanceof NetworkError) {
        throw new TransferError('interrupted', `${broke}, and the server could not be reached for the rest`, loaded);
      }
      throw error;
    }
  };
}

function restProblem(response: Response, range: ByteRange & { ifRange: string }, known: Known): string | undefined {
  if (response.status !== 206) return `answered with ${response.status}`;
  if (isOtherVersion(response.headers, range.ifRange)) return 'sent another version of the file';
  if (isEncoded(response.headers)) return 'sent a compressed body';
  return rangeProblem(response, range, known);
}
