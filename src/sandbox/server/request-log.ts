import type { MiddlewareHandler } from 'hono';
import type { SandboxEnv } from '../core/context.js';

/** A request that the sandbox has responded to. */
export interface LoggedRequest {
  /** When the request arrived. */
  time: Date;
  /** The HTTP method. */
  method: string;
  /** Path and query, percent-encoded. Every value that may be a secret is replaced by `...`. */
  path: string;
  /** The status of the response. */
  status: number;
  /** Milliseconds until the response began. */
  durationMs: number;
  /** The user, if the request had a valid token. */
  username?: string;
  /** The application that the token was issued to. */
  clientId?: string;
}

/** Query parameters that are logged. The value of any other one may be a token, a code, or the state of a sign-in. */
const shownValues = new Set(['include_meta', 'response_type', 'client_id', 'scope', 'grant_type', 'starred']);

/** Calls `log` for every request, and waits for it. If it throws or rejects, the request fails. */
export function requestLog(log: (request: LoggedRequest) => void): MiddlewareHandler<SandboxEnv> {
  return async (c, next) => {
    const time = new Date();
    const start = performance.now();
    await next();
    const grant: { username: string; client_id: string } | undefined = c.get('grant');
    await log({
      time,
      method: c.req.method,
      path: redactedPath(new URL(c.req.url)),
      status: c.res.status,
      durationMs: performance.now() - start,
      ...(grant && { username: grant.username, clientId: grant.client_id }),
    });
  };
}

function redactedPath({ pathname, searchParams }: URL): string {
  const query = [...searchParams].map(
    ([name, value]) => `${encodeURIComponent(name)}=${shownValues.has(name) ? encodeURIComponent(value) : '...'}`,
  );
  return query.length === 0 ? pathname : `${pathname}?${query.join('&')}`;
}
