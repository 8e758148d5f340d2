import type { Context } from 'hono';
import { html } from 'hono/html';
import { outOfBand } from '../../protocol/endpoints.js';
import { scopes } from '../../protocol/scopes.js';
import { isLoopback } from '../../protocol/urls.js';
import type { SandboxApp } from '../core/config.js';
import type { SandboxContext } from '../core/context.js';
import { Failure } from '../core/failure.js';
import { joinName } from '../files/file-name.js';
import { ownFiles } from '../files/files.js';
import { type Page, page } from './page.js';
import { showPage } from './show-page.js';

const mostFiles = 100;

/** The page at `/`: endpoints, applications and users. It contains passwords, so it is served to this machine only. */
export async function startPage(c: Context, context: SandboxContext): Promise<Response> {
  const url = new URL(c.req.url);
  if (!isLoopback(url)) throw new Failure(404);
  const users = await Promise.all(
    [...context.users.values()].map(async (user) => {
      const names: string[] = [];
      for await (const file of ownFiles(context, user.username)) {
        names.push(joinName(file));
        if (names.length > mostFiles) break; // reading the names of 100,000 files takes too long
      }
      return { user, names };
    }),
  );
  return showPage(c, (nonce) =>
    page(
      'doctape sandbox',
      nonce,
      html`<h1>Your own doctape server</h1>
        <p>It implements the API of the cloud-file service that was retired in 2014. Use these URLs as the options of a client:</p>
        <dl>
          ${row('authorizationEndpoint', `${url.origin}/oauth2`)}
          ${row('tokenEndpoint', `${url.origin}/oauth2/token`)}
          ${row('baseUrl', `${url.origin}/v1`)}
        </dl>
        <h2>Applications</h2>
        ${[...context.apps.values()].map((app) => appList(app, url.origin))}
        <h2>Users</h2>
        <table>
          <tr><th scope="col">Username</th><th scope="col">Password</th><th scope="col">Files</th></tr>
          ${users.map(
            ({ user, names }) => html`<tr>
              <td><code>${user.username}</code></td>
              <td><code>${user.password}</code></td>
              <td>${fileList(names)}</td>
            </tr>`,
          )}
        </table>
        <p class="note">This page is served to this machine only.</p>`,
      'wide',
    ),
  );
}

function row(name: string, value: string): Page {
  return html`<dt>${name}</dt><dd><code>${value}</code></dd>`;
}

function fileList(names: string[]): Page | string {
  if (names.length === 0) return 'no files yet';
  const shown = names.slice(0, mostFiles);
  const hasMore = names.length > mostFiles;
  const count = hasMore ? `more than ${mostFiles} files` : `${names.length} ${names.length === 1 ? 'file' : 'files'}`;
  return html`<details>
    <summary>${count}</summary>
    <ul>${shown.map((name) => html`<li>${name}</li>`)}</ul>
    ${hasMore ? html`<p>and more</p>` : ''}
  </details>`;
}

function appList({ name, type, clientId, clientSecret }: SandboxApp, origin: string): Page {
  const publicServer = type === 'server' && clientSecret === undefined; // its requests need a code_challenge
  const query = new URLSearchParams({
    response_type: type === 'server' ? 'code' : 'token',
    client_id: clientId,
    redirect_uri: outOfBand,
    scope: scopes.join(' '),
  });
  return html`<dl>
    ${row('name', `${name} (${type})`)}
    ${row('clientId', clientId)}
    ${clientSecret === undefined ? '' : row('clientSecret', clientSecret)}
    ${publicServer ? '' : html`<dt>Try it</dt><dd><a href="${origin}/oauth2?${query.toString()}">sign in and show the ${type === 'server' ? 'code' : 'token'}</a></dd>`}
  </dl>`;
}
