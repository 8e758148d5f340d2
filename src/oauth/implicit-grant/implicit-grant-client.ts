import {
  checkDuration,
  checkFunction,
  checkScope,
  checkSignal,
  checkText,
  invalid,
  kindOf,
} from '../../protocol/checks.js';
import { constantTimeEqual } from '../../protocol/constant-time-equal.js';
import { endpoints, outOfBand } from '../../protocol/endpoints.js';
import { CallbackError, ConfigurationError, NetworkError, PopupError, TimeoutError } from '../../protocol/errors.js';
import { parseScope, seconds } from '../../protocol/grammar.js';
import {
  type CheckedOptions,
  checkOptions,
  type OptionChecks,
  type OptionNames,
  readOptions,
} from '../../protocol/options.js';
import { quotable } from '../../protocol/quotable.js';
import { randomText } from '../../protocol/random.js';
import type { Token } from '../../protocol/schemas/token.js';
import type { Scope } from '../../protocol/scopes.js';
import { callbackParameters, checkBaseUrl, checkEndpoint, checkRedirectUri, urlOf } from '../../protocol/urls.js';
import { authorizationUrl, checkFreeOfProtocol } from '../authorization-url.js';
import { bearerToken } from '../bearer-token.js';
import {
  type CallbackParameters,
  checkAuthorizationResponse,
  malformed,
  parseParameters,
  required,
} from '../callback.js';
import { cleanAddressBar, type PageHistory, type PageLocation } from './address-bar.js';
import {
  isPopupState,
  type PageCallback,
  pageCallback,
  popupPrefix,
  statesIn,
  valuesOf,
  withoutCallback,
} from './page-callback.js';
import { type SignIns, signIns } from './pending-sign-ins.js';
import type { PopupClient, PopupOptions } from './popup.js';
import { type TokenStore, tokenStore } from './token-store.js';
import { prefixedStorage, storageOf, type WebStorage } from './web-storage.js';

/** The options of {@link ImplicitGrantClient}. */
export interface ImplicitGrantClientOptions {
  /** The id of your application. At doctape it is a UUID. A browser page has no client secret. */
  clientId: string;
  /** The URL of the page that the user returns to, exactly as registered. It is sent byte for byte. */
  redirectUri: string;
  /** The scopes that every sign-in requests. @default none, which the server treats as `account.read` */
  scope?: readonly Scope[] | undefined;
  /** The URL of the server's sign-in page. @default 'https://my.doctape.com/oauth2' */
  authorizationEndpoint?: string | URL | undefined;
  /** The issuer identifier of the server. If it is set, a callback with another issuer or none is rejected (RFC 9207). @default none */
  issuer?: string | undefined;
  /** How long a sign-in may take, in seconds. @default 600 */
  maxAge?: number | undefined;
  /** Stores pending sign-ins. @default sessionStorage */
  storage?: WebStorage | undefined;
  /**
   * Stores the token, so that the user stays signed in after a reload. `localStorage` shares it with all tabs and keeps it until
   * it expires or the user signs out; null keeps it in memory only. Every script on the page can read the storage. @default sessionStorage
   * @example
   * new ImplicitGrantClient({ clientId, redirectUri, tokenStorage: localStorage });
   */
  tokenStorage?: WebStorage | null | undefined;
  /**
   * Accepts `http` URLs on hosts other than loopback, such as `http://sandbox:4400` in a container. For development only:
   * everyone on the network can read the token. @default false
   */
  allowInsecureHttp?: boolean | undefined;
  /** The location of the page. @default window.location */
  location?: PageLocation | undefined;
  /** The session history of the page. @default window.history */
  history?: PageHistory | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now, looked up at every call */
  now?: (() => number) | undefined;
}

const clientChecks = {
  clientId: checkText,
  redirectUri(name, value, options) {
    const redirectUri = checkRedirectUri(name, value, options);
    if (redirectUri === outOfBand) throw invalid(name, 'must be the URL of a page of your application');
    return redirectUri;
  },
  scope: checkScope,
  authorizationEndpoint: (name, value = endpoints.authorization, options) =>
    checkFreeOfProtocol(name, checkEndpoint(name, value, options)),
  issuer(name, value, options) {
    if (value !== undefined) checkBaseUrl(name, checkText(name, value), options);
    return value; // compared as text
  },
  maxAge: (name, value = 600) => checkDuration(name, value),
  storage: storageOf,
  tokenStorage: (name, value) => (value === null ? value : storageOf(name, value)),
  allowInsecureHttp: (_, value) => value,
  location: pageObject<PageLocation>,
  history: pageObject<PageHistory>,
  now: (name, now = () => Date.now()) => checkFunction(name, now), // looked up at every call, because tests replace it
} satisfies OptionChecks<ImplicitGrantClientOptions>;

/** The options of one sign-in. */
export interface SignInOptions {
  /** The scopes that this sign-in requests, instead of the client's `scope`. */
  scope?: readonly Scope[] | undefined;
  /** The page to continue at after the sign-in, on the same origin. `client.returnTo` contains it then. @default the current URL */
  returnTo?: string | URL | undefined;
  /** Additional parameters for the authorization URL. Parameters that the client sets itself are refused. */
  params?: Record<string, string> | undefined;
}

const signInOptions: OptionNames<SignInOptions> = { scope: 1, returnTo: 1, params: 1 };

const popupOptions: OptionNames<PopupOptions> = { scope: 1, params: 1, signal: 1, features: 1 };

/**
 * Signs users in by implicit grant (RFC 6749 section 4.2), in a browser page without a server.
 *
 * Current best practice advises against this grant (RFC 9700 section 2.1.2), because the token is in the URL. doctape supports no
 * other grant for browsers. The client therefore first removes the token from the URL and the session history, then accepts it
 * only if its `state` matches a pending sign-in that has not been used. Scripts on the page can still read the token: send the
 * page with a `Content-Security-Policy` and `Referrer-Policy: no-referrer`.
 *
 * @example
 * import { ImplicitGrantClient } from 'doctape-sdk/browser';
 *
 * const client = new ImplicitGrantClient({
 *   clientId: 'a2b4c6d8-1e3f-4a5b-8c7d-9e0f1a2b3c03',
 *   redirectUri: 'https://app.example/',
 *   scope: ['file.read'],
 * });
 * const token = client.resume(); // on every page load
 * if (!token) button.onclick = () => client.signIn();
 *
 * @throws {ConfigurationError} from the constructor, if an option is missing, unknown or invalid
 */
// wire document section 2.4
export class ImplicitGrantClient {
  readonly #options: CheckedOptions<typeof clientChecks>;
  readonly #signIns: SignIns;
  readonly #tokens: TokenStore;
  #returnTo: string | undefined;
  /** The last sign-in in a popup. */
  #popup: AbortController | undefined;

  constructor(options: ImplicitGrantClientOptions) {
    if (Object(options) === options && 'clientSecret' in options) {
      throw new ConfigurationError(
        'browser_secret',
        'clientSecret must not be in a browser page, where everyone can read it: leave it out',
      );
    }
    const checked = readOptions('options of ImplicitGrantClient', options, clientChecks);
    const { clientId, authorizationEndpoint, maxAge, storage, tokenStorage, now } = checked;
    this.#options = checked;
    const { host, pathname } = authorizationEndpoint;
    const owner = [clientId, host + pathname].map(encodeURIComponent).join('@'); // a client of another server is another owner
    this.#signIns = signIns(prefixedStorage('storage', storage, 'doctape-sdk:sign-in:'), owner, maxAge, now);
    const tokenKey = `doctape-sdk:token:${owner}`;
    this.#tokens = tokenStore(
      tokenStorage === null ? undefined : prefixedStorage('tokenStorage', tokenStorage, tokenKey),
      tokenKey,
      now,
    );
  }

  /**
   * The page to continue at: path, query and fragment. By default it is the page that began the sign-in. Set after `resume()`
   * or `handleCallback()` has handled a callback, also if the user or the server refused.
   * @example
   * const token = client.resume();
   * if (client.returnTo) history.replaceState(null, '', client.returnTo);
   */
  get returnTo(): string | undefined {
    return this.#returnTo;
  }

  /**
   * The current token, or undefined if nobody is signed in. Unlike `resume()`, it does not read the URL of the page.
   * @throws {StorageError} if the browser does not let the page use its storage
   * @example
   * const signedIn = client.token !== undefined;
   */
  get token(): Token | undefined {
    return this.#tokens.get();
  }

  /**
   * Calls `listener` after each sign-in and sign-out. If `tokenStorage` is `localStorage`, this includes those in other tabs. It is
   * also called when the user returns to the page and the browser has kept it as it was, because the token may have changed.
   * @returns a function that removes the listener
   * @throws {ConfigurationError} `invalid_argument` if `listener` is not a function
   * @example
   * const stop = client.onTokenChange((token) => {
   *   if (token) showFiles(token);
   *   else showSignInButton();
   * });
   */
  onTokenChange(listener: (token: Token | undefined) => void): () => void {
    return this.#tokens.onChange(checkFunction('listener', listener));
  }

  /**
   * Begins a sign-in and stores it as pending. Send the browser to `url`, or call `signIn()`, which does both.
   * @throws {ConfigurationError} `invalid_argument` if a scope or parameter is malformed, or `returnTo` is on another origin
   * @throws {StorageError} if the sign-in cannot be stored
   * @example
   * const { url } = client.authorize({ scope: ['file.read', 'file.create'] });
   * location.assign(url);
   */
  authorize(options: SignInOptions = {}): { url: URL; state: string } {
    const { scope, returnTo, params } = checkOptions('options', options, signInOptions);
    const state = randomText();
    const { url, requested } = this.#request(state, scope, params);
    this.#signIns.remember(state, { scope: requested, returnTo: this.#checkReturnTo(returnTo) });
    return { url, state };
  }

  /**
   * Begins a sign-in and sends the browser to the sign-in page of the server.
   * @throws the errors of `authorize()`
   * @example
   * button.onclick = () => client.signIn({ returnTo: '/files' });
   */
  signIn(options: SignInOptions = {}): void {
    this.#location.assign(this.authorize(options).url.href);
  }

  /**
   * Signs in in a popup, so that the page keeps its state. Call it in a click handler before any `await`: browsers block other
   * popups. The page of `redirectUri` must call `resume()`, which closes the popup.
   *
   * It works with `Cross-Origin-Opener-Policy` on the pages of the server and of the application. If either has `same-origin`, the
   * client cannot detect that the user closed the popup. The promise then rejects after `maxAge`, when `signal` is aborted, or at
   * the next call, which replaces this one.
   *
   * @throws {PopupError} `popup_blocked` or `popup_closed`
   * @throws {TimeoutError} after `maxAge`
   * @throws {OAuthError} if the user or the server refused
   * @throws {CallbackError} if the callback is not valid
   * @throws {StorageError} if the token cannot be stored. `client.token` returns it nevertheless
   * @throws {NetworkError} if the module of the SDK for popups cannot be loaded
   * @throws {ConfigurationError} if an option is invalid, or `redirectUri` is not on the origin of the page
   * @example
   * button.onclick = async () => showFiles(await client.signInWithPopup());
   */
  async signInWithPopup(options: PopupOptions = {}): Promise<Token> {
    // before any await: browsers let a page open a window only while they handle a click
    let popup: Window | null | undefined;
    try {
      popup = globalThis.open?.('', '', options?.features ?? 'popup,width=500,height=700');
    } catch {
      // Firefox throws in a sandboxed frame without allow-popups: see `popup_blocked`
    }
    this.#popup?.abort();
    const replaced = new AbortController();
    this.#popup = replaced;
    const { signInInPopup } = await loadPopup().catch((error) => {
      popup?.close();
      throw error;
    });
    const client: PopupClient = {
      redirectUri: this.#options.redirectUri,
      maxAge: this.#options.maxAge,
      now: this.#options.now,
      origin: this.#parseUrl(this.#location.href).origin,
      replaced: replaced.signal,
      request: (given) => {
        const { scope, params, signal, features } = checkOptions('options', given, popupOptions);
        checkSignal(signal);
        if (features !== undefined) checkText('features', features);
        const state = popupPrefix + randomText();
        return { state, url: this.#request(state, scope, params).url };
      },
      accept: (href, state, { scope = this.#options.scope }) => {
        const url = this.#parseUrl(href);
        const callback = pageCallback(url, isPopupState) ?? noCallback();
        const parameters = parametersOf(callback);
        if (!constantTimeEqual(parameters.get('state') ?? '', state)) throw malformed('has another state');
        return this.#accept(url, [...scope], callback, parameters);
      },
      errors: { ConfigurationError, PopupError, TimeoutError },
    };
    return signInInPopup(popup, client, options);
  }

  /**
   * Finishes a sign-in if the URL of the page is a callback; otherwise returns the stored token. Call it on every page load.
   * It first removes the callback from the URL, whether it is accepted or not. In a popup that `signInWithPopup()` opened, it
   * sends the callback to the page that opened it and closes the popup.
   *
   * @returns undefined if nobody is signed in
   * @throws {CallbackError} if the callback does not match a pending sign-in of this browser. Other sign-ins stay pending
   * @throws {OAuthError} if the user or the server refused
   * @throws {ResponseError} `unsupported_token_type` if the token is not a bearer token
   * @throws {StorageError} if the browser does not let the page use its storage
   * @example
   * import { OAuthError } from 'doctape-sdk';
   *
   * try {
   *   const token = client.resume();
   *   if (token) showFiles(token);
   *   else showSignInButton();
   * } catch (error) {
   *   if (error instanceof OAuthError && error.code === 'access_denied') showSignInButton();
   *   else throw error;
   * }
   */
  resume(): Token | undefined {
    const url = this.#parseUrl(this.#location.href);
    const callback = this.#callbackIn(url);
    if (!callback) return this.token;
    const notifyRouters = cleanAddressBar(this.#location, this.#history, callback);
    try {
      const popup = statesIn(callback).find(isPopupState);
      if (popup === undefined) return this.#finish(url, callback);
      loadPopup()
        .then(({ sendToOpener }) => sendToOpener(popup, url.href))
        .catch(reportError); // nothing awaits it here; the page that opened the popup times out
      return this.token;
    } finally {
      notifyRouters();
    }
  }

  /**
   * Finishes a sign-in with a callback URL that the application received itself, for example from a window that it opened. For
   * the URL of the page, use `resume()`.
   * @param href the callback URL. If it is the URL of the page, the callback is removed from it. @default the URL of the page
   * @throws the errors of `resume()`, and a `CallbackError` (`malformed_callback`) if the URL is not a callback
   * @example
   * const token = client.handleCallback('https://app.example/#access_token=…&state=…');
   */
  handleCallback(href?: string | URL): Token {
    const url = this.#parseUrl(href === undefined ? this.#location.href : href);
    const callback = pageCallback(url, (state) => this.#signIns.has(state)) ?? noCallback();
    const isPage = url.href === this.#location.href;
    const notifyRouters = isPage ? cleanAddressBar(this.#location, this.#history, callback) : undefined;
    try {
      return this.#finish(url, callback);
    } finally {
      notifyRouters?.();
    }
  }

  /**
   * Removes the token from memory and storage. doctape has no endpoint to revoke it: a copy of it stays valid.
   * @throws {StorageError} if the browser does not let the page use its storage
   * @example
   * signOutButton.onclick = () => client.signOut();
   */
  signOut(): void {
    this.#tokens.delete();
  }

  get #location(): PageLocation {
    return this.#options.location();
  }

  get #history(): PageHistory {
    return this.#options.history();
  }

  #parseUrl(href: string | URL): URL {
    const url = urlOf(href);
    if (!url) throw invalid('href', 'must be the complete URL of the callback');
    return url;
  }

  #request(
    state: string,
    scope: readonly Scope[] | undefined,
    params: Record<string, string> | undefined,
  ): { url: URL; requested: string[] } {
    const requested = scope === undefined ? this.#options.scope : checkScope('scope', scope);
    const protocol = {
      response_type: 'token',
      client_id: this.#options.clientId,
      redirect_uri: this.#options.redirectUri,
      scope: requested.length > 0 ? requested.join(' ') : undefined,
      state,
    };
    return { url: authorizationUrl(this.#options.authorizationEndpoint, protocol, params), requested };
  }

  /**
   * The callback in this URL, if it is for this client. On pages other than that of `redirectUri` it must have the state of a
   * pending sign-in of this client, because other providers may have their callbacks there.
   */
  #callbackIn(url: URL): PageCallback | undefined {
    const isOurs = (state: string) => isPopupState(state) || this.#signIns.has(state);
    const callback = pageCallback(url, isOurs);
    if (!callback) return undefined;
    const states = statesIn(callback);
    if (!this.#isRedirectUri(url)) return states.some(isOurs) ? callback : undefined;
    try {
      return states.some((state) => this.#signIns.belongsToOtherClient(state)) ? undefined : callback;
    } catch {
      return callback; // the storage is blocked: the URL is cleaned before the error is thrown
    }
  }

  #isRedirectUri({ origin, pathname }: URL): boolean {
    const own = new URL(this.#options.redirectUri);
    return origin === own.origin && pathname === own.pathname;
  }

  #finish(url: URL, callback: PageCallback): Token {
    this.#returnTo = undefined;
    const parameters = parametersOf(callback);
    const { scope, returnTo } = this.#signIns.consume(parameters.get('state'));
    this.#returnTo = this.#sameOriginPath(returnTo);
    return this.#accept(url, scope, callback, parameters);
  }

  /** Checks a callback whose state has been verified, and stores its token. */
  #accept(url: URL, scope: string[], { query }: PageCallback, parameters: CallbackParameters): Token {
    const secrets = ['access_token', 'code', 'state'].flatMap((name) => parameters.get(name) ?? []);
    if (!this.#isRedirectUri(url)) throw this.#wrongPage(url, secrets);
    checkAuthorizationResponse(parameters, this.#options.issuer, secrets);
    if (parameters.has('code')) throw malformed('has a code, which only a server can exchange');
    if (valuesOf('access_token', query).join('') !== '')
      throw malformed('has its token in the query, which servers log');
    const token = this.#readToken(parameters, scope);
    this.#tokens.set(token);
    return token;
  }

  #wrongPage({ origin, pathname }: URL, secrets: string[]): CallbackError {
    const own = new URL(this.#options.redirectUri);
    const [actual, expected] = [origin + pathname, own.origin + own.pathname].map((url) => quotable(url, secrets));
    const remedy =
      origin === own.origin
        ? `if your web server changes the path, register ${actual} and set it as redirectUri`
        : 'sign in again';
    return new CallbackError(
      'malformed_callback',
      `the callback arrived at ${actual}, but redirectUri is ${expected}: ${remedy}`,
    );
  }

  #readToken(parameters: CallbackParameters, requested: string[]): Token {
    const access_token = required(parameters, 'access_token');
    const token_type = required(parameters, 'token_type');
    const expires = parameters.get('expires_in') || undefined;
    if (expires !== undefined && !seconds.test(expires)) throw malformed('has a malformed expires_in');
    const text = parameters.get('scope') || undefined;
    const scope = text === undefined ? undefined : parseScope(text);
    if (text !== undefined && !scope) throw malformed('has a malformed scope');
    return bearerToken({
      response: { access_token, token_type, expires_in: expires === undefined ? undefined : Number(expires), scope },
      requested: requested.length > 0 ? requested : undefined,
      now: this.#options.now(),
      source: 'the callback',
    });
  }

  #checkReturnTo(returnTo: string | URL = this.#currentPage()): string {
    const place = this.#sameOriginPath(returnTo);
    if (place === undefined) throw invalid('returnTo', 'must be a URL on the origin of the page');
    return place;
  }

  #currentPage(): URL {
    const url = this.#parseUrl(this.#location.href);
    const callback = this.#callbackIn(url);
    return callback ? new URL(withoutCallback(url, callback)) : url;
  }

  /** Returns the path, query and fragment of a URL on the origin of the page. Returns undefined for other URLs: open redirects. */
  #sameOriginPath(place: string | URL): string | undefined {
    const here = this.#parseUrl(this.#location.href);
    const url = urlOf(place, here.href);
    if (url?.origin !== here.origin || url.protocol !== here.protocol || url.host !== here.host) return undefined;
    // the path `//host` would be treated as another host
    return url.pathname.startsWith('//') ? url.href : url.pathname + url.search + url.hash;
  }
}

/** @throws {NetworkError} if the page is offline, or another version was deployed after it was loaded */
async function loadPopup(): Promise<typeof import('./popup.js')> {
  try {
    return await import('./popup.js');
  } catch {
    throw new NetworkError('a module of the SDK could not be loaded from the server of the page: reload the page');
  }
}

/** @throws {CallbackError} `malformed_callback` if a parameter cannot be decoded or is repeated */
function parametersOf({ query, fragment }: PageCallback): CallbackParameters {
  return parseParameters(`${query}&${fragment}`, callbackParameters);
}

function noCallback(): never {
  throw malformed('has neither a token nor an error');
}

/** Returns a function that looks up an object of the page at every use, because tests replace it. */
function pageObject<T>(name: string, value: T | undefined): () => T {
  const find = (): T => value ?? Reflect.get(globalThis, name);
  const found = find();
  if (typeof found === 'object' && found !== null) return find;
  if (found !== undefined) throw invalid(name, `must be the ${name} object of a page, not ${kindOf(found)}`);
  throw invalid(name, 'is missing: create ImplicitGrantClient in a browser page, or pass the option');
}
