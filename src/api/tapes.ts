import { invalid } from '../protocol/checks.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import { type Tape, tape } from '../protocol/schemas/tape.js';
import type { Connection } from '../transport/calls/connection.js';
import { type CallOptions, callRoute, checkCall } from './options/call-options.js';
import { checkBoolean, checkId, checkStrings } from './options/checks.js';
import { mapOf, objectOf } from './results.js';

// The calls of wire document section 3.4.

/** The fields of a tape that can be changed. Omitted fields keep their values. */
export interface TapeChanges {
  /** A flag of the tape. doctape's documentation does not say what it means. */
  live?: boolean | undefined;
  /** The complete list of usernames that can see the tape. Replaces the existing list. */
  shared_with?: readonly string[] | undefined;
}

/**
 * Tapes: collections of files that users share. The server creates a tape when a file is tagged `#name`; the API has no
 * call that creates one.
 */
export interface TapesResource {
  /**
   * Lists all tapes of the user, and those shared with them. Scopes: `tape.read`, `file.read`.
   *
   * @example
   * for (const tape of await api.tapes.list()) console.log(tape.name, tape.shared_with);
   *
   * @throws every error of a call: see {@link ApiClient}
   */
  list(options?: CallOptions): Promise<Tape[]>;
  /**
   * Gets one tape. Scopes: `tape.read`, `file.read`.
   *
   * @example
   * const tape = await api.tapes.get(id);
   *
   * @throws {NotFoundError} if the tape does not exist, or is not shared with the user
   * @throws every error of a call: see {@link ApiClient}
   */
  get(id: string, options?: CallOptions): Promise<Tape>;
  /**
   * Changes some fields of a tape. Scopes: `tape.update`, `tape.read`, `file.read`.
   *
   * @example
   * await api.tapes.update(id, { shared_with: ['alice', 'bob'] });
   *
   * @returns the tape after the change
   * @throws {NotFoundError} if the user does not own a tape with this id
   * @throws every error of a call: see {@link ApiClient}
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
      return callRoute(connection, { ...route, ...objectOf(tape) }, checkCall(options));
    },
    async update(id, changes, options = {}) {
      const json = readOptions('changes', changes, changeChecks);
      if (json.live === undefined && json.shared_with === undefined) {
        throw invalid('changes', 'must contain live or shared_with');
      }
      const route = { name: 'tapes.update', method: 'POST', segments: ['tape', checkId(id)], json } as const;
      return callRoute(connection, { ...route, ...objectOf(tape) }, checkCall(options));
    },
  };
}
