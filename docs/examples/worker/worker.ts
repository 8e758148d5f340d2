import { ApiClient, CallbackError, contentDisposition } from 'doctape-sdk';
import { AuthorizationCodeClient, createTokenSeal, type TokenSeal } from 'doctape-sdk/server';
import { type CookieJar, cookieJar } from './cookies.ts';
import { ForeignRequestError, NotSignedInError, problemOf, withInput } from './problem.ts';

/** How long a user stays signed in. The token itself is valid for five years. */
const sessionSeconds = 12 * 60 * 60;

/** The variables of wrangler.jsonc and the secrets. */
export interface Env {
  DOCTAPE_URL: string;
  DOCTAPE_CLIENT_ID: string;
  DOCTAPE_CLIENT_SECRET: string;
  PUBLIC_URL: string;
  TOKEN_KEY: string;
}

/** A global of workerd. `@cloudflare/workers-types` declares it, too. */
declare const FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;

interface Application {
  client: AuthorizationCodeClient;
  cookies: CookieJar;
  tokens: TokenSeal;
}

// Shared by all requests of an isolate, because the client remembers which callbacks were used.
let application: Application | undefined;

function createApplication(env: Env): Application {
  return {
    client: new AuthorizationCodeClient({
      clientId: env.DOCTAPE_CLIENT_ID,
      clientSecret: env.DOCTAPE_CLIENT_SECRET,
      redirectUri: new URL('/callback', env.PUBLIC_URL).href,
      scope: ['account.read', 'file.read'],
      authorizationEndpoint: `${env.DOCTAPE_URL}/oauth2`,
      tokenEndpoint: `${env.DOCTAPE_URL}/oauth2/token`,
      // omit it for a server whose callbacks have no iss parameter, such as doctape in 2013
      issuer: env.DOCTAPE_URL,
    }),
    cookies: cookieJar(new URL(env.PUBLIC_URL)),
    tokens: createTokenSeal(env.TOKEN_KEY, { maxAge: sessionSeconds }),
  };
}

const worker: { fetch(request: Request, env: Env): Promise<Response> } = {
  async fetch(request, env) {
    try {
      application ??= createApplication(env);
      return await route(request, env, application);
    } catch (error) {
      const { status, text } = problemOf(error);
      if (status >= 500) console.error(error);
      return Response.json({ error: text }, { status, headers: { 'Cache-Control': 'no-store' } });
    }
  },
};

export default worker;

async function route(request: Request, env: Env, { client, cookies, tokens }: Application): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, id] = /^\/files\/([\w-]+)$/.exec(pathname) ?? [];
  const isHead = request.method === 'HEAD'; // workerd sends the response to GET without its body
  const endpoint = `${isHead ? 'GET' : request.method} ${id === undefined ? pathname : '/files/:id'}`;

  if (endpoint === 'GET /login') {
    const { url, pending, cookieName } = await client.authorize();
    // the sealed cookie has everything the sign-in needs, so that every isolate can finish it. Each tab has its own cookie
    return redirect(url.href, [...cookies.clearOldSignIns(request), cookies.write(cookieName, pending, 600)]);
  }
  if (endpoint === 'GET /callback') {
    const cookieName = client.cookieName(request);
    const received = cookies.read(request);
    const token = await client.exchange(request, received.get(cookieName)).catch(async (error: unknown) => {
      // a browser that reloads or restores the callback has finished this sign-in: it stays signed in
      if (!(error instanceof CallbackError) || !(await tokens.open(received.get(cookies.tokenName)))) throw error;
    });
    const added = token ? [cookies.write(cookies.tokenName, await tokens.seal(token), sessionSeconds)] : [];
    return redirect('/files', [cookies.clear(cookieName), ...added]);
  }
  if (endpoint === 'POST /sign-out') {
    // a form on another site could sign the user out: the response deletes the cookie even if the request has none
    const from = request.headers.get('sec-fetch-site') ?? 'same-origin';
    if (from !== 'same-origin') throw new ForeignRequestError();
    return redirect('/', [cookies.clear(cookies.tokenName)]);
  }
  if (endpoint === 'GET /') return new Response('Sign in at /login, then see /files.\n');

  const token = await tokens.open(cookies.read(request).get(cookies.tokenName));
  if (!token) throw new NotSignedInError();
  const api = new ApiClient({ token, baseUrl: `${env.DOCTAPE_URL}/v1` });
  if (endpoint === 'GET /files') {
    return Response.json(await api.files.list(), { headers: { 'Cache-Control': 'no-store' } });
  }
  if (endpoint === 'GET /files/:id' && id !== undefined) {
    const file = await withInput('This is not the id of a file.', () => api.files.get(id));
    const body = isHead ? null : (await api.files.download(file.id)).body;
    // workerd ignores a Content-Length header if there is a body. It sends the length of this stream instead
    const sized = body?.pipeThrough(new FixedLengthStream(file.size));
    // always an attachment: an uploaded HTML file must not run with the origin of this application
    const headers = {
      'Content-Disposition': contentDisposition(file),
      'Content-Length': String(file.size),
      'Content-Type': 'application/octet-stream',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    };
    return new Response(sized, { headers });
  }
  return Response.json({ error: 'This page does not exist.' }, { status: 404 });
}

function redirect(location: string, cookies: [string, string][]): Response {
  return new Response(null, {
    status: 303,
    headers: [['Location', location], ['Cache-Control', 'no-store'], ...cookies],
  });
}
