import type { MiddlewareHandler } from 'hono';
import { originOf } from '../core/body.js';
import type { SandboxEnv } from '../core/context.js';

/** A request that the sandbox has responded to. */
export interface LoggedRequest {
  /** When the request arrived. */
  time: Date;
  /** The HTTP method. */
  method: string;
  /** Path and query, percent-encoded. Every value that may be a secret is replaced by `...`. Ids of files and public links are not. */
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

/** The start page requests this again and again, so it is not logged. */
export const logPath = '/start/log';

/** Query parameters that are logged. The value of any other one may be a token, a code, or the state of a sign-in. */
const shownValues = new Set(['include_meta', 'response_type', 'client_id', 'scope', 'grant_type', 'starred']);

/** Calls `log` for every request, and waits for it. If it throws or rejects, the request fails. */
export function requestLog(log: (request: LoggedRequest) => void): MiddlewareHandler<SandboxEnv> {
  return async (c, next) => {
    const time = new Date();
    const start = performance.now();
    await next();
    if (c.req.path === logPath) return;
    const grant: { username: string; client_id: string } | undefined = c.get('grant');
    await log({
      time,
      method: c.req.method,
      path: redactedPath(c.req.url),
      status: c.res.status,
      durationMs: performance.now() - start,
      ...(grant && { username: grant.username, clientId: grant.client_id }),
    });
  };
}

const hidden = '...';

function redactedPath(url: string): string {
  // the URL of a Request is normalized, and to parse it again takes time
  if (!/[?#=%]/.test(url)) return url.slice(originOf(url).length);
  const { pathname, searchParams } = new URL(url);
  const path = withoutValue(pathname);
  const query = [...searchParams].map(([name, value]) => {
    if (!shownValues.has(name)) return value === '' ? hidden : `${withoutValue(encodeURIComponent(name))}=${hidden}`;
    return `${name}=${withoutValue(encodeURIComponent(value))}`;
  });
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

/** Cuts off a value. The `=` may have been encoded, and the `?` may be missing. */
function withoutValue(encoded: string): string {
  return encoded.replace(/(=|%(?:25)*3d).*/i, `$1${hidden}`);
}
