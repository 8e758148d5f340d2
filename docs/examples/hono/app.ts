import { ApiClient, CallbackError, contentDisposition } from 'doctape-sdk';
import { AuthorizationCodeClient, createTokenSeal } from 'doctape-sdk/server';
import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { secureHeaders } from 'hono/secure-headers';
import { filesPage, problemPage, uploadScript, welcomePage } from './page.ts';
import { BadRequestError, NotSignedInError, problemOf, withInput } from './problem.ts';

/** How long a user stays signed in. The token itself is valid for five years. */
const sessionSeconds = 12 * 60 * 60;

export interface Settings {
  /** The URL of the file service, such as `http://127.0.0.1:4400`. */
  doctapeUrl: string;
  clientId: string;
  clientSecret: string;
  /** The public URL of this application, such as `https://files.example`. */
  publicUrl: URL;
  /** The key that encrypts the cookie with the token: 32 random characters or more. */
  tokenKey: string;
}

/** Creates the application, whose `fetch` is a function from `Request` to `Response`. It has no state between requests. */
export function createApp({ doctapeUrl, clientId, clientSecret, publicUrl, tokenKey }: Settings): Hono {
  const client = new AuthorizationCodeClient({
    clientId,
    clientSecret,
    redirectUri: new URL('/callback', publicUrl).href,
    scope: ['account.read', 'file.read', 'file.create'],
    authorizationEndpoint: `${doctapeUrl}/oauth2`,
    tokenEndpoint: `${doctapeUrl}/oauth2/token`,
    // omit it for a server whose callbacks have no iss parameter, such as doctape in 2013
    issuer: doctapeUrl,
  });

  const tokens = createTokenSeal(tokenKey, { maxAge: sessionSeconds });

  // With the prefix __Host-, other hosts cannot set the cookie, not even subdomains of the same domain. It needs https.
  const secure = publicUrl.protocol === 'https:';
  const cookie = { httpOnly: true, secure, sameSite: 'Lax', path: '/' } as const;
  const tokenCookie = secure ? '__Host-token' : 'token';

  async function apiOf(c: Context): Promise<ApiClient> {
    const token = await tokens.open(getCookie(c, tokenCookie));
    if (!token) throw new NotSignedInError();
    return new ApiClient({ token, baseUrl: `${doctapeUrl}/v1` });
  }

  const app = new Hono();

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      referrerPolicy: 'same-origin',
    }),
    // SameSite=Lax blocks POST requests from other sites; this check also blocks other hosts of the same site
    csrf({ origin: publicUrl.origin }),
    async (c, next) => {
      await next();
      c.header('Cache-Control', 'no-store');
    },
  );

  app.get('/', async (c) => {
    if (getCookie(c, tokenCookie) === undefined) return c.html(welcomePage());
    const api = await apiOf(c);
    const [account, files] = await Promise.all([api.account.get(), api.files.list()]);
    return c.html(filesPage(account.username, files));
  });

  app.get('/upload.js', (c) => c.body(uploadScript, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }));

  app.get('/login', async (c) => {
    const { url, pending, cookieName } = await client.authorize();
    // clear all but the last three abandoned sign-ins, so that the Cookie header does not grow with each attempt
    const begun = Object.keys(getCookie(c)).filter((name) => /^(__Host-)?doctape-/.test(name));
    for (const name of begun.slice(0, -3)) deleteCookie(c, name, cookie);
    // the sealed cookie has everything the sign-in needs, so that every instance can finish it. Each tab has its own cookie
    setCookie(c, cookieName, pending, { ...cookie, maxAge: 600 });
    return c.redirect(url.href, 303);
  });

  app.get('/callback', async (c) => {
    const cookieName = client.cookieName(c.req.raw);
    const pending = getCookie(c, cookieName);
    deleteCookie(c, cookieName, cookie);
    const token = await client.exchange(c.req.raw, pending).catch(async (error: unknown) => {
      // a browser that reloads or restores the callback has finished this sign-in: it stays signed in
      if (!(error instanceof CallbackError) || !(await tokens.open(getCookie(c, tokenCookie)))) throw error;
    });
    if (token) setCookie(c, tokenCookie, await tokens.seal(token), { ...cookie, maxAge: sessionSeconds });
    return c.redirect('/', 303);
  });

  app.post('/files', async (c) => {
    const api = await apiOf(c);
    const type = c.req.header('content-type');
    if (type && /^multipart\/form-data\b/i.test(type)) {
      throw new BadRequestError('Send the file as the request body, not as a form.');
    }
    const size = c.req.header('content-length');
    const stream = c.req.raw.body ?? new Blob().stream();
    const source = size === undefined ? stream : { stream, size: Number(size) };
    await withInput('The Content-Type or the Content-Length is not valid.', () =>
      api.files.upload(source, { name: c.req.query('name') || 'untitled', type }),
    );
    return c.text('Uploaded.', 201);
  });

  app.get('/files/:id', async (c) => {
    const api = await apiOf(c);
    const file = await withInput('This is not the id of a file.', () => api.files.get(c.req.param('id')));
    // Hono calls this handler for HEAD too, and does not read the body
    const body = c.req.method === 'HEAD' ? null : (await api.files.download(file.id)).body;
    // always an attachment: an uploaded HTML file must not run with the origin of this application
    const headers = {
      'Content-Disposition': contentDisposition(file),
      'Content-Length': String(file.size),
      'Content-Type': 'application/octet-stream',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    };
    return new Response(body, { headers });
  });

  app.post('/sign-out', (c) => {
    deleteCookie(c, tokenCookie, cookie);
    return c.redirect('/', 303);
  });

  app.onError((error, c) => {
    if ('getResponse' in error) return error.getResponse(); // errors of Hono itself
    const { status, text } = problemOf(error);
    if (status >= 500) console.error(error);
    c.status(status);
    return c.req.header('accept')?.includes('text/plain') ? c.text(text) : c.html(problemPage(text));
  });

  return app;
}
