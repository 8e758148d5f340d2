import { invalid } from '../../protocol/checks.js';
import { visible } from '../../protocol/grammar.js';
import { type OptionChecks, readOptions } from '../../protocol/options.js';
import { parseHttpDate } from '../http/http-date.js';

/** A range of bytes. The first byte of the file is 0. */
export interface ByteRange {
  /** The first byte. If it is at or beyond the end of the file, the call rejects with an `ApiError` (`http_416`). */
  start: number;
  /** The last byte, which is included. @default the last byte of the file */
  end?: number | undefined;
  /**
   * Only download this version of the file: its `ETag`, or its `Last-Modified` if it has no `ETag`. If the file has changed, the
   * call rejects with a `TransferError` with code `changed`, so bytes of two versions are never mixed.
   */
  ifRange?: string | undefined;
}

const rangeChecks = {
  start: (_, value) => value,
  end: (_, value) => value,
  ifRange: checkValidator,
} satisfies OptionChecks<ByteRange>;

export function checkRange(name: string, range: ByteRange | undefined): ByteRange | undefined {
  if (range === undefined) return undefined;
  if (typeof range === 'object' && range !== null) {
    const { start, end, ifRange } = readOptions(name, range, rangeChecks);
    const last = end === undefined ? start : end;
    if (Number.isSafeInteger(start) && Number.isSafeInteger(last) && start >= 0 && last >= start) {
      return { start, end, ifRange };
    }
  }
  throw invalid(name, 'must be { start, end? }: inclusive byte positions, as integers, with end at or after start');
}

function checkValidator(name: string, validator: string | undefined): string | undefined {
  if (validator === undefined) return undefined;
  if (typeof validator !== 'string' || !visible.test(validator) || /^\s*W\//.test(validator)) {
    throw invalid(name, "must be the server's ETag, which must not be weak, or its Last-Modified");
  }
  return validator;
}

export function rangeHeaders({ start, end, ifRange }: ByteRange): Record<string, string> {
  return { range: `bytes=${start}-${end ?? ''}`, ...(ifRange !== undefined && { 'if-range': ifRange }) };
}

/** A parsed `Content-Range` header (RFC 9110 section 14.4). */
export interface ContentRange {
  start: number;
  end: number;
  /** The size of the whole file in bytes, if the server sent it. */
  size: number | undefined;
}

export function contentRange(headers: Headers): ContentRange | undefined {
  const [, start, end, size] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(headers.get('content-range') ?? '') ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) return undefined;
  return { start: Number(start), end: Number(end), size: size === '*' ? undefined : Number(size) };
}

/** The size of the whole file in a 416 response (RFC 9110 section 15.5.17). */
export function unsatisfiedSize({ status, headers }: Response): number | undefined {
  if (status !== 416) return undefined;
  const [, size] = /^bytes \*\/(\d{1,15})$/i.exec(headers.get('content-range') ?? '') ?? [];
  return size === undefined ? undefined : Number(size);
}

/** What is known about a file from earlier responses. */
export interface Known {
  /** The size of the whole file in bytes. */
  size?: number | undefined;
  /** The position of the last byte in the range. */
  last?: number | undefined;
}

/** The problem with a response to a range request, if any. The server can clip a range at the end of the file. */
export function rangeProblem(
  { status, headers }: Response,
  { start, end }: ByteRange,
  known: Known = {},
): string | undefined {
  if (status !== 206) return 'ignored the requested range';
  const sent = contentRange(headers);
  const size = sent?.size ?? known.size;
  const last = known.last ?? (size === undefined ? end : Math.min(end ?? size - 1, size - 1));
  if (sent && last === undefined) return 'sent a range without the size of the file, so it may be incomplete';
  const right = sent?.start === start && sent.end === last && (known.size === undefined || known.size === size);
  return right ? undefined : 'sent another range than requested';
}

/**
 * The validator that identifies this version of a file byte for byte. A weak ETag does not, and `Last-Modified` cannot replace it.
 * Without an ETag, `Last-Modified` does if it is at least one second before `Date` (RFC 9110 sections 8.8.2.2, 13.1.5).
 */
export function strongValidator(headers: Headers, now: number): string | undefined {
  const tag = headers.get('etag');
  if (tag !== null) return /^"[\x21\x23-\x7e]*"$/.test(tag) ? tag : undefined;
  const modified = headers.get('last-modified') ?? '';
  const modifiedAt = parseHttpDate(modified);
  const sentAt = parseHttpDate(headers.get('date') ?? '') ?? now;
  return modifiedAt !== undefined && sentAt - modifiedAt >= 1000 ? modified : undefined;
}

/** Whether a response has a validator of another version. The validator is optional. */
export function isOtherVersion(headers: Headers, validator: string): boolean {
  const sent = headers.get(/^(W\/)?"/.test(validator) ? 'etag' : 'last-modified');
  return sent !== null && sent !== validator;
}
