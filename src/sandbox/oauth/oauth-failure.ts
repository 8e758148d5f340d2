import type { Context } from 'hono';
import type { Failure } from '../core/failure.js';

/** Whether a path belongs to OAuth, whose errors have another form than those of the API. */
export function isOAuthPath(path: string): boolean {
  return /^\/oauth2(\/|$)/.test(path);
}

/**
 * An error response of OAuth (RFC 6749 section 5.2). Every failure of the token endpoint has this form, because clients of 2013
 * parse each of its responses as JSON, and look for `error` (wire document section 6.1).
 */
export function oauthFailure(c: Context, { status, message, headers }: Failure): Response {
  const isTemporary = status === 429 || status === 503;
  const error = isTemporary ? 'temporarily_unavailable' : status < 500 ? 'invalid_request' : 'server_error';
  return c.json({ error, error_description: message }, status, {
    'Cache-Control': 'no-store',
    Pragma: 'no-cache',
    ...headers,
  });
}
