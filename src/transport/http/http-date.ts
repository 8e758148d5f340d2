const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const time = '\\d\\d:\\d\\d:\\d\\d';

/** The three forms of an HTTP date (RFC 9110 section 5.6.7). `Date.parse` accepts many other formats. */
const httpDate = new RegExp(
  `^[A-Z][a-z]+(?:, \\d\\d[ -]${month}[ -](?:\\d\\d)+ ${time} GMT| ${month} [ \\d]\\d ${time} \\d{4})$`,
);

/** @returns Unix milliseconds, or undefined if the text is not an HTTP date */
export function parseHttpDate(text: string): number | undefined {
  if (!httpDate.test(text)) return undefined;
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
