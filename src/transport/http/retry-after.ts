import { parseHttpDate } from './http-date.js';

/** Seconds to wait, from a `Retry-After` header in either form (RFC 9110 section 10.2.3). Undefined for neither. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(value)) return Number(value);
  const date = parseHttpDate(value);
  return date === undefined ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}
