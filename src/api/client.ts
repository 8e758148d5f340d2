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
import { checkTimeout, policyFrom } from './call-options.js';
import { checkBoolean } from './checks.js';
import { credential, type TokenOption } from './credential.js';
import { type FilesResource, filesResource } from './files.js';
import { restFor } from './load-rest.js';
import type { RequestOptions } from './request.js';
import { type TapesResource, tapesResource } from './tapes.js';

/** What an {@link ApiClient} needs: a token, and where the API is when it is not doctape's own. */
export interface ApiClientOptions {
  /**
   * The access token, or a function that returns it and is called for every attempt. The function may be async, for example
   * to refresh the token. `files.url()` and `account.avatarUrl()` cannot wait for it: they use the token of the last call.
   * A {@link Token} that has expired is not sent: the call rejects with a `TokenExpiredError`.
   */
  token: TokenOption;
  /** The URL of the API. The token is sent nowhere else. @default 'https://api.doctape.com/v1' */
  baseUrl?: string | URL | undefined;
  /**
   * Allows a `baseUrl` with plain http on other hosts than loopback. For development only, for example with containers or
   * phones on the LAN: everyone on the way can read the token. @default false
   */
  allowInsecureHttp?: boolean | undefined;
  /** @default the global `fetch`, looked up at every call */
  fetch?: Fetch | undefined;
  /**
   * Milliseconds that one attempt of a JSON call may take, the body of the response included; false turns the limit off.
   * @default 30_000
   */
  timeout?: number | false | undefined;
  /**
   * Milliseconds that a transfer may stall in either direction; false turns the limit off. The response to an upload may take
   * three times as long. An upload from a page through a `fetch` of your own cannot be watched. @default 30_000
   */
  idleTimeout?: number | false | undefined;
  /**
   * How often a call is retried. GET and DELETE are retried after a failure that may pass; other calls only if the server
   * refused them and said when to come back. A download that breaks is resumed as often, counted anew whenever bytes have
   * arrived. A number is the limit; false is never. @default { limit: 2, maxDelay: 60_000 }
   */
  retry?: RetryOptions | number | false | undefined;
  /** Callbacks for each request, response, retry and error, for logging and metrics. URLs are redacted. */
  hooks?: Hooks | undefined;
  /** Headers of every call, for example for tracing. Headers that the SDK sets itself are refused, `Authorization` among them. */
  headers?: HeadersOption | undefined;
  /** Appended to `doctape-sdk/VERSION` in the `User-Agent` header. Browsers send their own, so it has no effect in a page. */
  userAgent?: string | undefined;
  /** The clock, in milliseconds since 1970. @default `Date.now`, looked up at every call */
  now?: (() => number) | undefined;
}

/** What {@link ApiClient.with} can change. */
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
 * Calls the API: sends the token in the `Authorization` header, opens the envelope, and checks the response.
 *
 * Every method takes {@link CallOptions}. What every call may reject with, besides what its own comment names:
 * - {@link ConfigurationError} when an option is wrong or unknown, or an argument or the token is wrong. Nothing was sent
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
      token: typeof token === 'object' ? { ...token } : token, // the application may change its own
      baseUrl: this.#connection.baseUrl,
      retry: this.#connection.retry,
      userAgent: options.userAgent,
    };
    this.account = accountResource(this.#connection);
    this.files = filesResource(this.#connection);
    this.tapes = tapesResource(this.#connection);
  }

  /**
   * Another client like this one, with other settings. What is left out stays as it is; `headers` are added to those of
   * this client, and `hooks` replace them.
   *
   * @example
   * const patient = api.with({ timeout: 120_000, retry: 5 });
   *
   * @throws {ConfigurationError} at once, when a setting is wrong
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
  async request<T = unknown>(path: string, options: RequestOptions<T> = {}): Promise<T> {
    const signal = checkSignal(options?.signal);
    const beginning = { name: 'request', method: 'GET', segments: [], signal };
    const rest = await restFor(this.#connection, beginning);
    return rest.request(this.#connection, path, options);
  }
}
