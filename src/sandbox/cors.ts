import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** Any page may call the API: with a token, never with a cookie (wire document section 7, choice 36). */
export function openToAllOrigins(): MiddlewareHandler {
  return cors({
    origin: '*',
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
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
