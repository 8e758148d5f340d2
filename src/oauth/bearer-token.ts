import { ResponseError } from '../protocol/errors.js';
import type { Token, TokenAnswer } from '../protocol/schemas/token.js';

export interface Granted {
  answer: TokenAnswer;
  /** What was asked for, which is what is granted when the answer does not say (RFC 6749 section 5.1). */
  requested: readonly string[] | undefined;
  /** The moment of the request in milliseconds: a token must not seem to live longer than it does. */
  now: number;
  /** Who gave it, for the message of an error. */
  giver: string;
  status?: number;
}

/** @throws {ResponseError} `unsupported_token_type` for anything but a bearer token */
export function bearerToken({ answer, requested, now, giver, status }: Granted): Token {
  const { access_token, token_type, expires_in, scope = requested } = answer;
  if (token_type.toLowerCase() !== 'bearer') {
    throw new ResponseError('unsupported_token_type', `${giver} gave a token that is no bearer token`, status);
  }
  return {
    access_token,
    token_type: 'Bearer',
    ...(expires_in !== undefined && { expires_at: Math.floor(now / 1000) + expires_in }),
    ...(scope && { scope: [...scope] }),
  };
}
