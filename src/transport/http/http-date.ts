const time = '\\d{2}:\\d{2}:\\d{2}';
const day = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';

/** The three forms of an HTTP date (RFC 9110 section 5.6.7). `Date.parse` accepts many other formats. */
const dates = [
  new RegExp(`^${day}, \\d{2} ${month} \\d{4} ${time} GMT$`),
  new RegExp(`^${day}[a-z]*, \\d{2}-${month}-\\d{2} ${time} GMT$`),
  new RegExp(`^${day} ${month} [ \\d]\\d ${time} \\d{4}$`),
];

/** @returns Unix milliseconds, or undefined if the text is not an HTTP date */
export function parseHttpDate(text: string): number | undefined {
  if (!dates.some((form) => form.test(text))) return undefined;
  const date = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : date;
}

/** @returns the seconds in a `Retry-After` header, a number or a date (RFC 9110 section 10.2.3), or undefined if it is neither */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(value)) return Number(value);
  const date = parseHttpDate(value);
  return date === undefined ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}
