import { html } from 'hono/html';
import { type Page, page } from '../pages/page.js';
import type { Refusal } from './authorization.js';

/** The page for a refused request. It does not quote the request, which may contain a secret in the wrong parameter. */
export function refusalPage({ refused, remedy }: Refusal, link: Page | '', nonce: string): Page {
  const title = 'Sign-in refused';
  return page(
    title,
    nonce,
    html`<h1>${title}</h1>
      <p class="alarm">${refused.error_description}.</p>
      <p>${remedy}</p>
      ${link}
      <p class="note">Error code: <code>${refused.error}</code>.</p>`,
  );
}
