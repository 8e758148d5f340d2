import { ApiClient } from 'doctape-sdk';
import { AuthorizationCodeClient, createTokenSeal, type TokenSeal } from 'doctape-sdk/server';
import { type CookieJar, cookieJar } from './cookies.ts';
import { ForeignRequestError, NotSignedInError, problemOf } from './problem.ts';

/** How long a user stays signed in. The token itself is valid for five years. */
export const sessionSeconds: number = 12 * 60 * 60;

export interface Application {
  client: AuthorizationCodeClient;
  cookies: CookieJar;
  tokens: TokenSeal;
}

let created: Application | undefined;

/** Created at the first request, because `next build` also calls the routes and has no secrets. */
export function application(): Application {
  created ??= {
    client: new AuthorizationCodeClient({
      clientId: setting('DOCTAPE_CLIENT_ID'),
      clientSecret: setting('DOCTAPE_CLIENT_SECRET'),
      redirectUri: new URL('/api/auth/callback', setting('PUBLIC_URL')).href,
      scope: ['account.read', 'file.read', 'file.create'],
      authorizationEndpoint: `${setting('DOCTAPE_URL')}/oauth2`,
      tokenEndpoint: `${setting('DOCTAPE_URL')}/oauth2/token`,
      // omit it for a server whose callbacks have no iss parameter, such as doctape in 2013
      issuer: setting('DOCTAPE_URL'),
    }),
    cookies: cookieJar(new URL(setting('PUBLIC_URL'))),
    tokens: createTokenSeal(setting('TOKEN_KEY'), { maxAge: sessionSeconds }),
  };
  return created;
}

/** Creates a client of the API for the user who sent the request. */
export async function apiOf(request: Request): Promise<ApiClient> {
  const { cookies, tokens } = application();
  const token = await tokens.open(cookies.read(request).get(cookies.tokenName));
  if (!token) throw new NotSignedInError();
  return new ApiClient({ token, baseUrl: `${setting('DOCTAPE_URL')}/v1` });
}

/** Calls a route handler. Rejects POST requests of other origins, and turns errors into responses. */
export async function handle(request: Request, handler: () => Response | Promise<Response>): Promise<Response> {
  try {
    // SameSite=Lax blocks POST requests from other sites; this check also blocks other hosts of the same site.
    // It comes first: `next build` does not prerender a route that reads a header
    const from = request.headers.get('sec-fetch-site') ?? 'same-origin';
    if (request.method === 'POST' && from !== 'same-origin') throw new ForeignRequestError();
    return await handler();
  } catch (error) {
    if (error instanceof Error && 'digest' in error) throw error; // an error of Next.js, which handles it
    const { status, text } = problemOf(error);
    if (status >= 500) console.error(error);
    return Response.json({ error: text }, { status, headers: { 'Cache-Control': 'no-store' } });
  }
}

export function redirect(location: string, cookies: [string, string][]): Response {
  return new Response(null, {
    status: 303,
    headers: [['Location', location], ['Cache-Control', 'no-store'], ...cookies],
  });
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see README.md`);
  return value;
}
