import type { Context } from 'hono';
import { html } from 'hono/html';
import { isLoopback } from '../../protocol/urls.js';
import { peers } from '../core/peer.js';
import type { Page } from './page.js';

/**
 * The way to the start page from where somebody needs what stands on it, in another tab so that a sign-in is not lost.
 * It is there only for who will be shown that page: behind a server of somebody else, `/` may be anything.
 */
export function startPageLink(c: Context, text: string): Page | '' {
  if (!peers.get(c.req.raw)?.isThisMachine || !isLoopback(new URL(c.req.url))) return '';
  return html`<p class="note"><a href="/" target="_blank" rel="noopener">${text}</a> (in a new tab)</p>`;
}
