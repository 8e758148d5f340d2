import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/**
 * The paths that every website may call (wire document section 7, choice 36). They accept tokens and signatures, never
 * cookies. `/account` and `/tape` are not routes: a page whose `baseUrl` lacks `/v1` can read the response that says so.
 */
export const openPaths: readonly string[] = [
  '/v1',
  '/doc',
  '/account',
  '/tape',
  '/s',
  '/sandbox',
  '/oauth2/token',
  '/openapi.json',
];

const openFolders = openPaths.map((path) => `${path}/`);

export function isOpenToAllOrigins(pathname: string): boolean {
  return openFolders.some((folder) => pathname.startsWith(folder)) || openPaths.includes(pathname);
}

const exposedHeaders = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];

/** The headers of all responses from the open paths. */
export const openHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': exposedHeaders.join(','),
};

/** Responds to preflight requests. Allows all headers: applications add their own, for example for tracing. */
export function preflight(): MiddlewareHandler {
  return cors({
    origin: '*',
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'],
    exposeHeaders: exposedHeaders,
    maxAge: 600,
  });
}
