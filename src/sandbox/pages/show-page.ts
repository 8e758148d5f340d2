import type { Context } from 'hono';
import type { Page } from './page.js';

/** A page may not be framed, run a script, or load anything but pictures, sound and film from here. */
export function showPage(
  c: Context,
  page: (nonce: string) => Page,
  status: 200 | 400 | 403 = 200,
): Response | Promise<Response> {
  const nonce = crypto.randomUUID();
  c.header(
    'Content-Security-Policy',
    // `form-action` stays open: the sign-in form is answered with a redirect to the application
    `default-src 'none'; style-src 'nonce-${nonce}'; img-src 'self'; media-src 'self'; base-uri 'none'; frame-ancestors 'none'`,
  );
  c.header('X-Frame-Options', 'DENY');
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cache-Control', 'no-store');
  return c.html(page(nonce), status);
}
