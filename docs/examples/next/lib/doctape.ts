import { ApiClient } from 'doctape-sdk';
import { AuthorizationCodeClient, createTokenSeal, type TokenSeal } from 'doctape-sdk/server';
import { type CookieJar, cookieJar } from './cookies.ts';
import { ForeignRequestError, NotSignedInError, problemOf } from './problem.ts';

/** How long somebody stays signed in. The token itself is valid for five years. */
export const sessionSeconds: number = 12 * 60 * 60;

export interface Application {
  client: AuthorizationCodeClient;
  cookies: CookieJar;
  tokens: TokenSeal;
}

let made: Application | undefined;

/** Made with the first request: `next build` calls the routes as well, and has no secrets. */
export function application(): Application {
  made ??= {
    client: new AuthorizationCodeClient({
      clientId: setting('DOCTAPE_CLIENT_ID'),
      clientSecret: setting('DOCTAPE_CLIENT_SECRET'),
      redirectUri: new URL('/api/auth/callback', setting('PUBLIC_URL')).href,
      scope: ['account.read', 'file.read', 'file.create'],
      authorizationEndpoint: `${setting('DOCTAPE_URL')}/oauth2`,
      tokenEndpoint: `${setting('DOCTAPE_URL')}/oauth2/token`,
      // leave it out for a server that does not name itself in its answers, as doctape did not in 2013
      issuer: setting('DOCTAPE_URL'),
    }),
    cookies: cookieJar(new URL(setting('PUBLIC_URL'))),
    tokens: createTokenSeal(setting('TOKEN_KEY'), { maxAge: sessionSeconds }),
  };
  return made;
}

/** The API on behalf of whoever sent the request. */
export async function apiOf(request: Request): Promise<ApiClient> {
  const { cookies, tokens } = application();
  const token = await tokens.open(cookies.read(request).get(cookies.tokenName));
  if (!token) throw new NotSignedInError();
  return new ApiClient({ token, baseUrl: `${setting('DOCTAPE_URL')}/v1` });
}

/** Refuses what a page of another origin asks to change, and answers errors with a sentence. */
export async function answering(request: Request, answer: () => Response | Promise<Response>): Promise<Response> {
  try {
    // SameSite=Lax lets no other site send our cookies along with a POST; this is for neighbours on the same site.
    // Before anything else: a route that reads a header is none that `next build` calls to its end, to keep the answer
    const from = request.headers.get('sec-fetch-site') ?? 'same-origin';
    if (request.method === 'POST' && from !== 'same-origin') throw new ForeignRequestError();
    return await answer();
  } catch (error) {
    if (error instanceof Error && 'digest' in error) throw error; // one of Next.js, which is waiting for it
    const { status, sentence } = problemOf(error);
    if (status === 500) console.error(error);
    return Response.json({ error: sentence }, { status });
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
  if (!value) throw new Error(`${name} is not set: README.md says what it is`);
  return value;
}
