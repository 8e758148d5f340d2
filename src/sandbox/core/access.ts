import type { MiddlewareHandler } from 'hono';
import type { Scope } from '../../protocol/scopes.js';
import type { SandboxContext, SandboxEnv } from './context.js';
import { Failure } from './failure.js';
import { fingerprint } from './fingerprint.js';

/** Reads the access token from the header or, without one, from the query (wire document section 2.1). */
export function authenticate(context: SandboxContext): MiddlewareHandler<SandboxEnv> {
  return async (c, next) => {
    const header = /^bearer +(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const token = header ?? c.req.query('access_token');
    if (!token) throw new Failure(401, undefined, { 'WWW-Authenticate': 'Bearer realm="doctape"' });
    const grant = await context.store.get('tokens', fingerprint(token));
    const user = grant && context.users.get(grant.username);
    if (!user || grant.expires <= context.now()) {
      throw new Failure(401, undefined, { 'WWW-Authenticate': 'Bearer realm="doctape", error="invalid_token"' });
    }
    c.set('grant', grant);
    c.set('user', user);
    return next();
  };
}

/** Requires a token with all of these scopes. */
export function requires(...scopes: Scope[]): MiddlewareHandler<SandboxEnv> {
  return (c, next) => {
    const { scope } = c.get('grant');
    if (!scopes.every((needed) => scope.includes(needed))) {
      const challenge = `Bearer realm="doctape", error="insufficient_scope", scope="${scopes.join(' ')}"`;
      throw new Failure(403, undefined, { 'WWW-Authenticate': challenge });
    }
    return next();
  };
}
