import { checkDuration, checkFunction, checkOptionalFunction, checkSignal } from '../protocol/checks.js';
import { endpoints } from '../protocol/endpoints.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import { checkBaseUrl } from '../protocol/urls.js';
import type { Connection } from '../transport/calls/connection.js';
import { checkHeaders, type HeadersOption, userAgentHeader } from '../transport/calls/headers.js';
import { checkHooks, type Hooks } from '../transport/calls/hooks.js';
import { checkRetry, type RetryOptions } from '../transport/calls/retry.js';
import type { Fetch } from '../transport/http/response.js';
import { type AccountResource, accountResource } from './account.js';
import { credential, type TokenOption } from './credential.js';
import { type FilesResource, filesResource } from './files.js';
import { loadLazyChunk } from './load-lazy-chunk.js';
import { checkTimeout, policyFrom } from './options/call-options.js';
import { checkBoolean } from './options/checks.js';
import type { RequestOptions } from './request.js';
import { type TapesResource, tapesResource } from './tapes.js';

/** Options of {@link ApiClient}. Only `token` is required. */
export interface ApiClientOptions {
  /**
   * The access token, or a function that returns it. The function is called for every attempt. It may be async, for example
   * to refresh the token. `files.url()` and `account.avatarUrl()` are synchronous, so they use the token of the last call.
   * An expired {@link Token} is not sent: the call rejects with a `TokenExpiredError`.
   */
  token: TokenOption;
  /** The URL of the API. The token is sent only to URLs below it. @default 'https://api.doctape.com/v1' */
  baseUrl?: string | URL | undefined;
  /**
   * Allows a `baseUrl` with `http:` on hosts other than loopback. For development only, for example with containers or
   * phones on the LAN: anyone on the network can read the token. @default false
   */
  allowInsecureHttp?: boolean | undefined;
  /** The function that sends requests. @default the global `fetch`, looked up at every call */
  fetch?: Fetch | undefined;
  /**
   * The time limit of one attempt of a JSON call, in milliseconds, including the response body. `false` disables it. It does
   * not apply to transfers. @default 30_000
   */
  timeout?: number | false | undefined;
  /**
   * How long a transfer may stall, in milliseconds. `false` disables the limit. The response to an upload may take three times
   * as long. It does not apply to uploads from a browser with a custom `fetch`. @default 30_000
   */
  idleTimeout?: number | false | undefined;
  /**
   * When to retry a call. A number is the limit; `false` disables retries.
   *
   * - GET and DELETE are retried after a failure that may be temporary.
   * - Other calls are retried only after a 429 or 503 with `Retry-After`.
   * - A broken download is resumed up to `limit` times; the count starts again whenever bytes arrive.
   *
   * @default { limit: 2, maxDelay: 60_000 }
   */
  retry?: RetryOptions | number | false | undefined;
  /** Callbacks for each request, response, retry and error, for logging and metrics. URLs are redacted. */
  hooks?: Hooks | undefined;
  /** Headers of every call, for example for tracing. Headers that the SDK or `fetch` sets are not allowed. */
  headers?: HeadersOption | undefined;
  /** Appended to `doctape-sdk/VERSION` in the `User-Agent` header. Has no effect in browsers. */
  userAgent?: string | undefined;
  /** Returns the current time in milliseconds since 1970. @default `Date.now`, looked up at every call */
  now?: (() => number) | undefined;
}

/** The settings that {@link ApiClient.with} can change. */
export type ClientSettings = Partial<Pick<ApiClientOptions, 'token' | 'timeout' | 'retry' | 'headers' | 'hooks'>>;

const clientChecks = {
  token: (_, token) => token,
  baseUrl: (_, baseUrl) => baseUrl,
  allowInsecureHttp: checkBoolean,
  fetch: checkOptionalFunction<Fetch>,
  timeout: checkTimeout,
  idleTimeout: (name, value = 30_000) => value !== false && checkDuration(name, value),
  retry: checkRetry,
  hooks: checkHooks,
  headers: checkHeaders,
  userAgent: userAgentHeader,
  now: (name, now = () => Date.now()) => checkFunction(name, now),
} satisfies OptionChecks<ApiClientOptions>;

const settingChecks = {
  token: (_, token) => token,
  timeout: checkTimeout,
  retry: checkRetry,
  hooks: checkHooks,
  headers: checkHeaders,
} satisfies OptionChecks<ClientSettings>;

/**
 * The client of the API. It sends the token in the `Authorization` header and validates every response.
 *
 * Every method takes {@link CallOptions}. Besides the errors that its own comment lists, every call can reject with:
 * - {@link ConfigurationError} if an argument, an option or the token is invalid. Nothing was sent
 * - {@link TokenExpiredError} if the token is known to have expired. Nothing was sent
 * - {@link UnauthorizedError} if the server rejects the token
 * - {@link InsufficientScopeError} if the token lacks a scope that the call requires
 * - {@link RateLimitError} if there were too many calls
 * - {@link ApiError}, or another subclass of it, if the server refuses the call or fails
 * - {@link ResponseError} if the response does not follow the protocol
 * - {@link NetworkError} if there was no response, or {@link TimeoutError} if it took too long. The server may still have
 *   processed the request
 * - the reason of the `signal` that aborted it, as with `fetch`
 * - an error that was thrown by your `token` function, a hook, or `onProgress`
 *
 * @example
 * const api = new ApiClient({ token });
 * for (const file of await api.files.list()) console.log(file.name, file.size);
 *
 * @throws {ConfigurationError} in the constructor, if an option is invalid. The message names the option and the remedy
 */
export class ApiClient {
  /** The signed-in user. */
  readonly account: AccountResource;
  /** The files of the user, and those shared with them. */
  readonly files: FilesResource;
  /** The tapes of the user, and those shared with them. */
  readonly tapes: TapesResource;
  readonly #connection: Connection;
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    const checked = readOptions('options of ApiClient', options, clientChecks);
    const { token, baseUrl = endpoints.api, allowInsecureHttp = false, timeout = 30_000 } = checked;
    const { retry, hooks = {}, headers, userAgent } = checked;
    this.#connection = {
      ...checked,
      ...credential(token, checked.now),
      baseUrl: checkBaseUrl('baseUrl', baseUrl, { allowInsecureHttp }),
      allowInsecureHttp,
      timeout,
      retry: policyFrom({ limit: 2, maxDelay: 60_000 }, retry),
      hooks,
      headers: { ...userAgent, ...headers },
    };
    this.#options = {
      ...checked,
      token: typeof token === 'object' ? { ...token } : token, // a copy, because the application may change its object
      baseUrl: this.#connection.baseUrl,
      retry: this.#connection.retry,
      userAgent: options.userAgent,
    };
    this.account = accountResource(this.#connection);
    this.files = filesResource(this.#connection);
    this.tapes = tapesResource(this.#connection);
  }

  /**
   * Creates a client with the same options, except for the given settings. `headers` are merged with those of this client;
   * `hooks` replace them.
   *
   * @example
   * const patient = api.with({ timeout: 120_000, retry: 5 });
   * for (const file of await patient.files.list()) console.log(file.name);
   *
   * @throws {ConfigurationError} synchronously, if a setting is invalid
   */
  with(settings: ClientSettings): ApiClient {
    const { token, timeout, retry, headers, hooks } = readOptions('options', settings, settingChecks);
    const own = this.#options;
    return new ApiClient({
      ...own,
      token: token ?? own.token,
      timeout: timeout ?? own.timeout,
      retry: policyFrom(this.#connection.retry, retry),
      headers: { ...own.headers, ...headers },
      hooks: hooks ?? own.hooks,
    });
  }

  /**
   * Calls an endpoint that has no method of its own, with the same token, checks, retries and errors.
   *
   * @example
   * const { username } = await api.request<{ username: string }>('account');
   *
   * @param path relative to `baseUrl`, such as `account`. It cannot point outside of `baseUrl`
   * @returns the `result` of the response, validated by `schema` if you pass one
   * @throws {ResponseError} `malformed_response` if the result does not match `schema`
   * @throws every error of a call: see {@link ApiClient}
   */
  async request<T = unknown>(path: string, options: RequestOptions<T> = {}): Promise<T> {
    const signal = checkSignal(options?.signal);
    const call = { name: 'request', method: 'GET', segments: [], signal };
    const lazy = await loadLazyChunk(this.#connection, call);
    return lazy.request(this.#connection, path, options);
  }
}
