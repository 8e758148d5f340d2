import {
  CallbackError,
  DoctapeError,
  ForbiddenError,
  InsufficientScopeError,
  NotFoundError,
  OAuthError,
  QuotaExceededError,
  RateLimitError,
  TokenExpiredError,
  UnauthorizedError,
} from 'doctape-sdk';

export class NotSignedInError extends Error {
  override readonly name = 'NotSignedInError';
}

/** A request that changes something, and that a page of another origin has made. */
export class ForeignRequestError extends Error {
  override readonly name = 'ForeignRequestError';
}

export interface Problem {
  /** 500 is a mistake of this application, and belongs in its log. */
  status: 400 | 401 | 403 | 404 | 413 | 429 | 500 | 502;
  sentence: string;
}

/** What to tell the user about an error. The errors of the SDK hold no credentials, but are written for developers. */
export function problemOf(error: unknown): Problem {
  if (error instanceof NotSignedInError) return { status: 401, sentence: 'Please sign in first.' };
  if (error instanceof ForeignRequestError) return { status: 403, sentence: 'That request came from another site.' };
  if (error instanceof CallbackError || (error instanceof OAuthError && error.code === 'invalid_grant')) {
    return { status: 400, sentence: 'This sign-in did not begin in this browser, or took too long. Please try again.' };
  }
  if (error instanceof OAuthError && error.code === 'access_denied') {
    return { status: 403, sentence: 'You did not give this application access to your files.' };
  }
  if (error instanceof UnauthorizedError || error instanceof TokenExpiredError) {
    return { status: 401, sentence: 'Your sign-in is no longer valid. Please sign in again.' };
  }
  if (error instanceof InsufficientScopeError) {
    return { status: 403, sentence: 'You did not allow this application to do that.' };
  }
  if (error instanceof ForbiddenError) return { status: 403, sentence: 'This belongs to somebody else.' };
  if (error instanceof NotFoundError) return { status: 404, sentence: 'There is no such file.' };
  if (error instanceof RateLimitError) return { status: 429, sentence: 'That was too much at once. Try again later.' };
  if (error instanceof QuotaExceededError) {
    return { status: 413, sentence: 'There is not enough room for this file.' };
  }
  if (error instanceof DoctapeError && error.name !== 'ConfigurationError') {
    return { status: 502, sentence: 'The file service did not answer as it should. Try again later.' };
  }
  return { status: 500, sentence: 'Something went wrong here. Try again later.' };
}
