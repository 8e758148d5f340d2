import { checkDuration, checkFunction, checkOptions, checkText, invalid, kindOf } from '../protocol/checks.js';
import { endpoints } from '../protocol/endpoints.js';
import { TokenExpiredError } from '../protocol/errors.js';
import type { Token } from '../protocol/token.js';
import { checkBaseUrl } from '../protocol/urls.js';
import type { Connection } from '../transport/connection.js';
import type { Fetch } from '../transport/http.js';
import { type AccountResource, accountResource } from './account.js';
import { type FilesResource, filesResource } from './files.js';

export interface ApiClientOptions {
  /**
   * The access token, or a function that gives it, asked at every call. The function is synchronous, so that
   * `files.url()` is too. A {@link Token} that has expired is not sent: the call ends in a `TokenExpiredError`.
   */
  token: string | Token | (() => string | Token);
  /** Where the API is. The token goes nowhere else. @default 'https://api.doctape.com/v1' */
  baseUrl?: string | URL;
  /** @default the global `fetch`, looked up at every call */
  fetch?: Fetch;
  /** Milliseconds a JSON call may take, body included; false turns the limit off. @default 30_000 */
  timeout?: number | false;
  /** Milliseconds a transfer may stand still, either way; false turns the limit off. @default 30_000 */
  idleTimeout?: number | false;
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/**
 * Calls the API: sends the token in the `Authorization` header, opens the envelope, checks what comes back.
 *
 * @example
 * const api = new ApiClient({ token });
 * for (const file of await api.files.list()) console.log(file.name, file.size);
 *
 * @throws {ConfigurationError} at construction and at every call, naming the option or argument that is wrong
 */
export class ApiClient {
  readonly account: AccountResource;
  readonly files: FilesResource;

  constructor(options: ApiClientOptions) {
    const {
      token,
      baseUrl = endpoints.api,
      fetch,
      timeout = 30_000,
      idleTimeout = 30_000,
      now = Date.now,
    } = checkOptions('options of ApiClient', options);
    const connection: Connection = {
      baseUrl: checkBaseUrl('baseUrl', baseUrl),
      accessToken: credential(token, checkFunction('now', now)),
      fetch: fetch && checkFunction('fetch', fetch),
      timeout: timeout !== false && checkDuration('timeout', timeout),
      idleTimeout: idleTimeout !== false && checkDuration('idleTimeout', idleTimeout),
      now,
    };
    this.account = accountResource(connection);
    this.files = filesResource(connection);
  }
}

function credential(token: ApiClientOptions['token'], now: () => number): () => string {
  if (typeof token === 'function') return () => accessToken(token(), now, 'what the token function gave');
  if (token === undefined || token === null) {
    throw invalid(
      'token',
      'is missing: pass the Token of a sign-in, its access_token, or a function that gives either',
    );
  }
  const fixed = typeof token === 'object' ? { ...token } : token; // what is checked now is what is sent later
  accessToken(fixed, Number.NEGATIVE_INFINITY, 'token');
  return () => accessToken(fixed, now, 'token');
}

function accessToken(token: string | Token, now: number | (() => number), name: string): string {
  if (typeof token === 'string') return checkText(name, token);
  if (typeof token !== 'object' || token === null)
    throw invalid(name, `must be a string or a Token, not ${kindOf(token)}`);
  if (token instanceof Promise)
    throw invalid(name, 'must not be a promise: keep the token at hand and refresh it elsewhere');
  const text = checkText(`${name}.access_token`, token.access_token);
  const expires = token.expires_at;
  if (expires !== undefined && (typeof expires !== 'number' || Number.isNaN(expires))) {
    throw invalid(`${name}.expires_at`, 'must be a number of Unix seconds');
  }
  const at = typeof now === 'number' ? now : now();
  if (expires !== undefined && at >= expires * 1000) {
    throw new TokenExpiredError(`the access token expired at ${new Date(expires * 1000).toISOString()}: sign in again`);
  }
  return text;
}
