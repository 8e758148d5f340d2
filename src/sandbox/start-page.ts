import type { Context } from 'hono';
import { html } from 'hono/html';
import { outOfBand } from '../protocol/endpoints.js';
import { scopes } from '../protocol/scopes.js';
import { isLoopback } from '../protocol/urls.js';
import type { SandboxApp } from './config.js';
import type { SandboxContext } from './context.js';
import { Failure } from './failure.js';
import { joinName } from './file-name.js';
import { ownFiles } from './files.js';
import { type Page, page } from './page.js';
import { showPage } from './show-page.js';

const mostFiles = 20;

/** The page at `/`: what this is and how to use it. It shows passwords, so only this machine may see it. */
export async function startPage(c: Context, context: SandboxContext): Promise<Response> {
  const url = new URL(c.req.url);
  if (!isLoopback(url)) throw new Failure(404);
  const users = await Promise.all(
    [...context.users.values()].map(async (user) => {
      const names: string[] = [];
      let count = 0;
      for await (const file of ownFiles(context, user.username)) if (count++ < mostFiles) names.push(joinName(file));
      return { user, names, more: Math.max(0, count - mostFiles) };
    }),
  );
  return showPage(c, (nonce) =>
    page(
      'doctape sandbox',
      nonce,
      html`<h1>A doctape of your own</h1>
        <p>It speaks the protocol of the cloud-file service that was retired in 2014. Point a client at it:</p>
        <table>
          ${row('authorizationEndpoint', `${url.origin}/oauth2`)}
          ${row('tokenEndpoint', `${url.origin}/oauth2/token`)}
          ${row('baseUrl', `${url.origin}/v1`)}
        </table>
        <h2>Applications</h2>
        ${[...context.apps.values()].map((app) => appTable(app, url.origin))}
        <h2>Users</h2>
        <table>
          <tr><th>Username</th><th>Password</th><th>Files</th></tr>
          ${users.map(
            ({ user, names, more }) => html`<tr>
              <td><code>${user.username}</code></td>
              <td><code>${user.password}</code></td>
              <td>${names.length === 0 ? 'none yet' : names.join(', ')}${more > 0 ? ` and ${more} more` : ''}</td>
            </tr>`,
          )}
        </table>
        <p class="note">Only this machine is shown this page.</p>`,
      'wide',
    ),
  );
}

function row(name: string, value: string): Page {
  return html`<tr><th scope="row">${name}</th><td><code>${value}</code></td></tr>`;
}

function appTable({ name, type, clientId, clientSecret }: SandboxApp, origin: string): Page {
  const publicServer = type === 'server' && clientSecret === undefined; // it would need a code_challenge
  const query = new URLSearchParams({
    response_type: type === 'server' ? 'code' : 'token',
    client_id: clientId,
    redirect_uri: outOfBand,
    scope: scopes.join(' '),
  });
  return html`<table>
    ${row('name', `${name} (${type})`)}
    ${row('clientId', clientId)}
    ${clientSecret === undefined ? '' : row('clientSecret', clientSecret)}
    ${publicServer ? '' : html`<tr><th scope="row">Try it</th><td><a href="${origin}/oauth2?${query.toString()}">sign in, and see the ${type === 'server' ? 'code' : 'token'}</a></td></tr>`}
  </table>`;
}
