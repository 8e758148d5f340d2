import { CallbackError, NotFoundError } from 'doctape-sdk';
import { ViewClient } from 'doctape-sdk/view';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { problemPage, startPage, ticketPage } from './page.ts';

export interface Settings {
  /** The URL of the file service, such as `http://127.0.0.1:4400`. */
  doctapeUrl: string;
  clientId: string;
  clientSecret: string;
  /** The public URL of this application, such as `https://help.example`. */
  publicUrl: URL;
}

/** A request for help, with the documents that its author has attached. */
interface Ticket {
  email: string;
  documents: Map<string, { note: string }>;
}

/** Signed URLs and forms expire one hour after the page was loaded. */
const inAnHour = () => new Date(Date.now() + 3_600_000);

/**
 * Creates the application, whose `fetch` is a function from `Request` to `Response`. It keeps the tickets in memory: a real
 * application keeps them in a database. Anyone with the id of a ticket can see it.
 */
export function createApp({ doctapeUrl, clientId, clientSecret, publicUrl }: Settings): Hono {
  const view = new ViewClient({ clientId, clientSecret, baseUrl: `${doctapeUrl}/sandbox` });
  const tickets = new Map<string, Ticket>();
  /** The ticket that each document belongs to. */
  const ticketOf = new Map<string, string>();

  function find(id: string): Ticket {
    const ticket = tickets.get(id);
    if (!ticket) throw new UnknownTicketError();
    return ticket;
  }

  const app = new Hono();

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        frameSrc: [doctapeUrl],
        // the form posts to the file service, which posts to this application
        formAction: ["'self'", doctapeUrl],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      referrerPolicy: 'no-referrer',
    }),
  );
  app.use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store'); // the pages contain signed URLs
  });

  app.get('/', (c) => c.html(startPage()));

  app.post('/tickets', async (c) => {
    const { email } = await c.req.parseBody();
    if (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email)) {
      return c.html(problemPage('Please enter your e-mail address.'), 400);
    }
    const id = crypto.randomUUID();
    tickets.set(id, { email, documents: new Map() });
    return c.redirect(`/tickets/${id}`, 303);
  });

  app.get('/tickets/:ticket', (c) => {
    const id = c.req.param('ticket');
    const { email, documents } = find(id);
    const form = view.uploadForm({
      email,
      expires: inAnHour(),
      lazy: true, // the callback then has an embed URL, whose signature proves that the id is of a real document
      callbackUrl: new URL(`/tickets/${id}/uploaded`, publicUrl),
    });
    const shown = [...documents].map(([document, { note }]) => ({
      id: document,
      note,
      frame: view.embedUrl(document, { expires: inAnHour() }),
    }));
    return c.html(ticketPage({ id, email, form, documents: shown }));
  });

  // The callback. The user's browser posts it, so everything in it is input of a user.
  app.post('/tickets/:ticket/uploaded', async (c) => {
    const id = c.req.param('ticket');
    const ticket = find(id);
    const form = new URLSearchParams(await c.req.text());
    const uploaded = view.parseCallback(form);
    for (const document of uploaded) {
      // a document without an embed URL is not verified, and one of another ticket does not belong here
      if (document.embedUrl === undefined || (ticketOf.get(document.id) ?? id) !== id) continue;
      ticketOf.set(document.id, id);
      ticket.documents.set(document.id, { note: form.get('note') ?? '' });
    }
    const failed = uploaded.filter(({ error }) => error !== undefined);
    if (failed.length > 0) return c.html(problemPage(`${failed.length} of ${uploaded.length} files failed.`), 413);
    return c.redirect(`/tickets/${id}`, 303);
  });

  app.post('/tickets/:ticket/documents/:document/remove', async (c) => {
    const { ticket, document } = c.req.param();
    if (find(ticket).documents.delete(document)) {
      ticketOf.delete(document);
      await view.unlink(document).catch((error: unknown) => {
        if (!(error instanceof NotFoundError)) throw error; // the person has deleted it
      });
    }
    return c.redirect(`/tickets/${ticket}`, 303);
  });

  app.onError((error, c) => {
    if (error instanceof UnknownTicketError) return c.html(problemPage('There is no such ticket.'), 404);
    if (error instanceof CallbackError) return c.html(problemPage('This upload could not be verified.'), 400);
    console.error(error); // the errors of the SDK contain no secrets
    return c.html(problemPage('Something went wrong here. Try again later.'), 500);
  });

  return app;
}

class UnknownTicketError extends Error {
  override readonly name = 'UnknownTicketError';
}
