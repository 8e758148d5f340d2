import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import { checkFunction, invalid } from '../../protocol/checks.js';
import { OAuthError } from '../../protocol/errors.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import { parseUrl } from '../../protocol/urls.js';
import { failure } from '../core/answer.js';
import { readConfig, type SandboxApp, type SandboxUser } from '../core/config.js';
import type { SandboxContext, SandboxEnv } from '../core/context.js';
import { Failure, failureOf } from '../core/failure.js';
import { checkQuirks, type Quirk } from '../core/quirks.js';
import { type MediaWork, mediaWorkInPlace } from '../media/media-work.js';
import { renditionCache } from '../media/rendition-cache.js';
import { approve, decline, readAuthorization } from '../oauth/authorization.js';
import { oauthRoutes } from '../oauth/oauth-routes.js';
import { publicRoutes } from '../pages/public-routes.js';
import { startPage } from '../pages/start-page.js';
import { memoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { apiRoutes, unversionedRoutes } from './api-routes.js';
import { openPaths, openToAllOrigins } from './cors.js';
import { faultInjection, parseFaults } from './faults.js';

/** Who and what the sandbox knows, and how it behaves. */
export interface SandboxOptions {
  /** Who can sign in. @default alice (wonderland) and bob (builder) */
  users?: SandboxUser[] | undefined;
  /** The applications that are known. @default one server app and one client app */
  apps?: SandboxApp[] | undefined;
  /** @default memoryStore() */
  store?: Store | undefined;
  /** The user as whom every authorization request is approved, without a page. */
  autoApprove?: string | undefined;
  /** What is to go wrong, such as `latency=200,status=503@0.1`: see docs/sandbox.md. @default nothing */
  faults?: string | undefined;
  /** What doctape did beside its documentation: see docs/sandbox.md. @default none */
  quirks?: readonly Quirk[] | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/** The names of the options, for `checkOptions`. */
export const sandboxOptionNames: OptionNames<SandboxOptions> = {
  users: 1,
  apps: 1,
  store: 1,
  autoApprove: 1,
  faults: 1,
  quirks: 1,
  now: 1,
};

/** A sandbox that runs. */
export interface Sandbox {
  /** The server, as a function: hand it to a client as its `fetch`, or a request to it. */
  readonly fetch: typeof globalThis.fetch;
  /** Who can sign in, with their passwords. */
  readonly users: readonly SandboxUser[];
  /** The applications that are known, with their secrets. */
  readonly apps: readonly SandboxApp[];
  /**
   * Signs in without a browser.
   * @param url what `authorize()` of a client gave
   * @param options who signs in; `approve` is whether they allow it, and true unless it is given
   * @returns where the browser would be sent: `redirectUri` with a code, a token, or the error that says no
   * @throws {OAuthError} when the request is one that no redirect answers
   * @throws {ConfigurationError} when `url` is no address, or nobody has this username
   */
  authorize(url: string | URL, options: { username: string; approve?: boolean | undefined }): Promise<URL>;
  /** Forgets all files, codes and tokens. */
  reset(): Promise<void>;
}

/**
 * A doctape of your own: a function from `Request` to `Response` that speaks the protocol, on any host name.
 * @throws {ConfigurationError} naming the option that is wrong
 */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  return buildSandbox(checkOptions('options of createSandbox', options, sandboxOptionNames), mediaWorkInPlace());
}

/** The sandbox, with its work on media files done by whatever the server has for it. */
export function buildSandbox(options: SandboxOptions, media: MediaWork): Sandbox {
  const { store = memoryStore(), autoApprove, now = Date.now } = options;
  if (typeof store?.commit !== 'function') {
    throw invalid('store', 'must be memoryStore(), diskStore(folder), or a Store of your own');
  }
  const { users, apps } = readConfig({ users: options.users, apps: options.apps });
  const context: SandboxContext = {
    store,
    users: new Map(users.map((user) => [user.username, user])),
    apps: new Map(apps.map((app) => [app.clientId, app])),
    now: checkFunction('now', now),
    autoApprove,
    quirks: checkQuirks(options.quirks ?? []),
    changes: new Map(),
    quotas: new Map(),
    media,
    renditions: renditionCache({ bytes: 64 * 1024 * 1024, entries: 5_000 }),
  };
  const faults = options.faults === undefined ? undefined : parseFaults('faults', options.faults);
  if (autoApprove !== undefined && !context.users.has(autoApprove)) {
    throw invalid('autoApprove', `must be one of the users: ${users.map((user) => user.username).join(', ')}`);
  }

  const server = new Hono<SandboxEnv>();
  server.use(requestId());
  server.use((c, next) => {
    c.set('quirks', context.quirks);
    return next();
  });
  server.get('/', (c) => startPage(c, context));
  server.get('/favicon.ico', (c) => c.body(null, 204)); // browsers ask for it unasked, and complain about a 404
  for (const path of openPaths) server.use(`${path}/*`, openToAllOrigins());
  server.use(faultInjection(faults));
  server.route('/s', publicRoutes(context));
  server.route('/oauth2', oauthRoutes(context));
  server.route('/v1', apiRoutes(context));
  server.route('/doc', unversionedRoutes(context));
  server.notFound((c) => failure(c, new Failure(404)));
  server.onError((error, c) => {
    const known = failureOf(error);
    if (known) return failure(c, known);
    console.error(`doctape sandbox: ${error.name}${stackOf(error)}`);
    return failure(c, new Failure(500));
  });

  return {
    async fetch(input, init) {
      // a server's own Request is taken as it is: not every one can be copied
      const request = isRequest(input) && !init ? input : new Request(input, init);
      const signal = init?.signal;
      if (!signal) return server.fetch(request);
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        Promise.resolve(server.fetch(request)).then(resolve, reject);
      });
    },
    users,
    apps,
    async authorize(url, options) {
      const { username, approve: agreed = true } = checkOptions('options of authorize', options, {
        username: 1,
        approve: 1,
      });
      const address = url instanceof URL ? url : typeof url === 'string' ? parseUrl(url) : undefined;
      if (!address) throw invalid('url', 'must be an absolute authorization URL');
      const user = context.users.get(username);
      if (!user) throw invalid('username', `must be one of ${users.map((known) => known.username).join(', ')}`);
      const verdict = readAuthorization(context, address);
      if ('refused' in verdict) {
        const { error, error_description } = verdict.refused;
        throw new OAuthError(error, `the sandbox refused: ${error_description}`, {
          description: error_description,
          status: 400,
        });
      }
      if ('redirect' in verdict) return new URL(verdict.redirect);
      return new URL(agreed ? await approve(context, verdict.request, user) : decline(verdict.request));
    },
    async reset() {
      await store.clear();
      context.quotas.clear();
      context.renditions.clear();
    },
  };
}

function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'method' in input;
}

/** Where an error came from, without its message, which may quote a code or a token. */
function stackOf({ stack = '' }: Error): string {
  const at = stack.indexOf('\n    at ');
  return at < 0 ? '' : stack.slice(at);
}
