import { html } from 'hono/html';
import { isLoopback, parseUrl } from '../../protocol/urls.js';
import type { SandboxApp } from '../core/config.js';
import { type Page, page } from '../pages/page.js';
import type { ViewUpload } from './view-upload.js';

// wire document section 7, choices 47 and 48

/**
 * Whether the application has registered the origin of the callback. The callback is not signed, so otherwise anybody could use the
 * page as a redirect to any website.
 */
export function isRegistered({ redirectUris }: SandboxApp, callback: URL): boolean {
  return redirectUris.some((uri) => {
    if (uri === 'loopback') return isLoopback(callback);
    const url = parseUrl(uri);
    const hasAnyPort = url !== undefined && isLoopback(url); // choice 10
    return url?.origin === callback.origin || (hasAnyPort && url.hostname === callback.hostname);
  });
}

/**
 * A page whose form posts the result of an upload, and the fields of the application itself, to the callback. The browser does it,
 * because a callback on the developer's machine cannot be reached from the server.
 * @param isAutomatic whether the form submits itself. Otherwise the user has to agree
 */
export function repostPage(
  { app, results, ownFields }: ViewUpload,
  callback: URL,
  isAutomatic: boolean,
  nonce: string,
): Page {
  const documents = JSON.stringify(results);
  const fields = [...ownFields, ['dt_docs', documents], ['dt_docids', documents]];
  return page(
    'Upload complete',
    nonce,
    html`<h1>Upload complete</h1>
      <p>${isAutomatic ? `Returning to ${app.name}` : `Continue to ${callback.host}? ${app.name} has not registered this site`}.</p>
      <form method="post" action="${callback.href}">
        ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
        <div class="choice"><button class="allow">Continue</button></div>
      </form>
      ${
        // a field with the name `submit` hides the method of the form
        isAutomatic
          ? html`<script nonce="${nonce}">HTMLFormElement.prototype.submit.call(document.forms[0])</script>`
          : ''
      }`,
  );
}
