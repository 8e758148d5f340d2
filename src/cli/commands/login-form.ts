/** A browser in twenty lines: enough of one to fill in the sign-in form of a sandbox. */

export interface Answers {
  username: string;
  password: string;
  decision: 'allow' | 'deny';
}

/**
 * Opens an authorization URL, fills in the form that is shown, and sends it.
 * @returns where the browser is sent then
 */
export async function submitLoginForm(url: URL, answers: Answers): Promise<URL> {
  const page = await fetch(url);
  const html = await page.text();
  if (!page.ok) throw new Error(`the sign-in page answered with ${page.status}`);
  const action = /<form method="post" action="([^"]*)">/.exec(html)?.[1];
  if (action === undefined) throw new Error('the sign-in page has no form');

  const form = new URLSearchParams({ ...answers });
  for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
    form.set(name, unescapeHtml(value));
  }
  const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]);
  const answer = await fetch(new URL(unescapeHtml(action), url), {
    method: 'POST',
    body: form,
    headers: { cookie: cookies.join('; ') },
    redirect: 'manual',
  });
  const location = answer.headers.get('location');
  if (answer.status !== 303 || location === null)
    throw new Error(`the sign-in form was answered with ${answer.status}`);
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
