import { ResponseError } from '../protocol/errors.js';
import type { Token, TokenResponse } from '../protocol/schemas/token.js';

export interface GrantedToken {
  response: TokenResponse;
  /** The requested scopes. They are the granted ones if the response has no `scope` (RFC 6749 section 5.1). */
  requested: readonly string[] | undefined;
  /** When the request was sent, in milliseconds since 1970, so that the token never seems to live longer than it does. */
  now: number;
  /** Names the response at the start of an error message. */
  source: string;
  status?: number;
}

/** @throws {ResponseError} `unsupported_token_type` for anything but a bearer token */
export function bearerToken({ response, requested, now, source, status }: GrantedToken): Token {
  const { access_token, token_type, expires_in, scope = requested } = response;
  if (token_type.toLowerCase() !== 'bearer') {
    throw new ResponseError('unsupported_token_type', `${source} returned a token that is not a bearer token`, status);
  }
  return {
    access_token,
    token_type: 'Bearer',
    ...(expires_in !== undefined && { expires_at: Math.floor(now / 1000) + expires_in }),
    ...(scope && { scope: [...scope] }),
  };
}
