/**
 * Signs in as alice at an authorization URL of the sandbox whose redirect URI is `urn:ietf:wg:oauth:2.0:oob`.
 * @returns the text to paste, from the title of the page
 */
export async function submitOutOfBand(address: URL): Promise<string> {
  const form = await fetch(address);
  const html = await form.text();
  const action = /<form method="post" action="([^"]*)">/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const body = new URLSearchParams({ username: 'alice', password: 'wonderland', decision: 'allow' });
  for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
    body.set(name, value.replaceAll('&amp;', '&'));
  }
  const cookie = form.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const response = await fetch(new URL(action, address), { method: 'POST', body, headers: { cookie } });
  return /<title>Success (code=[^<]+)<\/title>/.exec(await response.text())?.[1] ?? '';
}
