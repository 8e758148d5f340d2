import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { RedisStore } from 'connect-redis';
import { ApiClient, CallbackError, fileName } from 'doctape-sdk';
import { AuthorizationCodeClient, createTokenSeal } from 'doctape-sdk/server';
import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { filesPage, problemPage, welcomePage } from './page.ts';
import { BadRequestError, ForeignRequestError, NotSignedInError, problemOf, withInput } from './problem.ts';

declare module 'express-session' {
  interface SessionData {
    /** The encrypted access token: access to Redis does not reveal it. */
    token: string;
  }
}

const doctapeUrl = setting('DOCTAPE_URL');
const publicUrl = new URL(setting('PUBLIC_URL'));

/** How long a user stays signed in. The token itself is valid for five years. */
const sessionSeconds = 12 * 60 * 60;
const tokens = createTokenSeal(setting('TOKEN_KEY'), { maxAge: sessionSeconds });

// With the prefix __Host-, other hosts cannot set the cookie, not even subdomains of the same domain. It needs https.
const secure = publicUrl.protocol === 'https:';
const cookie = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const;
const sessionCookie = secure ? '__Host-session' : 'session';

const client = new AuthorizationCodeClient({
  clientId: setting('DOCTAPE_CLIENT_ID'),
  clientSecret: setting('DOCTAPE_CLIENT_SECRET'),
  redirectUri: new URL('/callback', publicUrl).href,
  scope: ['account.read', 'file.read', 'file.create'],
  authorizationEndpoint: `${doctapeUrl}/oauth2`,
  tokenEndpoint: `${doctapeUrl}/oauth2/token`,
  // omit it for a server whose callbacks have no iss parameter, such as doctape in 2013
  issuer: doctapeUrl,
});

const redis = createClient({ url: setting('REDIS_URL') });
redis.on('error', (error: Error) => console.error(`Redis: ${error.message}`));
await redis.connect();

const app = express();
app.disable('x-powered-by');

app.use((request, response, next) => {
  response.set({
    'Content-Security-Policy':
      "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  // SameSite=Lax blocks POST requests from other sites; this check also blocks other hosts of the same site
  const from = request.get('sec-fetch-site') ?? 'same-origin';
  next(request.method === 'POST' && from !== 'same-origin' ? new ForeignRequestError() : undefined);
});

app.use(express.static(join(import.meta.dirname, 'public')));

app.use(
  session({
    store: new RedisStore({ client: redis, prefix: 'session:' }),
    name: sessionCookie,
    secret: setting('SESSION_SECRET'),
    cookie: { ...cookie, maxAge: sessionSeconds * 1000 },
    proxy: true, // TLS ends at a proxy that sets X-Forwarded-Proto
    resave: false,
    saveUninitialized: false,
  }),
);

app.get('/', async (request, response) => {
  if (request.session.token === undefined) {
    response.send(welcomePage());
    return;
  }
  const api = await apiOf(request);
  const [account, files] = await Promise.all([api.account.get(), api.files.list()]);
  response.send(filesPage(account.username, files));
});

app.get('/login', async (request, response) => {
  const { url, pending, cookieName } = await client.authorize();
  // clear all but the last three abandoned sign-ins, so that the Cookie header does not grow with each attempt
  const begun = Array.from(cookiesOf(request).keys()).filter((name) => /^(__Host-)?doctape-/.test(name));
  for (const name of begun.slice(0, -3)) response.clearCookie(name, cookie);
  // the sealed cookie has everything the sign-in needs, so that every instance can finish it. Each tab has its own cookie
  response.cookie(cookieName, pending, { ...cookie, maxAge: 600_000 }).redirect(303, url.href);
});

app.get('/callback', async (request, response) => {
  const cookieName = client.cookieName(request);
  response.clearCookie(cookieName, cookie);
  const token = await client.exchange(request, cookiesOf(request).get(cookieName)).catch((error: unknown) => {
    // a browser that reloads or restores the callback has finished this sign-in: it stays signed in
    if (!(error instanceof CallbackError) || request.session.token === undefined) throw error;
  });
  if (token) {
    // a new session id, so that an attacker who knows the old one is not signed in too
    await promisify(request.session.regenerate.bind(request.session))();
    request.session.token = await tokens.seal(token);
    await promisify(request.session.save.bind(request.session))(); // before the browser requests the next page
  }
  response.redirect(303, '/');
});

app.post('/files', async (request, response) => {
  const api = await apiOf(request);
  const { name } = request.query;
  const type = request.get('content-type');
  if (request.is('multipart/form-data')) throw new BadRequestError('Send the file as the request body, not as a form.');
  const size = request.get('content-length');
  // the request stays open if the upload fails, so that the response can contain the reason
  const stream = request.iterator({ destroyOnReturn: false });
  const source = size === undefined ? stream : { stream, size: Number(size) };
  await withInput('The Content-Type or the Content-Length is not valid.', () =>
    api.files.upload(source, { name: typeof name === 'string' && name !== '' ? name : 'untitled', type }),
  );
  response.status(201).send('Uploaded.');
});

app.get('/files/:id', async (request, response) => {
  const api = await apiOf(request);
  const file = await withInput('This is not the id of a file.', () => api.files.get(request.params.id));
  // Express calls this handler for HEAD too, and does not send the body
  const body = request.method === 'HEAD' ? null : (await api.files.download(file.id)).body;
  // always an attachment: an uploaded HTML file must not run with the origin of this application
  response.attachment(fileName(file)).set('Content-Length', String(file.size));
  await pipeline(body ?? [], response);
});

app.post('/sign-out', async (request, response) => {
  await promisify(request.session.destroy.bind(request.session))();
  response.clearCookie(sessionCookie, cookie).redirect(303, '/');
});

app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
  if (response.headersSent || response.destroyed) {
    response.destroy(); // an interrupted download must not look complete
    return;
  }
  // Express throws a URIError if the id is not decodable
  const problem = error instanceof URIError ? new BadRequestError('This URL is malformed.') : error;
  const { status, text } = problemOf(problem);
  if (status >= 500) console.error(error);
  response.status(status);
  if (request.accepts(['html', 'text']) === 'html') response.send(problemPage(text));
  else response.type('text').send(text);
});

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error; // for example, the port is in use: Express reports it only here
  const address = server.address();
  console.log(`Listening on port ${typeof address === 'object' ? address?.port : address}, at ${publicUrl.href}`);
});

process.once('SIGTERM', () => {
  server.close(() => redis.destroy());
  server.closeIdleConnections();
});

async function apiOf(request: Request): Promise<ApiClient> {
  const token = await tokens.open(request.session.token);
  if (!token) throw new NotSignedInError();
  return new ApiClient({ token, baseUrl: `${doctapeUrl}/v1` });
}

/** The cookies of a request, by name. Browsers send the oldest first. */
function cookiesOf(request: Request): Map<string, string> {
  const pairs = request.get('cookie')?.split('; ') ?? [];
  return new Map(pairs.map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]));
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see README.md`);
  return value;
}
