import { invalid } from '../protocol/checks.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import { type Tape, tape } from '../protocol/schemas/tape.js';
import type { Connection } from '../transport/calls/connection.js';
import { type CallOptions, callRoute, checkCall } from './call-options.js';
import { checkBoolean, checkId, checkStrings } from './checks.js';
import { mapOf, one } from './results.js';

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

const changeChecks = { live: checkBoolean, shared_with: checkStrings } satisfies OptionChecks<TapeChanges>;

export function tapesResource(connection: Connection): TapesResource {
  return {
    async list(options = {}) {
      const route = { name: 'tapes.list', method: 'GET', segments: ['tape'] } as const;
      return callRoute(connection, { ...route, ...mapOf(tape) }, checkCall(options));
    },
    async get(id, options = {}) {
      const route = { name: 'tapes.get', method: 'GET', segments: ['tape', checkId(id)] } as const;
      return callRoute(connection, { ...route, ...one(tape) }, checkCall(options));
    },
    async update(id, changes, options = {}) {
      const json = readOptions('changes', changes, changeChecks);
      if (json.live === undefined && json.shared_with === undefined) {
        throw invalid('changes', 'must hold live or shared_with');
      }
      const route = { name: 'tapes.update', method: 'POST', segments: ['tape', checkId(id)], json } as const;
      return callRoute(connection, { ...route, ...one(tape) }, checkCall(options));
    },
  };
}
