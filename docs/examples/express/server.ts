import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { RedisStore } from 'connect-redis';
import { ApiClient } from 'doctape-sdk';
import { AuthorizationCodeClient, createTokenSeal } from 'doctape-sdk/server';
import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { fileName, filesPage, problemPage, welcomePage } from './page.ts';
import { ForeignRequestError, NotSignedInError, problemOf } from './problem.ts';

declare module 'express-session' {
  interface SessionData {
    /** The access token, sealed: whoever can read Redis has not got it. */
    token: string;
  }
}

const doctapeUrl = setting('DOCTAPE_URL');
const publicUrl = new URL(setting('PUBLIC_URL'));
/** How long somebody stays signed in. The token itself is valid for five years. */
const sessionSeconds = 12 * 60 * 60;
const tokens = createTokenSeal(setting('TOKEN_KEY'), { maxAge: sessionSeconds });

// Over https the cookies get a name that no other host, not even a neighbour of the same domain, can set.
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
  // leave it out for a server that does not name itself in its answers, as doctape did not in 2013
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
  // SameSite=Lax lets no other site send our cookies along with a POST; this is for neighbours on the same site
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
    proxy: true, // https ends in front of this process, at something that sets X-Forwarded-Proto
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
  // sign-ins that were given up: without the last three, the header of the cookies would grow with each attempt
  const begun = Array.from(cookiesOf(request).keys()).filter((name) => /^(__Host-)?doctape-/.test(name));
  for (const name of begun.slice(0, -3)) response.clearCookie(name, cookie);
  // all that the sign-in needs, sealed: any instance can finish it. Each tab has a cookie of its own
  response.cookie(cookieName, pending, { ...cookie, maxAge: 600_000 }).redirect(303, url.href);
});

app.get('/callback', async (request, response) => {
  const cookieName = client.cookieName(request);
  response.clearCookie(cookieName, cookie);
  const token = await client.exchange(request, cookiesOf(request).get(cookieName));
  // a new id, so that nobody who knew the old one is signed in as well
  await promisify(request.session.regenerate.bind(request.session))();
  request.session.token = await tokens.seal(token);
  await promisify(request.session.save.bind(request.session))(); // before the browser can ask for the next page
  response.redirect(303, '/');
});

app.post('/files', async (request, response) => {
  const api = await apiOf(request);
  const { name } = request.query;
  const size = request.get('content-length');
  // the request stays open when the upload fails, so that the user can be told why
  const stream = request.iterator({ destroyOnReturn: false });
  await api.files.upload(size === undefined ? stream : { stream, size: Number(size) }, {
    name: typeof name === 'string' && name !== '' ? name : 'untitled',
    type: request.get('content-type'),
  });
  response.status(201).send('Uploaded.');
});

app.get('/files/:id', async (request, response) => {
  const api = await apiOf(request);
  const file = await api.files.get(request.params.id);
  const download = await api.files.download(file.id);
  // always an attachment: a page that somebody uploaded must not run as one of ours
  response.attachment(fileName(file)).set('Content-Length', String(file.size));
  await pipeline(download.body ?? [], response);
});

app.post('/sign-out', async (request, response) => {
  await promisify(request.session.destroy.bind(request.session))();
  response.clearCookie(sessionCookie, cookie).redirect(303, '/');
});

app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
  if (response.headersSent || response.destroyed) {
    response.destroy(); // a download that broke off must not look complete
    return;
  }
  const { status, sentence } = problemOf(error);
  if (status === 500) console.error(error);
  response.status(status);
  if (request.accepts(['html', 'text']) === 'html') response.send(problemPage(sentence));
  else response.type('text').send(sentence);
});

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error; // such as that the port is taken, which Express tells nobody else
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

/** The cookies that the browser sent, by name. It sends the oldest first. */
function cookiesOf(request: Request): Map<string, string> {
  const pairs = request.get('cookie')?.split('; ') ?? [];
  return new Map(pairs.map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]));
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: README.md says what it is`);
  return value;
}
