import type { Sandbox } from '../../../../src/sandbox.ts';

/**
 * The sign-in page of the sandbox. Its form is handled here, because it needs a cookie, which a service worker can neither send
 * nor read.
 *
 * @param request the authorization request, or the form that was posted to it
 */
export async function signInPage(sandbox: Sandbox, request: Request): Promise<Response> {
  const page = await sandbox.fetch(new Request(request.url, { headers: { accept: 'text/html' } }));
  if (page.status !== 200) return page;
  if (request.method !== 'POST') return withHint(page, sandbox);
  const form = new URLSearchParams(await request.text());
  const approve = form.get('decision') === 'allow';
  const user = sandbox.users.find(({ username }) => username === form.get('username'));
  if (approve && user?.password !== form.get('password'))
    return withHint(page, sandbox, 'The username or the password is wrong.');
  const username = user?.username ?? sandbox.users[0]?.username ?? '';
  return Response.redirect((await sandbox.authorize(request.url, { username, approve })).href, 303);
}

/** Adds the users and their passwords, which nobody can look up elsewhere, to the page. */
async function withHint(page: Response, { users }: Sandbox, problem?: string): Promise<Response> {
  const names = users.map(({ username, password }) => `<code>${username}</code>, password <code>${password}</code>`);
  const hint = `<p class="note">The users of this sandbox: ${names.join('; ')}.</p>`;
  const alarm = problem === undefined ? '' : `<p class="alarm" role="alert">${problem}</p>`;
  const html = (await page.text()).replace('<form', `${alarm}<form`).replace('</main>', `${hint}</main>`);
  return new Response(html, { status: problem === undefined ? 200 : 403, headers: page.headers });
}
