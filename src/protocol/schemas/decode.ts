import type { $ZodType, ParsePayload } from 'zod/v4/core';
import { ResponseError } from '../errors.js';
import { quotable } from '../quotable.js';

/** A schema that parses a value from the wire and converts it to the type of the SDK. */
export type Schema<T> = $ZodType<T> & {
  /** Converts values of the most common form, without zod. Returns undefined for others, valid or not. */
  quick?: ((value: unknown) => T | undefined) | undefined;
};

/** The response that contained a value, for error messages. */
export interface ResponseOrigin {
  /** The method and the redacted URL. */
  operation: string;
  status: number;
  /** Credentials to remove from the message, in case the server used one as a key. */
  secrets: readonly string[];
}

/** Checks a value from a response and converts it. Returns undefined if it does not match. */
export function accept<T>(schema: Schema<T>, value: unknown): T | undefined {
  const quick = schema.quick?.(value);
  if (quick !== undefined) return quick;
  const { value: parsed, issues } = parse(schema, value);
  return issues.length === 0 ? parsed : undefined;
}

/**
 * Like {@link accept}, with an error.
 * @param path where the value is in the response, such as `result`
 * @throws {ResponseError} `malformed_response`, with the first place that differs, without the data
 */
export function decode<T>(schema: Schema<T>, value: unknown, path: string, origin: ResponseOrigin): T {
  const { value: parsed, issues } = parse(schema, value);
  const [issue] = issues;
  if (!issue) return parsed;
  const { operation, status, secrets } = origin;
  const keys = [path, ...(issue.path ?? [])].filter((part) => part !== '');
  const place = quotable(keys.join('.'), secrets).slice(0, 200) || 'it';
  const expected = issue.code === 'custom' ? issue.params?.expected : 'expected' in issue && issue.expected;
  const problem = expected
    ? `is not a${/^[aio]/.test(`${expected}`) ? 'n' : ''} ${expected}`
    : 'does not have the documented form';
  throw new ResponseError(
    'malformed_response',
    `${operation} returned a malformed response: ${place} ${problem}`,
    status,
  );
}

/** Like `z.safeParse`, which would also bundle the errors and the messages of zod: 370 bytes after gzip. No schema here is async. */
function parse<T>({ _zod: { run } }: Schema<T>, value: unknown): ParsePayload<T> {
  return run({ value, issues: [] }, { async: false }) as ParsePayload<T>;
}
