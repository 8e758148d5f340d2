import { html } from 'hono/html';
import type { Page } from './page.js';
import type { Preview } from './preview.js';

/**
 * The element that shows a file. It needs no script.
 * @param url the URL of what `sendPreview` sends
 */
export function previewElement(preview: Preview, name: string, url: string): Page {
  switch (preview.kind) {
    case 'waiting':
      return html`<p role="status">This file is being prepared. The page refreshes itself.</p>`;
    case 'image':
      return html`<img src="${url}" alt="${name}">`;
    case 'audio':
      return html`<audio src="${url}" controls preload="metadata" aria-label="${name}"></audio>`;
    case 'video':
      return html`<video src="${url}" controls preload="metadata" aria-label="${name}"></video>`;
    case 'pdf':
      return html`<iframe src="${url}" title="${name}"></iframe>`;
    case 'text':
      // the element inside keeps a line break at the start
      return html`<pre tabindex="0"><code>${preview.text}${preview.isWhole ? '' : '\n[…]'}</code></pre>`;
    case 'none':
      return html`<p>There is no preview of this file.</p>`;
  }
}
