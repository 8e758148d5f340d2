import pkceChallenge from 'pkce-challenge';
import {
  checkDuration,
  checkFunction,
  checkOptionalFunction,
  checkOptions,
  checkScope,
  checkSignal,
  checkText,
  invalid,
  kindOf,
} from '../../protocol/checks.js';
import { endpoints } from '../../protocol/endpoints.js';
import { CallbackError, ConfigurationError } from '../../protocol/errors.js';
import { randomText } from '../../protocol/random.js';
import { sameText } from '../../protocol/same-text.js';
import type { Token } from '../../protocol/schemas/token.js';
import type { Scope } from '../../protocol/scopes.js';
import { checkBaseUrl, checkEndpoint, checkRedirectUri } from '../../protocol/urls.js';
import { postForm } from '../../transport/http/http.js';
import type { Fetch } from '../../transport/http/response.js';
import {
  type Callback,
  type CallbackParameters,
  checkAnswer,
  parseParameters,
  queryOf,
  required,
} from '../callback.js';
import { authorizationUrl, checkFreeOfProtocol } from '../request.js';
import { createSeal, type Seal } from './pending.js';
import { readTokenAnswer } from './token-answer.js';

/** Who the application is, where its users come back to, and which server they sign in at. */
export interface AuthorizationCodeClientOptions {
  /** The id of your application: a UUID, at doctape. */
  clientId: string;
  /**
   * The secret of your application. Leave it out for a public client, which then needs PKCE. Given as `undefined` it is refused:
   * an environment variable that is missing is to be noticed here, and not by the server.
   */
  clientSecret?: string | undefined;
  /**
   * Where the user comes back to, exactly as registered: it is sent byte for byte. `urn:ietf:wg:oauth:2.0:oob` shows
   * the user a code to copy.
   */
  redirectUri: string;
  /** What every sign-in asks for. @default nothing, which the server takes for `account.read` */
  scope?: readonly Scope[] | undefined;
  /** @default 'https://my.doctape.com/oauth2' */
  authorizationEndpoint?: string | URL | undefined;
  /** @default 'https://my.doctape.com/oauth2/token' */
  tokenEndpoint?: string | URL | undefined;
  /** The server's issuer identifier. Once given, a callback that does not name it is refused (RFC 9207). */
  issuer?: string | undefined;
  /** Proof key for code exchange, S256 (RFC 7636). A server that does not know it ignores it. @default true */
  pkce?: boolean | undefined;
  /** Seconds a sign-in may take. @default 600 */
  maxAge?: number | undefined;
  /** @default the global `fetch`, looked up at every call */
  fetch?: Fetch | undefined;
  /** Milliseconds the token request may take, body included. @default 30_000 */
  timeout?: number | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/** What is particular about one sign-in. */
export interface AuthorizeOptions {
  /** What this sign-in asks for, in place of the client's `scope`. */
  scope?: readonly Scope[] | undefined;
  /** More parameters for the authorization URL. None of the protocol's own can be among them. */
  params?: Record<string, string> | undefined;
}

/** A sign-in that has begun. */
export interface Authorization {
  /** Where to send the user's browser. */
  url: URL;
  /** The state in that URL. */
  state: string;
  /**
   * The sign-in under way, sealed. Keep it with this user's browser, in a cookie (`HttpOnly`, `Secure`,
   * `SameSite=Lax`) or in their session, and hand it to {@link AuthorizationCodeClient.exchange}.
   */
  pending: string;
}

/** Parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207). */
const known: ReadonlySet<string> = new Set(['state', 'code', 'iss', 'error', 'error_description', 'error_uri']);

/**
 * Signs users in by authorization code (RFC 6749 section 4.1, wire document section 2.3), on a server. It keeps no
 * sign-ins itself: any instance with the same options can finish what another one began.
 *
 * @example
 * const { url, pending } = await client.authorize(); // keep pending in a cookie, redirect to url
 * const token = await client.exchange(request, pending); // in the handler of redirectUri
 *
 * @throws {ConfigurationError} at construction, naming the option that is wrong and the remedy
 */
export class AuthorizationCodeClient {
  readonly #clientId: string;
  readonly #clientSecret: string | undefined;
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
  readonly #seal: Seal;
  /** States that came back, with the moment at which they would have expired anyway. */
  readonly #used = new Map<string, number>();

  constructor(options: AuthorizationCodeClientOptions) {
    const {
      clientSecret,
      issuer,
      pkce = true,
      maxAge = 600,
      timeout = 30_000,
      now = Date.now,
    } = checkOptions('options of AuthorizationCodeClient', options);
    this.#clientId = checkText('clientId', options.clientId);
    this.#clientSecret = checkSecret(options);
    if (typeof pkce !== 'boolean') throw invalid('pkce', `must be true or false, not ${kindOf(pkce)}`);
    if (!pkce && clientSecret === undefined) {
      throw invalid('pkce', 'must stay on for a client without a secret: nothing else would protect the code');
    }
    this.#pkce = pkce;
    this.#redirectUri = checkRedirectUri('redirectUri', options.redirectUri);
    this.#scope = checkScope('scope', options.scope);
    const { authorizationEndpoint = endpoints.authorization, tokenEndpoint = endpoints.token } = options;
    this.#authorizationEndpoint = checkFreeOfProtocol(
      'authorizationEndpoint',
      checkEndpoint('authorizationEndpoint', authorizationEndpoint),
    );
    this.#tokenEndpoint = checkEndpoint('tokenEndpoint', tokenEndpoint);
    if (issuer !== undefined) checkBaseUrl('issuer', checkText('issuer', issuer)); // compared as text
    this.#issuer = issuer;
    this.#maxAge = checkDuration('maxAge', maxAge);
    this.#fetch = checkOptionalFunction('fetch', options.fetch);
    this.#timeout = checkDuration('timeout', timeout);
    this.#now = checkFunction('now', now);
    this.#seal = createSeal(clientSecret);
  }

  /**
   * Begins a sign-in.
   * @throws {ConfigurationError} `invalid_argument` for an ill-formed scope or parameter
   */
  async authorize(options: AuthorizeOptions = {}): Promise<Authorization> {
    const { scope, params } = checkOptions('options', options);
    const wanted = scope === undefined ? this.#scope : checkScope('scope', scope);
    const state = randomText();
    const challenge = this.#pkce ? await pkceChallenge(64) : undefined;
    const url = authorizationUrl(
      this.#authorizationEndpoint,
      {
        response_type: 'code',
        client_id: this.#clientId,
        redirect_uri: this.#redirectUri,
        scope: wanted.length > 0 ? wanted.join(' ') : undefined,
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
      ...(wanted.length > 0 && { scope: wanted }),
      expires: this.#now() + this.#maxAge * 1000,
    });
    return { url, state, pending };
  }

  /**
   * Finishes a sign-in: checks the callback against the pending sign-in, then exchanges the code for a token. Either way
   * the sign-in is used up, and the code is sent at most once.
   * @param callback the request to the redirect URI, or its URL, or its query
   * @param pending what `authorize()` gave, from where it was kept for this browser; undefined, null or empty is what a cookie
   * that is gone gives, and ends in a `CallbackError` (`state_missing`)
   * @throws {CallbackError} when the callback does not belong to the sign-in; no token was asked for
   * @throws {OAuthError} when the user or the server refused
   * @throws {ResponseError} when the token endpoint's answer is not one of the protocol
   * @throws {NetworkError} or `TimeoutError` when there was no answer; the code may be used up
   */
  async exchange(
    callback: Callback,
    pending: string | null | undefined,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Token> {
    const { signal } = checkOptions('options', options);
    checkSignal(signal)?.throwIfAborted();
    const parameters = parseParameters(queryOf(callback), known);
    const { verifier, scope } = await this.#consume(parameters, pending);
    const secrets = [parameters.get('code'), parameters.get('state'), verifier, this.#clientSecret].filter(
      (value) => value !== undefined,
    );
    checkAnswer(parameters, this.#issuer, secrets);
    const code = required(parameters, 'code');
    const now = this.#now();
    const answer = await postForm({
      url: this.#tokenEndpoint,
      form: new URLSearchParams({
        client_id: this.#clientId,
        ...(this.#clientSecret !== undefined && { client_secret: this.#clientSecret }),
        grant_type: 'authorization_code',
        redirect_uri: this.#redirectUri,
        code,
        ...(verifier !== undefined && { code_verifier: verifier }),
      }),
      fetch: this.#fetch,
      timeout: this.#timeout,
      signal,
      limit: 1024 * 1024,
    });
    return readTokenAnswer(answer, scope, now, secrets);
  }

  /** Checks the state, and uses it up before anything else can fail. */
  async #consume(parameters: CallbackParameters, sealed: string | null | undefined) {
    const state = parameters.get('state');
    if (!state) throw new CallbackError('state_missing', 'the callback has no state: sign in again');
    if (sealed === undefined || sealed === null || sealed === '') {
      throw new CallbackError(
        'state_missing',
        'no sign-in is pending in this browser (is its cookie gone?): sign in again',
      );
    }
    if (typeof sealed !== 'string')
      throw invalid('pending', `must be the string that authorize() gave, not ${kindOf(sealed)}`);
    const now = this.#now();
    const pending = await this.#seal.open(sealed, now);
    const ours = pending.client_id === this.#clientId && pending.redirect_uri === this.#redirectUri;
    if (!ours || !sameText(state, pending.state)) {
      throw new CallbackError(
        'state_mismatch',
        'the callback does not belong to the sign-in pending in this browser: sign in again',
      );
    }
    if (this.#used.has(state)) throw new CallbackError('state_used', 'this callback was used before: sign in again');
    for (const [other, expires] of this.#used) if (expires <= now) this.#used.delete(other);
    this.#used.set(state, pending.expires);
    return pending;
  }
}

function checkSecret(options: AuthorizationCodeClientOptions): string | undefined {
  if (!('clientSecret' in options)) return undefined;
  if (options.clientSecret === undefined || options.clientSecret === '') {
    const what = options.clientSecret === undefined ? 'undefined' : 'empty';
    const remedy = 'set it (is an environment variable missing?), or leave it out for a public client';
    throw invalid('clientSecret', `is ${what}: ${remedy}`);
  }
  const secret = checkText('clientSecret', options.clientSecret);
  if ((globalThis as { window?: { document?: unknown } }).window?.document) {
    throw new ConfigurationError(
      'browser_secret',
      'clientSecret must not be in a browser page, where everyone can read it: use ImplicitGrantClient',
    );
  }
  return secret;
}
