import * as z from 'zod/mini';
import { ResponseError } from '../errors.js';
import { quotable } from '../quotable.js';

/** A schema that reads the wire's form and gives ours. */
export type Schema<T> = z.ZodMiniType<T>;

/** The answer that a value came with, for the message of an error. */
export interface ResponseOrigin {
  /** What was asked: the method and the redacted URL. */
  operation: string;
  status: number;
  /** What must not reach the message, should the server use it as a key. */
  secrets: readonly string[];
}

/**
 * Reads a value that came over the wire.
 * @param path where the value stood in the answer, such as `result`
 * @throws {ResponseError} `malformed_response`, naming the first place that differs, without the data found there
 */
export function decode<T>(schema: Schema<T>, value: unknown, path: string, origin: ResponseOrigin): T {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const { operation, status, secrets } = origin;
  const issue = parsed.error.issues[0];
  const keys = [path, ...(issue?.path ?? [])].filter((part) => part !== '');
  const place = quotable(keys.join('.'), secrets).slice(0, 200) || 'it';
  const expected = issue && ('expected' in issue ? issue.expected : issue.code === 'custom' && issue.params?.expected);
  const problem = expected ? `is no ${expected}` : 'has not the documented form';
  throw new ResponseError('malformed_response', `${operation} gave a malformed answer: ${place} ${problem}`, status);
}
