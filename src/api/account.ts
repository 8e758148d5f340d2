import { type Account, account } from '../protocol/account.js';
import { checkSignal } from '../protocol/checks.js';
import { decode } from '../protocol/decode.js';
import { type Connection, call } from '../transport/connection.js';

export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface AccountResource {
  /**
   * Who is signed in, and how much room they have. Scope: `account.read`.
   * Wire document section 3.1.
   */
  get(options?: CallOptions): Promise<Account>;
}

export function accountResource(connection: Connection): AccountResource {
  return {
    async get({ signal } = {}) {
      const result = await call(connection, { method: 'GET', segments: ['account'], signal: checkSignal(signal) });
      return decode(account, result, 'result');
    },
  };
}
