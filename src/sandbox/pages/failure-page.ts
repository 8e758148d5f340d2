import type { Context } from 'hono';
import { html } from 'hono/html';
import type { Failure } from '../core/failure.js';
import { failureFromError } from '../core/failure-from-error.js';
import { type Page, page } from './page.js';
import { type PageRights, showPage } from './show-page.js';
import { wantsPage } from './wants-page.js';

/** The heading and the text of a page for a 404. */
export interface NotFoundText {
  title: string;
  text: string | Page;
}

/**
 * Sends a failure to a browser, as a page.
 * @throws the error itself if it is not a failure, or the client is not a browser: the error handler of all routes sends JSON
 */
export function showFailure(
  c: Context,
  error: Error,
  notFound: NotFoundText,
  rights: PageRights = {},
): Response | Promise<Response> {
  const failure = failureFromError(error);
  if (!failure || !wantsPage(c)) throw error;
  for (const [name, value] of Object.entries(failure.headers)) c.header(name, value);
  const { title, text } = describe(failure, notFound);
  return showPage(c, (nonce) => page(title, nonce, html`<h1>${title}</h1><p>${text}</p>`), failure.status, rights);
}

function describe({ status, message }: Failure, notFound: NotFoundText): NotFoundText {
  return status === 404 ? notFound : { title: 'This is not available', text: `${message}.` };
}
