import * as z from 'zod/mini';
import { count, type Schema } from './decode.js';

/** The signed-in user (wire document section 3.1). Fields that the server adds are kept. */
export interface Account {
  username: string;
  firstname: string;
  lastname: string;
  email: string;
  country_code: string;
  /** Where the avatar is; to fetch it takes the token. */
  avatar: string;
  /** Bytes the user may store. */
  quota: number;
  /** Bytes the user has stored. */
  quota_used: number;
  /** Bytes that are left. */
  quota_free: number;
  type: 'basic' | 'pro' | (string & {});
  [field: string]: unknown;
}

const text = z._default(z.string(), '');

export const account: Schema<Account> = z.looseObject({
  quota: count,
  username: z.string(),
  firstname: text,
  lastname: text,
  email: text,
  country_code: text,
  avatar: text,
  quota_used: count,
  quota_free: count,
  type: z._default(z.string(), 'basic'),
});
