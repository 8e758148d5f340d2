import { invalid } from '../protocol/checks.js';
import { type Account, account } from '../protocol/schemas/account.js';
import { type Connection, routeUrl } from '../transport/calls/connection.js';
import { loadLazyChunk } from './load-lazy-chunk.js';
import { type CallOptions, callRoute, checkCall, connectionFor } from './options/call-options.js';
import { objectOf } from './results.js';

// The calls of wire document section 3.1.

/** The available widths of an avatar, in pixels. */
export type AvatarSize = 50 | 300 | 600;

/** The signed-in user. */
export interface AccountResource {
  /**
   * Gets the profile and the storage quota of the signed-in user. Scope: `account.read`.
   *
   * @example
   * const { username, quota_free } = await api.account.get();
   * console.log(`${username} has ${quota_free} bytes left`);
   *
   * @throws every error of a call: see {@link ApiClient}
   */
  get(options?: CallOptions): Promise<Account>;
  /**
   * Downloads the picture of the signed-in user. Scope: `account.read`. The body of the response is a stream.
   *
   * @example
   * const picture = await (await api.account.avatar(300)).blob();
   *
   * @param size the width in pixels. @default 50
   * @throws {TransferError} while the body is read, as with {@link FilesResource.download}
   * @throws every error of a call: see {@link ApiClient}
   */
  avatar(size?: AvatarSize, options?: CallOptions): Promise<Response>;
  /**
   * Builds a URL of the user's picture for `<img src>`. Scope: `account.read`. The URL contains the access token: the
   * warnings of {@link FilesResource.url} apply.
   *
   * @example
   * const image = new Image();
   * image.src = api.account.avatarUrl(300).href;
   *
   * @param size the width in pixels. @default 50
   * @throws {TokenExpiredError} synchronously, if the token is known to have expired
   * @throws {ConfigurationError} synchronously, if the size or the token is invalid
   */
  avatarUrl(size?: AvatarSize): URL;
}

export function accountResource(connection: Connection): AccountResource {
  return {
    async get(options = {}) {
      const route = { name: 'account.get', method: 'GET', segments: ['account'] } as const;
      return callRoute(connection, { ...route, ...objectOf(account) }, checkCall(options));
    },
    async avatar(size = 50, options = {}) {
      const { signal, timeout, ...settings } = checkCall(options);
      const own = connectionFor(connection, { signal, timeout, ...settings });
      const wanted = { name: 'account.avatar', segments: avatarRoute(size), signal, timeout };
      const { download } = await loadLazyChunk(own, { ...wanted, method: 'GET' });
      return download(own, wanted);
    },
    avatarUrl(size = 50) {
      return routeUrl(connection, avatarRoute(size), { access_token: connection.accessTokenNow() });
    },
  };
}

function avatarRoute(size: AvatarSize): string[] {
  if (![50, 300, 600].includes(size)) throw invalid('size', 'must be 50, 300 or 600');
  return ['account', 'avatar', String(size)];
}
