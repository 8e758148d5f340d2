import {
  checkDuration,
  checkFunction,
  checkOptions,
  checkScope,
  checkText,
  invalid,
  kindOf,
} from '../../protocol/checks.js';
import { endpoints, outOfBand } from '../../protocol/endpoints.js';
import { ConfigurationError, StorageError } from '../../protocol/errors.js';
import { parseScope, seconds } from '../../protocol/grammar.js';
import { randomText } from '../../protocol/random.js';
import type { Token } from '../../protocol/schemas/token.js';
import type { Scope } from '../../protocol/scopes.js';
import { checkBaseUrl, checkEndpoint, checkRedirectUri, parseUrl } from '../../protocol/urls.js';
import { bearerToken } from '../bearer-token.js';
import { type CallbackParameters, checkAnswer, malformed, required } from '../callback.js';
import { authorizationUrl, checkFreeOfProtocol } from '../request.js';
import { readKeptToken } from './kept-token.js';
import { isAnswer, pageCallback, readAnswer, statesIn, withoutAnswer } from './page-callback.js';
import { type SignIns, signIns } from './sign-ins.js';
import { type Shelf, shelf, storageOf, type WebStorage } from './web-storage.js';

/** What is needed of `window.location`. */
export interface PageLocation {
  /** The address of the page. */
  readonly href: string;
  assign(url: string): void;
}

/** What is needed of `window.history`. */
export interface PageHistory {
  /** What the page has put on the entry it is on: it stays. */
  readonly state: unknown;
  replaceState(state: unknown, unused: string, url: string): void;
}

/** Who the application is, where its users come back to, and where things are kept. */
export interface ImplicitGrantClientOptions {
  /** The id of your application: a UUID, at doctape. A page has no secret. */
  clientId: string;
  /** The page that the user comes back to, exactly as registered: it is sent byte for byte. */
  redirectUri: string;
  /** What every sign-in asks for. @default nothing, which the server takes for `account.read` */
  scope?: readonly Scope[] | undefined;
  /** @default 'https://my.doctape.com/oauth2' */
  authorizationEndpoint?: string | URL | undefined;
  /** The server's issuer identifier. Once given, a callback that does not name it is refused (RFC 9207). */
  issuer?: string | undefined;
  /** Seconds a sign-in may take. @default 600 */
  maxAge?: number | undefined;
  /** Keeps the sign-ins under way. @default sessionStorage */
  storage?: WebStorage | undefined;
  /**
   * Keeps the token, so that a reload does not sign the user out. `localStorage` remembers it for all tabs and for years;
   * null keeps it in memory only. Any script on the page can read what is stored. @default sessionStorage
   */
  tokenStorage?: WebStorage | null | undefined;
  /** @default the page's own */
  location?: PageLocation | undefined;
  /** @default the page's own */
  history?: PageHistory | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/** What is particular about one sign-in. */
export interface SignInOptions {
  /** What this sign-in asks for, in place of the client's `scope`. */
  scope?: readonly Scope[] | undefined;
  /** Where in the application to go on afterwards, on its own origin. @default where it is now */
  returnTo?: string | URL | undefined;
  /** More parameters for the authorization URL. None of the protocol's own can be among them. */
  params?: Record<string, string> | undefined;
}

/**
 * Signs users in by implicit grant (RFC 6749 section 4.2, wire document section 2.4), in a browser page without a server
 * of its own.
 *
 * Today's best practice is against this grant (RFC 9700 section 2.1.2): the token passes through the address bar. doctape
 * knows no other for browsers. So this client takes the token out of the address bar and the session history before
 * anything else, and believes it only together with the state of a sign-in that this browser began, once. What remains:
 * scripts on the page can read the token. Give the page a `Content-Security-Policy`, and `Referrer-Policy: no-referrer`.
 *
 * @example
 * const token = client.resume(); // on every load of the page
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
  readonly #location: PageLocation;
  readonly #history: PageHistory;
  readonly #signIns: SignIns;
  readonly #tokens: Shelf | undefined;
  readonly #now: () => number;
  /** The token, where no storage holds it. */
  #token: Token | undefined;
  #returnTo: string | undefined;

  constructor(options: ImplicitGrantClientOptions) {
    const {
      authorizationEndpoint = endpoints.authorization,
      issuer,
      maxAge = 600,
      storage,
      tokenStorage,
      location = globalThis.location,
      history = globalThis.history,
      now = Date.now,
    } = checkOptions('options of ImplicitGrantClient', options);
    if ('clientSecret' in options) {
      throw new ConfigurationError(
        'browser_secret',
        'clientSecret must not be in a browser page, where everyone can read it: leave it out',
      );
    }
    this.#clientId = checkText('clientId', options.clientId);
    this.#redirectUri = checkRedirectUri('redirectUri', options.redirectUri);
    if (this.#redirectUri === outOfBand) throw invalid('redirectUri', 'must be the address of a page of yours');
    this.#scope = checkScope('scope', options.scope);
    this.#authorizationEndpoint = checkFreeOfProtocol(
      'authorizationEndpoint',
      checkEndpoint('authorizationEndpoint', authorizationEndpoint),
    );
    if (issuer !== undefined) checkBaseUrl('issuer', checkText('issuer', issuer)); // compared as text
    this.#issuer = issuer;
    this.#now = checkFunction('now', now);
    this.#location = ofPage('location', location);
    this.#history = ofPage('history', history);
    const { host, pathname } = this.#authorizationEndpoint;
    const whose = [this.#clientId, host + pathname].map(encodeURIComponent).join('@'); // no other server's
    this.#signIns = signIns(
      shelf('storage', storageOf('storage', storage), `doctape-sdk:sign-in:${whose}:`),
      checkDuration('maxAge', maxAge),
      now,
    );
    this.#tokens =
      tokenStorage === null
        ? undefined
        : shelf('tokenStorage', storageOf('tokenStorage', tokenStorage), `doctape-sdk:token:${whose}`);
  }

  /**
   * Where the application was when the sign-in began: path, query and fragment, on its own origin. Known after
   * `resume()` has handled a callback, also one that says no.
   */
  get returnTo(): string | undefined {
    return this.#returnTo;
  }

  /**
   * Begins a sign-in and remembers it. Send the browser to `url`, or let `signIn()` do it.
   * @throws {ConfigurationError} `invalid_argument` for an ill-formed scope or parameter, or a `returnTo` elsewhere
   * @throws {StorageError} when the sign-in cannot be remembered
   */
  authorize(options: SignInOptions = {}): { url: URL; state: string } {
    const { scope, returnTo, params } = checkOptions('options', options);
    const wanted = scope === undefined ? this.#scope : checkScope('scope', scope);
    const state = randomText();
    const url = authorizationUrl(
      this.#authorizationEndpoint,
      {
        response_type: 'token',
        client_id: this.#clientId,
        redirect_uri: this.#redirectUri,
        scope: wanted.length > 0 ? wanted.join(' ') : undefined,
        state,
      },
      params,
    );
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
   * To be called on every load: on the way back from a sign-in it finishes it, and else gives the token that is
   * remembered. A callback is taken out of the address bar first, whatever becomes of it.
   * @returns undefined when nobody is signed in
   * @throws {CallbackError} when the callback does not belong to a sign-in of this browser; other sign-ins are untouched
   * @throws {OAuthError} when the user or the server refused
   * @throws {ResponseError} `unsupported_token_type`
   * @throws {StorageError} when the browser lets the page store nothing
   */
  resume(): Token | undefined {
    const address = this.#address(this.#location.href);
    if (!this.#isCallback(address)) return this.#remembered();
    this.#clean(address);
    return this.#finish(address);
  }

  /**
   * Finishes the sign-in that this callback belongs to, for an application that was handed the address, such as by a
   * window that it opened. `resume()` does it for the page's own.
   * @param href @default the address of the page; where it is that, it is cleaned
   * @throws what `resume()` throws, and a `CallbackError` (`malformed_callback`) when it is no callback
   */
  handleCallback(href?: string | URL): Token {
    const address = this.#address(href === undefined ? this.#location.href : href);
    if (!isAnswer(pageCallback(address))) throw malformed('has neither a token nor an error');
    if (address.href === this.#location.href) this.#clean(address);
    return this.#finish(address);
  }

  /**
   * Forgets the token. doctape has no call to take it back: it stays valid for whoever has copied it.
   * @throws {StorageError} when the browser keeps the page from its storage
   */
  signOut(): void {
    this.#token = undefined;
    this.#tokens?.delete('');
  }

  #address(href: string | URL): URL {
    const address = href instanceof URL ? href : typeof href === 'string' ? parseUrl(href) : undefined;
    if (!address) throw invalid('href', 'must be the whole address of the callback');
    return address;
  }

  /** On another page than that of `redirectUri`, only the answer to a sign-in of ours: others may have theirs there. */
  #isCallback(address: URL): boolean {
    const callback = pageCallback(address);
    if (!isAnswer(callback)) return false;
    return this.#isRedirectUri(address) || statesIn(callback).some((state) => this.#signIns.has(state));
  }

  #isRedirectUri({ origin, pathname }: URL): boolean {
    const own = new URL(this.#redirectUri);
    return origin === own.origin && pathname === own.pathname;
  }

  #clean(address: URL): void {
    try {
      this.#history.replaceState(this.#history.state, '', withoutAnswer(address));
    } catch {
      throw new StorageError(
        'the callback cannot be taken out of the address bar: the page may not change its history',
      );
    }
  }

  #finish(address: URL): Token {
    this.#returnTo = undefined;
    const { parameters, inQuery } = readAnswer(pageCallback(address));
    const { scope, returnTo } = this.#signIns.consume(parameters.get('state'));
    this.#returnTo = this.#ownPlace(returnTo);
    if (!this.#isRedirectUri(address)) throw malformed('came to another address than redirectUri');
    const secrets = ['access_token', 'code', 'state'].flatMap((name) => parameters.get(name) ?? []);
    checkAnswer(parameters, this.#issuer, secrets);
    if (parameters.has('code')) throw malformed('has a code, which only a server can exchange');
    if (inQuery.has('access_token')) throw malformed('has its token in the query, where servers log it');
    const token = this.#tokenIn(parameters, scope);
    this.#remember(token);
    return token;
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

  /** In memory first: should the storage fail, the token is not lost. */
  #remember(token: Token): void {
    this.#token = token;
    if (!this.#tokens) return;
    this.#tokens.delete(''); // whoever was signed in before is not, also when there is no room for the new one
    this.#tokens.set('', JSON.stringify(token));
    this.#token = undefined;
  }

  #remembered(): Token | undefined {
    const token = this.#token ?? readKeptToken(this.#tokens?.get('') ?? null);
    if (token?.expires_at === undefined || this.#now() < token.expires_at * 1000) return token;
    this.signOut();
    return undefined;
  }

  #placeToReturnTo(returnTo: string | URL = this.#here()): string {
    const place = this.#ownPlace(returnTo);
    if (place === undefined) throw invalid('returnTo', "must be an address on the application's own origin");
    return place;
  }

  #here(): URL {
    const address = this.#address(this.#location.href);
    return this.#isCallback(address) ? new URL(withoutAnswer(address)) : address;
  }

  /** An address of this application without its origin. Undefined for any other: it would be an open redirect. */
  #ownPlace(place: string | URL): string | undefined {
    const here = this.#address(this.#location.href);
    const url = place instanceof URL ? place : typeof place === 'string' ? parseUrl(place, here.href) : undefined;
    if (url?.origin !== here.origin || url.protocol !== here.protocol || url.host !== here.host) return undefined;
    // `//host` as a path would be taken for another host
    return url.pathname.startsWith('//') ? url.href : url.pathname + url.search + url.hash;
  }
}

function ofPage<T>(name: string, value: T | undefined): T {
  if (typeof value === 'object' && value !== null) return value;
  if (value !== undefined) throw invalid(name, `must be that of a page, not ${kindOf(value)}`);
  throw invalid(name, 'is not there: ImplicitGrantClient works in a browser page, so create it only there');
}
