import ky from 'ky';

// no retries: a form must be submitted once only
const browser = ky.create({ retry: 0, timeout: 60_000 });

/** What the user enters in the sign-in form. */
export interface LoginFormValues {
  username: string;
  password: string;
  decision: 'allow' | 'deny';
}

/**
 * Opens an authorization URL, and fills in and submits the sign-in form of the sandbox, as a browser would.
 *
 * @returns the URL that the browser is redirected to
 * @throws {HTTPError} of ky, if a response has another status than expected
 */
export async function submitLoginForm(url: URL, values: LoginFormValues): Promise<URL> {
  const page = await browser(url);
  const html = await page.text();
  const action = /<form method="post" action="([^"]*)">/.exec(html)?.[1];
  if (action === undefined) throw new Error('the sign-in page has no form');

  const form = new URLSearchParams({ ...values });
  for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
    form.set(name, unescapeHtml(value));
  }
  const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]);
  const response = await browser.post(new URL(unescapeHtml(action), url), {
    body: form,
    headers: { cookie: cookies.join('; ') },
    redirect: 'manual',
    throwHttpErrors: (status) => status !== 303,
  });
  const location = response.headers.get('location');
  if (location === null) throw new Error('the response to the sign-in form has no Location header');
  return new URL(location);
}

function unescapeHtml(text: string): string {
  return text
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}
