import { html, raw } from 'hono/html';
import { style } from './style.js';

/** HTML that needs no script. The `html` template escapes every value. */
export type Page = ReturnType<typeof html>;

interface PageOptions {
  /** `full` is for a preview. */
  width?: 'narrow' | 'wide' | 'full';
  /** Whether the browser loads the page again after two seconds. */
  refreshes?: boolean;
}

/** The frame of every page. */
export function page(
  title: string,
  nonce: string,
  body: Page,
  { width = 'narrow', refreshes = false }: PageOptions = {},
): Page {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    ${refreshes ? html`<meta http-equiv="refresh" content="2">` : ''}
    <title>${title}</title>
    <style nonce="${nonce}">${raw(style)}</style>
  </head>
  <body>
    <main class="${width}">
      <p class="brand"><b>doctape</b> sandbox</p>
      ${body}
    </main>
  </body>
</html>
`;
}
