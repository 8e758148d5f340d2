import { html } from 'hono/html';
import { type Page, page } from '../pages/page.js';
import type { Refusal } from './authorization.js';

/** For a developer at a browser. It repeats nothing of the request, which may hold a secret where none belongs. */
export function refusalPage({ refused, remedy }: Refusal, link: Page | '', nonce: string): Page {
  const title = 'Sign-in refused';
  return page(
    title,
    nonce,
    html`<h1>${title}</h1>
      <p class="alarm">${refused.error_description}.</p>
      <p>${remedy}</p>
      ${link}
      <p class="note">To a program the error is <code>${refused.error}</code>.</p>`,
  );
}
