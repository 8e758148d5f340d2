import {
  AuthorizationCodeClient,
  type AuthorizationCodeClientOptions,
} from '../../oauth/authorization-code/authorization-code-client.js';
import { checkDuration, checkFunction, checkOptionalFunction, checkSignal, invalid } from '../../protocol/checks.js';
import { ConfigurationError } from '../../protocol/errors.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import type { Token } from '../../protocol/schemas/token.js';
import { watch } from '../../transport/http/watch.js';
import { callbackServer } from './callback-server.js';
import { openBrowser } from './open-browser.js';

/** The options of {@link signInWithLoopback}. */
export interface LoopbackOptions
  extends Pick<
    AuthorizationCodeClientOptions,
    | 'clientId'
    | 'clientSecret'
    | 'scope'
    | 'authorizationEndpoint'
    | 'tokenEndpoint'
    | 'issuer'
    | 'allowInsecureHttp'
    | 'fetch'
  > {
  /**
   * Opens a URL in the user's browser. It may be async. If it fails and there is no `onUrl`, the sign-in rejects.
   * @default the opener of the platform: `xdg-open`, `open`, or `rundll32`
   */
  open?: ((url: URL) => unknown) | undefined;
  /**
   * Called with the URL before it is opened, to show it to users whose browser does not open. It may be async. If it throws or
   * rejects, the sign-in rejects with the same error.
   * @default none
   * @example
   * await signInWithLoopback({ clientId, onUrl: (url) => console.error(`Open ${url}`) });
   */
  onUrl?: ((url: URL) => unknown) | undefined;
  /** Additional parameters for the authorization URL. Parameters that the client sets itself are refused. */
  params?: Record<string, string> | undefined;
  /** The path of the redirect URI. @default '/callback' */
  redirectPath?: string | undefined;
  /** The port of the redirect URI. Set it if the server requires a registered port. @default 0, which chooses a free port */
  port?: number | undefined;
  /** How long the whole sign-in may take, in milliseconds. @default 600_000 */
  timeout?: number | undefined;
  /** Cancels the sign-in, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const loopbackOptions: OptionNames<LoopbackOptions> = {
  clientId: 1,
  clientSecret: 1,
  scope: 1,
  authorizationEndpoint: 1,
  tokenEndpoint: 1,
  issuer: 1,
  allowInsecureHttp: 1,
  fetch: 1,
  open: 1,
  onUrl: 1,
  params: 1,
  redirectPath: 1,
  port: 1,
  timeout: 1,
  signal: 1,
};

/**
 * Signs in from a program without a web server, by authorization code with PKCE (RFC 8252). It listens on a port of this machine
 * (127.0.0.1 and [::1]), opens the browser, waits for the callback, and closes the port. The redirect URI is
 * `http://127.0.0.1:PORT/callback`.
 *
 * @example
 * import { signInWithLoopback } from 'doctape-sdk/node';
 *
 * const token = await signInWithLoopback({
 *   clientId: 'my-script',
 *   scope: ['file.read'],
 *   onUrl: (url) => console.log(`Open ${url}`),
 * });
 *
 * @throws {ConfigurationError} if an option is invalid, the port is not available, or the browser cannot be opened and there is no
 * `onUrl`
 * @throws {OAuthError} if the user or the server refused
 * @throws {CallbackError} if the callback is malformed or from another issuer
 * @throws {TimeoutError} `timeout` if the user does not finish within `timeout`
 * @throws the other errors of `AuthorizationCodeClient.exchange()`
 */
// wire document section 2.3
export async function signInWithLoopback(options: LoopbackOptions): Promise<Token> {
  const {
    open = openBrowser,
    onUrl,
    params,
    redirectPath = '/callback',
    port = 0,
    timeout = 600_000,
    signal,
    clientId,
    scope,
    authorizationEndpoint,
    tokenEndpoint,
    issuer,
    allowInsecureHttp,
    fetch,
  } = checkOptions('options of signInWithLoopback', options, loopbackOptions);
  checkFunction('open', open);
  checkOptionalFunction('onUrl', onUrl);
  if (typeof redirectPath !== 'string' || !isPlainPath(redirectPath)) {
    throw invalid('redirectPath', 'must be a path of letters, digits, "-", "_", ".", "~" and "/", such as /callback');
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalid('port', 'must be an integer from 0 to 65535');
  }
  checkDuration('timeout', timeout);
  const clientWith = (redirectUri: string) =>
    new AuthorizationCodeClient({
      clientId,
      ...('clientSecret' in options && { clientSecret: options.clientSecret }),
      scope,
      authorizationEndpoint,
      tokenEndpoint,
      issuer,
      allowInsecureHttp,
      fetch,
      redirectUri,
      maxAge: Math.ceil(timeout / 1000),
    });
  clientWith('http://127.0.0.1/'); // checks the options before it listens on a port

  const watched = watch({ signal: checkSignal(signal), limit: timeout, code: 'timeout', operation: 'the sign-in' });
  try {
    const server = await callbackServer(redirectPath, port);
    try {
      const client = clientWith(server.redirectUri);
      const { url, state, pending } = await client.authorize({ ...(params && { params }) });
      const token = server.receive(state, (callback) => client.exchange(callback, pending, { signal: watched.signal }));
      token.catch(() => {}); // nothing awaits it if the browser cannot be opened
      const shown = Promise.resolve(onUrl?.(new URL(url)));
      const opening = openOrReject(open, url, onUrl !== undefined);
      return await watched.run(Promise.race([token, opening, shown.then(() => token)]));
    } finally {
      await server.close();
    }
  } finally {
    watched.stop();
  }
}

/** Rejects if the browser cannot be opened and the URL was not shown; otherwise stays pending. */
function openOrReject(open: (url: URL) => unknown, url: URL, shown: boolean): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => {
      const remedy = 'pass onUrl to show the URL to the user, or open to open it another way';
      if (!shown) reject(new ConfigurationError('invalid_argument', `open failed to open the browser: ${remedy}`));
    };
    try {
      Promise.resolve(open(new URL(url))).catch(fail);
    } catch {
      fail();
    }
  });
}

/** Whether browsers send this path unchanged. */
function isPlainPath(path: string): boolean {
  return /^\/[\w\-.~/]*$/.test(path) && new URL(`http://127.0.0.1${path}`).pathname === path;
}
