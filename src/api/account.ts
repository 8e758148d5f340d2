import { invalid } from '../protocol/checks.js';
import { type Account, account } from '../protocol/schemas/account.js';
import { type Connection, routeUrl } from '../transport/calls/connection.js';
import { type CallOptions, callRoute, checkCall, connectionFor } from './call-options.js';
import { restFor } from './load-rest.js';
import { one } from './results.js';

/** The widths in which the avatar comes, in pixels. */
export type AvatarSize = 50 | 300 | 600;

/** The signed-in user (wire document section 3.1). */
export interface AccountResource {
  /**
   * Who is signed in, and how much room they have. Scope: `account.read`.
   * @throws what every call does: see {@link ApiClient}
   */
  get(options?: CallOptions): Promise<Account>;
  /**
   * The user's picture. Scope: `account.read`. The response streams.
   * @param size its width in pixels. @default 50
   * @throws {TransferError} while the body is read, as with {@link FilesResource.download}
   * @throws what every call does: see {@link ApiClient}
   */
  avatar(size?: AvatarSize, options?: CallOptions): Promise<Response>;
  /**
   * An address of the user's picture for `<img src>`. Scope: `account.read`. It holds the access token: all that
   * `files.url()` warns of is true of it as well.
   * @param size its width in pixels. @default 50
   * @throws {TokenExpiredError} at once, when the token is known to have expired
   * @throws {ConfigurationError} at once, when the size or the token is wrong
   */
  avatarUrl(size?: AvatarSize): URL;
}

export function accountResource(connection: Connection): AccountResource {
  return {
    async get(options = {}) {
      const route = { name: 'account.get', method: 'GET', segments: ['account'] } as const;
      return callRoute(connection, { ...route, ...one(account) }, checkCall(options));
    },
    async avatar(size = 50, options = {}) {
      const { signal, timeout, ...settings } = checkCall(options);
      const own = connectionFor(connection, { signal, timeout, ...settings });
      const wanted = { name: 'account.avatar', segments: avatarRoute(size), signal, timeout };
      const { download } = await restFor(own, { ...wanted, method: 'GET' });
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
