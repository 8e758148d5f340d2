import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { createSandbox, type SandboxApp, type SandboxUser } from '../../../src/sandbox.js';
import { outsideAddress, requires } from '../../support/requirements.js';
import { served, tokenFor } from '../../support/sandbox.js';
import { servedForTest } from '../../support/scripted-server.js';

// The page at `/`, which contains passwords and is served to this machine only.

const server = await served();
const everywhere = await served({ host: '0.0.0.0' });
const portOf = ({ url }: { url: string }) => Number(new URL(url).port);

function unescapeHtml(text: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (entity, name) => entities[name] ?? entity);
}

/** Sends a request with headers that `fetch` does not allow. */
function send(
  address: string,
  port: number,
  headers: Record<string, string>,
  path = '/',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: address, port, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end();
  });
}

/** The whole response to these bytes. */
function raw(address: string, port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

const secret = 'wonderland';

describe('the start page', () => {
  it('lists the endpoints, the applications and the users', async () => {
    const response = await fetch(server.url);
    expect([response.status, response.headers.get('content-type')?.toLowerCase()]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    const html = await response.text();
    for (const path of ['/oauth2', '/oauth2/token', '/v1']) expect(html).toContain(`>${server.url}${path}</code>`);
    for (const { clientId, clientSecret, name } of server.sandbox.apps) {
      expect(html).toContain(clientId);
      expect(html).toContain(name);
      if (clientSecret !== undefined) expect(html).toContain(clientSecret);
    }
    for (const { username, password } of server.sandbox.users) {
      expect(html).toContain(`>${username}</code>`);
      expect(html).toContain(`>${password}</code>`);
    }
    expect(html.match(/no files/g)?.length).toBe(2);
  });

  it('cannot be framed, cached, run scripts of others, or be read by other origins', async () => {
    const { headers } = await fetch(server.url, { headers: { origin: 'https://evil.example' } });
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(rule);
    }
    expect(policy).toMatch(/script-src 'nonce-[^' ]+'(;|$)/);
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toContain('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.getSetCookie()).toEqual([]);
  });

  it('has one style and one script, which its policy allows', async () => {
    const response = await fetch(server.url);
    const nonce = /style-src 'nonce-([^']+)'/.exec(response.headers.get('content-security-policy') ?? '')?.[1];
    const html = await response.text();
    expect([...html.matchAll(/<style nonce="([^"]*)"/g)].map(([, value]) => value)).toEqual([nonce]);
    expect([...html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag)).toEqual([`<script nonce="${nonce}">`]);
    expect(html).not.toMatch(/javascript:|\son[a-z]+=|\sstyle=|<link|<iframe/i);
  });

  it('has the number of files of each user', async () => {
    const { url, sandbox } = await servedForTest();
    for (const [username, count] of [
      ['alice', 101],
      ['bob', 1],
    ] as const) {
      const api = new ApiClient({ token: await tokenFor(sandbox, username, undefined, url), baseUrl: `${url}/v1` });
      for (let index = 1; index <= count; index++) await api.files.upload(new File(['x'], `${index}.txt`));
    }
    const html = await (await fetch(url)).text();
    const links = [...html.matchAll(/<a href="(\/start\/@[^"]+)">([^<]*)/g)].map(([, href, text]) => [href, text]);
    expect(links).toEqual([
      ['/start/@alice', 'more than 100 files '],
      ['/start/@bob', '1 file '],
    ]);
  });

  it('supports HEAD and refuses POST', async () => {
    const head = await fetch(server.url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(404);
  });

  it.each(['fault', 'status=503'])('is not affected by faults: %s', async (fault) => {
    expect((await fetch(server.url, { headers: { 'x-doctape-fault': fault } })).status).toBe(200);
  });
});

describe('the start page is served to', () => {
  it.each(['localhost', 'localhost:4400', '127.0.0.1', '127.9.9.9:1', '[::1]', '[::1]:4400', 'LOCALHOST'])(
    'a client with the host name %s',
    async (host) => {
      const { status, text } = await send('127.0.0.1', portOf(server), { host });
      expect([status, text.includes(secret)]).toEqual([200, true]);
    },
  );

  it.each([
    'evil.example',
    'evil.example:4400',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:80',
    '0.0.0.0',
    '192.168.1.1',
    '[::]',
    'notdoctape.com',
    'doctape.com.evil.example',
    'xlocalhost',
    'localhost.x',
  ])('no client with the host name %s, as after DNS rebinding', async (host) => {
    const { status, text } = await send('127.0.0.1', portOf(server), { host, 'x-forwarded-host': 'localhost' });
    expect([status, text.includes(secret)]).toEqual([421, false]);
    const response = await createSandbox().fetch(`http://${host}/`);
    expect(response.status).toBe(404);
  });

  it.each(['doctape', 'my.doctape.com'])(
    'no client with the host name %s, which is allowed for other pages',
    async (host) => {
      const named = await servedForTest({ allowedHosts: ['doctape'] });
      const { status, text } = await send('127.0.0.1', portOf(named), { host });
      expect([status, text.includes(secret)]).toEqual([404, false]);
    },
  );

  it('no client with another name in the request line', async () => {
    for (const line of [
      'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example',
      'GET / HTTP/1.1\r\nHost: localhost@evil.example',
    ]) {
      const response = await raw('127.0.0.1', portOf(server), `${line}\r\nConnection: close\r\n\r\n`);
      expect(response).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(response).not.toContain(secret);
    }
  });

  it.each(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'])(
    'no client of a proxy on this machine that sends %s',
    async (header) => {
      for (const path of ['/', '/start/@alice', '/start/log', '/start/reset']) {
        const { status, text } = await send(
          '127.0.0.1',
          portOf(server),
          { host: 'localhost', [header]: '127.0.0.1' },
          path,
        );
        expect([path, status, text.includes(secret)]).toEqual([path, 404, false]);
      }
    },
  );

  it('no client on another machine, whatever the host name is', requires('interface'), async () => {
    const address = outsideAddress() ?? '';
    for (const host of ['localhost', '127.0.0.1', '[::1]', address]) {
      const { status, text } = await send(address, portOf(everywhere), { host, 'x-forwarded-for': '127.0.0.1' });
      expect([host, status, text.includes(secret)]).toEqual([host, 404, false]);
    }
    for (const path of [
      '/start/@alice',
      '/start/log',
      '/start/reset',
      '/?x',
      '/#',
      '/.',
      '/./',
      '/x/..',
      '/%2e',
      '//',
      '/?',
      'http://localhost/',
      'http://localhost',
      '*',
      '\\',
    ]) {
      const response = await raw(
        address,
        portOf(everywhere),
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      expect([path, response.includes(secret), response.startsWith('HTTP/1.1 4')]).toEqual([path, false, true]);
    }
    // other paths are served
    expect((await fetch(`http://${address}:${portOf(everywhere)}/v1/account`)).status).toBe(401);
    expect((await send('127.0.0.1', portOf(everywhere), { host: 'localhost' })).status).toBe(200);
  });
});

describe('the start page escapes', () => {
  const hostile = '"><img src=x onerror=alert(1)>\'</code></td><script>alert(1)</script>&amp;';
  const users: SandboxUser[] = [{ username: 'alice', password: hostile, email: hostile, firstname: hostile }];
  const apps: SandboxApp[] = [
    { clientId: hostile, clientSecret: hostile, type: 'server', name: hostile, redirectUris: ['loopback'] },
    { clientId: 'plain', type: 'client', name: '</table><b>', redirectUris: ['loopback'] },
  ];

  it('passwords, application names and file names', async () => {
    const { url, sandbox } = await servedForTest({ users, apps });
    const authorization = new URL('/oauth2', url);
    authorization.search = String(
      new URLSearchParams({
        client_id: 'plain',
        response_type: 'token',
        redirect_uri: 'http://localhost/cb',
        scope: 'file.create',
      }),
    );
    const callback = await sandbox.authorize(authorization, { username: 'alice' });
    const token = new URLSearchParams(callback.hash.slice(1)).get('access_token') ?? '';
    const api = new ApiClient({ token, baseUrl: `${url}/v1` });
    const { id } = await api.files.upload(new File(['x'], '<img src=x onerror=alert(1)>.txt'));
    const htmlOf = async (path: string) =>
      (await (await fetch(url + path)).text()).replace(/<style.*?<\/style>|<script nonce=.*?<\/script>/gs, '');
    const start = await htmlOf('/');
    expect(unescapeHtml(start).split(hostile).length - 1).toBeGreaterThanOrEqual(4);
    const files = await htmlOf('/start/@alice');
    const file = await htmlOf(`/start/@alice/${id}`);
    for (const html of [files, file]) expect(unescapeHtml(html)).toContain('<img src=x onerror=alert(1)>.txt');
    const html = start + files + file;
    expect(html).not.toMatch(/<img|<script|<b>(?!doctape)/i);
    for (const [tag] of html.matchAll(/<[a-z]+\s[^>]*>/gi)) {
      expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/\son\w+\s*=/i);
    }
  });
});

describe('the links of the start page', () => {
  it.each([
    ['code', 0],
    ['token', 1],
  ])('lead through the sign-in form to a command that uses the %s', async (what, index) => {
    const native: SandboxApp = { clientId: 'native', type: 'server', name: 'Native', redirectUris: ['loopback'] };
    const { url, sandbox } = await servedForTest({ apps: [...createSandbox().apps, native] });
    const html = await (await fetch(url)).text();
    const links = [...html.matchAll(/<a class="button" href="(\/oauth2[^"]+)">/g)].map(([, href = '']) => href);
    expect(links).toHaveLength(sandbox.apps.length);
    for (const href of what === 'code' ? [links[index], links[2]] : [links[index]]) {
      const authorization = new URL(unescapeHtml(href ?? ''), url);
      for (const { clientSecret } of sandbox.apps)
        if (clientSecret) expect(authorization.href).not.toContain(clientSecret);
      const form = await fetch(authorization);
      expect(form.status).toBe(200);
      const text = await form.text();
      const cookie = form.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
      const action = unescapeHtml(/<form method="post" action="([^"]+)"/.exec(text)?.[1] ?? '');
      const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
      const signedIn = await fetch(new URL(action, url), {
        method: 'POST',
        headers: { cookie },
        body: new URLSearchParams({ csrf, username: 'alice', password: 'wonderland', decision: 'allow' }),
      });
      const result = await signedIn.text();
      expect(result).toMatch(/<title>Success code=[\da-f-]{36}</);
      const command = unescapeHtml(/data-copy="the command">([^<]*)/.exec(result)?.[1] ?? '');
      const response = await run(command);
      if (what === 'token') expect(response).toMatchObject({ error: null, result: { username: 'alice' } });
      else
        expect(response).toMatchObject({
          access_token: expect.any(String),
          scope: expect.stringContaining('tape.update'),
        });
    }
  });

  it.each(['localhost', '127.0.0.1'])('have the origin of the request: %s', async (host) => {
    const { text } = await send('127.0.0.1', portOf(server), { host: `${host}:${portOf(server)}` });
    const links = [...text.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, href = '']) => href);
    expect(links.length).toBeGreaterThan(5);
    for (const href of links) expect(href).toMatch(/^\/(?!\/)/);
    expect(text).toContain(`>http://${host}:${portOf(server)}/v1</code>`);
  });
});

/** Does what a curl command does. A shell must not change its words, except for one pair of quotes. */
async function run(command: string): Promise<unknown> {
  expect(command).toMatch(/^curl [\w:/.=%+ -]*("[\w: -]*")?$/);
  const [, url = ''] = command.split(' ');
  const fields = [...command.matchAll(/ -d (\S+)/g)].map(([, field]) => field);
  const header = / -H "([^:]+): ([^"]+)"/.exec(command);
  const response = await fetch(url, {
    ...(fields.length > 0 && { method: 'POST', body: new URLSearchParams(fields.join('&')) }),
    ...(header && { headers: { [header[1] ?? '']: header[2] ?? '' } }),
  });
  return response.json();
}
