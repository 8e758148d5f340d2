import {
  checkDuration,
  checkFunction,
  checkScope,
  checkSignal,
  checkText,
  invalid,
  kindOf,
} from '../../protocol/checks.js';
import { endpoints, outOfBand } from '../../protocol/endpoints.js';
import { CallbackError, ConfigurationError, NetworkError, PopupError, TimeoutError } from '../../protocol/errors.js';
import { parseScope, seconds } from '../../protocol/grammar.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import { quotable } from '../../protocol/quotable.js';
import { randomText } from '../../protocol/random.js';
import { sameText } from '../../protocol/same-text.js';
import type { Token } from '../../protocol/schemas/token.js';
import type { Scope } from '../../protocol/scopes.js';
import { checkBaseUrl, checkEndpoint, checkRedirectUri, parseUrl } from '../../protocol/urls.js';
import { bearerToken } from '../bearer-token.js';
import { type CallbackParameters, checkAnswer, malformed, required } from '../callback.js';
import { authorizationUrl, checkFreeOfProtocol } from '../request.js';
import { cleanAddressBar, type PageHistory, type PageLocation } from './address-bar.js';
import {
  isPopupState,
  type PageCallback,
  pageCallback,
  popupMark,
  readAnswer,
  statesIn,
  withoutAnswer,
} from './page-callback.js';
import type { PopupClient, PopupOptions } from './popup.js';
import { type SignIns, signIns } from './sign-ins.js';
import { type TokenStore, tokenStore } from './token-store.js';
import { shelf, storageOf, type WebStorage } from './web-storage.js';

/** The options of {@link ImplicitGrantClient}. */
export interface ImplicitGrantClientOptions {
  /** The id of your application: a UUID, at doctape. A page has no secret. */
  clientId: string;
  /** The page that the user comes back to, exactly as registered. It is sent byte for byte. */
  redirectUri: string;
  /** The scopes that every sign-in requests. @default none, which the server treats as `account.read` */
  scope?: readonly Scope[] | undefined;
  /** @default 'https://my.doctape.com/oauth2' */
  authorizationEndpoint?: string | URL | undefined;
  /** The issuer identifier of the server. If it is set, a callback without it is refused (RFC 9207). */
  issuer?: string | undefined;
  /** The number of seconds that a sign-in may take. @default 600 */
  maxAge?: number | undefined;
  /** Where pending sign-ins are kept. @default sessionStorage */
  storage?: WebStorage | undefined;
  /**
   * Where the token is kept, so that a reload does not sign the user out. `localStorage` keeps it for all tabs and for years;
   * null keeps it in memory only. Any script on the page can read what is stored. @default sessionStorage
   */
  tokenStorage?: WebStorage | null | undefined;
  /**
   * Allows `http` URLs of other hosts than loopback. For development only, such as in containers: everybody on the network
   * can read the token. @default false
   */
  allowInsecureHttp?: boolean | undefined;
  /** @default the page's own */
  location?: PageLocation | undefined;
  /** @default the page's own */
  history?: PageHistory | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

const clientOptions: OptionNames<ImplicitGrantClientOptions> = {
  clientId: 1,
  redirectUri: 1,
  scope: 1,
  authorizationEndpoint: 1,
  issuer: 1,
  maxAge: 1,
  storage: 1,
  tokenStorage: 1,
  allowInsecureHttp: 1,
  location: 1,
  history: 1,
  now: 1,
};

/** The options of one sign-in. */
export interface SignInOptions {
  /** The scopes that this sign-in requests, in place of the client's `scope`. */
  scope?: readonly Scope[] | undefined;
  /** Where in the application to continue afterwards, on its own origin. @default the current URL */
  returnTo?: string | URL | undefined;
  /** More parameters for the authorization URL. The protocol's own are refused. */
  params?: Record<string, string> | undefined;
}

const signInOptions: OptionNames<SignInOptions> = { scope: 1, returnTo: 1, params: 1 };

const popupOptions: OptionNames<PopupOptions> = { scope: 1, params: 1, signal: 1, features: 1 };

/**
 * Signs users in by implicit grant (RFC 6749 section 4.2, wire document section 2.4), in a browser page without a server
 * of its own.
 *
 * Current best practice advises against this grant (RFC 9700 section 2.1.2), because the token passes through the address
 * bar. doctape has no other for browsers. Therefore this client removes the token from the address bar and the session
 * history first, and accepts it only with the state of a sign-in that this browser began, once. Scripts on the page can
 * still read the token: give the page a `Content-Security-Policy`, and `Referrer-Policy: no-referrer`.
 *
 * @example
 * const token = client.resume(); // on every page load
 * if (!token) button.onclick = () => client.signIn();
 *
 * @throws {ConfigurationError} at construction, naming the option that is wrong and the remedy
 */
export class ImplicitGrantClient {
  readonly #clientId: string;
  readonly #redirectUri: string;
  readonly #scope: string[];
  readonly #authorizationEndpoint: URL;
  readonly #issuer: string | undefined;
  readonly #maxAge: number;
  readonly #ofPage: Pick<ImplicitGrantClientOptions, 'location' | 'history'>;
  readonly #signIns: SignIns;
  readonly #tokens: TokenStore;
  readonly #now: () => number;
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
    const {
      authorizationEndpoint = endpoints.authorization,
      issuer,
      maxAge = 600,
      storage,
      tokenStorage,
      location,
      history,
      now = () => Date.now(), // looked up at each call: tests replace it
    } = checkOptions('options of ImplicitGrantClient', options, clientOptions);
    this.#clientId = checkText('clientId', options.clientId);
    this.#redirectUri = checkRedirectUri('redirectUri', options.redirectUri, options);
    if (this.#redirectUri === outOfBand) throw invalid('redirectUri', 'must be the URL of a page of yours');
    this.#scope = checkScope('scope', options.scope);
    this.#authorizationEndpoint = checkFreeOfProtocol(
      'authorizationEndpoint',
      checkEndpoint('authorizationEndpoint', authorizationEndpoint, options),
    );
    if (issuer !== undefined) checkBaseUrl('issuer', checkText('issuer', issuer), options); // compared as text
    this.#issuer = issuer;
    this.#maxAge = checkDuration('maxAge', maxAge);
    this.#now = checkFunction('now', now);
    this.#ofPage = { location, history };
    checkOfPage('location', this.#location);
    checkOfPage('history', this.#history);
    const { host, pathname } = this.#authorizationEndpoint;
    const owner = [this.#clientId, host + pathname].map(encodeURIComponent).join('@'); // not another server's
    this.#signIns = signIns(
      shelf('storage', storageOf('storage', storage), 'doctape-sdk:sign-in:'),
      owner,
      this.#maxAge,
      now,
    );
    const tokenKey = `doctape-sdk:token:${owner}`;
    this.#tokens = tokenStore(
      tokenStorage === null ? undefined : shelf('tokenStorage', storageOf('tokenStorage', tokenStorage), tokenKey),
      tokenKey,
      now,
    );
  }

  /**
   * Where the application was when the sign-in began: path, query and fragment, on its own origin. Set after `resume()`
   * has handled a callback, also if the server refused.
   */
  get returnTo(): string | undefined {
    return this.#returnTo;
  }

  /**
   * The current token. Undefined if nobody is signed in. Unlike `resume()`, this does not look at the URL of the page.
   * @throws {StorageError} if the browser does not let the page use its storage
   */
  get token(): Token | undefined {
    return this.#tokens.get();
  }

  /**
   * Calls `listener` after each sign-in and sign-out, also in other tabs if `tokenStorage` is `localStorage`.
   * @returns a function that stops the calls
   * @throws {ConfigurationError} `invalid_argument` if `listener` is not a function
   * @example
   * const stop = client.onTokenChange((token) => show(token ? 'signed in' : 'signed out'));
   */
  onTokenChange(listener: (token: Token | undefined) => void): () => void {
    return this.#tokens.onChange(checkFunction('listener', listener));
  }

  /**
   * Begins a sign-in and remembers it. Send the browser to `url`, or let `signIn()` do it.
   * @throws {ConfigurationError} `invalid_argument` for an ill-formed scope or parameter, or a `returnTo` elsewhere
   * @throws {StorageError} if the sign-in cannot be remembered
   */
  authorize(options: SignInOptions = {}): { url: URL; state: string } {
    const { scope, returnTo, params } = checkOptions('options', options, signInOptions);
    const state = randomText();
    const { url, wanted } = this.#request(state, scope, params);
    this.#signIns.remember(state, { scope: wanted, returnTo: this.#placeToReturnTo(returnTo) });
    return { url, state };
  }

  /**
   * Begins a sign-in and leaves the page for it.
   * @throws what `authorize()` throws
   */
  signIn(options: SignInOptions = {}): void {
    this.#location.assign(this.authorize(options).url.href);
  }

  /**
   * Signs in in a popup, so that the page stays as it is. Call it in a click handler, before any `await`: browsers block
   * popups that no click has asked for. The page of `redirectUri` must call `resume()`, which closes the popup.
   *
   * It works with `Cross-Origin-Opener-Policy` on the pages of the server and of the application. With `same-origin` on
   * either, nobody can tell that the user has closed the popup: the promise then waits for `maxAge`, for `signal`, or for
   * the next call, which replaces this one.
   *
   * @throws {PopupError} `popup_blocked` or `popup_closed`
   * @throws {TimeoutError} after `maxAge`
   * @throws {OAuthError} if the user or the server refused
   * @throws {CallbackError} if the callback is not valid
   * @throws {StorageError} if the token cannot be stored. `token` has it nevertheless
   * @throws {NetworkError} if the part of the SDK for popups cannot be loaded
   * @throws {ConfigurationError} if an option is wrong, or `redirectUri` is on another origin than the page
   * @example
   * button.onclick = async () => show(await client.signInWithPopup());
   */
  async signInWithPopup(options: PopupOptions = {}): Promise<Token> {
    // first, before anything is awaited: browsers let a page open a window only while they handle a click
    const popup = globalThis.open?.('', '', options?.features ?? 'popup,width=500,height=700');
    this.#popup?.abort();
    const replaced = new AbortController();
    this.#popup = replaced;
    const { signInInPopup } = await loadPopup().catch((error) => {
      popup?.close();
      throw error;
    });
    const client: PopupClient = {
      redirectUri: this.#redirectUri,
      maxAge: this.#maxAge,
      now: this.#now,
      origin: this.#address(this.#location.href).origin,
      replaced: replaced.signal,
      request: (given) => {
        const { scope, params, signal, features } = checkOptions('options', given, popupOptions);
        checkSignal(signal);
        if (features !== undefined) checkText('features', features);
        const state = popupMark + randomText();
        return { state, url: this.#request(state, scope, params).url };
      },
      accept: (href, state, { scope = this.#scope }) => {
        const address = this.#address(href);
        const answer = readAnswer(pageCallback(address, isPopupState) ?? noCallback());
        if (!sameText(answer.parameters.get('state') ?? '', state)) throw malformed('has another state');
        return this.#accept(address, [...scope], answer);
      },
      errors: { ConfigurationError, PopupError, TimeoutError },
    };
    return signInInPopup(popup, client, options);
  }

  /**
   * Call it on every page load. On the way back from a sign-in it finishes the sign-in; otherwise it returns the token that
   * is remembered. A callback is first removed from the URL, whether it is accepted or not. In a popup that
   * `signInWithPopup()` opened, it gives the callback to the page that opened it and closes the popup.
   *
   * @returns undefined if nobody is signed in
   * @throws {CallbackError} if the callback does not belong to a sign-in of this browser. Other sign-ins are untouched
   * @throws {OAuthError} if the user or the server refused
   * @throws {ResponseError} `unsupported_token_type`
   * @throws {StorageError} if the browser does not let the page store anything
   */
  resume(): Token | undefined {
    const address = this.#address(this.#location.href);
    const callback = this.#callbackIn(address);
    if (!callback) return this.token;
    const tellRouters = cleanAddressBar(this.#location, this.#history, callback);
    try {
      const popup = statesIn(callback).find(isPopupState);
      if (popup === undefined) return this.#finish(address, callback);
      loadPopup()
        .then(({ handOver }) => handOver(popup, address.href))
        .catch(reportError); // here nobody waits for it: the page that opened the popup reports a timeout
      return this.token;
    } finally {
      tellRouters();
    }
  }

  /**
   * Finishes the sign-in that this callback belongs to, for an application that was given the URL, for example by a window
   * of its own. `resume()` does it for the URL of the page.
   * @param href @default the URL of the page. If it is that, it is cleaned
   * @throws what `resume()` throws, and a `CallbackError` (`malformed_callback`) if it is not a callback
   */
  handleCallback(href?: string | URL): Token {
    const address = this.#address(href === undefined ? this.#location.href : href);
    const callback = pageCallback(address, (state) => this.#signIns.has(state)) ?? noCallback();
    const isPage = address.href === this.#location.href;
    const tellRouters = isPage ? cleanAddressBar(this.#location, this.#history, callback) : undefined;
    try {
      return this.#finish(address, callback);
    } finally {
      tellRouters?.();
    }
  }

  /**
   * Forgets the token. doctape has no call to revoke it: a copy of it stays valid.
   * @throws {StorageError} if the browser does not let the page use its storage
   */
  signOut(): void {
    this.#tokens.delete();
  }

  get #location(): PageLocation {
    return this.#ofPage.location ?? globalThis.location;
  }

  get #history(): PageHistory {
    return this.#ofPage.history ?? globalThis.history;
  }

  #address(href: string | URL): URL {
    const address = href instanceof URL ? href : typeof href === 'string' ? parseUrl(href) : undefined;
    if (!address) throw invalid('href', 'must be the whole URL of the callback');
    return address;
  }

  #request(
    state: string,
    scope: readonly Scope[] | undefined,
    params: Record<string, string> | undefined,
  ): { url: URL; wanted: string[] } {
    const wanted = scope === undefined ? this.#scope : checkScope('scope', scope);
    const protocol = {
      response_type: 'token',
      client_id: this.#clientId,
      redirect_uri: this.#redirectUri,
      scope: wanted.length > 0 ? wanted.join(' ') : undefined,
      state,
    };
    return { url: authorizationUrl(this.#authorizationEndpoint, protocol, params), wanted };
  }

  /**
   * The callback in this URL, if it is for this client. On another page than that of `redirectUri` only the answer to a
   * pending sign-in of ours: other providers may have their callbacks there.
   */
  #callbackIn(address: URL): PageCallback | undefined {
    const isOurs = (state: string) => isPopupState(state) || this.#signIns.has(state);
    const callback = pageCallback(address, isOurs);
    if (!callback) return undefined;
    const states = statesIn(callback);
    if (!this.#isRedirectUri(address)) return states.some(isOurs) ? callback : undefined;
    try {
      return states.some((state) => this.#signIns.isAnothers(state)) ? undefined : callback;
    } catch {
      return callback; // the storage is blocked: the URL is cleaned before that is reported
    }
  }

  #isRedirectUri({ origin, pathname }: URL): boolean {
    const own = new URL(this.#redirectUri);
    return origin === own.origin && pathname === own.pathname;
  }

  #finish(address: URL, callback: PageCallback): Token {
    this.#returnTo = undefined;
    const answer = readAnswer(callback);
    const { scope, returnTo } = this.#signIns.consume(answer.parameters.get('state'));
    this.#returnTo = this.#ownPlace(returnTo);
    return this.#accept(address, scope, answer);
  }

  /** What comes after the state: everything else that can be wrong with a callback. */
  #accept(address: URL, scope: string[], { parameters, inQuery }: ReturnType<typeof readAnswer>): Token {
    const secrets = ['access_token', 'code', 'state'].flatMap((name) => parameters.get(name) ?? []);
    if (!this.#isRedirectUri(address)) throw this.#wrongPage(address, secrets);
    checkAnswer(parameters, this.#issuer, secrets);
    if (parameters.has('code')) throw malformed('has a code, which only a server can exchange');
    if (inQuery.has('access_token')) throw malformed('has its token in the query, where servers log it');
    const token = this.#tokenIn(parameters, scope);
    this.#tokens.set(token);
    return token;
  }

  #wrongPage({ origin, pathname }: URL, secrets: string[]): CallbackError {
    const own = new URL(this.#redirectUri);
    const [came, expected] = [origin + pathname, own.origin + own.pathname].map((url) => quotable(url, secrets));
    const remedy =
      origin === own.origin
        ? `if the server of the page changes the path, register ${came} and set it as redirectUri`
        : 'sign in again';
    return new CallbackError(
      'malformed_callback',
      `the callback came to ${came}, but redirectUri is ${expected}: ${remedy}`,
    );
  }

  #tokenIn(parameters: CallbackParameters, requested: string[]): Token {
    const access_token = required(parameters, 'access_token');
    const token_type = required(parameters, 'token_type');
    const expires = parameters.get('expires_in') || undefined;
    if (expires !== undefined && !seconds.test(expires)) throw malformed('has an ill-formed expires_in');
    const text = parameters.get('scope') || undefined;
    const scope = text === undefined ? undefined : parseScope(text);
    if (text !== undefined && !scope) throw malformed('has an ill-formed scope');
    return bearerToken({
      answer: { access_token, token_type, expires_in: expires === undefined ? undefined : Number(expires), scope },
      requested: requested.length > 0 ? requested : undefined,
      now: this.#now(),
      giver: 'the callback',
    });
  }

  #placeToReturnTo(returnTo: string | URL = this.#here()): string {
    const place = this.#ownPlace(returnTo);
    if (place === undefined) throw invalid('returnTo', "must be a URL on the application's own origin");
    return place;
  }

  #here(): URL {
    const address = this.#address(this.#location.href);
    const callback = this.#callbackIn(address);
    return callback ? new URL(withoutAnswer(address, callback)) : address;
  }

  /** A URL of this application without its origin. Undefined for any other: it would be an open redirect. */
  #ownPlace(place: string | URL): string | undefined {
    const here = this.#address(this.#location.href);
    const url = place instanceof URL ? place : typeof place === 'string' ? parseUrl(place, here.href) : undefined;
    if (url?.origin !== here.origin || url.protocol !== here.protocol || url.host !== here.host) return undefined;
    // `//host` as a path would be treated as another host
    return url.pathname.startsWith('//') ? url.href : url.pathname + url.search + url.hash;
  }
}

/** @throws {NetworkError} if the page is offline, or another version has been deployed since it was loaded */
async function loadPopup(): Promise<typeof import('./popup.js')> {
  try {
    return await import('./popup.js');
  } catch {
    throw new NetworkError('a part of the SDK could not be loaded from where the page came: reload the page');
  }
}

function noCallback(): never {
  throw malformed('has neither a token nor an error');
}

function checkOfPage(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  if (value !== undefined) throw invalid(name, `must be that of a page, not ${kindOf(value)}`);
  throw invalid(name, 'is missing: ImplicitGrantClient works in a browser page, so create it only there');
}
