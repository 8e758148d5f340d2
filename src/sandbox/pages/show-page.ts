import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Page } from './page.js';

/** What a page may do besides loading images, audio and video from this server. */
export interface PageRights {
  /** Run its own script. */
  script?: boolean;
  /** Send requests to this server from its script. */
  requests?: boolean;
  /** Show frames from this server. */
  frames?: boolean;
  /** Be shown in a frame of any website. */
  framed?: boolean;
}

/** Sends a page. Without further rights, it cannot be framed or run scripts. */
export function showPage(
  c: Context,
  page: (nonce: string) => Page,
  status: ContentfulStatusCode = 200,
  { script = false, requests = false, frames = false, framed = false }: PageRights = {},
): Response | Promise<Response> {
  const nonce = crypto.randomUUID();
  // no `form-action`: it would block the redirect to the application that follows the sign-in form
  const policy = [`default-src 'none'; style-src 'nonce-${nonce}'; img-src 'self'; media-src 'self'; base-uri 'none'`];
  if (script) policy.push(`script-src 'nonce-${nonce}'`);
  if (requests) policy.push("connect-src 'self'");
  if (frames) policy.push("frame-src 'self'");
  if (!framed) {
    policy.push("frame-ancestors 'none'");
    c.header('X-Frame-Options', 'DENY');
  }
  c.header('Content-Security-Policy', policy.join('; '));
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cache-Control', 'no-store');
  return c.html(page(nonce), status);
}
