import * as z from 'zod/mini';
import { parseScope, seconds, visible } from '../grammar.js';
import type { Schema } from './decode.js';

/** An access token: plain data that survives `JSON.stringify`. It is a credential: keep it like a password. */
export type Token = {
  /** What `ApiClient` sends: whoever has it can do all that `scope` allows. */
  access_token: string;
  /** The only kind that doctape gives (RFC 6750). */
  token_type: 'Bearer';
  /** Unix seconds. doctape's tokens live for five years. Where it is missing, the server did not say. */
  expires_at?: number | undefined;
  /** What was granted, or what was asked for where the server did not say. Missing where nothing was asked for either. */
  scope?: string[] | undefined;
};

/** The answer of the token endpoint (RFC 6749 section 5.1, wire document section 2.3), and of an implicit grant. */
export interface TokenResponse {
  access_token: string;
  token_type: string;
  expires_in?: number | undefined;
  scope?: string[] | undefined;
}

const lifetime = z.union([z.int().check(z.gte(0), z.lte(9_999_999_999)), z.string().check(z.regex(seconds))]);

const scope = z.string().check(z.refine((value) => value === '' || parseScope(value) !== undefined));

export const tokenResponse: Schema<TokenResponse> = z.pipe(
  z.object({
    access_token: z.string().check(z.regex(visible)),
    token_type: z.string(),
    expires_in: z.nullish(lifetime),
    scope: z.nullish(scope),
  }),
  z.transform((response) => ({
    access_token: response.access_token,
    token_type: response.token_type,
    expires_in: response.expires_in == null ? undefined : Number(response.expires_in),
    scope: response.scope ? parseScope(response.scope) : undefined,
  })),
);
