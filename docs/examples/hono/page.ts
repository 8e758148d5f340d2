import { type FileInfo, fileName } from 'doctape-sdk';
import { html } from 'hono/html';

/** `html` escapes the inserted values. */
type Page = ReturnType<typeof html>;

function page(title: string, content: Page): Page {
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>${title}</title>
      <h1>${title}</h1>
      ${content}
    </html>`;
}

export function welcomePage(): Page {
  return page('Your files', html`<p><a href="/login">Sign in with doctape</a></p>`);
}

export function filesPage(username: string, files: readonly FileInfo[]): Page {
  const rows = files.map(
    (file) => html`<li><a href="/files/${encodeURIComponent(file.id)}">${fileName(file)}</a>, ${file.size} bytes</li>`,
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

export function problemPage(text: string): Page {
  return page('That did not work', html`<p>${text}</p><p><a href="/login">Sign in</a> or <a href="/">go back</a></p>`);
}

/**
 * Sends the file as the request body. A plain form would send multipart/form-data, which the server would have to parse before it
 * could forward the file.
 */
export const uploadScript = `
const form = document.querySelector('#upload');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const [file] = form.elements.file.files;
  const output = form.querySelector('output');
  output.textContent = 'Uploading…';
  try {
    const query = new URLSearchParams({ name: file.name });
    const response = await fetch('/files?' + query, { method: 'POST', headers: { accept: 'text/plain' }, body: file });
    if (response.ok) location.reload();
    else output.textContent = await response.text();
  } catch {
    output.textContent = 'The upload was interrupted. Try again.';
  }
});
`;
