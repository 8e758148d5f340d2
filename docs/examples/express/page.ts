import { type FileInfo, fileName } from 'doctape-sdk';

/** HTML markup. All other values are escaped when they are inserted into a page. */
export interface Html {
  readonly markup: string;
}

function html(strings: TemplateStringsArray, ...values: (string | Html | Html[])[]): Html {
  return { markup: String.raw({ raw: strings }, ...values.map(markupOf)) };
}

function markupOf(value: string | Html | Html[]): string {
  if (Array.isArray(value)) return value.map(markupOf).join('');
  if (typeof value !== 'string') return value.markup;
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(title: string, content: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>${title}</title>
      <h1>${title}</h1>
      ${content}
    </html>`.markup;
}

export function welcomePage(): string {
  return page('Your files', html`<p><a href="/login">Sign in with doctape</a></p>`);
}

export function filesPage(username: string, files: readonly FileInfo[]): string {
  const rows = files.map(
    (file) =>
      html`<li><a href="/files/${encodeURIComponent(file.id)}">${fileName(file)}</a>, ${String(file.size)} bytes</li>`,
  );
  return page(
    `Files of ${username}`,
    html`<ul>${rows}</ul>
      <form id="upload">
        <label>Add a file <input type="file" name="file" required></label>
        <button>Upload</button>
        <output></output>
      </form>
      <form method="post" action="/sign-out"><button>Sign out</button></form>
      <script type="module" src="/upload.js"></script>`,
  );
}

export function problemPage(text: string): string {
  return page('That did not work', html`<p>${text}</p><p><a href="/login">Sign in</a> or <a href="/">go back</a></p>`);
}
