import { ResponseError } from '../protocol/errors.js';
import type { AnswerOrigin, Schema } from '../protocol/schemas/decode.js';
import { byId } from '../protocol/schemas/file.js';
import type { Decode } from '../transport/calls/connection.js';
import { type Members, parseMembers } from '../transport/calls/members.js';

/** How to read what stood in the envelope of a response: the part of a call that says what its result is. */
interface Reading<T> {
  parse?: (text: string) => unknown;
  read: (result: unknown, decode: Decode, origin: AnswerOrigin) => T;
}

/** The result is one of these. */
export function one<T>(schema: Schema<T>): Reading<T> {
  return { read: (result, decode) => decode(schema, result, 'result') };
}

/**
 * The result is a map of these, keyed by id, in the order of the wire. They are read one by one: that is far cheaper than
 * one large schema.
 * @param count how many there must be
 */
export function mapOf<T>(schema: Schema<T>, count?: number): Reading<T[]> {
  return {
    parse: parseMembers,
    read(result, decode, { operation, status }) {
      const { members } = decode(byId, result, 'result') as unknown as Members;
      if (count !== undefined && members.length !== count) {
        const message = `${operation} gave a malformed answer: result has ${members.length} members in place of ${count}`;
        throw new ResponseError('malformed_response', message, status);
      }
      return members.map(([id, value]) => decode(schema, value, `result.${id}`));
    },
  };
}

/** The result says nothing that is not known already. */
export const nothing: Reading<void> = { read() {} };
