import type { Context } from 'hono';
import { accepts } from 'hono/accepts';

/** Whether the client is a browser that opens a URL, rather than a program or an element of a page. */
export function wantsPage(c: Context): boolean {
  const json = 'application/json';
  return accepts(c, { header: 'Accept', supports: [json, 'text/html'], default: json }) === 'text/html';
}
