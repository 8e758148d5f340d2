import { Hono } from 'hono';
import { requires } from '../core/access.js';
import { originOf } from '../core/body.js';
import type { SandboxContext, SandboxEnv } from '../core/context.js';
import { success } from '../core/envelope.js';
import { Failure } from '../core/failure.js';
import { fingerprint } from '../core/fingerprint.js';
import { quotaOf } from '../core/quota.js';
import type { FilesContext } from '../files/files-context.js';
import { sendBytes } from '../files/send.js';
import type { Grant } from '../store/records.js';

/** `/v1/account` (wire document section 3.1). */
export function accountRoutes(context: FilesContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();

  routes.get('/', requires('account.read'), async (c) => {
    const user = c.get('user');
    const { total, used, free } = await quotaOf(context, user);
    return success(c, {
      quota: total,
      username: user.username,
      firstname: user.firstname ?? '',
      lastname: user.lastname ?? '',
      email: user.email ?? '',
      country_code: 'DE',
      avatar: `${originOf(c.req.url)}/v1/account/avatar/50?${context.now()}`,
      quota_used: used,
      quota_free: free,
      type: 'basic',
      ...(context.quirks.has('account-extras') && accountExtras(context, c.get('grant'))),
    });
  });

  // the size is optional: captured responses contain URLs without one
  routes.get('/avatar/:size?', requires('account.read'), async (c) => {
    const name = c.req.param('size') ?? '50';
    if (!['50', '300', '600'].includes(name)) throw new Failure(404);
    const { username } = c.get('user');
    const id = `avatar/${username}`;
    const make = async () => context.media.makeAvatar(fingerprint(username), Number(name));
    const picture = await context.renditions.get(id, name, name, make);
    if (typeof picture !== 'object') throw new Error('drawing the avatar took too much time or memory');
    return sendBytes(c, { tag: `"${id}/${name}"`, ...picture });
  });

  return routes;
}

/** The undocumented fields that captured responses of autumn 2014 contain (wire document section 3.1). */
function accountExtras({ apps }: SandboxContext, { client_id, scope }: Grant): Record<string, unknown> {
  const app = {
    name: apps.get(client_id)?.name ?? '',
    description: null,
    timeadded: 1_411_632_000,
    homepage: null,
    scopes: scope,
  };
  return {
    application: { docViewer: 'html5' },
    notifications: { shared: true, tapeUpdates: true, newsletter: true },
    linkedApps: { [client_id]: app },
    referer_token: '0123456789abcdef0123456789abcdef',
    language_code: 'de',
    paymill: null,
    permissions: {
      embed: false,
      streamHd: false,
      searchMeta: false,
      searchContent: false,
      downloadAs: { pdf: false, mp3: false, mp4Sd: false, mp4Hd: false },
    },
  };
}
