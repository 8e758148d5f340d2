import { type Context, Hono } from 'hono';
import { accountRoutes } from '../account/account-routes.js';
import { authenticate } from '../core/access.js';
import type { SandboxContext, SandboxEnv } from '../core/context.js';
import { failureResponse } from '../core/envelope.js';
import { Failure } from '../core/failure.js';
import { failureFromError } from '../core/failure-from-error.js';
import { extractRoute, fileRoutes } from '../files/file-routes.js';
import { type LoggedRequest, requestLog } from '../log/request-log.js';
import { isOAuthPath, oauthFailure } from '../oauth/oauth-failure.js';
import { oauthRoutes } from '../oauth/oauth-routes.js';
import { publicRoutes } from '../pages/public-routes.js';
import { startRoutes } from '../start/start-routes.js';
import { UnavailableBlobError } from '../store/store.js';
import { tapeRoutes } from '../tapes/tape-routes.js';
import { viewRoutes } from '../view/view-routes.js';
import { commonHeaders } from './common-headers.js';
import { openPaths, preflight } from './cors.js';
import { faultInjection } from './faults.js';
import { jsonp } from './jsonp.js';
import type { ServerContext } from './sandbox-options.js';
import { SegmentRouter } from './segment-router.js';

/** All routes of the sandbox. Each feature has the routes of its own folder. */
export function sandboxRoutes(context: ServerContext): Hono<SandboxEnv> {
  const routes = new Hono<SandboxEnv>({ router: new SegmentRouter() });
  routes.use(commonHeaders());
  routes.use(requestLog(logOf(context)));
  routes.route('/', startRoutes(context));
  routes.get('/favicon.ico', (c) => c.body(null, 204)); // browsers request it for every page and log a 404
  for (const path of openPaths) routes.options(`${path}/*`, preflight());
  routes.use(faultInjection(context.faults));
  routes.get('/openapi.json', async (c) => {
    const { openApiDocument } = await import('../openapi/document.js'); // with the part of zod that makes JSON Schema
    return c.json(openApiDocument(new URL(c.req.url).origin));
  });
  routes.route('/s', publicRoutes(context));
  routes.route('/oauth2', oauthRoutes(context, context.autoApprove));
  routes.route('/sandbox', viewRoutes(context));

  // wire document section 3
  const api = withToken(context);
  api.route('/account', accountRoutes(context));
  api.route('/doc', fileRoutes(context));
  api.route('/tape', tapeRoutes(context));
  routes.route('/v1', api);
  // the documentation prints this one route without `/v1` (wire document section 3.2)
  routes.route('/doc', withToken(context).route('/', extractRoute(context)));

  routes.notFound((c) => respond(c, new Failure(404, noSuchRoute(c.req.path))));
  routes.onError((error, c) => {
    const known = failureFromError(error);
    if (error instanceof UnavailableBlobError) console.error(`doctape sandbox: ${error.message}`);
    if (known) return respond(c, known);
    console.error(`doctape sandbox: ${error.name}${stackOf(error)}`);
    return respond(c, new Failure(500));
  });
  return routes;
}

function logOf({ recent, log }: ServerContext): (request: LoggedRequest) => void {
  return (request) => {
    recent.add(request);
    return log?.(request);
  };
}

/** A client whose `baseUrl` lacks the version would otherwise seem to have asked for a file that does not exist. */
function noSuchRoute(path: string): string | undefined {
  if (path.startsWith('/s/')) return undefined; // a public link, which no client builds
  const remedy = isOAuthPath(path)
    ? 'the endpoints are /oauth2 and /oauth2/token'
    : 'the routes of the API begin with /v1, so baseUrl must end with /v1';
  return `there is no route with this method and path; ${remedy}`;
}

function respond(c: Context, failure: Failure): Response {
  return isOAuthPath(c.req.path) ? oauthFailure(c, failure) : failureResponse(c, failure);
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
