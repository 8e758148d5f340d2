import { html } from 'hono/html';
import { joinName } from '../files/file-name.js';
import type { Page } from '../pages/page.js';
import type { Preview } from '../pages/preview.js';
import { previewElement } from '../pages/preview-element.js';
import type { FileRecord } from '../store/records.js';

const style = `
  :root { color-scheme: light dark; }
  * { box-sizing: border-box; }
  html, body { height: 100%; margin: 0; }
  body { display: flex; flex-direction: column; font: 1rem/1.5 system-ui, sans-serif; }
  main { flex: 1; min-height: 0; display: grid; place-items: center; }
  :is(img, video, iframe) { width: 100%; height: 100%; border: 0; object-fit: contain; }
  main:has(img, video) { position: relative; }
  :is(img, video) { position: absolute; inset: 0; }
  audio { width: min(100%, 40rem); }
  pre { width: 100%; height: 100%; margin: 0; padding: .75rem; overflow: auto; font: .875rem/1.5 ui-monospace, monospace;
    white-space: pre-wrap; overflow-wrap: anywhere; }
  p { margin: 0; padding: .75rem; overflow-wrap: anywhere; }
  footer { display: flex; gap: .75rem; justify-content: space-between; padding: .375rem .75rem; font-size: .875rem;
    border-top: 1px solid GrayText; }
  h1 { margin: 0; font: inherit; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
`;

/** The parts of a document that the page loads. Both URLs are signed. */
export interface ViewerLinks {
  content: string;
  original: string;
}

// wire document section 5.2
/** The viewer, for an `<iframe>` of any website. It needs no script. */
export function viewerPage(file: FileRecord, preview: Preview, links: ViewerLinks, nonce: string): Page {
  const name = joinName(file);
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    ${preview.kind === 'waiting' ? html`<meta http-equiv="refresh" content="2">` : ''}
    <title>${name}</title>
    <style nonce="${nonce}">${style}</style>
  </head>
  <body>
    <main>${previewElement(preview, name, links.content)}</main>
    <footer><h1>${name}</h1><a href="${links.original}" download>Download</a></footer>
  </body>
</html>
`;
}
