import type { Context } from 'hono';
import { html } from 'hono/html';
import { isKnownOwnMachine } from './own-machine.js';
import type { Page } from './page.js';

/**
 * A link to the start page, which lists users and applications. It opens in a new tab, so that a sign-in is not lost.
 * Empty if the start page is not served to this client. Behind another server, `/` may be any page.
 */
export function startPageLink(c: Context, text: string): Page | '' {
  if (!isKnownOwnMachine(c)) return '';
  return html`<p class="note"><a href="/" target="_blank" rel="noopener">${text}</a> (in a new tab)</p>`;
}
