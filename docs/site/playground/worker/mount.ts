import type { Sandbox } from '../../../../src/sandbox.ts';
import { signInPage } from './sign-in-page.ts';

/**
 * Serves a sandbox below a path. The sandbox itself is always at the root of its host: its URLs in responses and pages are
 * rewritten here.
 *
 * @param sandboxUrl the URL of the sandbox, without a slash at the end
 */
export function mount(sandbox: Sandbox, sandboxUrl: string): (request: Request) => Promise<Response> {
  const { origin, pathname: prefix } = new URL(sandboxUrl);

  return async (request) => {
    const url = new URL(request.url);
    url.pathname = url.pathname.slice(prefix.length);
    if (url.pathname === '/') return Response.redirect(new URL('.', sandboxUrl)); // its start page has URLs in its texts
    const inner = new Request(url, {
      method: request.method,
      headers: request.headers,
      signal: request.signal,
      // not its stream: Firefox has none, and Chromium would need the option `duplex`
      ...(/^(GET|HEAD)$/.test(request.method) ? {} : { body: await request.blob() }),
    });
    if (url.pathname === '/oauth2') return withPrefix(await signInPage(sandbox, inner));
    const response = await sandbox.fetch(inner);
    if (/^\/s\/[^/]+$/.test(url.pathname)) return withPrefix(response);
    return hasUrls(request.method, url.pathname) ? withMovedUrls(response) : response;
  };

  /** A page whose links and forms lead to the sandbox, and that the playground may show in its frame. */
  async function withPrefix(page: Response): Promise<Response> {
    if (!page.headers.get('content-type')?.startsWith('text/html')) return page;
    const headers = new Headers(page.headers);
    headers.delete('x-frame-options');
    const policy = headers.get('content-security-policy');
    if (policy)
      headers.set('content-security-policy', policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'"));
    // quotes in texts and values are escaped, so these are always attributes
    const html = (await page.text())
      .replaceAll(/ (action|href|src)="\//g, ` $1="${prefix}/`)
      .replaceAll('" download>', '">'); // Chromium does not ask the worker for such a link: crbug.com/40410035
    return new Response(html, { status: page.status, headers });
  }

  async function withMovedUrls(response: Response): Promise<Response> {
    if (!response.ok) return response;
    const body = JSON.parse(await response.text(), (key, value) =>
      (key === 'public_url' || key === 'avatar') && typeof value === 'string' && value.startsWith(`${origin}/`)
        ? sandboxUrl + value.slice(origin.length)
        : value,
    );
    return new Response(JSON.stringify(body), response);
  }
}

/** Whether the response is JSON that may have URLs of the sandbox. Files, which may be JSON too, are not changed. */
function hasUrls(method: string, path: string): boolean {
  if (path === '/v1/account') return true;
  return method === 'POST' ? path.startsWith('/v1/doc/') : /^\/v1\/doc(\/[^/]+)?$/.test(path);
}
