/**
 * Every error of the SDK, grouped by what the caller can do next. No message, property or cause ever contains a
 * credential. Causes are never attached, because the errors of `fetch`, `URL` and `JSON` quote their input.
 */

/**
 * The base class of every error of this SDK.
 *
 * @example
 * ```ts
 * try {
 *   await api.files.list();
 * } catch (error) {
 *   if (error instanceof DoctapeError) console.error(error.name, error.code, error.message);
 *   else throw error;
 * }
 * ```
 */
export abstract class DoctapeError extends Error {
  /** The literal name of the class. It survives minification. */
  abstract override readonly name: string;
  /** A stable, machine-readable reason. */
  abstract readonly code: string;
  /** The `id` of the hook events of the call that failed, to find it in a log. */
  declare readonly callId?: string;

  constructor(message: string, fields: object = {}) {
    super(message);
    for (const [key, value] of Object.entries(fields)) if (value !== undefined) Object.assign(this, { [key]: value });
  }

  /** `JSON.stringify()` of an `Error` drops its message. This keeps it, beside the name, the code and the other fields. */
  toJSON(): Record<string, unknown> {
    const { name, code, message } = this;
    return { name, code, message, ...Object.fromEntries(Object.entries(this)) };
  }
}

/** The reason for a {@link ConfigurationError}. */
export type ConfigurationErrorCode =
  | 'invalid_argument'
  | 'unknown_option'
  | 'insecure_url'
  | 'browser_secret'
  | 'unsupported_platform';

/** The SDK was called incorrectly. The message names the option or argument and the remedy. Nothing was sent. */
export class ConfigurationError extends DoctapeError {
  override readonly name = 'ConfigurationError';
  declare readonly code: ConfigurationErrorCode;

  constructor(code: ConfigurationErrorCode, message: string) {
    super(message, { code });
  }
}

/** The reason for a {@link CallbackError}. */
export type CallbackErrorCode =
  | 'malformed_callback'
  | 'state_missing'
  | 'state_mismatch'
  | 'state_expired'
  | 'state_used'
  | 'issuer_mismatch';

/** The callback does not belong to this sign-in. No token was requested or stored: start a new sign-in. */
export class CallbackError extends DoctapeError {
  override readonly name = 'CallbackError';
  declare readonly code: CallbackErrorCode;

  constructor(code: CallbackErrorCode, message: string) {
    super(message, { code });
  }
}

/**
 * The error codes of RFC 6749 sections 4.1.2.1, 4.2.2.1 and 5.2. A server may send others, so {@link OAuthError.code} is
 * a string; {@link AnyDoctapeError} narrows it to these.
 */
export type OAuthErrorCode =
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type';

/**
 * The authorization server refused. `code` is the server's own: `access_denied` when the user declined, `invalid_grant`
 * when an authorization code has been used or has expired, and so on (RFC 6749 sections 4.1.2.1, 4.2.2.1 and 5.2).
 */
export class OAuthError extends DoctapeError {
  override readonly name = 'OAuthError';
  declare readonly code: string;
  /** The server's description, without control characters, at most 1,000 characters. */
  declare readonly description?: string;
  /** A page about the error; `http` or `https` only. */
  declare readonly uri?: string;
  /** The HTTP status, if the error came from the token endpoint. */
  declare readonly status?: number;

  constructor(
    code: string,
    message: string,
    details: { description?: string | undefined; uri?: string | undefined; status?: number | undefined } = {},
  ) {
    super(message, { code, ...details });
  }
}

/** The content of a `WWW-Authenticate: Bearer` header (RFC 6750 section 3). */
export interface Challenge {
  /** The protection space of the token (RFC 9110 section 11.5). */
  realm?: string | undefined;
  /** Usually `invalid_token` or `insufficient_scope` (RFC 6750 section 3.1). */
  error?: string | undefined;
  /** The same in words, for the developer of the application. */
  error_description?: string | undefined;
  /** The scopes that the call needs. */
  scope?: string[] | undefined;
}

/** The fields of an {@link ApiError}. */
export interface ApiErrorDetails {
  /** The HTTP status. */
  status: number;
  /** The HTTP method of the request. */
  method?: string | undefined;
  /** The URL of the request, without its query. */
  url?: string | undefined;
  /** The parsed JSON body, without credentials. */
  body?: unknown;
  /** The server's `X-Request-Id`. */
  requestId?: string | undefined;
  /** Seconds to wait before the next attempt, from `Retry-After`. */
  retryAfter?: number | undefined;
  /** The content of `WWW-Authenticate`. */
  challenge?: Challenge | undefined;
}

/** The API refused a call, or failed. `code` is `http_<status>`; the message includes the server's own. */
export class ApiError extends DoctapeError {
  override readonly name:
    | 'ApiError'
    | 'UnauthorizedError'
    | 'ForbiddenError'
    | 'InsufficientScopeError'
    | 'NotFoundError'
    | 'QuotaExceededError'
    | 'RateLimitError' = 'ApiError';
  declare readonly code: `http_${number}`;
  /** The HTTP status, or the code in the envelope if a failure came with a status of success. */
  declare readonly status: number;
  /** The HTTP method of the request. */
  declare readonly method?: string;
  /** The URL of the request, without its query. */
  declare readonly url?: string;
  /** The parsed JSON body, for example with the field errors of a 422. Credentials are removed. */
  declare readonly body?: unknown;
  /** The server's `X-Request-Id`. Quote it to the server's support. */
  declare readonly requestId?: string;
  /** Seconds to wait before the next attempt, from `Retry-After`. */
  declare readonly retryAfter?: number;
  /** The content of `WWW-Authenticate`. */
  declare readonly challenge?: Challenge;

  constructor(message: string, details: ApiErrorDetails) {
    super(message, { code: `http_${details.status}`, ...details });
  }
}

/** 401: the server does not know the token, or it has expired. Sign in again. */
export class UnauthorizedError extends ApiError {
  override readonly name = 'UnauthorizedError';
  declare readonly code: 'http_401';
}

/**
 * 403: the user may not do this, for example because the file belongs to another user. Signing in again does not help,
 * unless it is an {@link InsufficientScopeError}.
 */
export class ForbiddenError extends ApiError {
  override readonly name: 'ForbiddenError' | 'InsufficientScopeError' = 'ForbiddenError';
  declare readonly code: 'http_403';
}

/** 403: the token lacks a scope. Sign in again and request {@link InsufficientScopeError.requiredScopes}. */
export class InsufficientScopeError extends ForbiddenError {
  override readonly name = 'InsufficientScopeError';
  /** The scopes that the call needs, as named by the server; empty if it named none. */
  readonly requiredScopes: string[];

  constructor(message: string, details: ApiErrorDetails) {
    super(message, details);
    this.requiredScopes = details.challenge?.scope ?? [];
  }
}

/** 404: the file does not exist, is not visible to this user, or has no such rendition. */
export class NotFoundError extends ApiError {
  override readonly name = 'NotFoundError';
  declare readonly code: 'http_404';
}

/** 413 or 507: the account (413) or the server (507) has no room for the file. Free some space first. */
export class QuotaExceededError extends ApiError {
  override readonly name = 'QuotaExceededError';
  declare readonly code: 'http_413' | 'http_507';
}

/** 429: too many calls. Wait for `retryAfter` seconds. */
export class RateLimitError extends ApiError {
  override readonly name = 'RateLimitError';
  declare readonly code: 'http_429';
}

/** The token is known to have expired, so no request was sent. Sign in again. */
export class TokenExpiredError extends DoctapeError {
  override readonly name = 'TokenExpiredError';
  declare readonly code: 'token_expired';

  constructor(message: string) {
    super(message, { code: 'token_expired' });
  }
}

/** How a response differs from the protocol. */
export type ResponseErrorCode =
  | 'malformed_response'
  | 'unexpected_status'
  | 'redirect_refused'
  | 'unsupported_token_type';

/** The response does not follow the protocol. The message names the first place that differs, never the data. */
export class ResponseError extends DoctapeError {
  override readonly name = 'ResponseError';
  declare readonly code: ResponseErrorCode;
  /** The HTTP status. Absent for a callback, and where the platform hides the response of a redirect. */
  declare readonly status?: number;

  constructor(code: ResponseErrorCode, message: string, status?: number) {
    super(message, { code, status });
  }
}

/** The server could not be reached, or the connection broke before the response. */
export class NetworkError extends DoctapeError {
  override readonly name = 'NetworkError';
  declare readonly code: 'network';
  /** The code of the system or of TLS, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`, if the runtime reports one. */
  declare readonly reason?: string;

  constructor(message: string, reason?: string) {
    super(message, { code: 'network', reason });
  }
}

/** `timeout`: a call took longer than its time limit. `idle_timeout`: a transfer stalled for too long. */
export class TimeoutError extends DoctapeError {
  override readonly name = 'TimeoutError';
  declare readonly code: 'timeout' | 'idle_timeout';

  constructor(code: 'timeout' | 'idle_timeout', message: string) {
    super(message, { code });
  }
}

/** How a transfer ended: `interrupted`, `truncated` (too short), or `changed` (another version of the file). */
export type TransferErrorCode = 'interrupted' | 'truncated' | 'changed';

/** A transfer did not complete. */
export class TransferError extends DoctapeError {
  override readonly name = 'TransferError';
  declare readonly code: TransferErrorCode;
  /** The number of bytes transferred before it failed. */
  declare readonly bytes: number;

  constructor(code: TransferErrorCode, message: string, bytes: number) {
    super(message, { code, bytes });
  }
}

/** The server could not convert a file. The original can still be downloaded. */
export class ProcessingError extends DoctapeError {
  override readonly name = 'ProcessingError';
  declare readonly code: 'processing_failed';

  constructor(message: string) {
    super(message, { code: 'processing_failed' });
  }
}

/** The reason for a {@link FileSystemError}. */
export type FileSystemErrorCode =
  | 'file_exists'
  | 'file_not_found'
  | 'permission_denied'
  | 'disk_full'
  | 'is_directory'
  | 'locked'
  | 'name_too_long'
  | 'io';

/** A local file could not be opened, read or written. */
export class FileSystemError extends DoctapeError {
  override readonly name = 'FileSystemError';
  declare readonly code: FileSystemErrorCode;
  /** The file or folder. */
  declare readonly path: string;
  /** The number of bytes transferred before it failed, if a transfer was running. */
  declare readonly bytes?: number;

  constructor(code: FileSystemErrorCode, message: string, path: string, bytes?: number) {
    super(message, { code, path, bytes });
  }
}

/** The Web Storage that a sign-in needs is full, blocked or unavailable. */
export class StorageError extends DoctapeError {
  override readonly name = 'StorageError';
  declare readonly code: 'storage_unavailable';

  constructor(message: string) {
    super(message, { code: 'storage_unavailable' });
  }
}

/** The reason for a {@link PopupError}. */
export type PopupErrorCode = 'popup_blocked' | 'popup_closed';

/**
 * A sign-in in a popup did not finish. `popup_blocked`: the browser did not open it. `popup_closed`: the user closed it, or
 * another sign-in took its place.
 */
export class PopupError extends DoctapeError {
  override readonly name = 'PopupError';
  declare readonly code: PopupErrorCode;

  constructor(code: PopupErrorCode, message: string) {
    super(message, { code });
  }
}

/**
 * Every error of the SDK as a union, so that TypeScript can narrow by `name` and by `code`. The codes of
 * {@link OAuthError} are narrowed to those of RFC 6749.
 *
 * @example
 * ```ts
 * function explain(error: AnyDoctapeError): string {
 *   switch (error.name) {
 *     case 'FileSystemError':
 *       return `${error.path}: ${error.code}`;
 *     case 'RateLimitError':
 *       return `wait ${error.retryAfter ?? 1} s`;
 *     default:
 *       return error.message;
 *   }
 * }
 * ```
 */
export type AnyDoctapeError =
  | ConfigurationError
  | CallbackError
  | (OAuthError & { readonly code: OAuthErrorCode })
  | (ApiError & { readonly name: 'ApiError' })
  | UnauthorizedError
  | (ForbiddenError & { readonly name: 'ForbiddenError' })
  | InsufficientScopeError
  | NotFoundError
  | QuotaExceededError
  | RateLimitError
  | TokenExpiredError
  | ResponseError
  | NetworkError
  | TimeoutError
  | TransferError
  | ProcessingError
  | FileSystemError
  | StorageError
  | PopupError;
