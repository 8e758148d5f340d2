import { html, raw } from 'hono/html';
import { copyScript } from '../pages/copy-script.js';
import { type Page, page } from '../pages/page.js';
import type { AuthorizationRequest } from './authorization.js';
import { scopeDescriptions } from './scopes.js';

export interface ConsentOptions {
  request: AuthorizationRequest;
  /** The URL that the form is posted to: the authorization request itself. */
  action: string;
  csrf: string;
  nonce: string;
  /** A link to the list of users. */
  link: Page | '';
  username?: string;
  problem?: string;
}

/** The sign-in form, with the requested scopes. The Return key submits it with the first button, Allow. */
export function consentPage({ request, action, csrf, nonce, link, username = '', problem }: ConsentOptions): Page {
  const words: Record<string, string> = scopeDescriptions;
  const target = URL.canParse(request.redirectUri) ? new URL(request.redirectUri).host : '';
  return page(
    `Sign in to ${request.app.name}`,
    nonce,
    html`<h1>${request.app.name} wants access to your doctape account</h1>
      <p>It will be able to:</p>
      <ul>${request.scope.map((scope) => html`<li>${words[scope] ?? scope}</li>`)}</ul>
      ${problem === undefined ? '' : html`<p class="alarm" role="alert">${problem}</p>`}
      <form method="post" action="${action}">
        <input type="hidden" name="csrf" value="${csrf}">
        <label for="username">Username</label>
        <input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" required${username === '' ? ' autofocus' : ''}>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required${username === '' ? '' : ' autofocus'}>
        <div class="choice">
          <button class="allow" name="decision" value="allow">Allow</button>
          <button name="decision" value="deny" formnovalidate>Deny</button>
        </div>
      </form>
      <p class="note">${target ? html`You will be redirected to ${target}.` : html`The next page shows a ${request.responseType} to copy.`}</p>
      ${link}`,
  );
}

/**
 * The page for programs without a web server. They read its title, or the user copies the value from it (wire document
 * section 2.5).
 */
export function outOfBandPage(response: URLSearchParams, command: string | undefined, nonce: string): Page {
  const value = response.get('code') ?? response.get('access_token');
  if (value === null) {
    const title = 'Access was not granted';
    return page(title, nonce, html`<h1>${title}</h1>${parametersOf(response)}`);
  }
  return page(
    `Success code=${value}`,
    nonce,
    html`<h1>You are signed in</h1>
      <p>Copy this into the application, then close this page:</p>
      <output data-copy="${response.has('code') ? 'the code' : 'the token'}">${value}</output>
      <details>
        <summary>The whole response</summary>
        ${parametersOf(response)}
      </details>
      ${
        command === undefined
          ? ''
          : html`<h2>Use it</h2>
      <p>Run this on the command line:</p>
      <pre class="command" tabindex="0"><code data-copy="the command">${command}</code></pre>
      <script nonce="${nonce}">${raw(copyScript)}</script>`
      }`,
    { width: 'wide' },
  );
}

function parametersOf(response: URLSearchParams): Page {
  return html`<dl>${[...response].map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl>`;
}
