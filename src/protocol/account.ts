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
}

const text = z.nullish(z.string());

/** Below zero for a user who has stored more than they may by now. */
const balance = z.pipe(z.union([z.number(), z.string().check(z.regex(/^-?\d{1,15}$/))]), z.transform(Number));

export const account: Schema<Account> = z.pipe(
  z.looseObject({
    quota: count,
    username: z.string(),
    firstname: text,
    lastname: text,
    email: text,
    country_code: text,
    avatar: text,
    quota_used: count,
    quota_free: balance,
    type: text,
  }),
  z.transform((value) => ({
    ...value,
    firstname: value.firstname ?? '',
    lastname: value.lastname ?? '',
    email: value.email ?? '',
    country_code: value.country_code ?? '',
    avatar: value.avatar ?? '',
    type: value.type ?? 'basic',
  })),
);
