import * as z from 'zod/mini';
import { ResponseError } from './errors.js';
import { plainText } from './grammar.js';

/** A schema that reads the wire's form and gives ours. */
export type Schema<T> = z.ZodMiniType<T>;

/**
 * Reads a value that came over the wire.
 * @param path where the value stood in the answer, such as `result`
 * @throws {ResponseError} `malformed_response`, naming the first place that differs, without the data found there
 */
export function decode<T>(schema: Schema<T>, value: unknown, path: string, status?: number): T {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = plainText([path, ...(issue?.path ?? [])].filter((part) => part !== '').join('.')).slice(0, 200);
  const problem = issue && 'expected' in issue ? `is no ${issue.expected}` : 'has not the documented form';
  throw new ResponseError('malformed_response', `malformed answer: ${place || 'it'} ${problem}`, status);
}

/** A count on the wire: a number, or a string of digits (wire document section 3.2). */
export const wireCount: Schema<number | string> = z.union([
  z.number().check(z.gte(0)),
  z.string().check(z.regex(/^\d{1,15}$/)),
]);

export const count: Schema<number> = z.pipe(wireCount, z.transform(Number));
