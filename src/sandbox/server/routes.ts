import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import { accountRoutes } from '../account/account-routes.js';
import { authenticate } from '../core/access.js';
import type { SandboxContext, SandboxEnv } from '../core/context.js';
import { failureResponse } from '../core/envelope.js';
import { Failure } from '../core/failure.js';
import { failureFromError } from '../core/failure-from-error.js';
import { extractRoute, fileRoutes } from '../files/file-routes.js';
import { oauthRoutes } from '../oauth/oauth-routes.js';
import { publicRoutes } from '../pages/public-routes.js';
import { startPage } from '../pages/start-page.js';
import { tapeRoutes } from '../tapes/tape-routes.js';
import { openPaths, openToAllOrigins } from './cors.js';
import { faultInjection } from './faults.js';
import { jsonp } from './jsonp.js';
import { requestLog } from './request-log.js';
import type { ServerContext } from './sandbox-options.js';

/** All routes of the sandbox. Each feature has the routes of its own folder. */
export function sandboxRoutes(context: ServerContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();
  routes.use(requestId());
  if (context.log) routes.use(requestLog(context.log));
  routes.use((c, next) => {
    c.set('quirks', context.quirks);
    return next();
  });
  routes.get('/', (c) => startPage(c, context));
  routes.get('/favicon.ico', (c) => c.body(null, 204)); // browsers request it for every page and log a 404
  for (const path of openPaths) routes.use(`${path}/*`, openToAllOrigins());
  routes.use(faultInjection(context.faults));
  routes.route('/s', publicRoutes(context));
  routes.route('/oauth2', oauthRoutes(context, context.autoApprove));

  // wire document section 3
  const api = withToken(context);
  api.route('/account', accountRoutes(context));
  api.route('/doc', fileRoutes(context));
  api.route('/tape', tapeRoutes(context));
  routes.route('/v1', api);
  // the documentation prints this one route without `/v1` (wire document section 3.2)
  routes.route('/doc', withToken(context).route('/', extractRoute(context)));

  routes.notFound((c) => failureResponse(c, new Failure(404)));
  routes.onError((error, c) => {
    const known = failureFromError(error);
    if (known) return failureResponse(c, known);
    console.error(`doctape sandbox: ${error.name}${stackOf(error)}`);
    return failureResponse(c, new Failure(500));
  });
  return routes;
}

/** Routes that require an access token. */
function withToken(context: SandboxContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>();
  if (context.quirks.has('jsonp')) routes.use(jsonp());
  return routes.use(authenticate(context));
}

/** The stack of an error without its message, which may quote a code or a token. */
function stackOf({ stack = '' }: Error): string {
  const at = stack.indexOf('\n    at ');
  return at < 0 ? '' : stack.slice(at);
}
