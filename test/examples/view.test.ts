import { expect, it, onTestFinished } from 'vitest';
import { createApp } from '../../docs/examples/view/app.ts';
import { freePort } from '../support/free-port.js';
import { served } from '../support/sandbox.js';
import { startProgram } from './program.js';
import { settingsFor, users } from './settings.js';
import { type Site, visitor } from './visitor.js';

const server = await served({ users });
const address = 'http://localhost:3000';

function site(): Site {
  const settings = settingsFor(server, address);
  const app = createApp({
    doctapeUrl: settings.DOCTAPE_URL,
    clientId: settings.DOCTAPE_CLIENT_ID,
    clientSecret: settings.DOCTAPE_CLIENT_SECRET,
    publicUrl: new URL(address),
  });
  return async (request) => app.fetch(request);
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const decoded = (text: string) =>
  text.replace(
    /&(quot|amp|#39|lt|gt);/g,
    (_, name: string) => ({ quot: '"', amp: '&', '#39': "'", lt: '<', gt: '>' })[name] ?? '',
  );

/** The hidden fields of the form on a page, and where it posts them to. */
function formIn(page: string): { action: string; fields: [string, string][] } {
  const [, action = ''] = /<form method="post"[^>]* action="([^"]*)"/.exec(page) ?? [];
  const hidden = [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  return {
    action: decoded(action),
    fields: hidden.map(([, name = '', value = '']) => [decoded(name), decoded(value)]),
  };
}

function pathOf(href: string): string {
  const { pathname, search } = new URL(href);
  return pathname + search;
}

type Someone = ReturnType<typeof visitor>;

async function openTicket(someone: Someone, email = 'visitor@example.org'): Promise<string> {
  const opened = await someone.post('/tickets', String(new URLSearchParams({ email })), form);
  expect(opened.status).toBe(303);
  return opened.headers.get('location') ?? '';
}

/** Attaches a file as a browser does. @returns the callback, which is not sent yet */
async function attach(someone: Someone, ticket: string, note: string, file: File) {
  const { action, fields } = formIn(await (await someone.get(ticket)).text());
  const body = new FormData();
  for (const [name, value] of [...fields, ['note', note] as const]) body.append(name, value);
  body.append('files', file);
  const response = await fetch(action, { method: 'POST', body });
  expect(response.status).toBe(200);
  const callback = formIn(await response.text());
  return { path: pathOf(callback.action), body: String(new URLSearchParams(callback.fields)) };
}

const photo = () => new File(['<b>hello</b>'], 'hello.txt', { type: 'text/plain' });

it('attaches a file with a form, shows it in a frame, and removes it, served by Node', async () => {
  const port = await freePort();
  const publicUrl = `http://localhost:${port}`;
  const program = await startProgram('docs/examples/view/server.ts', {
    ...settingsFor(server, publicUrl),
    PORT: String(port),
  });
  onTestFinished(() => void program.stop());
  const someone = visitor(publicUrl);
  expect(await (await someone.get('/')).text()).toContain('Your e-mail address');
  const ticket = await openTicket(someone);
  const callback = await attach(someone, ticket, `it's "<b>broken</b>"`, photo());
  expect(callback.path).toBe(`${ticket}/uploaded`);
  const back = await someone.post(callback.path, callback.body, form);
  expect([back.status, back.headers.get('location')]).toEqual([303, ticket]);

  const response = await someone.get(ticket);
  expect(response.headers.get('content-security-policy')).toContain(`frame-src ${server.url}`);
  const page = await response.text();
  expect(page).toContain('<h2>it&#39;s &quot;&lt;b&gt;broken&lt;/b&gt;&quot;</h2>');
  const frame = decoded(/<iframe src="([^"]*)"/.exec(page)?.[1] ?? '');
  expect(new URL(frame).searchParams.get('expires')).toMatch(/^\d{10}$/);
  expect(await (await fetch(frame)).text()).toContain('<code>&lt;b&gt;hello&lt;/b&gt;</code>');

  const [, remove = ''] = /action="([^"]*\/remove)"/.exec(page) ?? [];
  expect((await someone.post(remove, '', form)).status).toBe(303);
  expect(await (await someone.get(ticket)).text()).not.toContain('<iframe');
  expect((await fetch(frame)).status).toBe(404);
  expect(await program.stop()).toBe(0);
});

it('does not accept the document of another ticket, or one that is not verified', async () => {
  const someone = visitor(address, site());
  const [theirs, own] = [await openTicket(someone), await openTicket(someone)];
  const callback = await attach(someone, theirs, 'theirs', photo());
  await someone.post(callback.path, callback.body, form);
  expect((await someone.post(`${own}/uploaded`, callback.body, form)).status).toBe(303);
  expect(await (await someone.get(own)).text()).not.toContain('<iframe');
  expect(await (await someone.get(theirs)).text()).toContain('<iframe');

  const [{ id }] = JSON.parse(new URLSearchParams(callback.body).get('dt_docs') ?? '');
  const bare = new URLSearchParams({ dt_docs: JSON.stringify([{ field: 'files', id, size: 1 }]) });
  expect((await someone.post(`${own}/uploaded`, String(bare), form)).status).toBe(303);
  expect(await (await someone.get(own)).text()).not.toContain('<iframe');

  const forged = new URLSearchParams({
    dt_docs: JSON.stringify([
      { field: 'files', id: 'x', size: 1, embed: `${server.url}/sandbox/widget/x?multiauth=0` },
    ]),
  });
  const refused = await someone.post(`${own}/uploaded`, String(forged), form);
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('could not be verified')]);
});

it('reports a file that exceeds the quota', async () => {
  const someone = visitor(address, site());
  const ticket = await openTicket(someone, 'alice@example.org');
  const callback = await attach(someone, ticket, 'large', new File([new Uint8Array(21_000_000)], 'large.bin'));
  const response = await someone.post(callback.path, callback.body, form);
  expect([response.status, await response.text()]).toEqual([413, expect.stringContaining('1 of 1 files failed')]);
});

it.each([
  ['an unknown ticket', 'GET', '/tickets/unknown', 404],
  ['a callback of an unknown ticket', 'POST', '/tickets/unknown/uploaded', 404],
  ['an invalid address', 'POST', '/tickets', 400],
] as const)('refuses %s with a readable page', async (_, method, path, status) => {
  const someone = visitor(address, site());
  const response = method === 'GET' ? await someone.get(path) : await someone.post(path, 'email=nobody', form);
  expect(response.status).toBe(status);
  expect(await response.text()).toContain('That did not work');
});
