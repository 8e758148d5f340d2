import { expect, it } from 'vitest';
import { createSandbox } from '../../../src/sandbox.js';
import { signIn } from '../../support/sandbox.js';
import { servedForTest } from '../../support/scripted-server.js';

// Reset deletes everything, so that no website may trigger it through the browser of the developer.

async function withFile() {
  const server = await servedForTest();
  const { api } = await signIn(server, 'alice');
  await api.files.upload(new File(['x'], 'a.txt'));
  const html = await (await fetch(`${server.url}/start/reset`)).text();
  const token = /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '';
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/start/reset`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body,
    });
  return { ...server, api, html, token, post };
}

it('says what it deletes, and deletes it when the form is sent', async () => {
  const { url, sandbox, html, token, post } = await withFile();
  expect(html).toContain('<li>1 file of alice</li>');
  expect(html).toContain('<li>no files of bob</li>');
  const response = await post(`token=${token}`);
  expect([response.status, response.headers.get('location')]).toEqual([303, '/?reset']);
  const start = await (await fetch(`${url}/?reset`)).text();
  expect(start).toContain('<p class="notice" role="status">');
  expect(start.match(/no files/g)).toHaveLength(2);
  expect(await (await fetch(url)).text()).not.toContain('class="notice"');
  const { api } = await signIn({ url, sandbox } as Parameters<typeof signIn>[0], 'alice');
  expect(await api.files.list()).toEqual([]);
  expect(await (await fetch(`${url}/start/reset`)).text()).toContain(token); // an open page stays valid
});

it.each(['', 'token=', 'token=x', 'token=00000000-0000-4000-8000-000000000000', '{"token":1}'])(
  'does not accept a form with %j',
  async (body) => {
    const { api, post } = await withFile();
    const response = await post(body, { origin: 'https://evil.example' });
    expect([response.status, (await response.json()).error.message]).toEqual([
      403,
      expect.stringContaining('open the page again'),
    ]);
    expect(await api.files.list()).toHaveLength(1);
  },
);

it('does not accept the token of another sandbox, or one before the page was opened', async () => {
  const { token } = await withFile();
  const other = createSandbox();
  for (const value of ['', 'undefined', token]) {
    const body = new URLSearchParams({ token: value });
    const response = await other.fetch('http://localhost/start/reset', { method: 'POST', body });
    expect(response.status).toBe(403);
  }
});

it('has a page that other websites cannot read or frame', async () => {
  const { url, token } = await withFile();
  const { headers } = await fetch(`${url}/start/reset`, { headers: { origin: 'https://evil.example' } });
  expect(headers.get('access-control-allow-origin')).toBeNull();
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  const preflight = await fetch(`${url}/start/reset`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  expect((await fetch(`${url}/start/reset?token=${token}`)).status).toBe(200); // a GET deletes nothing
});

it.each(['evil.example', 'my.doctape.com', '192.168.1.1'])('is not available to the host name %s', async (host) => {
  const sandbox = createSandbox();
  for (const method of ['GET', 'POST']) {
    expect((await sandbox.fetch(`http://${host}/start/reset`, { method })).status).toBe(404);
  }
});
