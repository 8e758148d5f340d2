import { html, raw } from 'hono/html';
import type { SandboxApp, SandboxUser } from '../core/config.js';
import type { RecentRequest } from '../log/recent-requests.js';
import { tryItPath } from '../oauth/try-it.js';
import { copyScript } from '../pages/copy-script.js';
import { type Page, page } from '../pages/page.js';
import { logScript } from './log-script.js';
import { requestRows } from './request-rows.js';

/** What the start page shows. */
export interface StartPageParts {
  origin: string;
  apps: readonly SandboxApp[];
  /** The users, and how many files each one has. */
  users: readonly { user: SandboxUser; files: string }[];
  requests: readonly RecentRequest[];
  /** Whether everything has just been deleted. */
  wasReset: boolean;
}

export function startPage({ origin, apps, users, requests, wasReset }: StartPageParts, nonce: string): Page {
  return page(
    'doctape sandbox',
    nonce,
    html`<h1>Your own doctape server</h1>
      <p>It implements the API of the cloud-file service that was retired in 2014.</p>
      ${wasReset ? html`<p class="notice" role="status">All files, tapes and sign-ins were deleted.</p>` : ''}
      <h2>Endpoints</h2>
      <p>Use these URLs as the options of a client:</p>
      <dl>
        ${row('authorizationEndpoint', `${origin}/oauth2`)}
        ${row('tokenEndpoint', `${origin}/oauth2/token`)}
        ${row('baseUrl', `${origin}/v1`)}
        ${row('baseUrl of ViewClient', `${origin}/sandbox`)}
      </dl>
      <h2>Applications</h2>
      ${apps.map(appSection)}
      <h2>Users</h2>
      <table>
        <thead><tr><th scope="col">Username</th><th scope="col">Password</th><th scope="col">Files</th></tr></thead>
        <tbody>
          ${users.map(
            ({ user: { username, password }, files }) => html`<tr>
              <td>${value(`the username ${username}`, username)}</td>
              <td>${value(`the password of ${username}`, password)}</td>
              <td><a href="/start/@${username}">${files} <span class="hidden">of ${username}</span></a></td>
            </tr>`,
          )}
        </tbody>
      </table>
      <h2>Requests</h2>
      <p>The last 100 requests, with the newest one first. Query values that may be secret are masked.</p>
      <p class="live">
        <a id="reload" href="/">Show new requests</a>
        <label id="live-control" hidden><input id="live" type="checkbox" checked> Show new requests as they arrive</label>
        <span id="live-state" role="status"></span>
      </p>
      <div class="log" tabindex="0" role="region" aria-label="The last requests">
        <table>
          <thead>
            <tr>
              <th scope="col">Time (UTC)</th><th scope="col">Method</th><th scope="col">Path</th>
              <th scope="col">Status</th><th scope="col">Duration</th><th scope="col">User</th>
            </tr>
          </thead>
          <tbody id="requests">${requestRows(requests)}</tbody>
        </table>
      </div>
      <h2>Reset</h2>
      <p>Deletes all files, tapes and sign-ins. The next page asks for a confirmation.</p>
      <p><a class="button" href="/start/reset">Delete all data…</a></p>
      <p class="note">This page is served to this machine only.</p>
      <script nonce="${nonce}">${raw(copyScript + logScript)}</script>`,
    { width: 'wide' },
  );
}

/** A value with a button that copies it. */
function value(name: string, text: string): Page {
  return html`<span class="value"><code data-copy="${name}">${text}</code></span>`;
}

function row(name: string, text: string, owner = ''): Page {
  return html`<dt>${name}</dt><dd>${value(`${name}${owner}`, text)}</dd>`;
}

function appSection(app: SandboxApp): Page {
  const { name, type, clientId, clientSecret, redirectUris } = app;
  const owner = ` of ${name}`;
  return html`<section>
    <h3>${name}</h3>
    <dl>
      <dt>type</dt><dd>${type}${type === 'server' && clientSecret === undefined ? ' (without a secret, so it must use PKCE)' : ''}</dd>
      ${row('clientId', clientId, owner)}
      ${clientSecret === undefined ? '' : row('clientSecret', clientSecret, owner)}
      <dt>redirectUris</dt><dd>${redirectUris.map((uri) => html`<code>${uri}</code> `)}</dd>
    </dl>
    <p>
      <a class="button" href="${tryItPath(app)}">Try it <span class="hidden">with ${name}</span></a>
      Sign in as a user, and see the ${type === 'server' ? 'code' : 'token'} that the application gets.
    </p>
  </section>`;
}
