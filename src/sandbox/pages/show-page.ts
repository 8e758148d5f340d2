import type { Context } from 'hono';
import type { Page } from './page.js';

/** Sends a page. It cannot be framed or run scripts, and loads images, audio and video from this server only. */
export function showPage(
  c: Context,
  page: (nonce: string) => Page,
  status: 200 | 400 | 403 = 200,
): Response | Promise<Response> {
  const nonce = crypto.randomUUID();
  c.header(
    'Content-Security-Policy',
    // no `form-action`: it would block the redirect to the application that follows the sign-in form
    `default-src 'none'; style-src 'nonce-${nonce}'; img-src 'self'; media-src 'self'; base-uri 'none'; frame-ancestors 'none'`,
  );
  c.header('X-Frame-Options', 'DENY');
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cache-Control', 'no-store');
  return c.html(page(nonce), status);
}
