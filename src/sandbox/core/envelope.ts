import type { Context } from 'hono';
import type { SandboxEnv } from './context.js';
import type { Failure } from './failure.js';

// wire document section 3.0

/** A response with the envelope of a success. */
export function success(c: Context<SandboxEnv>, result: unknown): Response {
  return c.json({ ...(!c.get('quirks').has('no-error-key') && { error: null }), result });
}

/** A response with the envelope of an error. */
export function failureResponse(c: Context, { status, message, headers }: Failure): Response {
  return c.json({ error: { code: status, message }, result: null }, status, headers);
}
