import {
  CallbackError,
  ConfigurationError,
  DoctapeError,
  ForbiddenError,
  InsufficientScopeError,
  NotFoundError,
  OAuthError,
  QuotaExceededError,
  RateLimitError,
  TokenExpiredError,
  TransferError,
  UnauthorizedError,
} from 'doctape-sdk';

export class NotSignedInError extends Error {
  override readonly name = 'NotSignedInError';
}

/** A state-changing request that was sent by a page of another origin. */
export class ForeignRequestError extends Error {
  override readonly name = 'ForeignRequestError';
}

/** A request that is not valid. Its message is for the sender. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
}

/**
 * Calls the API with values of a request. The SDK checks them before it sends anything: if one is not valid, the sender has made a
 * mistake, not this application.
 * @param text the message for the sender
 */
export async function withInput<T>(text: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === 'invalid_argument') throw new BadRequestError(text);
    throw error;
  }
}

export interface Problem {
  /** Log 500, which is a bug in this application, and 502, which can be a wrong setting. */
  status: 400 | 401 | 403 | 404 | 413 | 429 | 500 | 502;
  text: string;
}

/** Returns the text that the user sees for an error. The messages of SDK errors contain no credentials, but are for developers. */
export function problemOf(error: unknown): Problem {
  if (error instanceof NotSignedInError) return { status: 401, text: 'Please sign in first.' };
  if (error instanceof BadRequestError) return { status: 400, text: error.message };
  if (error instanceof ForeignRequestError) return { status: 403, text: 'That request came from another site.' };
  if (error instanceof CallbackError || (error instanceof OAuthError && error.code === 'invalid_grant')) {
    return { status: 400, text: 'This sign-in was not started in this browser, or took too long. Please try again.' };
  }
  if (error instanceof OAuthError && error.code === 'access_denied') {
    return { status: 403, text: 'You did not give this application access to your files.' };
  }
  if (error instanceof UnauthorizedError || error instanceof TokenExpiredError) {
    return { status: 401, text: 'Your sign-in is no longer valid. Please sign in again.' };
  }
  if (error instanceof InsufficientScopeError) {
    return { status: 403, text: 'You did not allow this application to do that.' };
  }
  if (error instanceof ForbiddenError) return { status: 403, text: 'This file belongs to another user.' };
  if (error instanceof NotFoundError) return { status: 404, text: 'This file does not exist.' };
  if (error instanceof RateLimitError) return { status: 429, text: 'There were too many requests. Try again later.' };
  if (error instanceof QuotaExceededError) {
    return { status: 413, text: 'There is not enough storage space for this file.' };
  }
  if (error instanceof TransferError) {
    return { status: 400, text: 'The file did not arrive completely. Please try again.' };
  }
  if (error instanceof DoctapeError && !(error instanceof ConfigurationError)) {
    return { status: 502, text: 'The file service did not respond as expected. Try again later.' };
  }
  return { status: 500, text: 'Something went wrong here. Try again later.' };
}
