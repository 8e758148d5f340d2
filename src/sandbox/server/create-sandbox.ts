import type { Hono } from 'hono';
import { checkOptions } from '../../protocol/options.js';
import type { Token } from '../../protocol/schemas/token.js';
import type { Scope } from '../../protocol/scopes.js';
import type { Conversions } from '../convert/conversions.js';
import type { Converter } from '../convert/converter.js';
import type { SandboxApp, SandboxUser } from '../core/config.js';
import type { SandboxEnv } from '../core/context.js';
import type { Peer } from '../core/peer.js';
import { resetAll } from '../files/reset.js';
import { type MediaWork, mediaWorkInPlace } from '../media/media-work.js';
import { authorizeDirectly } from '../oauth/authorize-directly.js';
import { signInDirectly } from '../oauth/sign-in-directly.js';
import type { Store } from '../store/store.js';
import { formBlob } from './form-blob.js';
import { sandboxRoutes } from './routes.js';
import { readOptions, type SandboxOptions, type ServerContext, sandboxOptionNames } from './sandbox-options.js';

/** A doctape server that runs in this process. */
export interface Sandbox {
  /**
   * The server as a `fetch` function. Use it as the `fetch` option of a client, or call it with a `Request`.
   *
   * @example
   * const api = new ApiClient({ token, fetch: sandbox.fetch });
   */
  readonly fetch: typeof globalThis.fetch;
  /** The users who can sign in, with their passwords. */
  readonly users: readonly SandboxUser[];
  /** The applications that users can sign in to, with their secrets. */
  readonly apps: readonly SandboxApp[];
  /**
   * Signs in without a browser.
   *
   * @param url the URL that `authorize()` of a client returned
   * @param options `username` is the user who signs in. `approve` is whether they allow the access (default true)
   * @returns the URL that a browser would be redirected to: the redirect URI with a code, a token or an error
   * @throws {OAuthError} when the sandbox refuses the request without a redirect
   * @throws {ConfigurationError} when `url` is not an absolute URL, or no user has this name
   *
   * @example
   * const callback = await sandbox.authorize(url, { username: 'alice' });
   */
  authorize(url: string | URL, options: { username: string; approve?: boolean | undefined }): Promise<URL>;
  /**
   * Issues a token, without a sign-in. For tests of code that needs a signed-in user.
   *
   * @param username the user, such as `alice`
   * @param options `scope` is what the token allows (default: all scopes). `clientId` is the application that gets it (default:
   * the first one)
   * @throws {ConfigurationError} when no user or application has this name, or a scope is unknown
   *
   * @example
   * const token = await sandbox.signIn('alice', { scope: ['file.read'] });
   * const api = new ApiClient({ token, fetch: sandbox.fetch });
   */
  signIn(
    username: string,
    options?: { scope?: readonly Scope[] | undefined; clientId?: string | undefined },
  ): Promise<Token>;
  /** Deletes all files, tapes, codes and tokens. */
  reset(): Promise<void>;
}

/**
 * Creates a doctape server that is a function from `Request` to `Response`. It serves every host name.
 *
 * @throws {ConfigurationError} that names the option that is invalid
 *
 * @example
 * const sandbox = createSandbox();
 * const client = new AuthorizationCodeClient({ ...credentials, fetch: sandbox.fetch });
 */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const checked = checkOptions('options of createSandbox', options, sandboxOptionNames);
  const { sandbox, conversions } = buildSandbox(checked, mediaWorkInPlace());
  // files that another sandbox has not converted; if the store fails, requests say so
  if (checked.store) conversions.resume().catch(() => {});
  return sandbox;
}

/** A sandbox, and what a server for it needs. */
export interface BuiltSandbox {
  sandbox: Sandbox;
  conversions: Conversions;
  /** Responds to a request from a connection. */
  respond(request: Request, peer: Peer): Response | Promise<Response>;
}

/**
 * Creates a sandbox that hands the work on media files to `media`.
 * @param converterOf returns what converts the files in a store, or undefined if nothing does
 */
export function buildSandbox(
  options: SandboxOptions,
  media: MediaWork,
  converterOf: (store: Store) => Converter | undefined = () => undefined,
): BuiltSandbox {
  const context = readOptions(options, media, converterOf);
  const routes = sandboxRoutes(context);
  return {
    sandbox: sandboxOf(context, routes),
    conversions: context.conversions,
    respond: (request, peer) => routes.fetch(request, { quirks: context.quirks, peer }),
  };
}

function sandboxOf(context: ServerContext, routes: Hono<SandboxEnv>): Sandbox {
  const { quirks } = context;
  return {
    async fetch(input, init) {
      // a Request of a server is used as it is: not every implementation can be copied
      const request = isRequest(input) && !init ? input : new Request(input, withReadableBody(init));
      const signal = init?.signal;
      if (!signal) return routes.fetch(request, { quirks });
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        Promise.resolve(routes.fetch(request, { quirks })).then(resolve, reject);
      });
    },
    users: [...context.users.values()],
    apps: [...context.apps.values()],
    authorize: (url, options) => authorizeDirectly(context, url, options),
    signIn: (username, options) => signInDirectly(context, username, options),
    reset: () => resetAll(context),
  };
}

function withReadableBody(init: RequestInit | undefined): RequestInit | undefined {
  return init?.body instanceof FormData ? { ...init, body: formBlob(init.body) } : init;
}

function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'method' in input;
}
