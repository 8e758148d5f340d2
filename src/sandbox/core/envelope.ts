import type { Context } from 'hono';
import type { SandboxEnv } from './context.js';
import type { Failure } from './failure.js';
import { textResponse } from './response-text.js';

const json = { 'content-type': 'application/json' };

// wire document section 3.0

/** A response with the envelope of a success. Headers that were set by `c.header` are not sent. */
export function success(c: Context<SandboxEnv>, result: unknown): Response {
  const text = JSON.stringify({ ...(!c.env.quirks.has('no-error-key') && { error: null }), result });
  return textResponse(c, text, 200, json);
}

/** A response with the envelope of an error. */
export function failureResponse(c: Context, { status, message, headers }: Failure): Response {
  const text = JSON.stringify({ error: { code: status, message }, result: null });
  // handlers may have set headers before they failed
  return textResponse(c, text, status, Object.fromEntries(c.body(null, status, { ...json, ...headers }).headers));
}
