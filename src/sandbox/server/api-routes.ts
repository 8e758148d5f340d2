import { Hono } from 'hono';
import { accountRoutes } from '../account/account-routes.js';
import { authenticate } from '../core/access.js';
import type { SandboxContext, SandboxEnv } from '../core/context.js';
import { jsonp } from '../core/jsonp.js';
import { extractRoute, fileRoutes } from '../files/file-routes.js';
import { tapeRoutes } from '../tapes/tape-routes.js';

/** `/v1` (wire document section 3). */
export function apiRoutes(context: SandboxContext): Hono<SandboxEnv> {
  return guarded(context)
    .route('/account', accountRoutes(context))
    .route('/doc', fileRoutes(context))
    .route('/tape', tapeRoutes(context));
}

/** `/doc/{id}/extract`, the one route that the documentation prints without `/v1` (wire document section 3.2). */
export function unversionedRoutes(context: SandboxContext): Hono<SandboxEnv> {
  return guarded(context).route('/', extractRoute(context));
}

/** What stands before every route of the API. */
function guarded(context: SandboxContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();
  if (context.quirks.has('jsonp')) routes.use(jsonp());
  return routes.use(authenticate(context));
}
