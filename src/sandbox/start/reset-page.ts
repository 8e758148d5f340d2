import { html } from 'hono/html';
import { type Page, page } from '../pages/page.js';

/** @param users the names of the users, and how many files each one has */
export function resetPage(
  users: readonly { username: string; files: string }[],
  formToken: string,
  nonce: string,
): Page {
  const title = 'Delete all data?';
  return page(
    title,
    nonce,
    html`<h1>${title}</h1>
      <p>This deletes, also from the data folder if there is one:</p>
      <ul>
        ${users.map(({ username, files }) => html`<li>${files} of ${username}</li>`)}
        <li>all tapes and public links</li>
        <li>all codes and tokens: every application has to sign in again</li>
        <li>the accounts and documents of the View API</li>
      </ul>
      <p>The users and applications stay. The files cannot be restored.</p>
      <form method="post" action="/start/reset">
        <input type="hidden" name="token" value="${formToken}">
        <div class="choice">
          <button class="danger">Delete all</button>
          <a class="button" href="/">Cancel</a>
        </div>
      </form>`,
  );
}
