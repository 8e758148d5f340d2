import { checkOptions, invalid } from '../protocol/checks.js';
import { type Tape, tape } from '../protocol/schemas/tape.js';
import type { Connection } from '../transport/calls/connection.js';
import { type CallOptions, callRoute, mapOf, one } from './call-options.js';
import { checkBoolean, checkId, checkStrings } from './checks.js';

/** What can be changed of a tape. What is left out stays as it is. */
export interface TapeChanges {
  /** doctape's documentation gives it no meaning, only that it is a boolean (wire document section 3.4). */
  live?: boolean | undefined;
  /** The usernames of all who may see it: who is not among them no longer may. */
  shared_with?: readonly string[] | undefined;
}

/** Tapes come into being when a file is tagged `#name`; the API has no call to make one (wire document section 3.4). */
export interface TapesResource {
  /**
   * All tapes. Scopes: `tape.read`, `file.read`.
   * @throws what every call does: see {@link ApiClient}
   */
  list(options?: CallOptions): Promise<Tape[]>;
  /**
   * One tape. Scopes: `tape.read`, `file.read`.
   * @throws {NotFoundError} when there is none of this id, or it is not shared with the user
   * @throws what every call does: see {@link ApiClient}
   */
  get(id: string, options?: CallOptions): Promise<Tape>;
  /**
   * Changes what is given of a tape, and nothing else. Scopes: `tape.update`, `tape.read`, `file.read`.
   * @throws {NotFoundError} when the user has none of this id
   * @throws what every call does: see {@link ApiClient}
   */
  update(id: string, changes: TapeChanges, options?: CallOptions): Promise<Tape>;
}

export function tapesResource(connection: Connection): TapesResource {
  return {
    async list(options = {}) {
      return callRoute(connection, { method: 'GET', segments: ['tape'], read: mapOf(tape) }, options);
    },
    async get(id, options = {}) {
      return callRoute(connection, { method: 'GET', segments: ['tape', checkId(id)], read: one(tape) }, options);
    },
    async update(id, changes, options = {}) {
      const { live, shared_with } = checkOptions('changes', changes);
      const json = { live: checkBoolean('live', live), shared_with: checkStrings('shared_with', shared_with) };
      if (live === undefined && shared_with === undefined) throw invalid('changes', 'must hold live or shared_with');
      return callRoute(connection, { method: 'POST', segments: ['tape', checkId(id)], json, read: one(tape) }, options);
    },
  };
}
