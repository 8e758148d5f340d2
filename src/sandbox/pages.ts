import { html } from 'hono/html';
import type { AuthorizationRequest } from './authorization.js';
import { scopeWords } from './scopes.js';

/** The pages a user sees. Plain HTML that needs no script; the template escapes whatever is put into it. */
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
  h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; }
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
  :is(input, button):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .alarm { margin: 0 0 1rem; padding: .625rem .75rem; color: var(--alarm); background: var(--alarm-ground); border-radius: .5rem; }
  output { display: block; padding: .75rem; font: 1rem/1.5 ui-monospace, monospace; color: var(--ink);
    border: 1px dashed var(--soft); border-radius: .5rem; overflow-wrap: anywhere; user-select: all; }
  .note { margin: 1.25rem 0 0; font-size: .8125rem; }
`;

function page(title: string, nonce: string, body: Page): Page {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <style nonce="${nonce}">${style}</style>
  </head>
  <body>
    <main>
      <p class="brand"><b>doctape</b> sandbox</p>
      ${body}
    </main>
  </body>
</html>
`;
}

export interface ConsentOptions {
  request: AuthorizationRequest;
  /** Where the form goes: the authorization request itself. */
  action: string;
  csrf: string;
  nonce: string;
  username?: string;
  problem?: string;
}

/** Asks who the user is and whether they agree. The button that a return key presses is Allow. */
export function consentPage({ request, action, csrf, nonce, username = '', problem }: ConsentOptions): Page {
  const words: Record<string, string> = scopeWords;
  const target = URL.canParse(request.redirectUri) ? new URL(request.redirectUri).host : '';
  return page(
    `Sign in to ${request.app.name}`,
    nonce,
    html`<h1>${request.app.name}</h1>
      <p>wants access to your doctape account. It will be able to:</p>
      <ul>${request.scope.map((scope) => html`<li>${words[scope] ?? scope}</li>`)}</ul>
      ${problem === undefined ? '' : html`<p class="alarm" role="alert">${problem}</p>`}
      <form method="post" action="${action}">
        <input type="hidden" name="csrf" value="${csrf}">
        <label for="username">Username</label>
        <input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required>
        <div class="choice">
          <button class="allow" name="decision" value="allow">Allow</button>
          <button name="decision" value="deny" formnovalidate>Deny</button>
        </div>
      </form>
      <p class="note">${target ? html`You will be sent to ${target}.` : html`You will be shown a code to copy.`}</p>`,
  );
}

/** For programs without a web server: they read the title, or have the user copy the value (wire document section 2.5). */
export function outOfBandPage(answer: URLSearchParams, nonce: string): Page {
  const value = answer.get('code') ?? answer.get('access_token');
  if (value === null) return messagePage('Access was not granted', `The answer is ${answer.get('error')}.`, nonce);
  return page(
    `Success code=${value}`,
    nonce,
    html`<h1>You are signed in</h1>
      <p>Copy this into the program that asked for it, then close this page:</p>
      <output>${value}</output>`,
  );
}

export function messagePage(title: string, message: string, nonce: string): Page {
  return page(title, nonce, html`<h1>${title}</h1><p>${message}</p>`);
}
