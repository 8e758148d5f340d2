import { checkOptions } from '../../protocol/options.js';
import type { SandboxApp, SandboxUser } from '../core/config.js';
import { type MediaWork, mediaWorkInPlace } from '../media/media-work.js';
import { authorizeDirectly } from '../oauth/authorize-directly.js';
import { sandboxRoutes } from './routes.js';
import { readOptions, type SandboxOptions, sandboxOptionNames } from './sandbox-options.js';

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
  return buildSandbox(checkOptions('options of createSandbox', options, sandboxOptionNames), mediaWorkInPlace());
}

/** Creates a sandbox that hands the work on media files to `media`. */
export function buildSandbox(options: SandboxOptions, media: MediaWork): Sandbox {
  const context = readOptions(options, media);
  const routes = sandboxRoutes(context);
  return {
    async fetch(input, init) {
      // a Request of a server is used as it is: not every implementation can be copied
      const request = isRequest(input) && !init ? input : new Request(input, init);
      const signal = init?.signal;
      if (!signal) return routes.fetch(request);
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        Promise.resolve(routes.fetch(request)).then(resolve, reject);
      });
    },
    users: [...context.users.values()],
    apps: [...context.apps.values()],
    authorize: (url, options) => authorizeDirectly(context, url, options),
    async reset() {
      await context.store.clear();
      context.quotas.clear();
      context.renditions.clear();
    },
  };
}

function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'method' in input;
}
