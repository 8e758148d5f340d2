import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/**
 * The paths that every website may call (wire document section 7, choice 36). They accept tokens, never cookies.
 */
export const openPaths: readonly string[] = ['/v1', '/doc', '/s', '/oauth2/token'];

export function isOpenToAllOrigins(pathname: string): boolean {
  return openPaths.some((path) => pathname === path || pathname.startsWith(`${path}/`));
}

export function openToAllOrigins(): MiddlewareHandler {
  return cors({
    origin: '*',
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'],
    allowHeaders: ['Authorization', 'Content-Type', 'If-Range', 'Range', 'X-Doctape-Fault', 'X-DT-Origin-Desc'],
    exposeHeaders: [
      'Accept-Ranges',
      'Content-Disposition',
      'Content-Length',
      'Content-Range',
      'ETag',
      'Retry-After',
      'WWW-Authenticate',
      'X-Request-Id',
    ],
    maxAge: 600,
  });
}
