import { ResponseError } from '../protocol/errors.js';
import { accept, type ResponseOrigin, type Schema } from '../protocol/schemas/decode.js';
import { byId } from '../protocol/schemas/file.js';
import type { Decode } from '../transport/calls/connection.js';
import { type MapValues, valuesParser } from '../transport/calls/members.js';
import type { Parser } from '../transport/http/response.js';

/** How a call reads the `result` of its response. */
interface Reading<T> {
  /** Creates what parses a response while it is received. */
  createParser?: () => Parser;
  read: (result: unknown, decode: Decode, origin: ResponseOrigin) => T;
}

/** The result is one object. */
export function objectOf<T>(schema: Schema<T>): Reading<T> {
  return { read: (result, decode) => decode(schema, result, 'result') };
}

/**
 * The result is a map of objects, keyed by id, in the order of the response. They are validated one by one, while the response is
 * received. That is much faster than one large schema.
 * @param count the required number of objects
 */
export function mapOf<T>(schema: Schema<T>, count?: number): Reading<T[]> {
  return {
    createParser: () => valuesParser((value) => accept(schema, value)),
    read(result, decode, { operation, status }) {
      const map = decode(byId, result, 'result') as unknown as MapValues<T>;
      if (count !== undefined && map.count !== count) {
        const message = `the response to ${operation} is malformed: result has ${map.count} members instead of ${count}`;
        throw new ResponseError('malformed_response', message, status);
      }
      if (map.wrong) decode(schema, map.wrong[1], `result.${map.wrong[0]}`); // throws
      return map.values;
    },
  };
}

/** The result is ignored. */
export const nothing: Reading<void> = { read() {} };
