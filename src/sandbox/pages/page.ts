import { html } from 'hono/html';

/** HTML that needs no script. The `html` template escapes every value. */
export type Page = ReturnType<typeof html>;

const style = `
  :root { color-scheme: light dark; --ink: #1d2530; --soft: #5b6675; --paper: #fff; --ground: #eef1f5; --line: #d5dbe3;
    --accent: #1769c6; --on-accent: #fff; --alarm: #a3261b; --alarm-ground: #fdecea; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --soft: #a2adba; --paper: #1b2129; --ground: #11151a;
    --line: #38424f; --accent: #6eb0f7; --on-accent: #0b1622; --alarm: #ffb4ab; --alarm-ground: #45201c; } }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
    color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  main { width: 100%; max-width: 25rem; padding: 1.75rem; background: var(--paper); border: 1px solid var(--line);
    border-radius: .875rem; }
  .brand { margin: 0 0 1.25rem; color: var(--soft); font-size: .875rem; letter-spacing: .02em; }
  .brand b { color: var(--ink); }
  h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; text-wrap: balance; }
  p { margin: .25rem 0 1rem; color: var(--soft); overflow-wrap: anywhere; }
  ul { margin: 0 0 1.25rem; padding: .75rem 1rem .75rem 2rem; border: 1px solid var(--line); border-radius: .5rem; }
  li { padding: .125rem 0; }
  label { display: block; margin: 0 0 .25rem; font-size: .875rem; font-weight: 600; }
  input { display: block; width: 100%; margin: 0 0 1rem; padding: .625rem .75rem; font: inherit; color: inherit;
    background: transparent; border: 1px solid var(--soft); border-radius: .5rem; }
  .choice { display: flex; gap: .75rem; margin-top: .5rem; }
  button { flex: 1; padding: .6875rem; font: inherit; font-weight: 600; color: inherit; background: transparent;
    border: 1px solid var(--soft); border-radius: .5rem; cursor: pointer; }
  button.allow { order: 1; color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
  :is(input, button, a, summary):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .alarm { margin: 0 0 1rem; padding: .625rem .75rem; color: var(--alarm); background: var(--alarm-ground); border-radius: .5rem; }
  h1 + .alarm { margin-top: .75rem; }
  output { display: block; padding: .75rem; font: 1rem/1.5 ui-monospace, monospace; color: var(--ink);
    border: 1px dashed var(--soft); border-radius: .5rem; overflow-wrap: anywhere; user-select: all; }
  dl { display: grid; grid-template-columns: minmax(13rem, max-content) 1fr; gap: .375rem .75rem; margin: 0 0 1.25rem;
    font-size: .9375rem; }
  dt { font-weight: 600; }
  dd { margin: 0; overflow-wrap: anywhere; }
  table { width: 100%; margin: 0 0 1rem; border-collapse: collapse; font-size: .9375rem; }
  :is(th, td) { padding: .25rem 1.5rem .25rem 0; text-align: left; vertical-align: top; }
  :is(th, td):last-child { width: 100%; padding-right: 0; overflow-wrap: anywhere; }
  td code { display: inline-block; width: max-content; max-width: 14rem; overflow-wrap: anywhere; }
  summary { cursor: pointer; }
  details ul { margin: .25rem 0; padding: 0 0 0 1.25rem; border: 0; }
  h2 { margin: 1.5rem 0 .5rem; font-size: 1.0625rem; }
  a { color: var(--accent); }
  code { font: .875em/1.5 ui-monospace, monospace; white-space: pre-wrap; user-select: all; }
  main.wide { max-width: 46rem; align-self: start; }
  :is(img, video, audio) { display: block; max-width: 100%; margin: 0 0 1rem; border-radius: .5rem; }
  .note { margin: 1.25rem 0 0; font-size: .8125rem; }
  .note + .note { margin-top: .5rem; }
  @media (max-width: 30rem) {
    main { padding: 1.25rem; }
    :is(dl, table, tbody) { display: block; }
    dd { margin-bottom: .5rem; }
    tr { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); padding-bottom: .5rem; }
    td code { max-width: 100%; }
    td:last-child { grid-column: 1 / -1; }
    th:last-child { display: none; }
  }
`;

/** The frame of every page. */
export function page(title: string, nonce: string, body: Page, width: 'narrow' | 'wide' = 'narrow'): Page {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <style nonce="${nonce}">${style}</style>
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
