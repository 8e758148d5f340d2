import pkceChallenge from 'pkce-challenge';
import {
  checkDuration,
  checkFunction,
  checkOptionalFunction,
  checkScope,
  checkSignal,
  checkText,
  invalid,
  kindOf,
} from '../../protocol/checks.js';
import { constantTimeEqual } from '../../protocol/constant-time-equal.js';
import { endpoints, outOfBand } from '../../protocol/endpoints.js';
import { CallbackError } from '../../protocol/errors.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import { randomText } from '../../protocol/random.js';
import type { Token } from '../../protocol/schemas/token.js';
import type { Scope } from '../../protocol/scopes.js';
import { checkBaseUrl, checkEndpoint } from '../../protocol/urls.js';
import type { Fetch } from '../../transport/http/response.js';
import { loadChunk } from '../../transport/load-chunk.js';
import { authorizationUrl, checkFreeOfProtocol } from '../authorization-url.js';
import { type CallbackParameters, checkAuthorizationResponse, required } from '../callback.js';
import { type Callback, readCallback } from './callback-input.js';
import { createPendingSeal, type Pending, type PendingSeal } from './pending.js';
import { checkCodeRedirectUri } from './redirect-uri.js';
import { checkReturnTo } from './return-to.js';
import { checkWebCrypto } from './seal.js';
import { checkNotInPage, checkPreviousSecrets } from './secrets.js';
import { readTokenResponse } from './token-response.js';
import { UsedStates } from './used-states.js';

/** The options of {@link AuthorizationCodeClient}. */
export interface AuthorizationCodeClientOptions {
  /** The id of your application. At doctape it is a UUID. */
  clientId: string;
  /**
   * The secret of your application. Omit it for a public client, which then needs PKCE. An explicit `undefined` is rejected, so
   * that a missing environment variable is reported here and not by the server. The secret also seals `pending`: an attacker who has
   * a `pending` can try to guess a short secret offline.
   */
  clientSecret?: string | undefined;
  /**
   * The URL that the user returns to, exactly as registered. It is sent byte for byte. A native application can use a private-use
   * scheme with a dot, such as `com.example.app:/callback`. With `urn:ietf:wg:oauth:2.0:oob`, the server shows the user a code to
   * copy.
   */
  redirectUri: string;
  /** The scopes that every sign-in requests. @default none, which the server treats as `account.read` */
  scope?: readonly Scope[] | undefined;
  /** The URL of the server's sign-in page. @default 'https://my.doctape.com/oauth2' */
  authorizationEndpoint?: string | URL | undefined;
  /** The URL at which the server exchanges codes for tokens. @default 'https://my.doctape.com/oauth2/token' */
  tokenEndpoint?: string | URL | undefined;
  /** The issuer identifier of the server. If it is set, a callback with another issuer or none is rejected (RFC 9207). @default none */
  issuer?: string | undefined;
  /** Whether to use PKCE with S256 (RFC 7636). Servers that do not support it ignore it. @default true */
  pkce?: boolean | undefined;
  /** How long a sign-in may take, in seconds. @default 600 */
  maxAge?: number | undefined;
  /**
   * Earlier values of `clientSecret`. A sign-in that began with one of them can still be finished. They are not sent, and new
   * sign-ins do not use them. Remove them `maxAge` seconds after the last server has the new secret.
   * @default none
   * @example
   * new AuthorizationCodeClient({ clientId, clientSecret: newSecret, previousSecrets: [oldSecret], redirectUri });
   */
  previousSecrets?: readonly string[] | undefined;
  /**
   * Accepts `http` URLs on hosts other than loopback, such as `http://sandbox:4400` in a container or a phone on the LAN. For
   * development only: everyone on the network can read the secret, the code and the token. @default false
   */
  allowInsecureHttp?: boolean | undefined;
  /** The function that sends the token request. @default the global `fetch`, looked up at every call */
  fetch?: Fetch | undefined;
  /** The timeout of the token request including its response body, in milliseconds. @default 30_000 */
  timeout?: number | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now, looked up at every call */
  now?: (() => number) | undefined;
}

const clientOptions: OptionNames<AuthorizationCodeClientOptions> = {
  clientId: 1,
  clientSecret: 1,
  redirectUri: 1,
  scope: 1,
  authorizationEndpoint: 1,
  tokenEndpoint: 1,
  issuer: 1,
  pkce: 1,
  maxAge: 1,
  previousSecrets: 1,
  allowInsecureHttp: 1,
  fetch: 1,
  timeout: 1,
  now: 1,
};

/** The options of one sign-in. */
export interface AuthorizeOptions {
  /** The scopes that this sign-in requests, instead of the client's `scope`. */
  scope?: readonly Scope[] | undefined;
  /** Additional parameters for the authorization URL. Parameters that the client sets itself are refused. @default none */
  params?: Record<string, string> | undefined;
  /**
   * The page of your application to continue at after the sign-in: a path such as `/files?sort=name`, or a URL on the origin of
   * `redirectUri`. `client.returnTo(pending)` returns it. Other URLs are rejected, because they would allow open redirects. It has
   * at most 1,024 characters, so that `pending` fits in a cookie.
   * @default none
   * @example
   * const { url } = await client.authorize({ returnTo: '/files?sort=name' });
   */
  returnTo?: string | URL | undefined;
}

const authorizeOptions: OptionNames<AuthorizeOptions> = { scope: 1, params: 1, returnTo: 1 };

/** A sign-in that has begun: the result of {@link AuthorizationCodeClient.authorize}. */
export interface Authorization {
  /** The authorization URL. Redirect the user's browser to it. */
  url: URL;
  /** The state in the URL. */
  state: string;
  /**
   * The pending sign-in. It is encrypted and tamper-proof. Store it for this browser, in a cookie with the name `cookieName` or in
   * the session, and pass it to {@link AuthorizationCodeClient.exchange}.
   */
  pending: string;
  /**
   * The name of the cookie. It is different for each sign-in, so that two tabs can sign in at once. It begins with
   * `__Host-doctape-`: browsers accept such a cookie only with `Secure`, with `Path=/` and without `Domain`. If the redirect URI is
   * `http`, it begins with `doctape-`. {@link AuthorizationCodeClient.cookieName} returns the same name for the callback.
   */
  cookieName: string;
}

/** The options of one exchange. */
export interface ExchangeOptions {
  /** Cancels the token request, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const exchangeOptions: OptionNames<ExchangeOptions> = { signal: 1 };

/**
 * A `pending` that was read from a cookie or session. If it is missing, frameworks return undefined, null, an empty string, or false
 * (the `signedCookies` of Express).
 */
export type KeptPending = string | null | undefined | false;

/**
 * Signs users in by authorization code (RFC 6749 section 4.1), on a server. It is stateless: any instance with the same options can
 * finish a sign-in that another one began.
 *
 * @example
 * import { AuthorizationCodeClient } from 'doctape-sdk/server';
 *
 * const client = new AuthorizationCodeClient({
 *   clientId: '5f0c1c0e-3c5e-4b57-9f0b-2d8c1f6b7a01',
 *   clientSecret: process.env.DOCTAPE_CLIENT_SECRET,
 *   redirectUri: 'https://app.example/callback',
 *   scope: ['file.read'],
 * });
 * const { url, pending, cookieName } = await client.authorize(); // set the cookie, then redirect to url
 * const token = await client.exchange(request, cookies[client.cookieName(request)]); // in the handler of redirectUri
 *
 * @throws {ConfigurationError} from the constructor, if an option is missing, unknown or invalid
 */
// wire document section 2.3
export class AuthorizationCodeClient {
  readonly #clientId: string;
  readonly #clientSecret: string | undefined;
  readonly #previousSecrets: readonly string[];
  readonly #redirectUri: string;
  readonly #scope: string[];
  readonly #authorizationEndpoint: URL;
  readonly #tokenEndpoint: URL;
  readonly #issuer: string | undefined;
  readonly #pkce: boolean;
  readonly #maxAge: number;
  readonly #fetch: Fetch | undefined;
  readonly #timeout: number;
  readonly #now: () => number;
  readonly #seal: PendingSeal;
  readonly #used = new UsedStates();

  constructor(options: AuthorizationCodeClientOptions) {
    const {
      issuer,
      pkce = true,
      maxAge = 600,
      timeout = 30_000,
      now = () => Date.now(),
    } = checkOptions('options of AuthorizationCodeClient', options, clientOptions);
    this.#clientId = checkText('clientId', options.clientId);
    const clientSecret = checkSecret(options);
    this.#clientSecret = clientSecret;
    this.#previousSecrets = checkPreviousSecrets(options.previousSecrets);
    if (options.previousSecrets !== undefined && clientSecret === undefined) {
      throw invalid('previousSecrets', 'needs clientSecret: a client without a secret has none to replace');
    }
    if (typeof pkce !== 'boolean') throw invalid('pkce', `must be true or false, not ${kindOf(pkce)}`);
    if (!pkce && clientSecret === undefined) {
      throw invalid('pkce', 'must stay on for a client without a secret: nothing else would protect the code');
    }
    this.#pkce = pkce;
    this.#redirectUri = checkCodeRedirectUri('redirectUri', options.redirectUri, options);
    this.#scope = checkScope('scope', options.scope);
    const { authorizationEndpoint = endpoints.authorization, tokenEndpoint = endpoints.token } = options;
    this.#authorizationEndpoint = checkFreeOfProtocol(
      'authorizationEndpoint',
      checkEndpoint('authorizationEndpoint', authorizationEndpoint, options),
    );
    this.#tokenEndpoint = checkEndpoint('tokenEndpoint', tokenEndpoint, options);
    if (issuer !== undefined) checkBaseUrl('issuer', checkText('issuer', issuer), options); // compared as text
    this.#issuer = issuer;
    this.#maxAge = checkDuration('maxAge', maxAge);
    this.#fetch = checkOptionalFunction('fetch', options.fetch);
    this.#timeout = checkDuration('timeout', timeout);
    this.#now = checkFunction('now', now);
    this.#seal = createPendingSeal(clientSecret === undefined ? [] : [clientSecret, ...this.#previousSecrets]);
  }

  /**
   * Begins a sign-in. It sends no request: redirect the user's browser to `url`.
   * @throws {ConfigurationError} `invalid_argument` if a scope or parameter is malformed or `returnTo` is on another origin;
   * `unsupported_platform` without WebCrypto
   * @example
   * const { url, pending, cookieName } = await client.authorize({ returnTo: '/files' });
   * response.cookie(cookieName, pending, { httpOnly: true, secure: true, sameSite: 'lax', path: '/' });
   * response.redirect(url.href);
   */
  async authorize(options: AuthorizeOptions = {}): Promise<Authorization> {
    const { scope, params, returnTo } = checkOptions('options', options, authorizeOptions);
    checkWebCrypto();
    const requested = scope === undefined ? this.#scope : checkScope('scope', scope);
    const place = returnTo === undefined ? undefined : checkReturnTo('returnTo', returnTo, this.#redirectUri);
    const state = randomText();
    const challenge = this.#pkce ? await pkceChallenge(64) : undefined;
    const url = authorizationUrl(
      this.#authorizationEndpoint,
      {
        response_type: 'code',
        client_id: this.#clientId,
        redirect_uri: this.#redirectUri,
        scope: requested.length > 0 ? requested.join(' ') : undefined,
        state,
        code_challenge: challenge?.code_challenge,
        code_challenge_method: challenge?.code_challenge_method,
      },
      params,
    );
    const pending = await this.#seal.seal({
      state,
      client_id: this.#clientId,
      redirect_uri: this.#redirectUri,
      ...(challenge && { verifier: challenge.code_verifier }),
      ...(requested.length > 0 && { scope: requested }),
      ...(place !== undefined && { return_to: place }),
      expires: this.#now() + this.#maxAge * 1000,
    });
    return { url, state, pending, cookieName: this.#cookieNameOf(state) };
  }

  /**
   * Returns the name of the cookie with the `pending` of a callback: the `cookieName` that `authorize()` returned for its state.
   * For a forged callback it is a valid cookie name, but not that of a sign-in.
   * @param callback the callback, in every form that `exchange()` accepts
   * @throws {ConfigurationError} `invalid_argument` if the argument is not a callback
   * @example
   * const name = client.cookieName(request);
   * const token = await client.exchange(request, cookies[name]);
   */
  cookieName(callback: Callback): string {
    try {
      return this.#cookieNameOf(readCallback(callback).get('state') ?? '');
    } catch (error) {
      if (error instanceof CallbackError) return this.#cookieNameOf(''); // exchange() reports the error
      throw error;
    }
  }

  #cookieNameOf(state: string): string {
    const prefix = /^http:/i.test(this.#redirectUri) ? 'doctape-' : '__Host-doctape-';
    return prefix + state.slice(0, 10).replace(/[^\w-]/g, '');
  }

  /**
   * Returns the `returnTo` of `authorize()`: the path, query and fragment of a page of your application. It always begins with
   * exactly one slash, so that it is safe to redirect to. It is also available after a denial and after `maxAge`.
   * @param pending the `pending` that `authorize()` returned
   * @returns undefined if `authorize()` had no `returnTo`, or if `pending` is missing or was not sealed by this client
   * @throws {ConfigurationError} if `pending` is not a string, or `unsupported_platform` without WebCrypto
   * @example
   * response.redirect((await client.returnTo(pending)) ?? '/');
   */
  async returnTo(pending: KeptPending): Promise<string | undefined> {
    if (isAbsent(pending)) return undefined;
    try {
      return (await this.#open(pending)).return_to;
    } catch (error) {
      if (error instanceof CallbackError) return undefined; // exchange() rejects with it
      throw error;
    }
  }

  /**
   * Finishes a sign-in: checks the callback against the pending sign-in, then exchanges the code for a token. Every sign-in can be
   * used once, also if it fails, and the code is sent at most once.
   * @param callback the request to the redirect URI (a `Request`, or the request of Node or a framework), its URL, or its query as a
   * string, `URLSearchParams` or parsed object
   * @param pending the `pending` that `authorize()` returned, read from the cookie or session of this browser. If it is undefined,
   * null, false or empty, the call rejects with a `CallbackError` (`state_missing`)
   * @throws {CallbackError} if the callback does not match the pending sign-in. No token was requested
   * @throws {OAuthError} if the user or the server refused
   * @throws {ResponseError} if the response of the token endpoint is malformed
   * @throws {NetworkError} or `TimeoutError` if there was no response. The code may be used up
   * @throws {ConfigurationError} if an argument is invalid, or `unsupported_platform` without WebCrypto
   * @example
   * app.get('/callback', async (request, response) => {
   *   const pending = request.cookies[client.cookieName(request)];
   *   request.session.token = await client.exchange(request, pending);
   *   response.redirect((await client.returnTo(pending)) ?? '/');
   * });
   */
  async exchange(callback: Callback, pending: KeptPending, options: ExchangeOptions = {}): Promise<Token> {
    const { signal } = checkOptions('options', options, exchangeOptions);
    checkSignal(signal)?.throwIfAborted();
    const parameters = readCallback(callback);
    // with ky, which only this request uses. If it cannot be loaded, the sign-in is not used up
    const { postForm } = await loadChunk(() => import('../../transport/http/http.js'), signal);
    const { verifier, scope } = await this.#consume(parameters, pending);
    const secrets = [
      parameters.get('code'),
      parameters.get('state'),
      verifier,
      this.#clientSecret,
      ...this.#previousSecrets,
    ].filter((value) => value !== undefined);
    checkAuthorizationResponse(parameters, this.#issuer, secrets);
    const code = required(parameters, 'code', this.#redirectUri === outOfBand);
    const now = this.#now();
    const form = new URLSearchParams({
      client_id: this.#clientId,
      ...(this.#clientSecret !== undefined && { client_secret: this.#clientSecret }),
      grant_type: 'authorization_code',
      redirect_uri: this.#redirectUri,
      code,
      ...(verifier !== undefined && { code_verifier: verifier }),
    });
    const response = await postForm({
      url: this.#tokenEndpoint,
      form,
      fetch: this.#fetch,
      timeout: this.#timeout,
      signal,
      limit: 1024 * 1024,
    });
    return readTokenResponse(response, scope, now, secrets);
  }

  /** Checks the state, and marks it as used before any other check can fail. */
  async #consume(parameters: CallbackParameters, sealed: KeptPending): Promise<Pending> {
    const state = parameters.get('state');
    if (!state) throw new CallbackError('state_missing', 'the callback has no state: sign in again');
    if (isAbsent(sealed)) {
      throw new CallbackError(
        'state_missing',
        'no sign-in is pending in this browser (was its cookie removed?): sign in again',
      );
    }
    const pending = await this.#open(sealed);
    const now = this.#now();
    if (pending.expires <= now) throw new CallbackError('state_expired', 'the sign-in took too long: sign in again');
    const ours = pending.client_id === this.#clientId && pending.redirect_uri === this.#redirectUri;
    if (!ours || !constantTimeEqual(state, pending.state)) {
      throw new CallbackError(
        'state_mismatch',
        'the callback does not match the pending sign-in of this browser: sign in again',
      );
    }
    if (this.#used.has(state)) throw new CallbackError('state_used', 'this callback was used before: sign in again');
    this.#used.add(state, pending.expires, now);
    return pending;
  }

  async #open(sealed: string): Promise<Pending> {
    if (typeof sealed === 'string') return this.#seal.open(sealed);
    throw invalid('pending', `must be the string that authorize() returned, not ${kindOf(sealed)}`);
  }
}

function isAbsent(pending: KeptPending): pending is null | undefined | false | '' {
  return pending === undefined || pending === null || pending === false || pending === '';
}

function checkSecret(options: AuthorizationCodeClientOptions): string | undefined {
  if (!('clientSecret' in options)) return undefined;
  if (options.clientSecret === undefined || options.clientSecret === '') {
    const problem = options.clientSecret === undefined ? 'undefined' : 'empty';
    const remedy = 'set it (is an environment variable missing?), or omit it for a public client';
    throw invalid('clientSecret', `is ${problem}: ${remedy}`);
  }
  const secret = checkText('clientSecret', options.clientSecret);
  checkNotInPage('clientSecret');
  return secret;
}
