import type { Schema } from './decode.js';
import { optional, text, wireBalance, wireNumber, wireObject } from './wire-object.js';

/**
 * The signed-in user. Additional fields from the server are kept: read them through a `Record<string, unknown>`.
 *
 * @example
 * const fields: Record<string, unknown> = await api.account.get();
 * const language = fields.language_code === 'de' ? 'de' : 'en';
 */
export type Account = {
  /** The username, which other users share files with. */
  username: string;
  /** May be empty. */
  firstname: string;
  /** May be empty. */
  lastname: string;
  /** May be empty. */
  email: string;
  /** Such as `DE`. May be empty. */
  country_code: string;
  /** The URL of the avatar. Fetching it requires the token. */
  avatar: string;
  /** The storage quota in bytes. */
  quota: number;
  /** The used storage in bytes. */
  quota_used: number;
  /** The free storage in bytes. Negative if the user is over the quota. */
  quota_free: number;
  /** The type of account: one of these, or another string from a newer server. */
  type: 'basic' | 'pro' | (string & {});
};

interface WireAccount extends Record<string, unknown> {
  quota: number | string;
  quota_used: number | string;
  quota_free: number | string;
}

export const account: Schema<Account> = wireObject<WireAccount, Account>(
  {
    quota: wireNumber,
    username: text,
    firstname: optional(text),
    lastname: optional(text),
    email: optional(text),
    country_code: optional(text),
    avatar: optional(text),
    quota_used: wireNumber,
    quota_free: wireBalance,
    type: optional(text),
  },
  (wire) => {
    const account: Record<string, unknown> = { ...wire };
    account.quota = Number(wire.quota);
    account.quota_used = Number(wire.quota_used);
    account.quota_free = Number(wire.quota_free);
    for (const name of ['firstname', 'lastname', 'email', 'country_code', 'avatar']) account[name] ??= '';
    account.type ??= 'basic';
    return account as Account; // every field was checked above or has just been set
  },
);
