import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiClient, ConfigurationError } from '../../../src/index.js';
import { memoryStore } from '../../../src/sandbox.js';
import { diskStore, type ServedSandbox, type ServeOptions, serveSandbox } from '../../../src/serve.js';
import { blobsOnDisk } from '../../support/data-folder.js';
import { requires } from '../../support/requirements.js';
import { appOf, tokenFor } from '../../support/sandbox.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-serve-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(options: ServeOptions = {}): Promise<ServedSandbox> {
  const served = await serveSandbox({ port: 0, ...options });
  // a test may have closed it before
  cleanUps.push(() => served.close().catch(() => {}));
  return served;
}

const portOf = (served: ServedSandbox): number => Number(new URL(served.url).port);

async function refusalOf(options: ServeOptions): Promise<ConfigurationError> {
  let served: ServedSandbox;
  try {
    served = await serveSandbox(options);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  await served.close();
  throw new Error(`it was served on ${served.url}`);
}

async function tokenOf(served: ServedSandbox, username = 'alice'): Promise<string> {
  return (await tokenFor(served.sandbox, username, undefined, served.url)).access_token;
}

async function clientOf(served: ServedSandbox): Promise<ApiClient> {
  return new ApiClient({ token: await tokenOf(served), baseUrl: `${served.url}/v1` });
}

describe('serveSandbox', () => {
  it('returns its URL, on a free port of this machine', async () => {
    const served = await serve();
    expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(portOf(served)).toBeGreaterThan(0);
    expect((await fetch(`${served.url}/v1/account`)).status).toBe(401);
  });

  it('listens on IPv6, with a URL that works', requires('ipv6'), async () => {
    const served = await serve({ host: '::1' });
    expect(served.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${served.url}/v1/account`)).status).toBe(401);
    const api = await clientOf(served);
    expect((await api.account.get()).username).toBe('alice');
  });

  it('listens on the given port', async () => {
    const first = await serve();
    const port = portOf(first);
    await first.close();
    expect(portOf(await serve({ port }))).toBe(port);
  });

  it('refuses a port that is in use, and names it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    cleanUps.push(() => new Promise((resolve) => other.close(resolve)));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const error = await refusalOf({ port });
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toContain(String(port));
    expect(error.message).toContain('in use');
    expect(error.message).not.toContain('\n');
  });

  it('refuses a port that no browser and no fetch connects to', async () => {
    const error = await refusalOf({ port: 6666 });
    expect(error.message).toBe(
      'port 6666 is one that browsers and fetch refuse to connect to: choose another port, or 0 for any that is free',
    );
    await expect(fetch('http://127.0.0.1:6666')).rejects.toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ message: 'bad port' }) }),
    );
  });

  it('closes the data folder when the port is in use', async () => {
    const data = await makeFolder();
    const port = portOf(await serve());
    await refusalOf({ port, data });
    const served = await serve({ data });
    expect(served.url).toContain('127.0.0.1');
  });

  it.each([-1, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '4400', null])(
    'refuses %j as a port',
    async (port) => {
      const error = await refusalOf({ port: port as unknown as number });
      expect(error.message).toContain('port');
    },
  );

  it.each(['256.0.0.1', 'no such host', '192.0.2.1', '', 'http://127.0.0.1', 'user:hunter2secret@127.0.0.1'])(
    'refuses %j as a host',
    async (host) => {
      const error = await refusalOf({ port: 0, host });
      expect(error.code).toBe('invalid_argument');
      expect(error.message).not.toContain('hunter2');
    },
  );

  it('refuses a data folder that is a file', async () => {
    const data = join(await makeFolder(), 'file');
    await writeFile(data, 'x');
    expect((await refusalOf({ port: 0, data })).message).toContain(data);
  });

  it.each([5, null])('refuses %j as a data folder', async (data) => {
    expect((await refusalOf({ port: 0, data: data as unknown as string })).message).toContain('data');
  });

  it('refuses a data folder and a store together', async () => {
    const data = join(await makeFolder(), 'data');
    const error = await refusalOf({ port: 0, data, store: memoryStore() });
    expect(error.message).toContain('data');
    expect(error.message).toContain('store');
  });

  it.each([
    [{ adopt: 'alice' }, 'adopt needs the option data'],
    [{ data: '/nowhere', adopt: 'mallory' }, 'adopt must be the name of one of the users'],
    [{ folder: '/nowhere' }, 'folder is not an option'],
    [{ qirks: [] }, 'qirks is not an option; did you mean quirks?'],
  ])('refuses the options %j', async (options, message) => {
    expect((await refusalOf({ port: 0, ...options } as ServeOptions)).message).toContain(message);
  });

  it('refuses a data folder that another sandbox has open', async () => {
    const data = await makeFolder();
    await serve({ data });
    expect((await refusalOf({ port: 0, data })).message).toContain('another sandbox');
  });

  it('closes the data folder when the users are invalid', async () => {
    const data = await makeFolder();
    await refusalOf({ port: 0, data, autoApprove: 'mallory' });
    await refusalOf({ port: 0, data, users: [{ username: 'a/b', password: 'x' }] });
    await serve({ data });
  });

  it.each([
    ['a name with a slash', [{ username: 'a/b', password: 'secret-pass' }]],
    ['an empty name', [{ username: '', password: 'secret-pass' }]],
    ['no password', [{ username: 'a' }]],
    ['an empty password', [{ username: 'a', password: '' }]],
    ['a repeated name', [1, 2].map(() => ({ username: 'a', password: 'secret-pass' }))],
    ['a negative quota', [{ username: 'a', password: 'secret-pass', quota: -1 }]],
    ['a user that is not an object', ['secret-pass']],
    ['an object instead of an array', { username: 'secret-pass' }],
  ])('refuses users with %s, without a password in the message', async (_what, users) => {
    const error = await refusalOf({ port: 0, users: users as ServeOptions['users'] & object });
    expect(error.message).not.toContain('secret-pass');
  });

  it('refuses options that are not an object', async () => {
    await expect(serveSandbox(null as unknown as ServeOptions)).rejects.toBeInstanceOf(ConfigurationError);
  });

  it('keeps files and tokens in the data folder across a restart', async () => {
    const data = await makeFolder();
    const first = await serve({ data });
    const token = await tokenOf(first);
    const api = new ApiClient({ token, baseUrl: `${first.url}/v1` });
    const { id } = await api.files.upload(new Blob(['kept']), { name: 'a.txt', tags: ['x'] });
    await first.close();

    const second = await serve({ data });
    const later = new ApiClient({ token, baseUrl: `${second.url}/v1` });
    const [file] = await later.files.list();
    expect(file).toMatchObject({ id, name: 'a', extension: 'txt', size: 4, tags: ['x'] });
    expect(await (await later.files.download(id)).text()).toBe('kept');
    expect((await later.account.get()).quota_used).toBe(4);
  });

  it('stores codes and tokens only as hashes', async () => {
    const data = await makeFolder();
    const served = await serve({ data });
    const token = await tokenOf(served);
    const { clientId } = appOf(served.sandbox, 'server');
    const query = `response_type=code&client_id=${clientId}&redirect_uri=http://localhost:3000/`;
    const location = await served.sandbox.authorize(`${served.url}/oauth2?${query}`, { username: 'alice' });
    const code = location.searchParams.get('code') ?? '';
    expect(code).not.toBe('');
    const entries = await readdir(data, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
    );
    expect(texts.join('')).toContain('alice');
    expect(texts.join('')).not.toContain(token);
    expect(texts.join('')).not.toContain(code);
  });

  it('deletes everything on reset, the blobs too', async () => {
    const data = await makeFolder();
    const served = await serve({ data });
    const api = await clientOf(served);
    await api.files.upload(new Blob(['content']), { name: 'a.txt' });
    await served.sandbox.reset();
    await expect(api.account.get()).rejects.toMatchObject({ code: 'http_401' });
    const again = await clientOf(served);
    expect(await again.files.list()).toEqual([]);
    expect((await again.account.get()).quota_used).toBe(0);
    expect(await blobsOnDisk(data)).toEqual([]);
    await again.files.upload(new Blob(['content']), { name: 'a.txt' });
  });
});

describe('close()', () => {
  it('releases the port and the data folder', async () => {
    const data = await makeFolder();
    const served = await serve({ data });
    await (await clientOf(served)).account.get();
    await served.close();
    await expect(fetch(served.url)).rejects.toThrow();
    const again = await serve({ data, port: portOf(served) });
    expect(again.url).toBe(served.url);
    await (await clientOf(again)).account.get();
  });

  it('closes idle connections and half-sent requests', async () => {
    const served = await serve();
    const sockets = [connect(portOf(served), '127.0.0.1'), connect(portOf(served), '127.0.0.1')];
    const ends = sockets.map((socket) => new Promise((resolve) => socket.on('error', () => {}).once('close', resolve)));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    sockets[1]?.write('POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf');
    await delay(50);
    await served.close();
    await Promise.all(ends);
  });

  it('aborts running downloads and uploads, and releases the data folder', async () => {
    const data = await makeFolder();
    const served = await serve({ data });
    const token = await tokenOf(served);
    const api = new ApiClient({ token, baseUrl: `${served.url}/v1` });
    const { id } = await api.files.upload(new Blob([new Uint8Array(30_000_000)]), { name: 'large.bin' });
    const download = await fetch(api.files.url(id));
    const endless = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await delay(5);
        controller.enqueue(new Uint8Array(10_000));
      },
    });
    const upload = api.files.upload(endless, { name: 'endless.bin' });
    const refused = expect(upload).rejects.toBeInstanceOf(Error);
    await delay(100);
    await served.close();
    await refused;
    await expect(download.arrayBuffer()).rejects.toThrow();

    const again = await serve({ data });
    const later = new ApiClient({ token, baseUrl: `${again.url}/v1` });
    expect((await later.files.list()).map((file) => file.id)).toEqual([id]);
  });

  it('can be called again, in sequence or at once', async () => {
    const served = await serve({ data: await makeFolder() });
    await Promise.all([served.close(), served.close()]);
    await expect(served.close()).resolves.toBeUndefined();
  });

  it('does not close a memory store of the caller', async () => {
    const store = memoryStore();
    const first = await serve({ store });
    const token = await tokenOf(first);
    await first.close();
    const second = await serve({ store });
    expect((await fetch(`${second.url}/v1/account?access_token=${token}`)).status).toBe(200);
  });

  it('does not close a disk store of the caller', async () => {
    const data = await makeFolder();
    const served = await serve({ store: diskStore(data) });
    await (await clientOf(served)).files.upload(new Blob(['x']), { name: 'x.txt' });
    await served.close();
  });
});

interface RawAnswer {
  statusLine: string;
  headers: Record<string, string>;
  body: string;
}

/** Sends bytes unchanged, and reads one response until the connection ends. */
async function raw(served: ServedSandbox, ...pieces: string[]): Promise<RawAnswer> {
  const socket: Socket = connect(portOf(served), new URL(served.url).hostname.replace(/^\[.*\]$/, '::1'));
  cleanUps.push(async () => socket.destroy());
  const text = await new Promise<string>((resolve, reject) => {
    let received = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.once('end', () => resolve(received));
    socket.once('error', reject);
    socket.once('connect', async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await delay(10);
      }
    });
  });
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  let body = rest.join('\r\n\r\n');
  if (headers['transfer-encoding'] === 'chunked') {
    let decoded = '';
    for (let size = Number.parseInt(body, 16); size > 0; size = Number.parseInt(body, 16)) {
      const start = body.indexOf('\r\n') + 2;
      const bytes = Buffer.from(body.slice(start));
      decoded += bytes.subarray(0, size).toString();
      body = bytes.subarray(size + 2).toString();
    }
    body = decoded;
  }
  return { statusLine, headers, body };
}

const chunkOf = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** The headers of Node's HTTP client of 2013, and no others. */
const head = (method: string, path: string, headers: Record<string, string> = {}): string =>
  [
    `${method} ${path} HTTP/1.1`,
    ...Object.entries({ Host: 'my.doctape.com', Connection: 'close', ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    '\r\n',
  ].join('\r\n');

describe('a request of HTTP/1.0 without a Host header', () => {
  const get = (path: string, ...lines: string[]) => [`GET ${path} HTTP/1.0`, ...lines, '\r\n'].join('\r\n');

  it('is for the address that the client has connected to', async () => {
    const served = await serve();
    const api = await clientOf(served);
    const { id } = await api.files.upload(new File(['text'], 'a.txt'));
    const link = await api.files.publish(id);
    const list = await raw(served, get('/v1/doc', `Authorization: Bearer ${await tokenOf(served)}`));
    expect(list.statusLine).toBe('HTTP/1.1 200 OK');
    expect(list.headers).not.toHaveProperty('transfer-encoding');
    expect(JSON.parse(list.body).result[id].public_url).toBe(link.href);
    const file = await raw(served, get(`${link.pathname}/original`));
    expect([file.statusLine, file.body]).toEqual(['HTTP/1.1 200 OK', 'text']);
    const page = await raw(served, get('/', 'Accept: text/html'));
    expect([page.statusLine, page.headers['content-type']]).toEqual(['HTTP/1.1 200 OK', 'text/html; charset=UTF-8']);
  });

  it('works with an IPv6 address', requires('ipv6'), async () => {
    const served = await serve({ host: '::1' });
    const { statusLine, body } = await raw(served, get('/openapi.json'));
    expect(statusLine).toBe('HTTP/1.1 200 OK');
    expect(JSON.parse(body).servers[0].url).toContain(`http://[::1]:${portOf(served)}`);
  });

  it('with a Host header is checked like any other request', async () => {
    const served = await serve();
    expect((await raw(served, get('/', 'Host: evil.example'))).statusLine).toContain('421');
  });

  it('is refused in HTTP/1.1', async () => {
    const served = await serve();
    const { statusLine } = await raw(served, 'GET /openapi.json HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(statusLine).toBe('HTTP/1.1 400 Bad Request');
  });
});

describe('a client of 2013', () => {
  async function codeFor(served: ServedSandbox): Promise<{ code: string; id: string; secret: string }> {
    const { clientId, clientSecret = '' } = appOf(served.sandbox, 'server');
    // as that client builds it: the redirect URI is not percent-encoded
    const path = `/oauth2?client_id=${clientId}&response_type=code&scope=docs%20account&redirect_uri=http://localhost:3000/cb?x=1&state=undefined`;
    const { statusLine, headers } = await raw(served, head('GET', path));
    expect(statusLine).toBe('HTTP/1.1 303 See Other');
    const location = new URL(headers.location ?? '');
    expect(location.searchParams.get('state')).toBe('undefined');
    return { code: location.searchParams.get('code') ?? '', id: clientId, secret: clientSecret };
  }

  it('exchanges its code in chunks, without a Content-Length, a User-Agent or the right redirect URI', async () => {
    const served = await serve({ autoApprove: 'alice' });
    const { code, id, secret } = await codeFor(served);
    const form = `code=${code}&client_id=${id}&client_secret=${secret}&redirect_uri=urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob&grant_type=authorization_code`;
    const response = await raw(
      served,
      head('POST', '/oauth2/token', {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Transfer-Encoding': 'chunked',
      }),
      chunkOf(form.slice(0, 20)),
      chunkOf(form.slice(20)),
      '0\r\n\r\n',
    );
    expect([response.statusLine, response.body]).toEqual(['HTTP/1.1 200 OK', expect.stringMatching(/^\{/)]);
    const token = JSON.parse(response.body);
    expect(token.expires_in).toBe(157_680_000);
    const account = await raw(served, head('GET', '/v1/account', { Authorization: `Bearer ${token.access_token}` }));
    expect(JSON.parse(account.body).result.username).toBe('alice');
  });

  it('is refused with JSON and the standard reason if its code is invalid', async () => {
    const served = await serve();
    const { clientId, clientSecret } = appOf(served.sandbox, 'server');
    const form = `code=x&client_id=${clientId}&client_secret=${clientSecret}&redirect_uri=x&grant_type=authorization_code`;
    const response = await raw(
      served,
      head('POST', '/oauth2/token', {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Transfer-Encoding': 'chunked',
      }),
      chunkOf(form),
      '0\r\n\r\n',
    );
    expect(response.statusLine).toBe('HTTP/1.1 400 Bad Request');
    expect(JSON.parse(response.body).error).toBe('invalid_grant');
  });

  it('signs in with a chunked form', async () => {
    const served = await serve();
    const { clientId } = appOf(served.sandbox, 'server');
    const path = `/oauth2?client_id=${clientId}&response_type=code&redirect_uri=urn:ietf:wg:oauth:2.0:oob`;
    const page = await raw(served, head('GET', path));
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1];
    const cookie = page.headers['set-cookie']?.split(';', 1)[0] ?? '';
    const response = await raw(
      served,
      head('POST', path, {
        Cookie: cookie,
        'Content-Type': 'application/x-www-form-urlencoded',
        'Transfer-Encoding': 'chunked',
      }),
      chunkOf(`csrf=${csrf}&decision=allow&username=alice&password=wonderland`),
      '0\r\n\r\n',
    );
    expect(response.statusLine).toBe('HTTP/1.1 200 OK');
    expect(response.body).toMatch(/<title>Success code=[\da-f-]{36}<\/title>/);
  });

  it('uploads in chunks of any size', async () => {
    const served = await serve();
    const token = await tokenOf(served);
    const body = '--b+c\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\ncontent\r\n--b+c--\r\n';
    const chunks = body.match(/.{1,9}/gs) ?? [];
    const response = await raw(
      served,
      head('POST', `/v1/doc/upload?access_token=${token}`, {
        'Content-Type': 'multipart/form-data; boundary=b+c',
        'Transfer-Encoding': 'chunked',
      }),
      ...chunks.map(chunkOf),
      '0\r\n\r\n',
    );
    expect([response.statusLine, response.body]).toEqual(['HTTP/1.1 200 OK', expect.stringContaining('"size":"7"')]);
  });

  it.each([
    ['Content-Length: 0', { 'Content-Length': '0' }, []],
    ['an empty chunked body', { 'Transfer-Encoding': 'chunked' }, ['0\r\n\r\n']],
  ])('posts %s as JSON and gets JSON', async (_what, headers: Record<string, string>, pieces) => {
    const served = await serve();
    const token = await tokenOf(served);
    for (const path of ['/v1/doc/upload', '/oauth2/token', '/v1/nothing', '/nothing']) {
      const type = { 'Content-Type': 'application/json; charset=UTF-8', Authorization: `Bearer ${token}` };
      const response = await raw(served, head('POST', path, { ...type, ...headers }), ...pieces);
      expect([path, response.statusLine]).toEqual([
        path,
        expect.stringMatching(/^HTTP\/1\.1 40[04] (Bad Request|Not Found)$/),
      ]);
      expect(response.headers['content-type']).toMatch(/^application\/json/);
      expect(JSON.parse(response.body).error).toBeTruthy();
    }
  });

  it('sends Content-Length: 0 with a GET', async () => {
    const served = await serve();
    const token = await tokenOf(served);
    const response = await raw(served, head('GET', `/v1/account?access_token=${token}`, { 'Content-Length': '0' }));
    expect(response.statusLine).toBe('HTTP/1.1 200 OK');
    expect(JSON.parse(response.body).result.username).toBe('alice');
  });

  it('gets a download that is not chunked, not compressed and not redirected', async () => {
    const served = await serve();
    const api = await clientOf(served);
    const { id } = await api.files.upload(new Blob(['content']), { name: 'a.txt' });
    const { pathname, search } = api.files.url(id);
    const response = await raw(served, head('GET', pathname + search));
    expect(response.statusLine).toBe('HTTP/1.1 200 OK');
    expect(response.headers['content-length']).toBe('7');
    expect(response.headers['transfer-encoding']).toBeUndefined();
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.body).toBe('content');
  });

  it.each([
    ['/v1/account', '401 Unauthorized'],
    ['/nothing', '404 Not Found'],
    ['/oauth2?client_id=x', '400 Bad Request'],
  ])('gets the standard reason: %s, %s', async (path, words) => {
    const served = await serve();
    expect((await raw(served, head('GET', path))).statusLine).toBe(`HTTP/1.1 ${words}`);
  });

  it('is served over HTTP/1.0 without a Host header', async () => {
    const served = await serve();
    const response = await raw(served, 'GET /v1/account HTTP/1.0\r\n\r\n');
    expect(response.statusLine).toMatch(/^HTTP\/1\.[01] 40[01] /);
  });
});

describe('the host name of a request', () => {
  async function statusOf(served: ServedSandbox, host: string, line = 'GET /oauth2 HTTP/1.1'): Promise<number> {
    const { statusLine } = await raw(served, `${line}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return Number(statusLine.split(' ')[1]);
  }

  const loopback = ['localhost', 'LOCALHOST:1', '127.0.0.1', '127.9.9.9:80', '[::1]', '[::1]:4400'];
  const otherHosts = [
    'evil.example',
    'evil.example:4400',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'xlocalhost',
    'doctape',
    'doctape.com.evil.example',
    'my-doctape.com',
    '$(id).localhost', // the pages print it in commands
    "a';id;'.localhost",
  ];
  const doctapeHosts = ['my.doctape.com', 'API.doctape.com', 'doctape.com:443'];
  const addresses = ['192.168.1.5', '10.0.0.1:4400', '[2001:db8::1]', '[fe80::1]:80'];

  it('can be a loopback name or a name of doctape, with any port', async () => {
    const served = await serve();
    for (const host of [...loopback, ...doctapeHosts])
      expect([host, await statusOf(served, host)]).toEqual([host, 400]);
    for (const host of [...otherHosts, ...addresses, '0.0.0.0', '[::]']) {
      expect([host, await statusOf(served, host)]).toEqual([host, 421]);
    }
  });

  it('can be any name for the paths that are open to all origins', async () => {
    const served = await serve();
    const token = await tokenOf(served);
    for (const host of [...otherHosts, ...addresses, ...loopback, ...doctapeHosts]) {
      expect([host, await statusOf(served, host, `GET /v1/doc?access_token=${token} HTTP/1.1`)]).toEqual([host, 200]);
      expect([host, await statusOf(served, host, 'OPTIONS /v1/doc HTTP/1.1')]).toEqual([host, 204]);
      expect([host, await statusOf(served, host, 'POST /doc/x/extract HTTP/1.1')]).toEqual([host, 401]);
      expect([host, await statusOf(served, host, 'GET /s/nobody HTTP/1.1')]).toEqual([host, 404]);
      expect([host, await statusOf(served, host, 'POST /oauth2/token HTTP/1.1')]).toEqual([host, 400]);
    }
  });

  it('cannot be another name for other paths, in the header or the request line', async () => {
    const served = await serve({ autoApprove: 'alice' });
    const { clientId } = appOf(served.sandbox, 'client');
    const request = `/oauth2?response_type=token&client_id=${clientId}&redirect_uri=http://localhost:3000/`;
    const lines = [
      'GET /',
      `GET ${request}`,
      `POST ${request}`,
      'GET /nothing',
      'GET /v1x',
      'GET /%76%31/doc',
      'HEAD /',
    ];
    for (const line of [
      ...lines,
      'GET //v1/doc',
      'GET /oauth2/',
      'GET /oauth2/tokens',
      'GET http://evil.example/oauth2',
    ]) {
      expect([line, await statusOf(served, 'evil.example', `${line} HTTP/1.1`)]).toEqual([line, 421]);
    }
    expect(await statusOf(served, 'localhost', 'GET http://evil.example/oauth2 HTTP/1.1')).toBe(421);
  });

  it('can be the address or the name that the server listens on', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    if (outside !== undefined) {
      const address = await serve({ host: outside });
      for (const host of [...loopback, `${outside}:4400`]) expect(await statusOf(address, host)).toBe(400);
      expect(await statusOf(address, '198.51.100.7')).toBe(421);
    }
    const name = await serve({ host: 'localhost' });
    expect(await statusOf(name, 'localhost:4400')).toBe(400);
    expect(await statusOf(name, 'evil.example')).toBe(421);
  });

  for (const host of ['0.0.0.0', '::', '0::0']) {
    const needs = requires(...(host === '0.0.0.0' ? [] : ['ipv6' as const]));
    it(`can be any IP address, but no other name, if the server listens on ${host}`, needs, async () => {
      const served = await serve({ host });
      for (const name of [...loopback, ...addresses]) expect([name, await statusOf(served, name)]).toEqual([name, 400]);
      for (const name of otherHosts) expect([name, await statusOf(served, name)]).toEqual([name, 421]);
    });
  }

  it('can be one of allowedHosts', async () => {
    const served = await serve({
      allowedHosts: ['Doctape', 'my.proxy.test', 'größe.test', '192.168.1.5', '2001:DB8::1'],
    });
    for (const host of [
      'doctape',
      'DOCTAPE:4400',
      'doctape.',
      'my.proxy.test',
      'xn--gre-6ka8i.test',
      '192.168.1.5:80',
      '[2001:db8::1]',
    ]) {
      expect([host, await statusOf(served, host)]).toEqual([host, 400]);
    }
    for (const host of ['proxy.test', 'x.my.proxy.test', 'api.proxy.test', '192.168.1.6', '[2001:db8::2]']) {
      expect([host, await statusOf(served, host)]).toEqual([host, 421]);
    }
  });

  it.each([
    ['https://files.example.test', 'files.example.test', 'https://files.example.test'],
    ['https://files.example.test/', 'Files.Example.test:443', 'https://files.example.test'],
    ['https://files.example.test:8443', 'files.example.test:8443', 'https://files.example.test:8443'],
    ['https://größe.test', 'xn--gre-6ka8i.test', 'https://xn--gre-6ka8i.test'],
    ['https://[2001:DB8::1]', '[2001:db8::1]', 'https://[2001:db8::1]'],
    ['https://my.doctape.com', 'my.doctape.com', 'https://my.doctape.com'],
    ['https://files.example.test:8443', 'files.example.test', 'http://files.example.test'],
    ['https://files.example.test', 'localhost', 'http://localhost'],
    ['files.example.test', 'files.example.test', 'http://files.example.test'],
  ])('with %s as one of allowedHosts and the header %s is the origin %s', async (allowed, host, origin) => {
    const served = await serve({ allowedHosts: [allowed] });
    const { clientId } = appOf(served.sandbox, 'client');
    const send = async (line: string) => raw(served, `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const query = `response_type=token&client_id=${clientId}&redirect_uri=http://localhost:3000/`;
    const denied = await send(`GET /oauth2?${query}&scope=nothing`);
    expect(new URLSearchParams(new URL(denied.headers.location ?? '').hash.slice(1)).get('iss')).toBe(origin);
    const page = await send(`GET /oauth2?${query}&scope=account.read`);
    expect(page.statusLine).toBe('HTTP/1.1 200 OK');
    expect(/; Secure/i.test(page.headers['set-cookie'] ?? '')).toBe(origin.startsWith('https:'));
    const account = await send(`GET /v1/account?access_token=${await tokenOf(served)}`);
    expect(new URL(JSON.parse(account.body).result.avatar).origin).toBe(origin);
  });

  it('gets a 421 response that names the option that allows it', async () => {
    const consoleError = vi.spyOn(console, 'error');
    const served = await serve();
    const response = await raw(served, 'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    expect(response.statusLine).toBe('HTTP/1.1 421 Misdirected Request');
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(response.body).toMatch(/^[^\n]+--allow-host[^\n]+allowedHosts[^\n]+\n$/);
    expect(consoleError).not.toHaveBeenCalled();
    consoleError.mockRestore();
  });

  it.each([
    ['a string', 'doctape.test'],
    ['null', null],
    ['a number', [7]],
    ['an empty name', ['']],
    ['a port', ['doctape.test:4400']],
    ['a URL', ['http://doctape.test/']],
    ['a URL with a path', ['https://doctape.test/files']],
    ['a URL with a query', ['https://doctape.test?files']],
    ['a URL with a password', ['https://user:hunter2secret@doctape.test']],
    ['a URL with a pattern', ['https://*.doctape.test']],
    ['a URL with a wrong port', ['https://doctape.test:123456']],
    ['a password', ['user:hunter2secret@doctape.test']],
    ['a pattern', ['*.doctape.test']],
    ['a space', ['doctape .test']],
  ])('is refused as one of allowedHosts if it is %s', async (_what, allowedHosts) => {
    const error = await refusalOf({ port: 0, allowedHosts: allowedHosts as unknown as string[] });
    expect(error.message).toMatch(/^allowedHosts must be an array of host names/);
    expect(error.message).not.toContain('hunter2');
  });
});

describe('input that is not HTTP', () => {
  it.each([
    'nonsense\r\n\r\n',
    'GET  HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET http:// HTTP/1.1\r\nHost: ///\r\nConnection: close\r\n\r\n',
    'GET //evil.com HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  ])('does not end the sandbox: %j', async (bytes) => {
    const served = await serve();
    const { statusLine } = await raw(served, bytes);
    expect(statusLine).toMatch(/^HTTP\/1\.1 40[0-9] /);
    expect((await fetch(`${served.url}/v1/account`)).status).toBe(401);
  });
});
