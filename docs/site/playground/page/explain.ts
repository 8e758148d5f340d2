/** What to do after an error of the SDK, by its class. */
const remedies: Record<string, string> = {
  ConfigurationError: 'Nothing was sent. Correct the argument that the message names.',
  CallbackError: 'The URL is not the callback of a sign-in of this browser. Sign in again.',
  OAuthError: 'The server refused the sign-in, or the user declined it.',
  UnauthorizedError: 'The server does not accept the token. Sign in again.',
  ForbiddenError: 'The user may not do this. Signing in again does not help.',
  InsufficientScopeError: 'The token does not allow this. Sign in again, with the missing scopes.',
  NotFoundError: 'There is no such file, tape or rendition.',
  QuotaExceededError: 'There is no room for the file. Delete other files.',
  RateLimitError: 'There were too many calls. Try again later.',
  ApiError: 'The server refused the call or failed. If its status is 500 or more, try again later.',
  TokenExpiredError: 'Nothing was sent. Sign in again.',
  ResponseError: 'The response does not follow the protocol. Check that baseUrl is that of the API.',
  NetworkError: 'There was no response. Try again.',
  TimeoutError: 'The response took too long. Try again.',
  TransferError: 'The transfer was interrupted. Try again.',
  ProcessingError: 'The server could not convert the file.',
  StorageError: 'The browser does not let this page store data. Allow it, and reload the page.',
  PopupError: 'The sign-in in the popup was not finished.',
};

export function explain(name: string): string | undefined {
  return Object.hasOwn(remedies, name) ? remedies[name] : undefined;
}
