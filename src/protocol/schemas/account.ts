import type { Schema } from './decode.js';
import { optional, text, wireBalance, wireNumber, wireObject } from './wire-object.js';

/**
 * The signed-in user (wire document section 3.1). Fields that the server adds are kept: every answer is a record too, in
 * which they are `unknown`.
 *
 * @example
 * const fields: Record<string, unknown> = await api.account.get();
 * const language = fields.language_code === 'de' ? 'de' : 'en';
 */
export type Account = {
  /** The name by which others share with them. */
  username: string;
  /** May be empty. */
  firstname: string;
  /** May be empty. */
  lastname: string;
  /** May be empty. */
  email: string;
  /** Such as `DE`; may be empty. */
  country_code: string;
  /** Where the avatar is; to fetch it takes the token. */
  avatar: string;
  /** Bytes the user may store. */
  quota: number;
  /** Bytes the user has stored. */
  quota_used: number;
  /** Bytes that are left; below zero for a user who has stored more than they may by now. */
  quota_free: number;
  /** What kind of account it is: one of these, or what a newer server says. */
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
    // below zero for a user who has stored more than they may by now
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
