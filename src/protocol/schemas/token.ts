import * as z from 'zod/mini';
import { parseScope, seconds, visible } from '../grammar.js';
import type { Schema } from './decode.js';

/** An access token: plain data that survives `JSON.stringify`. It is a credential: keep it like a password. */
export type Token = {
  /** The token that `ApiClient` sends. It grants everything in `scope` to anyone who has it. */
  access_token: string;
  /** The only type that doctape issues (RFC 6750). */
  token_type: 'Bearer';
  /** When the token expires, in Unix seconds. doctape's tokens are valid for five years. Missing if the server did not say. */
  expires_at?: number | undefined;
  /** The granted scopes. If the server did not say, the requested scopes. Missing if none were requested either. */
  scope?: string[] | undefined;
};

/** The response of the token endpoint (RFC 6749 section 5.1, wire document section 2.3), and the callback of an implicit grant. */
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
