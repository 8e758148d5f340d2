import { html } from 'hono/html';
import { joinName } from '../files/file-name.js';
import type { FileRecord } from '../store/records.js';
import { type Page, page } from './page.js';

/** The page at the public URL of a file. */
export function publicPage(file: FileRecord, code: string, nonce: string): Page {
  const name = joinName(file);
  const original = `/s/${code}/original`;
  return page(
    name,
    nonce,
    html`<h1>${name}</h1>
      <p>Published by ${file.owner}. ${file.size} ${file.size === 1 ? 'byte' : 'bytes'}.</p>
      ${preview(file, name, original)}
      <p><a href="${original}" download>Download</a></p>`,
  );
}

function preview({ media_type }: FileRecord, name: string, original: string): Page | '' {
  if (media_type === 'image') return html`<img src="${original}" alt="${name}">`;
  if (media_type === 'video') return html`<video src="${original}" controls preload="metadata"></video>`;
  return media_type === 'audio' ? html`<audio src="${original}" controls preload="metadata"></audio>` : '';
}
