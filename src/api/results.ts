import { ResponseError } from '../protocol/errors.js';
import type { ResponseOrigin, Schema } from '../protocol/schemas/decode.js';
import { byId } from '../protocol/schemas/file.js';
import type { Decode } from '../transport/calls/connection.js';
import { type Members, parseMembers } from '../transport/calls/members.js';

/** How a call reads the `result` of its response. */
interface Reading<T> {
  parse?: (text: string) => unknown;
  read: (result: unknown, decode: Decode, origin: ResponseOrigin) => T;
}

/** The result is one object. */
export function one<T>(schema: Schema<T>): Reading<T> {
  return { read: (result, decode) => decode(schema, result, 'result') };
}

/**
 * The result is a map of objects, keyed by id, in the order of the response. They are validated one by one, which is much
 * faster than one large schema.
 * @param count the required number of objects
 */
export function mapOf<T>(schema: Schema<T>, count?: number): Reading<T[]> {
  return {
    parse: parseMembers,
    read(result, decode, { operation, status }) {
      const { members } = decode(byId, result, 'result') as unknown as Members;
      if (count !== undefined && members.length !== count) {
        const message = `the response to ${operation} is malformed: result has ${members.length} members instead of ${count}`;
        throw new ResponseError('malformed_response', message, status);
      }
      return members.map(([id, value]) => decode(schema, value, `result.${id}`));
    },
  };
}

/** The result is ignored. */
export const nothing: Reading<void> = { read() {} };
