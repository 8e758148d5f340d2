import { html } from 'hono/html';
import prettyBytes from 'pretty-bytes';
import { joinName } from '../files/file-name.js';
import type { FileRecord } from '../store/records.js';
import { type Page, page } from './page.js';
import type { Preview } from './preview.js';
import { previewElement } from './preview-element.js';

/** What surrounds the preview of a file, and where its content is. */
export interface FilePageParts {
  preview: Preview;
  /** The URL of what the preview loads. */
  content: string;
  /** The URL of the file itself. */
  original: string;
  /** The line below the name, before the size. */
  about: string;
  /** What is above the name. */
  above?: Page | '';
}

/** A page that shows a file. */
export function filePage(file: FileRecord, parts: FilePageParts, nonce: string): Page {
  const { preview, content, original, about, above = '' } = parts;
  const name = joinName(file);
  return page(
    name,
    nonce,
    html`${above}
      <h1>${name}</h1>
      <p>${about}. ${prettyBytes(file.size)}.</p>
      <div class="preview">${previewElement(preview, name, content)}</div>
      <p class="actions"><a class="button" href="${original}" download>Download</a></p>`,
    { width: 'full', refreshes: preview.kind === 'waiting' },
  );
}
