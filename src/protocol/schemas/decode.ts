import * as z from 'zod/v4/core';
import { ResponseError } from '../errors.js';
import { quotable } from '../quotable.js';

/** A schema that parses a value from the wire and converts it to the type of the SDK. */
export type Schema<T> = z.$ZodType<T> & {
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
  return schema.quick?.(value) ?? z.safeParse(schema, value).data;
}

/**
 * Like {@link accept}, with an error.
 * @param path where the value is in the response, such as `result`
 * @throws {ResponseError} `malformed_response`, with the first place that differs, without the data
 */
export function decode<T>(schema: Schema<T>, value: unknown, path: string, origin: ResponseOrigin): T {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const { operation, status, secrets } = origin;
  const issue = parsed.error.issues[0];
  const keys = [path, ...(issue?.path ?? [])].filter((part) => part !== '');
  const place = quotable(keys.join('.'), secrets).slice(0, 200) || 'it';
  const expected = issue && ('expected' in issue ? issue.expected : issue.code === 'custom' && issue.params?.expected);
  const problem = expected
    ? `is not a${/^[aio]/.test(`${expected}`) ? 'n' : ''} ${expected}`
    : 'does not have the documented form';
  throw new ResponseError(
    'malformed_response',
    `${operation} returned a malformed response: ${place} ${problem}`,
    status,
  );
}
