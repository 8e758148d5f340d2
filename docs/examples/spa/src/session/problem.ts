import {
  ApiError,
  InsufficientScopeError,
  NetworkError,
  NotFoundError,
  RateLimitError,
  TimeoutError,
  TokenExpiredError,
  TransferError,
  UnauthorizedError,
} from 'doctape-sdk';

/** Whether the user must sign in again. */
export function endsSession(error: unknown): boolean {
  return error instanceof UnauthorizedError || error instanceof TokenExpiredError;
}

/** Describes the problem, and what the user can do about it. */
export function explain(error: unknown): string {
  if (error instanceof InsufficientScopeError) {
    return 'You have not allowed this app to do that. Sign out, sign in again, and allow it.';
  }
  if (error instanceof NotFoundError) return 'This file no longer exists.';
  if (error instanceof RateLimitError) return `doctape is busy. Try again ${inSeconds(error.retryAfter)}.`;
  if (error instanceof NetworkError || error instanceof TimeoutError || error instanceof TransferError) {
    return 'doctape cannot be reached. Check your connection and try again.';
  }
  if (error instanceof ApiError && [413, 507].includes(error.status)) return 'There is not enough space for this.';
  if (error instanceof ApiError && error.status >= 500) return 'doctape has a problem. Try again in a moment.';
  if (error instanceof ApiError) return `doctape refused this (${error.status}).`;
  return 'Something went wrong. Try again.';
}

function inSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return 'in a moment';
  return `in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
}
