import type { MiddlewareHandler } from 'hono';
import type { SandboxEnv } from '../core/context.js';
import { Failure } from '../core/failure.js';
import { withBody } from '../core/response-text.js';

/** Turns the JSON response to a GET with `callback` into a script. Its status is 200: a script element ignores others. */
export function jsonp(): MiddlewareHandler<SandboxEnv> {
  return async (c, next) => {
    const callback = c.req.method === 'GET' ? c.req.query('callback') : undefined;
    if (callback !== undefined && !/^[A-Za-z_$][\w$]{0,63}$/.test(callback))
      throw new Failure(400, 'callback must be an identifier');
    await next();
    const isJson = c.res.headers.get('content-type')?.startsWith('application/json');
    if (callback === undefined || !isJson) return;
    const headers = new Headers(c.res.headers);
    headers.delete('content-length');
    headers.set('Content-Type', 'text/javascript; charset=utf-8');
    headers.set('X-Content-Type-Options', 'nosniff');
    // the comment prevents that the response is treated as another type than a script
    c.res = new Response(`/**/${callback}(${await withBody(c.res).text()});`, { status: 200, headers });
  };
}
