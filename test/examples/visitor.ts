import { submitLoginForm } from '../../src/cli/commands/login-form.js';

/** The site under test: a server on the network, or a function in this process. */
export type Site = (request: Request) => Promise<Response>;

/** A browser that only keeps cookies. It does not follow redirects, so that a test can check each step. */
export interface Visitor {
  /** The cookies that the site has set, by name. */
  cookies: Map<string, string>;
  /** Every `Set-Cookie` header received. */
  seen: string[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  head(path: string): Promise<Response>;
  post(path: string, body?: string | ReadableStream, headers?: Record<string, string>): Promise<Response>;
}

export function visitor(address: string, site: Site = fetch): Visitor {
  const cookies = new Map<string, string>();
  const seen: string[] = [];
  async function send(path: string, init: RequestInit & { duplex?: 'half' }): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (cookie !== '') headers.set('cookie', cookie);
    const response = await site(new Request(new URL(path, address), { ...init, headers, redirect: 'manual' }));
    for (const header of response.headers.getSetCookie()) {
      seen.push(header);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      if (value === '' || /max-age=0\b/i.test(header)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }
  return {
    cookies,
    seen,
    get: (path, headers = {}) => send(path, { headers }),
    head: (path) => send(path, { method: 'HEAD' }),
    post: (path, body, headers = {}) =>
      send(path, { method: 'POST', headers, duplex: 'half', ...(body !== undefined && { body }) }),
  };
}

/** Opens the sign-in page and submits its form. @returns the path and query of the callback */
export async function goToSignIn(
  someone: Visitor,
  path: string,
  decision: 'allow' | 'deny' = 'allow',
): Promise<string> {
  const start = await someone.get(path);
  const url = new URL(start.headers.get('location') ?? '');
  const { pathname, search } = await submitLoginForm(url, { username: 'alice', password: 'wonderland', decision });
  return pathname + search;
}
