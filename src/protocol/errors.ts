/**
 * Every error of the SDK, grouped by what its catcher can do about it. No message, property or cause ever holds a
 * credential: causes are not attached at all, because `fetch`, `URL` and `JSON` errors quote what they choke on.
 */

/** The root of the tree: `error instanceof DoctapeError` is true for every error this SDK makes. */
export abstract class DoctapeError extends Error {
  /** The literal name of the class. It survives minification. */
  abstract override readonly name: string;
  /** A stable, machine-readable reason. */
  abstract readonly code: string;
}

/** What is wrong with the call: an argument, an address without TLS, or a secret in a page. */
export type ConfigurationErrorCode = 'invalid_argument' | 'insecure_url' | 'browser_secret';

/** The SDK was called wrongly. The message names the option or argument and the remedy; nothing was sent. */
export class ConfigurationError extends DoctapeError {
  override readonly name = 'ConfigurationError';
  readonly code: ConfigurationErrorCode;

  constructor(code: ConfigurationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Why a callback is not believed. */
export type CallbackErrorCode =
  | 'malformed_callback'
  | 'state_missing'
  | 'state_mismatch'
  | 'state_expired'
  | 'state_used'
  | 'issuer_mismatch';

/** The callback is not the answer to the sign-in it was held against. No token was asked for or kept: sign in again. */
export class CallbackError extends DoctapeError {
  override readonly name = 'CallbackError';
  readonly code: CallbackErrorCode;

  constructor(code: CallbackErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The authorization server said no. `code` is what it said: `access_denied` when the user declined, `invalid_grant`
 * when an authorization code is used up or too old, and so on (RFC 6749 sections 4.1.2.1, 4.2.2.1 and 5.2).
 */
export class OAuthError extends DoctapeError {
  override readonly name = 'OAuthError';
  readonly code: string;
  /** What the server said about it, control characters removed, at most 1,000 characters. */
  declare readonly description?: string;
  /** A page about the error; `http` or `https` only. */
  declare readonly uri?: string;
  /** The HTTP status, when the answer came from the token endpoint. */
  declare readonly status?: number;

  constructor(
    code: string,
    message: string,
    details: { description?: string | undefined; uri?: string | undefined; status?: number | undefined } = {},
  ) {
    super(message);
    this.code = code;
    if (details.description !== undefined) this.description = details.description;
    if (details.uri !== undefined) this.uri = details.uri;
    if (details.status !== undefined) this.status = details.status;
  }
}

/** What a `WWW-Authenticate: Bearer` header said (RFC 6750 section 3). */
export interface Challenge {
  /** What the token would be good for (RFC 9110 section 11.5). */
  realm?: string | undefined;
  /** `invalid_token` and `insufficient_scope` are the usual ones (RFC 6750 section 3.1). */
  error?: string | undefined;
  /** The same in words, for whoever develops the application. */
  error_description?: string | undefined;
  /** The scopes that the call needs. */
  scope?: string[] | undefined;
}

/** What an {@link ApiError} is made from. */
export interface ApiErrorDetails {
  /** The HTTP status. */
  status: number;
  /** The server's `X-Request-Id`. */
  requestId?: string | undefined;
  /** Seconds the server asks to wait. */
  retryAfter?: number | undefined;
  /** What `WWW-Authenticate` said. */
  challenge?: Challenge | undefined;
}

/** The API refused or failed a call. `code` is `http_<status>`; the message holds the server's own words. */
export class ApiError extends DoctapeError {
  override readonly name:
    | 'ApiError'
    | 'UnauthorizedError'
    | 'InsufficientScopeError'
    | 'NotFoundError'
    | 'RateLimitError' = 'ApiError';
  readonly code: `http_${number}`;
  /** The HTTP status, or the code in the envelope where a failure came with the status of a success. */
  readonly status: number;
  /** The server's `X-Request-Id`, for its support. */
  declare readonly requestId?: string;
  /** Seconds the server asks to wait, from `Retry-After`. */
  declare readonly retryAfter?: number;
  /** What the server's `WWW-Authenticate` said of the token, where it did. */
  declare readonly challenge?: Challenge;

  constructor(message: string, details: ApiErrorDetails) {
    super(message);
    this.code = `http_${details.status}`;
    this.status = details.status;
    if (details.requestId !== undefined) this.requestId = details.requestId;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
    if (details.challenge !== undefined) this.challenge = details.challenge;
  }
}

/** 401: the token is unknown to the server, or has expired. Sign in again. */
export class UnauthorizedError extends ApiError {
  override readonly name = 'UnauthorizedError';
}

/** 403: the token lacks a scope. Sign in again, asking for {@link InsufficientScopeError.requiredScopes}. */
export class InsufficientScopeError extends ApiError {
  override readonly name = 'InsufficientScopeError';
  /** The scopes that the call needs, as the server named them; empty when it named none. */
  readonly requiredScopes: string[];

  constructor(message: string, details: ApiErrorDetails) {
    super(message, details);
    this.requiredScopes = details.challenge?.scope ?? [];
  }
}

/** 404: there is no such file, or it is somebody else's, or it has no such rendition. */
export class NotFoundError extends ApiError {
  override readonly name = 'NotFoundError';
}

/** 429: too many calls. Wait for `retryAfter` seconds. */
export class RateLimitError extends ApiError {
  override readonly name = 'RateLimitError';
}

/** The token is known to have expired, so no request was made. Sign in again. */
export class TokenExpiredError extends DoctapeError {
  override readonly name = 'TokenExpiredError';
  readonly code = 'token_expired';
}

/** How an answer differs from the protocol. */
export type ResponseErrorCode =
  | 'malformed_response'
  | 'unexpected_status'
  | 'redirect_refused'
  | 'unsupported_token_type';

/** The server's answer is not one of this protocol. The message names the first place that differs, never the data. */
export class ResponseError extends DoctapeError {
  override readonly name = 'ResponseError';
  readonly code: ResponseErrorCode;
  /** The HTTP status. Missing for what came in a callback, and where the platform hides the answer to a redirect. */
  declare readonly status?: number;

  constructor(code: ResponseErrorCode, message: string, status?: number) {
    super(message);
    this.code = code;
    if (status !== undefined) this.status = status;
  }
}

/** The server could not be reached, or the connection broke before an answer. */
export class NetworkError extends DoctapeError {
  override readonly name = 'NetworkError';
  readonly code = 'network';
}

/** `timeout`: a call took longer than its time limit. `idle_timeout`: a transfer stood still for too long. */
export class TimeoutError extends DoctapeError {
  override readonly name = 'TimeoutError';
  readonly code: 'timeout' | 'idle_timeout';

  constructor(code: 'timeout' | 'idle_timeout', message: string) {
    super(message);
    this.code = code;
  }
}

/** How a transfer ended: broken off, too short, or with another version of the file. */
export type TransferErrorCode = 'interrupted' | 'truncated' | 'changed';

/** A transfer did not arrive whole. */
export class TransferError extends DoctapeError {
  override readonly name = 'TransferError';
  readonly code: TransferErrorCode;
  /** Bytes that had been transferred when it failed. */
  readonly bytes: number;

  constructor(code: TransferErrorCode, message: string, bytes: number) {
    super(message);
    this.code = code;
    this.bytes = bytes;
  }
}

/** The Web Storage that a sign-in needs is full, blocked or absent. */
export class StorageError extends DoctapeError {
  override readonly name = 'StorageError';
  readonly code = 'storage_unavailable';
}

/** The server could not convert a file. Its original can be downloaded all the same. */
export class ProcessingError extends DoctapeError {
  override readonly name = 'ProcessingError';
  readonly code = 'processing_failed';
}
