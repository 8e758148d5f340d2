import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { makeMp3, makeVideo } from '../../fixtures/make-sound.js';
import { makeZip } from '../../fixtures/make-zip.js';
import { allScopes, appOf, served, tokenFor } from '../../support/sandbox.js';

// The requests of the clients of 2013, byte for byte, and what they need to work unmodified (wire document section 6.12).

const { url, sandbox } = await served({ autoApprove: 'alice' });
const port = Number(new URL(url).port);
const serverApp = appOf(sandbox, 'server');
const clientApp = appOf(sandbox, 'client');
const token = (await tokenFor(sandbox, 'alice', allScopes, url)).access_token;
const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';
const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

interface WireResponse {
  line: string;
  status: number;
  headers: Record<string, string>;
  bytes: Buffer;
  text: string;
}

/** Sends bytes unchanged, and reads one response until the connection ends. */
async function send(...pieces: (string | Uint8Array)[]): Promise<WireResponse> {
  const received = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
  });
  const end = received.indexOf('\r\n\r\n');
  const [line = '', ...lines] = received.subarray(0, end).toString().split('\r\n');
  const headers = Object.fromEntries(
    lines.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 1).trim()]),
  );
  let bytes = received.subarray(end + 4);
  if (headers['transfer-encoding'] === 'chunked') bytes = unchunked(bytes);
  return { line, status: Number(line.split(' ')[1]), headers, bytes, text: bytes.toString() };
}

function unchunked(body: Buffer): Buffer<ArrayBuffer> {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, lineEnd).toString(), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

/** The head of a request with exactly these headers. */
function head(method: string, target: string, headers: Record<string, string> = {}): string {
  const all = { Host: 'my.doctape.com', ...headers, Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${target} HTTP/1.1`, ...lines, '\r\n'].join('\r\n');
}

const bearer = { Authorization: `Bearer ${token}` };
const get = (target: string, headers: Record<string, string> = {}) => send(head('GET', target, headers));

/** A chunked body as Node 0.8 wrote it. */
function postInChunks(target: string, headers: Record<string, string>, ...pieces: string[]): Promise<WireResponse> {
  const chunks = pieces
    .filter((piece) => piece !== '')
    .map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`);
  return send(head('POST', target, { ...headers, 'Transfer-Encoding': 'chunked' }), ...chunks, '0\r\n\r\n');
}

function resultOf({ status, text, headers }: WireResponse): Record<string, Record<string, unknown>> {
  expect([status, headers['content-type']]).toEqual([200, 'application/json']);
  const { error, result } = JSON.parse(text);
  expect(error).toBeNull();
  return result;
}

/** A multipart body with one file, as phones and browsers of 2013 wrote it. */
function formWith(boundary: string, disposition: string, type: string, content: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`),
    content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

async function upload(name: string, type: string, content: Uint8Array): Promise<string> {
  const body = formWith('b', `form-data; name="file"; filename="${name}"`, type, content);
  const headers = { ...bearer, 'Content-Type': 'multipart/form-data; boundary=b', 'Content-Length': `${body.length}` };
  return Object.keys(resultOf(await send(head('POST', '/v1/doc/upload', headers), body)))[0] ?? '';
}

/** A code, issued without a consent page. */
async function codeFor(query: string): Promise<string> {
  const { status, headers } = await get(`/oauth2?client_id=${serverApp.clientId}&response_type=code&${query}`);
  expect(status).toBe(303);
  return new URL(headers.location ?? '').searchParams.get('code') ?? '';
}

const exchange = (form: string) =>
  postInChunks('/oauth2/token', { 'Content-Type': 'application/x-www-form-urlencoded' }, form);

const formOf = (code: string, redirectUri = outOfBand) =>
  `code=${encodeURIComponent(code)}&client_id=${serverApp.clientId}&client_secret=${serverApp.clientSecret}` +
  `&redirect_uri=${encodeURIComponent(redirectUri)}&grant_type=authorization_code`;

const callback = 'http://localhost:3000/cb';

it('1: OAuth and the API are served on any host, and extract without /v1 too', async () => {
  const id = await upload('a.zip', 'application/zip', makeZip([{ name: 'a.txt', content: Buffer.from('a') }]));
  for (const host of ['my.doctape.com', 'api.doctape.com', 'localhost', `127.0.0.1:${port}`, 'MY.DOCTAPE.COM:80']) {
    const account = await get('/v1/account', { ...bearer, Host: host });
    expect(resultOf(account).username).toBe('alice');
    const authorize = await get(`/oauth2?client_id=${serverApp.clientId}&response_type=code&redirect_uri=${callback}`, {
      Host: host,
    });
    expect(authorize.status).toBe(303);
    const refused = await send(head('POST', '/oauth2/token', { Host: host, 'Content-Length': '0' }));
    expect(JSON.parse(refused.text).error).toBe('invalid_client');
    for (const path of [`/v1/doc/${id}/extract`, `/doc/${id}/extract`]) {
      const response = await send(head('POST', path, { ...bearer, Host: host, 'Content-Length': '0' }));
      expect(resultOf(response)).toEqual({ extracted: true });
    }
  }
});

it('2: a token is read from the header or the query on every route', async () => {
  const id = await upload('photo.jpg', 'image/jpeg', makeJpeg(200, 100, quarters(200, 100)));
  const routes = ['/account', '/account/avatar/50', '/doc', `/doc/${id}`, `/doc/${id}/original`, '/tape'];
  for (const path of [...routes, `/doc/${id}/thumb_320.jpg`, `/doc/${id}/image.jpg`]) {
    expect([path, (await get(`/v1${path}`, bearer)).status]).toEqual([path, 200]);
    expect([path, (await get(`/v1${path}?access_token=${token}`)).status]).toEqual([path, 200]);
    expect([path, (await get(`/v1${path}`)).status]).toEqual([path, 401]);
  }
  for (const path of [`/v1/doc/${id}/clone`, '/v1/doc/upload', `/v1/doc/${id}/public`, `/doc/${id}/extract`]) {
    const post = (query: string) => send(head('POST', `${path}${query}`, { 'Content-Length': '0' }));
    expect([path, (await post('')).status]).toEqual([path, 401]);
    expect([200, 400]).toContain((await post(`?access_token=${token}`)).status);
  }
  expect((await send(head('DELETE', `/v1/doc/${id}?access_token=${token}`))).status).toBe(200);
});

describe('3: a token', () => {
  it('is a lowercase UUID of type Bearer with a number of seconds, in a 200 response', async () => {
    const response = await exchange(formOf(await codeFor(`redirect_uri=${callback}`)));
    expect([response.line, response.headers['content-type']]).toEqual(['HTTP/1.1 200 OK', 'application/json']);
    const { access_token, token_type, expires_in } = JSON.parse(response.text);
    expect(access_token).toMatch(uuid);
    expect([token_type, expires_in]).toEqual(['Bearer', 157_680_000]);
  });

  it.each([
    ['an unknown code', formOf('2224c539-e5d6-425a-8e0d-9516db6dc462')],
    ['a client id that is not a UUID', formOf('x').replace(/client_id=[^&]+/, 'client_id=x')],
    ['an unknown client id', formOf('x').replace(/client_id=[^&]+/, 'client_id=2224c539-e5d6-425a-8e0d-9516db6dc462')],
    ['a secret that is not a UUID', formOf('x').replace(/client_secret=[^&]+/, 'client_secret=x')],
    [
      'a wrong secret',
      formOf('x').replace(/client_secret=[^&]+/, 'client_secret=2224c539-e5d6-425a-8e0d-9516db6dc462'),
    ],
    [
      'a refresh of nothing',
      `refresh_token=undefined&client_id=${clientApp.clientId}&client_secret=null&grant_type=refresh_token`,
    ],
    [
      'a refresh with the deprecated token',
      `refresh_token=%5Bdeprecated%5D&client_id=${serverApp.clientId}&client_secret=${serverApp.clientSecret}&grant_type=refresh_token`,
    ],
    ['nothing', ''],
  ])('is refused with 400 and an error in JSON for %s', async (_what, form) => {
    const response = await exchange(form);
    expect([response.line, response.headers['content-type']]).toEqual(['HTTP/1.1 400 Bad Request', 'application/json']);
    expect(JSON.parse(response.text).error).toEqual(expect.stringMatching(/^[a-z_]+$/));
  });
});

describe('4: in the exchange', () => {
  it.each([callback, outOfBand])('%s is accepted as the redirect URI', async (redirectUri) => {
    const response = await exchange(formOf(await codeFor(`redirect_uri=${callback}`), redirectUri));
    expect(response.status).toBe(200);
  });

  it('the form of passport is accepted, with the extra parameters of its library', async () => {
    const code = await codeFor(`redirect_uri=${encodeURIComponent(callback)}&scope=account.read&type=web_server`);
    const form = `grant_type=authorization_code&redirect_uri=${encodeURIComponent(callback)}&client_id=${serverApp.clientId}&client_secret=${serverApp.clientSecret}&type=web_server&code=${code}`;
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      'User-Agent': 'Node-oauth',
      'Content-Length': `${form.length}`,
    };
    const response = await send(head('POST', '/oauth2/token', headers), form);
    const { access_token } = JSON.parse(response.text);
    const profile = await get(`/v1/account?access_token=${access_token}`, {
      'User-Agent': 'Node-oauth',
      'Content-Length': '0',
    });
    expect(resultOf(profile)).toMatchObject({ username: 'alice', email: 'alice@example.org' });
  });

  it('a code that is posted again is refused, and the first token stays valid', async () => {
    const code = await codeFor(`redirect_uri=${callback}&scope=docs%20account`);
    const { access_token } = JSON.parse((await exchange(formOf(code))).text);
    for (let again = 0; again < 3; again++)
      expect(JSON.parse((await exchange(formOf(code))).text).error).toBe('invalid_grant');
    expect((await get('/v1/tape', { Authorization: `Bearer ${access_token}` })).status).toBe(200);
  });
});

it.each([
  ['docs', 'file.read file.update file.delete tape.read tape.update'],
  ['account%20docs', 'account.read file.read file.update file.delete tape.read tape.update'],
  ['account+docs+upload', 'account.read file.read file.update file.delete tape.read tape.update file.create'],
  ['file.read%20account', 'file.read account.read'],
  ['account.read+file.read', 'account.read file.read'],
  ['file.read%20%20file.read+', 'file.read'],
  ['', 'account.read'],
])('5: the scope %s is accepted alone and with others', async (requested, granted) => {
  const code = await codeFor(`redirect_uri=${callback}&scope=${requested}&type=web_server&display=touch&oa2fc=x`);
  const { scope } = JSON.parse((await exchange(`${formOf(code)}&type=web_server&unknown=1`)).text);
  expect(scope).toBe(granted);
});

describe('6: the authorization request', () => {
  it('can have a redirect URI that is not percent-encoded', async () => {
    const { headers } = await get(
      `/oauth2?client_id=${serverApp.clientId}&response_type=code&scope=docs%20account&redirect_uri=http://localhost:3000/cb?x=1&state=y`,
    );
    expect(headers.location).toMatch(/^http:\/\/localhost:3000\/cb\?x=1&code=[\da-f-]{36}&state=y/);
  });

  it.each([
    ['&state=undefined', 'undefined'],
    ['&state=', null],
    ['', null],
    ['&state=a%20b%26c', 'a b&c'],
  ])('gets its state back: %j', async (query, state) => {
    for (const [app, type] of [
      [serverApp, 'code'],
      [clientApp, 'token'],
    ] as const) {
      const { headers } = await get(
        `/oauth2?client_id=${app.clientId}&response_type=${type}&redirect_uri=${callback}${query}`,
      );
      const { search, hash } = new URL(headers.location ?? '');
      expect(new URLSearchParams(type === 'code' ? search : hash.slice(1)).get('state')).toBe(state);
    }
  });
});

it('7: the iPhone app reads its token from the title and uses it', async () => {
  // the sign-in page in a hidden web view, with an empty state as always
  const query = `client_id=${clientApp.clientId}&response_type=token&redirect_uri=${encodeURIComponent(outOfBand)}&scope=account%20docs%20upload&state=`;
  const page = await get(`/oauth2?${query}`);
  expect(page.status).toBe(200);
  const title = /<title>([^<]*)<\/title>/.exec(page.text)?.[1] ?? '';
  const phone = title.replace('Success code=', '');
  expect(phone).toMatch(uuid);
  const account = resultOf(await get('/v1/account', { Authorization: `Bearer ${phone}` }));
  expect(account.username).toBe('alice');
  const avatar = new URL(String(account.avatar));
  const picture = await get(avatar.pathname + avatar.search, { Authorization: `Bearer ${phone}` });
  expect([picture.status, picture.headers['content-type']]).toEqual([200, 'image/jpeg']);

  const boundary = 'Boundary+0xAbCdEfGbOuNdArY';
  const photo = makeJpeg(640, 480, quarters(640, 480));
  const body = formWith(boundary, 'form-data; name="file"; filename="Mein Bild.jpg"', 'image/jpeg', photo);
  const uploaded = await send(
    head('POST', '/v1/doc/upload', {
      Authorization: `Bearer ${phone}`,
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
      'Content-Length': `${body.length}`,
      'x-dt-origin-desc': 'tapebooth',
    }),
    body,
  );
  const [id = ''] = Object.keys(resultOf(uploaded));
  expect(resultOf(uploaded)[id]).toEqual({ id, name: 'Mein Bild.jpg', size: String(photo.byteLength) });
  const listed = resultOf(await get('/v1/doc', { Authorization: `Bearer ${phone}` }));
  expect(listed[id]).toMatchObject({ name: 'Mein Bild', extension: 'jpg', media_type: 'image', origin: 'tapebooth' });
  for (const field of ['size', 'time_added']) expect(Number(listed[id]?.[field])).toBeLessThan(2 ** 31);
  const thumb = await get(`/v1/doc/${id}/thumb_320.jpg`, { Authorization: `Bearer ${phone}` });
  expect([thumb.status, thumb.bytes[0], thumb.bytes[1]]).toEqual([200, 0xff, 0xd8]);

  const film = formWith(
    boundary,
    'form-data; name="file"; filename="film.mov"',
    'video/mov',
    await makeVideo(640, 360),
  );
  const headers = {
    ...bearer,
    'Content-Type': `multipart/form-data; boundary=${boundary}`,
    'Content-Length': `${film.length}`,
  };
  const [movie = ''] = Object.keys(resultOf(await send(head('POST', '/v1/doc/upload', headers), film)));
  expect(resultOf(await get(`/v1/doc/${movie}`, bearer))).toMatchObject({
    media_type: 'video',
    processing_status: 'ok',
  });
});

describe('8: in a fragment', () => {
  it('spaces are percent-encoded and the state is first', async () => {
    const query = `client_id=${clientApp.clientId}&response_type=token&redirect_uri=${callback}&scope=account.read+file.read&state=s`;
    const location = (await get(`/oauth2?${query}`)).headers.location ?? '';
    expect(location).toMatch(
      /^http:\/\/localhost:3000\/cb#state=s&access_token=[\da-f-]{36}&token_type=Bearer&expires_in=157680000&scope=account\.read%20file\.read/,
    );
    expect(location).not.toContain('+');
  });

  it('the browser client finds its error, and in the query the server client', async () => {
    for (const [app, type] of [
      [clientApp, 'token'],
      [serverApp, 'code'],
    ] as const) {
      const { headers } = await get(
        `/oauth2?client_id=${app.clientId}&response_type=${type}&redirect_uri=${callback}&scope=nonsense&state=s`,
      );
      const { search, hash } = new URL(headers.location ?? '');
      const [there, elsewhere] = type === 'token' ? [hash, search] : [search, hash];
      expect([new URLSearchParams(there.slice(1)).get('error'), elsewhere]).toEqual(['invalid_scope', '']);
    }
  });

  it('nothing is sent for an application of the wrong type: the error is a page', async () => {
    const { status, headers, text } = await get(
      `/oauth2?client_id=${clientApp.clientId}&response_type=code&redirect_uri=${callback}`,
    );
    expect([status, headers.location]).toEqual([400, undefined]);
    expect(JSON.parse(text)).toEqual({
      error: 'unauthorized_client',
      error_description: 'wrong application type for this response_type',
    });
  });
});

describe('9: responses', () => {
  it('are JSON by Content-Type, with the standard reasons, and never compressed or redirected', async () => {
    const id = await upload('a.txt', 'text/plain', Buffer.from('text '.repeat(10_000)));
    const requests: [target: string, headers: Record<string, string>, line: string, type: string][] = [
      ['/v1/account', bearer, '200 OK', 'application/json'],
      ['/v1/doc', bearer, '200 OK', 'application/json'],
      ['/v1/tape', bearer, '200 OK', 'application/json'],
      [`/v1/doc/${id}/original`, bearer, '200 OK', 'text/plain'],
      [`/v1/doc/${id}/audio.mp3`, bearer, '404 Not Found', 'application/json'],
      ['/v1/account', {}, '401 Unauthorized', 'application/json'],
      ['/v1/nothing', bearer, '404 Not Found', 'application/json'],
      [`/v1/doc/${id}/original`, { ...bearer, Range: 'bytes=0-1' }, '206 Partial Content', 'text/plain'],
      [`/v1/doc/${id}/original`, { ...bearer, Range: 'bytes=99999-' }, '416 Range Not Satisfiable', 'application/json'],
    ];
    for (const [target, headers, line, type] of requests) {
      const response = await get(target, headers);
      expect([target, response.line, response.headers['content-type']]).toEqual([target, `HTTP/1.1 ${line}`, type]);
      expect([response.headers['content-encoding'], response.headers.location]).toEqual([undefined, undefined]);
    }
  });

  it('to a call without the scope have the same reason', async () => {
    const { access_token } = await tokenFor(sandbox, 'alice', ['account.read'], url);
    expect((await get('/v1/doc', { Authorization: `Bearer ${access_token}` })).line).toBe('HTTP/1.1 403 Forbidden');
  });
});

describe('10: a body', () => {
  it('can be chunked JSON with only the changed field', async () => {
    const id = await upload('old.txt', 'text/plain', Buffer.from('x'));
    const headers = { ...bearer, 'Content-Type': 'application/json; charset=UTF-8' };
    expect(resultOf(await postInChunks(`/v1/doc/${id}`, headers, '{"na', 'me":"n', 'ew"}'))).toMatchObject({
      name: 'new',
      tags: [],
    });
    expect(resultOf(await postInChunks(`/v1/doc/${id}`, headers, '{"tags":["a"]}'))).toMatchObject({
      name: 'new',
      tags: ['a'],
    });
    expect(resultOf(await postInChunks(`/v1/doc/${id}/public`, headers, '{"public":true}'))).toMatchObject({
      public: true,
      published: true,
    });
  });

  it('can be empty with a JSON type, for clone and extract', async () => {
    const id = await upload('a.zip', 'application/zip', makeZip([{ name: 'a.txt', content: Buffer.from('a') }]));
    const headers = { ...bearer, 'Content-Type': 'application/json; charset=UTF-8', 'Content-Length': '0' };
    const cloned = resultOf(await send(head('POST', `/v1/doc/${id}/clone`, headers)));
    expect(cloned).toEqual({ cloned: true, id: expect.stringMatching(uuid) });
    expect(resultOf(await send(head('POST', `/v1/doc/${id}/extract`, headers)))).toEqual({ extracted: true });
    const files = Object.values(resultOf(await get('/v1/doc', bearer)));
    expect(files.filter(({ name, extension }) => `${name}.${extension}` === 'a.txt').length).toBeGreaterThan(0);
  });

  it('of the Chrome extension is accepted with a token', async () => {
    const boundary = '----WebKitFormBoundaryE19zNvXGzXaLvS5C';
    const body = formWith(
      boundary,
      'form-data; name="file"; filename="Chrome text selection.txt"',
      'application/text',
      Buffer.from('a selection'),
    );
    const headers = {
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
      'Content-Length': `${body.length}`,
      'X-Requested-With': 'XMLHttpRequest',
      Origin: 'chrome-extension://abcdefghijklmnop',
    };
    const [id = ''] = Object.keys(
      resultOf(await send(head('POST', `/v1/doc/upload?access_token=${token}`, headers), body)),
    );
    expect(resultOf(await get(`/v1/doc/${id}`, bearer))).toMatchObject({
      name: 'Chrome text selection',
      extension: 'txt',
      media_type: 'document',
      origin: 'webupload',
    });
  });

  it.each(['file', 'upload', 'x y', ''])('can have a part with the name %j', async (name) => {
    const body = formWith('a+b', `form-data; name="${name}"; filename="a.txt"`, 'text/plain', Buffer.from('x'));
    const headers = {
      ...bearer,
      'Content-Type': 'multipart/form-data; boundary=a+b',
      'Content-Length': `${body.length}`,
    };
    expect(Object.keys(resultOf(await send(head('POST', '/v1/doc/upload', headers), body)))).toHaveLength(1);
  });
});

describe('11: a page of another origin', () => {
  const origin = 'http://app.example';

  it.each([
    ['/v1/doc', 'GET', 'authorization'],
    ['/v1/doc/x', 'POST', 'authorization, content-type'],
    ['/v1/doc/x', 'DELETE', 'authorization'],
    ['/v1/doc/upload', 'POST', 'authorization, content-type, x-dt-origin-desc'],
    ['/oauth2/token', 'POST', 'content-type'],
  ])('can send a preflight without a token: %s %s', async (target, method, headers) => {
    const response = await send(
      head('OPTIONS', target, {
        Origin: origin,
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': headers,
      }),
    );
    expect([200, 204]).toContain(response.status);
    expect(response.headers['access-control-allow-origin']).toBe('*');
    expect(response.headers['access-control-allow-methods']?.split(',').map((each) => each.trim())).toContain(method);
    const allowed = response.headers['access-control-allow-headers']?.toLowerCase().split(/\s*,\s*/) ?? [];
    for (const each of headers.split(', ')) expect(allowed).toContain(each);
    expect(response.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('can read every response, errors included', async () => {
    const responses = [
      await get('/v1/account', { ...bearer, Origin: origin }),
      await get('/v1/account', { Origin: origin }),
      await get('/v1/doc/x', { ...bearer, Origin: origin }),
      await get('/v1/nothing', { ...bearer, Origin: origin }),
      await send(head('POST', '/v1/doc/upload', { ...bearer, Origin: origin, 'Content-Length': '0' })),
      await send(head('POST', '/oauth2/token', { Origin: origin, 'Content-Length': '0' })),
    ];
    expect(responses.map(({ status }) => status)).toEqual([200, 401, 404, 404, 400, 400]);
    for (const { headers } of responses) expect(headers['access-control-allow-origin']).toBe('*');
  });
});

it('12: the gallery and the music player read maps with ids as keys, meta as an object and tags as an array', async () => {
  const code = await codeFor(`redirect_uri=${encodeURIComponent(callback)}&scope=account%20docs`);
  const { access_token } = JSON.parse((await exchange(formOf(code, callback))).text);
  const gallery = { Authorization: `Bearer ${access_token}`, Host: 'api.doctape.com' };
  const photo = makeJpeg(400, 300, quarters(400, 300));
  const picture = await upload('photo.jpg', 'image/jpeg', photo);
  const song = await upload('song.mp3', 'audio/mpeg', makeMp3(50, { TIT2: 'Title', TPE1: 'Artist' }));
  const plain = await upload('plain.bin', 'application/octet-stream', Buffer.from('x'));

  const { quota_free, username } = resultOf(await get('/v1/account', gallery));
  expect([typeof quota_free, username]).toEqual(['number', 'alice']);
  for (const query of ['', '?include_meta', '?include_meta=true', '?include_meta=false']) {
    const files = resultOf(await get(`/v1/doc${query}`, gallery));
    for (const [id, file] of Object.entries(files)) {
      expect(file.id).toBe(id);
      expect(Array.isArray(file.tags)).toBe(true);
      expect(Object.prototype.toString.call(file.meta)).toBe('[object Object]');
      expect(resultOf(await get(`/v1/doc/${id}`, gallery)).meta).toBeTypeOf('object');
    }
    const withMeta = query === '?include_meta' || query === '?include_meta=true';
    expect(files[song]).toMatchObject({
      media_type: 'audio',
      meta: withMeta ? { title: 'Title', artist: 'Artist' } : {},
    });
    expect(files[plain]).toMatchObject({ media_type: 'unknown', meta: {} });
    expect(files[picture]).toMatchObject({ media_type: 'image', name: 'photo' });
  }
  const original = await get(`/v1/doc/${picture}/original`, gallery);
  expect([original.status, original.headers['content-type']]).toEqual([200, 'image/jpeg']);
  expect(original.bytes.equals(photo)).toBe(true);
  expect((await get(`/v1/doc/${picture}/thumb_320.jpg`, gallery)).status).toBe(200);
  expect((await get(`/v1/doc/${song}/audio.mp3`, gallery)).status).toBe(200);
});

it('13: a movie player with only a URL gets the ranges it requests', async () => {
  const film = Buffer.from(await makeVideo(640, 360));
  const id = await upload('film.mp4', 'video/mp4', film);
  for (const name of ['video_640.mp4', 'original']) {
    const target = `/v1/doc/${id}/${name}?access_token=${token}`;
    // the iPhone player starts with this to test whether the server supports ranges
    const first = await get(target, { Range: 'bytes=0-1', Accept: '*/*', 'Accept-Encoding': 'identity' });
    expect([first.line, first.headers['content-range'], first.headers['content-length']]).toEqual([
      'HTTP/1.1 206 Partial Content',
      `bytes 0-1/${film.length}`,
      '2',
    ]);
    const all = await get(target, { Range: `bytes=0-${film.length - 1}` });
    expect([all.status, all.bytes.equals(film)]).toEqual([206, true]);
    const tail = await get(target, { Range: `bytes=${film.length - 7}-${film.length + 100}` });
    expect([tail.status, tail.bytes.equals(film.subarray(-7))]).toEqual([206, true]);
    const whole = await get(target);
    expect([whole.status, whole.headers['accept-ranges'], whole.bytes.equals(film)]).toEqual([200, 'bytes', true]);
  }
});
