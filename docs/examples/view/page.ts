import type { UploadForm } from 'doctape-sdk/view';
import { html } from 'hono/html';

/** `html` escapes the inserted values. */
type Page = ReturnType<typeof html>;

export interface TicketView {
  id: string;
  email: string;
  form: UploadForm;
  documents: { id: string; note: string; frame: URL }[];
}

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

export function startPage(): Page {
  return page(
    'Ask for help',
    html`<form method="post" action="/tickets">
      <label>Your e-mail address <input type="email" name="email" required></label>
      <button>Begin</button>
    </form>`,
  );
}

export function ticketPage({ id, email, form, documents }: TicketView): Page {
  const hidden = Object.entries(form.fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return page(
    `Ticket of ${email}`,
    html`<form method="post" enctype="multipart/form-data" action="${form.action.href}">
        ${hidden}
        <label>Note <input name="note"></label>
        <label>Files <input type="file" name="files" multiple required></label>
        <button>Attach</button>
      </form>
      ${documents.map(
        ({ id: document, note, frame }) => html`<h2>${note || 'A document'}</h2>
          <iframe src="${frame.href}" title="${note || 'A document'}" width="480" height="320"></iframe>
          <form method="post" action="/tickets/${id}/documents/${document}/remove"><button>Remove</button></form>`,
      )}`,
  );
}

export function problemPage(text: string): Page {
  return page('That did not work', html`<p>${text}</p><p><a href="/">Start again</a></p>`);
}
