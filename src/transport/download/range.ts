import { parseHttpDate } from '../http/http-date.js';

/** Bytes `start` to `end`, both included, as in HTTP; without `end`, to the end of the file. */
export interface ByteRange {
  /** A `start` at or beyond the end of the file is an `ApiError` with code `http_416`. */
  start: number;
  end?: number | undefined;
  /**
   * Only of this version of the file: what its `ETag` said, or its `Last-Modified` where it has none. When the file has
   * changed since, the call ends in a `TransferError` with code `changed`, so that bytes of two versions never meet.
   */
  ifRange?: string | undefined;
}

export function rangeHeaders({ start, end, ifRange }: ByteRange): Record<string, string> {
  return { range: `bytes=${start}-${end ?? ''}`, ...(ifRange !== undefined && { 'if-range': ifRange }) };
}

/** What an answer says it holds (RFC 9110 section 14.4). */
export interface ContentRange {
  start: number;
  end: number;
  /** Bytes of the whole file, where the server tells. */
  size: number | undefined;
}

export function contentRange(headers: Headers): ContentRange | undefined {
  const [, start, end, size] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(headers.get('content-range') ?? '') ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) return undefined;
  return { start: Number(start), end: Number(end), size: size === '*' ? undefined : Number(size) };
}

/** Bytes of the whole file, as an answer says that has none for the range (RFC 9110 section 15.5.17). */
export function unsatisfiedSize({ status, headers }: Response): number | undefined {
  if (status !== 416) return undefined;
  const [, size] = /^bytes \*\/(\d{1,15})$/i.exec(headers.get('content-range') ?? '') ?? [];
  return size === undefined ? undefined : Number(size);
}

/** What earlier answers told of a file. */
export interface Known {
  /** Bytes of the whole file. */
  size?: number | undefined;
  /** The last byte that the range reaches. */
  last?: number | undefined;
}

/** What is wrong with the answer to a request for a range. A range may be clipped at the end. */
export function rangeProblem(
  { status, headers }: Response,
  { start, end }: ByteRange,
  known: Known = {},
): string | undefined {
  if (status !== 206) return 'ignored the range that was asked for';
  const sent = contentRange(headers);
  const size = sent?.size ?? known.size;
  const last = known.last ?? (size === undefined ? end : Math.min(end ?? size - 1, size - 1));
  if (sent && last === undefined)
    return 'sent a range without the size of the file, so nobody can tell whether that is all of it';
  const right = sent?.start === start && sent.end === last && (known.size === undefined || known.size === size);
  return right ? undefined : 'sent another range than was asked for';
}

/**
 * What tells this version of a file from any other, byte for byte. A weak tag does not, and where there is a tag the date
 * may not stand in for it; a date does when the answer is younger by a second at least (RFC 9110 sections 8.8.2.2, 13.1.5).
 */
export function strongValidator(headers: Headers, now: number): string | undefined {
  const tag = headers.get('etag');
  if (tag !== null) return /^"[\x21\x23-\x7e]*"$/.test(tag) ? tag : undefined;
  const modified = headers.get('last-modified') ?? '';
  const modifiedAt = parseHttpDate(modified);
  const sentAt = parseHttpDate(headers.get('date') ?? '') ?? now;
  return modifiedAt !== undefined && sentAt - modifiedAt >= 1000 ? modified : undefined;
}

/** Whether an answer says that it is of another version. It need not say. */
export function isOtherVersion(headers: Headers, validator: string): boolean {
  const sent = headers.get(/^(W\/)?"/.test(validator) ? 'etag' : 'last-modified');
  return sent !== null && sent !== validator;
}
