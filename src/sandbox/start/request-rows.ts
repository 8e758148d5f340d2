import { html } from 'hono/html';
import type { RecentRequest } from '../log/recent-requests.js';
import type { Page } from '../pages/page.js';

/** The rows of the log of requests, with the newest one first. */
export function requestRows(requests: readonly RecentRequest[]): Page {
  return html`${requests.map(row)}`;
}

function row({ id, time, method, path, status, durationMs, username = '' }: RecentRequest): Page {
  const iso = time.toISOString();
  return html`<tr id="${id}" class="${status >= 400 ? 'failed' : ''}">
    <td><time datetime="${iso}">${iso.slice(11, 19)}</time></td>
    <td>${method}</td>
    <td class="path">${path}</td>
    <td>${status}</td>
    <td>${Math.round(durationMs)} ms</td>
    <td>${username}</td>
  </tr>`;
}
