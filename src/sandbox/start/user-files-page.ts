import { html } from 'hono/html';
import prettyBytes from 'pretty-bytes';
import { joinName } from '../files/file-name.js';
import { type Page, page } from '../pages/page.js';
import type { FileRecord } from '../store/records.js';

/** A part of a user's files. */
export interface FilesPart {
  files: readonly FileRecord[];
  /** The number of this part. The first one is 1. */
  number: number;
  hasMore: boolean;
}

export const filesPerPage = 100;

export function userFilesPage(username: string, { files, number, hasMore }: FilesPart, nonce: string): Page {
  const title = `Files of ${username}`;
  const first = (number - 1) * filesPerPage + 1;
  return page(
    title,
    nonce,
    html`<p><a href="/">Start page</a></p>
      <h1>${title}</h1>
      ${
        files.length === 0
          ? html`<p>${number === 1 ? `${username} has no files yet.` : 'There are no more files.'}</p>`
          : html`<p>${number > 1 || hasMore ? `${first} to ${first + files.length - 1}, in the order in which they were added.` : 'In the order in which they were added.'}</p>
      <table class="files">
        <thead>
          <tr><th scope="col">Name</th><th scope="col">Size</th><th scope="col">Kind</th><th scope="col">Added (UTC)</th></tr>
        </thead>
        <tbody>${files.map((file) => fileRow(username, file))}</tbody>
      </table>`
      }
      ${
        number > 1 || hasMore
          ? html`<nav aria-label="Parts of the list">
        ${number > 1 ? html`<a href="?part=${number - 1}">Previous ${filesPerPage}</a>` : ''}
        ${hasMore ? html`<a href="?part=${number + 1}">Next ${filesPerPage}</a>` : ''}
      </nav>`
          : ''
      }`,
    { width: 'wide' },
  );
}

function fileRow(username: string, file: FileRecord): Page {
  return html`<tr>
    <td><a href="${filePath(username, file.id)}"><bdi>${joinName(file)}</bdi></a></td>
    <td>${prettyBytes(file.size)}</td>
    <td>${file.media_type}</td>
    <td>${addedAt(file)}</td>
  </tr>`;
}

export function filePath(username: string, id: string): string {
  return `/start/@${username}/${encodeURIComponent(id)}`;
}

export function addedAt({ time_added }: FileRecord): string {
  return new Date(time_added * 1000).toISOString().slice(0, 16).replace('T', ' ');
}
