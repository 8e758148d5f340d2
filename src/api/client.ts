import {
  checkDuration,
  checkFunction,
  checkOptionalFunction,
  checkOptions,
  checkText,
  invalid,
  kindOf,
} from '../protocol/checks.js';
import { endpoints } from '../protocol/endpoints.js';
import { TokenExpiredError } from '../protocol/errors.js';
import type { Token } from '../protocol/schemas/token.js';
import { checkBaseUrl } from '../protocol/urls.js';
import type { Connection } from '../transport/calls/connection.js';
import { checkHooks, type Hooks } from '../transport/calls/hooks.js';
import { checkRetry, type RetryOptions } from '../transport/calls/retry.js';
import type { Fetch } from '../transport/http/response.js';
import { type AccountResource, accountResource } from './account.js';
import { type FilesResource, filesResource } from './files.js';
import { type RequestOptions, request } from './request.js';
import { type TapesResource, tapesResource } from './tapes.js';

/** What an {@link ApiClient} needs: a token, and where the API is when it is not doctape's own. */
export interface ApiClientOptions {
  /**
   * The access token, or a function that gives it, asked at every call. The function is synchronous, so that
   * `files.url()` is too. A {@link Token} that has expired is not sent: the call ends in a `TokenExpiredError`.
   */
  token: string | Token | (() => string | Token);
  /** Where the API is. The token goes nowhere else. @default 'https://api.doctape.com/v1' */
  baseUrl?: string | URL | undefined;
  /** @default the global `fetch`, looked up at every call */
  fetch?: Fetch | undefined;
  /** Milliseconds a JSON call may take, body included; false turns the limit off. @default 30_000 */
  timeout?: number | false | undefined;
  /**
   * Milliseconds a transfer may stand still, either way; false turns the limit off. Three times as long for the answer to an
   * upload, once all of it is sent. An upload from a page through a `fetch` of your own cannot be watched. @default 30_000
   */
  idleTimeout?: number | false | undefined;
  /**
   * How often a call is tried again that can be: GET and DELETE after a failure that may pass, others only when the server
   * refused them and said when to come back. A download that breaks is resumed as often, counted anew whenever bytes have
   * arrived. A number is the limit; false is never. @default { limit: 2, maxDelay: 60_000 }
   */
  retry?: RetryOptions | number | false | undefined;
  /** Told what is sent and answered, without credentials: for logs and metrics. */
  hooks?: Hooks | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/**
 * Calls the API: sends the token in the `Authorization` header, opens the envelope, checks what comes back.
 *
 * What every call may reject with, besides what its own comment names:
 * - {@link ConfigurationError} when an option, an argument or the token is wrong. The message says which; nothing was sent
 * - {@link TokenExpiredError} when the token is known to have expired. Nothing was sent
 * - {@link UnauthorizedError} when the server does not take the token
 * - {@link InsufficientScopeError} when the token lacks a scope that the call needs
 * - {@link RateLimitError} when there were too many calls, and any other {@link ApiError} when the server refused or failed
 * - {@link ResponseError} when the answer is not one of the protocol
 * - {@link NetworkError} or {@link TimeoutError} when there was none, or not in time. What was asked for may have been done
 * - the reason of the signal that aborted it, as with `fetch`
 * - whatever a function of yours threw: `token`, a hook, `onProgress`
 *
 * @example
 * const api = new ApiClient({ token });
 * for (const file of await api.files.list()) console.log(file.name, file.size);
 *
 * @throws {ConfigurationError} at construction, naming the option that is wrong and the remedy
 */
export class ApiClient {
  /** The signed-in user. */
  readonly account: AccountResource;
  /** Their files, and those shared with them. */
  readonly files: FilesResource;
  /** Their tapes, and those shared with them. */
  readonly tapes: TapesResource;
  readonly #connection: Connection;

  constructor(options: ApiClientOptions) {
    const {
      token,
      baseUrl = endpoints.api,
      fetch,
      timeout = 30_000,
      idleTimeout = 30_000,
      now = Date.now,
    } = checkOptions('options of ApiClient', options);
    checkFunction('now', now);
    this.#connection = {
      baseUrl: checkBaseUrl('baseUrl', baseUrl),
      accessToken: credential(token, now),
      fetch: checkOptionalFunction('fetch', fetch),
      timeout: timeout !== false && checkDuration('timeout', timeout),
      idleTimeout: idleTimeout !== false && checkDuration('idleTimeout', idleTimeout),
      retry: checkRetry(options.retry),
      hooks: checkHooks(options.hooks),
      now,
    };
    this.account = accountResource(this.#connection);
    this.files = filesResource(this.#connection);
    this.tapes = tapesResource(this.#connection);
  }

  /**
   * Calls anything else below `baseUrl`, with the same token, checks, retries and errors.
   * @param path such as `account`; it cannot leave `baseUrl`
   * @returns what stood in the envelope's `result`, checked by `schema` if there is one
   *
   * @example
   * const { scopes } = await api.request('app', { schema: z.object({ scopes: z.array(z.string()) }) });
   *
   * @throws {ResponseError} `malformed_response` when the result is not what `schema` wants
   * @throws what every call does: see {@link ApiClient}
   */
  request<T = unknown>(path: string, options?: RequestOptions<T>): Promise<T> {
    return request(this.#connection, path, options);
  }
}

function credential(token: ApiClientOptions['token'], now: () => number): () => string {
  if (typeof token === 'function') return () => unexpired(checkToken(token(), 'what the token function gave'), now);
  const checked = checkToken(token, 'token'); // now: whoever holds the object may change it
  return () => unexpired(checked, now);
}

interface CheckedToken {
  text: string;
  /** Unix seconds. */
  expires?: number | undefined;
}

function unexpired({ text, expires }: CheckedToken, now: () => number): string {
  if (expires === undefined || now() < expires * 1000) return text;
  throw new TokenExpiredError('the access token has expired, so nothing was sent: sign in again');
}

function checkToken(token: unknown, name: string): CheckedToken {
  if (token === undefined || token === null) {
    throw invalid(
      name,
      'is missing: it must be the Token of a sign-in, its access_token, or a function that gives either',
    );
  }
  if (typeof token === 'string') return { text: checkBearer(name, token) };
  if (typeof token !== 'object') throw invalid(name, `must be a string or a Token, not ${kindOf(token)}`);
  if ('then' in token) throw invalid(name, 'must not be a promise: await it first, and keep the token at hand');
  const { access_token, expires_at } = token as Partial<Record<keyof Token, unknown>>;
  const text = checkBearer(`${name}.access_token`, access_token);
  if (expires_at === undefined) return { text };
  if (typeof expires_at !== 'number' || Number.isNaN(expires_at)) {
    throw invalid(`${name}.expires_at`, 'must be a number of Unix seconds');
  }
  return { text, expires: expires_at };
}

/** The client adds the word itself. A token cannot have a space (RFC 6750 section 2.1). */
function checkBearer(name: string, value: unknown): string {
  const text = checkText(name, value);
  if (/^bearer /i.test(text)) throw invalid(name, 'must not begin with "Bearer ": pass the access token alone');
  return text;
}
