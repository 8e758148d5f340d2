import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const style = `
  :root { color-scheme: light dark; }
  body { margin: 0; min-height: 100dvh; display: grid; place-items: center; font: 1rem/1.5 system-ui, sans-serif; }
  main { max-width: 25rem; padding: 1.75rem; }
  h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; }
  p { margin: 0; opacity: .75; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

const pages = {
  success: { status: 200, title: 'You are signed in', text: 'You can close this window and return to the program.' },
  refused: {
    status: 400,
    title: 'You are not signed in',
    text: 'The program shows the reason. You can close this window.',
  },
  unrelated: {
    status: 400,
    title: 'This is not the current sign-in',
    text: 'It may be an older one. Start again in the program.',
  },
} as const;

/** Shows the user the result. The page contains nothing from the request, and loads nothing. */
export function showPage(response: ServerResponse, kind: keyof typeof pages): void {
  const { status, title, text } = pages[kind];
  response.writeHead(status, {
    ...privateHeaders,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  });
  response.end(`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <style>${style}</style>
  </head>
  <body><main><h1>${title}</h1><p>${text}</p></main></body>
</html>
`);
}

/** Sends a response without a page. */
export function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...privateHeaders, ...headers }).end();
}

/** The URL of a callback contains a code: these headers keep it out of caches and other requests. */
const privateHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
};
