import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { createSandbox, type FileRecord, memoryStore, type Sandbox, type SandboxOptions } from '../../src/sandbox.js';
import { allScopes, origin, served, tokenFor } from '../support/sandbox.js';

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const unknownId = '2224c539-e5d6-425a-8e0d-9516db6dc462';

/** A sandbox and calls with a token. */
interface Api {
  sandbox: Sandbox;
  url: string;
  token: string;
  send(path: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>;
}

async function apiOf(
  sandbox: Sandbox,
  { url = origin, username = 'alice', scope = allScopes }: { url?: string; username?: string; scope?: string[] } = {},
): Promise<Api> {
  const { access_token: token } = await tokenFor(sandbox, username, scope, url);
  return {
    sandbox,
    url,
    token,
    send(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
      return (url === origin ? sandbox.fetch : fetch)(`${url}/v1${path}`, { ...init, headers });
    },
  };
}

function inMemory(options: SandboxOptions = {}, as: { username?: string; scope?: string[] } = {}): Promise<Api> {
  return apiOf(createSandbox(options), as);
}

const folder = await mkdtemp(join(tmpdir(), 'doctape-api-'));
const server = await served({
  data: folder,
  users: [
    { username: 'alice', password: 'wonderland' },
    { username: 'bob', password: 'builder' },
    { username: 'small', password: 'small', quota: 1_000_000 },
  ],
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The blob files of the data folder, finished or not. */
async function blobsOnDisk(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('sandbox.sqlite')).map(({ name }) => name);
}

/** Waits until a condition holds. */
async function eventually<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const value = await read();
    if (done(value) || attempt === 3_000) return value;
    await delay(20);
  }
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

function joined(...pieces: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? bytesOf(piece) : piece))));
}

const boundary = 'Boundary+0xAbCdEfGbOuNdArY';

/** A multipart body. Each part is its headers and its content. */
function multipart(...parts: [headers: string, content: string | Uint8Array][]): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap(([headers, content]) => [`--${boundary}\r\n${headers}\r\n\r\n`, content, '\r\n']);
  return joined(...pieces, `--${boundary}--\r\n`);
}

const fileHeaders = (name: string, fileName: string, type = 'text/plain') =>
  `Content-Disposition: form-data; name="${name}"; filename="${fileName}"\r\nContent-Type: ${type}`;
const fieldHeaders = (name: string) => `Content-Disposition: form-data; name="${name}"`;
const multipartType = `multipart/form-data; boundary=${boundary}`;

function post(
  api: Api,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | string,
  { path = '/doc/upload', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return api.send(path, {
    method: 'POST',
    headers: { 'content-type': multipartType, ...headers },
    body,
    duplex: 'half',
  });
}

/** A body that pauses before its last bytes, so that several uploads overlap. */
function pausedBody(body: Uint8Array, continued: Promise<void>): ReadableStream<Uint8Array> {
  const pieces = [body.slice(0, -10), body.slice(-10)];
  return new ReadableStream(
    {
      async pull(controller) {
        if (pieces.length === 1) await continued;
        const piece = pieces.shift();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Starts all uploads, waits until only their last bytes are missing, and lets them finish at once. */
async function together(api: Api, count: number, body: Uint8Array<ArrayBuffer>): Promise<Response[]> {
  const continued = Promise.withResolvers<void>();
  const responses = Array.from({ length: count }, () => post(api, pausedBody(body, continued.promise)));
  await delay(100);
  continued.resolve();
  return Promise.all(responses);
}

/** A body that arrives in pieces. */
function inPieces(...pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      pull(controller) {
        const piece = pieces.shift();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

type Uploaded = { id: string; name: string; size: string };

async function resultOf<T>(response: Response): Promise<T> {
  if (response.status !== 200) throw new Error(`responded with ${response.status} ${await response.text()}`);
  return (await response.json()).result;
}

async function uploadedBy(response: Response): Promise<Uploaded[]> {
  return Object.values(await resultOf<Record<string, Uploaded>>(response));
}

async function uploadOne(api: Api, content: string | Uint8Array = 'content', fileName = 'file.txt'): Promise<string> {
  const [file] = await uploadedBy(await post(api, multipart([fileHeaders('file', fileName), content])));
  return file?.id ?? '';
}

type WireFile = Record<string, unknown> & { id: string };

async function listOf(api: Api): Promise<WireFile[]> {
  return Object.values(await resultOf<Record<string, WireFile>>(await api.send('/doc')));
}

async function infoOf(api: Api, id: string): Promise<WireFile> {
  return resultOf(await api.send(`/doc/${id}`));
}

async function contentOf(api: Api, id: string): Promise<string> {
  const response = await api.send(`/doc/${id}/original`);
  if (response.status !== 200) throw new Error(`responded with ${response.status} ${await response.text()}`);
  return response.text();
}

const reasons: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Payload Too Large',
  416: 'Range Not Satisfiable',
};

/** Expects the envelope of an error, readable by other origins. */
async function expectFailure(response: Response, status: number): Promise<void> {
  const body = await response.text();
  expect([response.status, body]).toEqual([status, expect.stringMatching(/^\{/)]);
  expect(JSON.parse(body)).toEqual({
    error: { code: status, message: expect.stringContaining(reasons[status] ?? '?') },
    result: null,
  });
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
}

describe('a token', () => {
  it('is read from the header', async () => {
    const { sandbox, token } = await inMemory();
    for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token}`]) {
      const response = await sandbox.fetch(`${origin}/v1/account`, { headers: { authorization } });
      expect([authorization, response.status]).toEqual([authorization, 200]);
    }
  });

  it('is read from the query on every route', async () => {
    const api = await inMemory();
    const id = await uploadOne(api);
    const { sandbox, token } = api;
    for (const path of ['/account', '/doc', `/doc/${id}`, `/doc/${id}/original`]) {
      const response = await sandbox.fetch(`${origin}/v1${path}?access_token=${token}`);
      expect([path, response.status]).toEqual([path, 200]);
    }
    const body = multipart([fileHeaders('file', 'a.txt'), 'a']);
    const upload = await sandbox.fetch(`${origin}/v1/doc/upload?access_token=${token}`, {
      method: 'POST',
      headers: { 'content-type': multipartType },
      body,
    });
    expect(upload.status).toBe(200);
    const removal = await sandbox.fetch(`${origin}/v1/doc/${id}?access_token=${token}`, { method: 'DELETE' });
    expect(removal.status).toBe(200);
  });

  it('in the header takes precedence over one in the query', async () => {
    const { sandbox, token } = await inMemory();
    const bobToken = (await tokenFor(sandbox, 'bob')).access_token;
    const headers = { authorization: `Bearer ${bobToken}` };
    const response = await sandbox.fetch(`${origin}/v1/account?access_token=${token}`, { headers });
    expect((await resultOf<{ username: string }>(response)).username).toBe('bob');
    const wrong = await sandbox.fetch(`${origin}/v1/account?access_token=${token}`, {
      headers: { authorization: 'Bearer wrong' },
    });
    await expectFailure(wrong, 401);
  });

  it('is read from the query if the header has another scheme', async () => {
    const { sandbox, token } = await inMemory();
    const headers = { authorization: 'Basic YWxpY2U6eA==' };
    const response = await sandbox.fetch(`${origin}/v1/account?access_token=${token}`, { headers });
    expect(response.status).toBe(200);
  });

  it.each(['', '?access_token=', `?access_token=${unknownId}`, '?token=x', '?access_token=%00%ff'])(
    'that is missing or unknown is refused with 401: %j',
    async (query) => {
      const { sandbox } = await inMemory();
      const response = await sandbox.fetch(`${origin}/v1/account${query}`);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer\b/);
      expect(response.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('www-authenticate');
      await expectFailure(response, 401);
    },
  );

  it('is called invalid in the challenge if it is unknown, but not if it is missing', async () => {
    const { sandbox } = await inMemory();
    const missing = await sandbox.fetch(`${origin}/v1/account`);
    expect(missing.headers.get('www-authenticate')).not.toContain('error');
    const unknown = await sandbox.fetch(`${origin}/v1/account?access_token=x`);
    expect(unknown.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('is checked before a response says whether a file or a route exists', async () => {
    const { sandbox } = await inMemory();
    for (const [method, path] of [
      ['GET', '/doc'],
      ['GET', `/doc/${unknownId}`],
      ['GET', `/doc/${unknownId}/original`],
      ['POST', '/doc/upload'],
      ['DELETE', `/doc/${unknownId}`],
      ['GET', '/nothing'],
    ] as const) {
      await expectFailure(await sandbox.fetch(`${origin}/v1${path}`, { method }), 401);
    }
  });

  it('is invalid after its user was removed', async () => {
    const store = memoryStore();
    const { token } = await inMemory({ store });
    const sandbox = createSandbox({ store, users: [{ username: 'bob', password: 'builder' }] });
    await expectFailure(await sandbox.fetch(`${origin}/v1/account?access_token=${token}`), 401);
  });
});

describe('a scope', () => {
  it.each([
    ['GET', '/account', ['account.read']],
    ['GET', '/doc', ['file.read']],
    ['GET', '/doc/ID', ['file.read']],
    ['GET', '/doc/ID/original', ['file.read']],
    ['HEAD', '/doc/ID/original', ['file.read']],
    ['POST', '/doc/upload', ['file.create']],
    ['DELETE', '/doc/ID', ['file.delete', 'file.read']],
  ])('is required for %s %s: %j', async (method, path, needed) => {
    const { sandbox, ...alice } = await inMemory();
    const id = await uploadOne({ sandbox, ...alice });
    const body = method === 'POST' ? multipart([fileHeaders('file', 'a.txt'), 'a']) : null;
    const call = async (scope: string[]) => {
      const api = await apiOf(sandbox, { scope });
      const headers = { 'content-type': multipartType };
      return api.send(path.replace('ID', id), { method, headers, body });
    };
    for (const missing of needed) {
      const response = await call(allScopes.filter((scope) => scope !== missing));
      const challenge = response.headers.get('www-authenticate');
      expect(challenge).toContain('error="insufficient_scope"');
      expect(challenge).toContain(`scope="${needed.join(' ')}"`);
      if (method === 'HEAD') expect(response.status).toBe(403);
      else await expectFailure(response, 403);
    }
    expect((await call(needed)).status).toBe(200);
  });

  it('that is missing hides whether a file exists', async () => {
    const api = await inMemory({}, { scope: ['account.read'] });
    await expectFailure(await api.send(`/doc/${unknownId}`), 403);
  });
});

describe('a 404 response', () => {
  it.each([
    `/doc/${unknownId}`,
    `/doc/${unknownId}/original`,
    '/doc/upload',
    '/doc/%2e%2e',
    '/doc/..%2fbob',
    '/doc/%00',
    '/doc/%',
    '/doc/%zz/original',
    '/doc/%E0%A4%A/original',
    `/doc/${'x'.repeat(5_000)}`,
    '/nothing',
    '/doc/',
    '/',
  ])('is the response for %s', async (path) => {
    await expectFailure(await (await inMemory()).send(path), 404);
  });

  it('is the response for an unknown rendition', async () => {
    const api = await inMemory();
    const id = await uploadOne(api);
    for (const rendition of ['document.pdf', 'nothing', 'original.txt', 'ORIGINAL', '%2e%2e']) {
      await expectFailure(await api.send(`/doc/${id}/${rendition}`), 404);
    }
  });

  it("is the response for another user's file, for every method", async () => {
    const alice = await inMemory();
    const id = await uploadOne(alice);
    const bob = await apiOf(alice.sandbox, { username: 'bob' });
    await expectFailure(await bob.send(`/doc/${id}`), 404);
    await expectFailure(await bob.send(`/doc/${id}/original`), 404);
    await expectFailure(await bob.send(`/doc/${id}`, { method: 'DELETE' }), 404);
    for (const path of [`../alice/${id}`, `..%2falice%2f${id}`, `alice%2f${id}`]) {
      await expectFailure(await bob.send(`/doc/${path}`), 404);
    }
    expect(await listOf(bob)).toEqual([]);
    expect(await contentOf(alice, id)).toBe('content');
  });

  it('is the response for a file of a user whose name starts with the same letters', async () => {
    const users = ['alice', 'alice2', 'alic', 'al_ce', 'alice.'].map((username) => ({ username, password: 'x' }));
    const sandbox = createSandbox({ users });
    for (const { username } of users) await uploadOne(await apiOf(sandbox, { username }), username);
    for (const { username } of users) {
      const api = await apiOf(sandbox, { username });
      const files = await listOf(api);
      expect(files).toHaveLength(1);
      expect(await contentOf(api, files[0]?.id ?? '')).toBe(username);
    }
  });

  it('is JSON outside the API too', async () => {
    const response = await (await inMemory()).sandbox.fetch(`${origin}/nowhere`);
    expect(response.status).toBe(404);
    expect((await response.json()).error.code).toBe(404);
  });
});

describe('the account', () => {
  it('has the ten documented fields of the documented types', async () => {
    const api = await inMemory({ now: () => 1_400_000_000_123 });
    await uploadOne(api, 'x'.repeat(1_000));
    const response = await api.send('/account');
    expect(await response.json()).toEqual({
      error: null,
      result: {
        quota: 5_000_000_000,
        username: 'alice',
        firstname: 'Alice',
        lastname: '',
        email: 'alice@example.org',
        country_code: 'DE',
        avatar: `${origin}/v1/account/avatar/50?1400000000123`,
        quota_used: 1_000,
        quota_free: 4_999_999_000,
        type: 'basic',
      },
    });
  });

  it('has an avatar that supports ranges and conditional requests', async () => {
    const api = await inMemory();
    const whole = await api.send('/account/avatar/50');
    const [bytes, tag] = [new Uint8Array(await whole.arrayBuffer()), whole.headers.get('etag')];
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    const part = await api.send('/account/avatar/50', { headers: { range: 'bytes=2-5' } });
    expect([part.status, new Uint8Array(await part.arrayBuffer())]).toEqual([206, bytes.slice(2, 6)]);
    expect((await api.send('/account/avatar/50', { headers: { 'if-none-match': tag ?? '' } })).status).toBe(304);
    expect((await api.send('/account/avatar/300')).headers.get('etag')).not.toBe(tag);
  });

  it('can be read by passport, which sends its token in the query and an empty body', async () => {
    const { url, token } = await apiOf(server.sandbox, { url: server.url });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${url}/v1/account?access_token=${token}`, { headers: { 'content-length': '0' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it('reports the used quota after uploads and deletes', async () => {
    const api = await inMemory();
    const used = async () => (await resultOf<{ quota_used: number }>(await api.send('/account'))).quota_used;
    const id = await uploadOne(api, 'x'.repeat(100));
    await uploadOne(api, 'x'.repeat(50));
    expect(await used()).toBe(150);
    await api.send(`/doc/${id}`, { method: 'DELETE' });
    expect(await used()).toBe(50);
    await api.send(`/doc/${id}`, { method: 'DELETE' });
    expect(await used()).toBe(50);
  });

  it('reports the used quota after concurrent uploads and deletes', async () => {
    const api = await inMemory();
    const used = async () => (await resultOf<{ quota_used: number }>(await api.send('/account'))).quota_used;
    const parts: [string, string][] = Array.from({ length: 10 }, (_, i) => [fileHeaders('file', `${i}`), '12345']);
    for (const response of await together(api, 20, multipart(...parts))) expect(response.status).toBe(200);
    expect(await used()).toBe(1_000);
    const files = await listOf(api);
    await Promise.all([
      ...files.slice(0, 100).map(({ id }) => api.send(`/doc/${id}`, { method: 'DELETE' })),
      ...Array.from({ length: 10 }, () => uploadOne(api, '1')),
    ]);
    expect(await used()).toBe(510);
  });
});

describe('an upload', () => {
  it('returns id, name and size, the size as a string, under the id', async () => {
    const api = await inMemory();
    const response = await post(api, multipart([fileHeaders('file', '017872.jpg', 'image/jpeg'), 'x'.repeat(730)]));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const { error, result } = await response.json();
    expect(error).toBeNull();
    const [id = ''] = Object.keys(result);
    expect(id).toMatch(uuid);
    expect(result).toEqual({ [id]: { id, name: '017872.jpg', size: '730' } });
  });

  it('creates a file object with the documented fields and types', async () => {
    const api = await inMemory({ now: () => 1_358_457_759_999 });
    const id = await uploadOne(api, 'x'.repeat(730), 'example.017872.jpg');
    const expected = {
      id,
      public_url: null,
      name: 'example.017872',
      extension: 'jpg',
      size: 730,
      time_added: 1_358_457_759,
      media_type: 'document', // the part said text/plain
      tags: [],
      origin: 'webupload',
      starred: false,
      shared: 0,
      processing_status: 'ok',
      meta: {},
    };
    expect(await infoOf(api, id)).toEqual(expected);
    expect(await resultOf(await api.send('/doc'))).toEqual({ [id]: expected });
  });

  it.each(['file', 'upload', 'Datei', 'files[]', 'url', 'tags', '', 'ü'])(
    'stores a part as a file whatever its field name is: %j',
    async (name) => {
      const api = await inMemory();
      const [file] = await uploadedBy(await post(api, multipart([fileHeaders(name, 'a.txt'), 'content'])));
      expect(await contentOf(api, file?.id ?? '')).toBe('content');
    },
  );

  it('can contain several files, even with the same name, and keeps their order', async () => {
    const api = await inMemory();
    const files = await uploadedBy(
      await post(
        api,
        multipart(
          [fileHeaders('file', 'one.txt'), 'first'],
          [fileHeaders('file', 'one.txt'), 'second one'],
          [fileHeaders('other', 'three.bin', 'application/octet-stream'), ''],
        ),
      ),
    );
    expect(files.map(({ name, size }) => [name, size])).toEqual([
      ['one.txt', '5'],
      ['one.txt', '10'],
      ['three.bin', '0'],
    ]);
    expect((await listOf(api)).map(({ id }) => id)).toEqual(files.map(({ id }) => id));
    expect(await contentOf(api, files[1]?.id ?? '')).toBe('second one');
    expect(await contentOf(api, files[2]?.id ?? '')).toBe('');
  });

  it('accepts the form data of a browser', async () => {
    const api = await inMemory();
    const form = new FormData();
    form.append('tags', 'from, a form');
    form.append('file', new File(['content'], 'Müller "1".txt', { type: 'text/plain' }));
    const [file] = await uploadedBy(await api.send('/doc/upload', { method: 'POST', body: form }));
    expect(file?.name).toBe('Müller "1".txt');
    expect(await infoOf(api, file?.id ?? '')).toMatchObject({ name: 'Müller "1"', tags: ['from', 'a form'] });
  });

  it('accepts a picture as the iPhone app of 2013 sent it', async () => {
    const api = await inMemory();
    const body = joined(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="Photo 1.mov"\r\n`,
      'Content-Type: video/mov\r\n\r\n',
      Uint8Array.of(0, 255, 13, 10, 45, 45, 13, 10, 0),
      `\r\n--${boundary}--\r\n`,
    );
    const [file] = await uploadedBy(await post(api, body, { headers: { 'x-dt-origin-desc': 'tapebooth' } }));
    expect(file).toMatchObject({ name: 'Photo 1.mov', size: '9' });
    expect(await infoOf(api, file?.id ?? '')).toMatchObject({ origin: 'tapebooth', media_type: 'video' });
  });

  it.each([
    ['quoted', `multipart/form-data; boundary="${boundary}"`],
    ['after another parameter', `multipart/form-data; charset=utf-8; boundary=${boundary}`],
    ['in other capitals', `Multipart/Form-Data; Boundary=${boundary}`],
    ['without a space', `multipart/form-data;boundary=${boundary}`],
  ])('accepts a boundary that is %s', async (_what, type) => {
    const api = await inMemory();
    const response = await post(api, multipart([fileHeaders('file', 'a.txt'), 'content']), {
      headers: { 'content-type': type },
    });
    expect(await uploadedBy(response)).toHaveLength(1);
  });

  const special = multipart(
    [fieldHeaders('tags'), 'ü, b'],
    [fileHeaders('file', 'Fräulein.txt'), `a\r\n--Boundary\r\n--${boundary.slice(0, -1)}\r\n\r\n-`],
    [fileHeaders('file', 'b.txt'), ''],
  );

  async function expectSpecialFiles(api: Api, response: Response, at: number | string): Promise<void> {
    const text = await response.text();
    expect([at, response.status, text]).toEqual([at, 200, expect.any(String)]);
    const files: Uploaded[] = Object.values(JSON.parse(text).result);
    expect(files.map(({ name }) => name)).toEqual(['Fräulein.txt', 'b.txt']);
    expect(await contentOf(api, files[0]?.id ?? '')).toBe(`a\r\n--Boundary\r\n--${boundary.slice(0, -1)}\r\n\r\n-`);
    expect(await infoOf(api, files[1]?.id ?? '')).toMatchObject({ size: 0, tags: ['ü', 'b'] });
  }

  it('is the same wherever its body is split in two', async () => {
    const api = await inMemory();
    const broken: number[] = [];
    for (let at = 1; at < special.length; at++) {
      const response = await post(api, inPieces(special.slice(0, at), special.slice(at)));
      try {
        await expectSpecialFiles(api, response, at);
      } catch {
        broken.push(at);
      }
    }
    expect(broken.map((at) => [at, `…${Buffer.from(special.slice(Math.max(0, at - 12), at))}`])).toEqual([]);
  });

  it.each([1, 2, 3, 7, 16, 31])('is the same if it arrives in pieces of %i bytes', async (size) => {
    const api = await inMemory();
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < special.length; at += size) pieces.push(special.slice(at, at + size));
    await expectSpecialFiles(api, await post(api, inPieces(...pieces)), size);
  });

  it('ignores text before the first boundary and after the last', async () => {
    const api = await inMemory();
    const body = multipart([fileHeaders('file', 'a.txt'), 'content']);
    const whole = joined('This is a message in MIME format.\r\n', body, 'This is the end.\r\n');
    expect(await uploadedBy(await post(api, whole))).toHaveLength(1);
    const pieces = inPieces(
      joined('This is a message in MIME format.\r\n'),
      body,
      joined('This: is the end of it.\r\n'),
    );
    expect(await uploadedBy(await post(api, pieces))).toHaveLength(1);
  });

  it.each([
    ['a path of Windows', 'filename="C:\\fakepath\\photo.jpg"', 'photo.jpg'],
    ['a path of Unix', 'filename="../../etc/passwd"', 'passwd'],
    ['a path and nothing else', 'filename="../"', 'untitled'],
    ['two dots', 'filename=".."', 'untitled'],
    ['letters beyond ASCII', 'filename="日本 😀.txt"', '日本 😀.txt'],
    ['an encoded name', 'filename="x.txt"; filename*=UTF-8\'\'%E2%82%AC%20rates.txt', '€ rates.txt'],
    ['a name without quotes', 'filename=plain.txt', 'plain.txt'],
    ['a quote, as browsers write it', 'filename="a%22b.txt"', 'a"b.txt'],
    ['a quote, as curl and Firefox wrote it', 'filename="a\\"b.txt"', 'a"b.txt'],
    ['a quote at the end, as curl wrote it', 'filename="a.\\"txt\\""; x=y', 'a."txt"'],
    ['a backslash, as curl wrote it beside a quote', 'filename="\\"a\\\\b.txt"', 'b.txt'],
    ['a backslash at the end', 'filename="folder\\"; x=y', 'untitled'],
    ['a percent sign', 'filename="100%.txt"', '100%.txt'],
    ['a semicolon', 'filename="a;b.txt"', 'a;b.txt'],
    ['line breaks, as browsers write them', 'filename="a%0D%0Ab.txt"', 'ab.txt'],
    ['no extension', 'filename="README"', 'README'],
    ['a leading dot', 'filename=".profile"', '.profile'],
    ['a trailing dot', 'filename="name."', 'name.'],
  ])('accepts a file name with %s', async (_what, parameter, expected) => {
    const api = await inMemory();
    const headers = `Content-Disposition: form-data; name="file"; ${parameter}\r\nContent-Type: text/plain`;
    const [file] = await uploadedBy(await post(api, multipart([headers, 'content'])));
    expect(file?.name).toBe(expected);
    const info = await infoOf(api, file?.id ?? '');
    expect(info.extension ? `${info.name}.${info.extension}` : info.name).toBe(expected);
    expect(await contentOf(api, file?.id ?? '')).toBe('content');
  });

  it('can be downloaded whatever its name is', async () => {
    const api = await inMemory();
    for (const name of [
      `${'a'.repeat(300)}.txt`,
      `${'a'.repeat(254)}😀.txt`,
      `${'😀'.repeat(200)}.txt`,
      '\u200f\ufeffx',
    ]) {
      const id = await uploadOne(api, 'content', name);
      const response = await api.send(`/doc/${id}/original`);
      expect([name, response.status]).toEqual([name, 200]);
      expect(await response.text()).toBe('content');
    }
  });

  it.each(['text/плain', 'text', 'text/plain; charset=utf-8', '日本', 'image/jpeg\u00e9', 'a/b; c="\u2028"', '"'])(
    'can be downloaded whatever its type is: %j',
    async (type) => {
      const api = await inMemory();
      const response = await post(api, multipart([fileHeaders('file', 'a.txt', type), 'content']));
      if (response.status === 400) return expectFailure(response, 400);
      const [file] = await uploadedBy(response);
      expect(await contentOf(api, file?.id ?? '')).toBe('content');
    },
  );

  it.each([
    ['a.jpg', 'image/jpeg', 'image'],
    ['a.jpg', 'application/octet-stream', 'image'],
    ['a.MP3', 'application/octet-stream', 'audio'],
    ['a.mov', 'video/mov', 'video'],
    ['a.pdf', 'application/pdf', 'document'],
    ['a.txt', 'text/plain; charset=UTF-8', 'document'],
    ['a.docx', 'application/octet-stream', 'document'],
    ['a.zip', 'application/zip', 'archive'],
    ['a.zip', 'application/x-zip-compressed', 'archive'],
    ['a.zzz', 'application/octet-stream', 'unknown'],
    ['Chrome text selection.txt', 'application/text', 'document'],
    ['toString', 'application/octet-stream', 'unknown'],
  ])('of %s as %s is of media type %s', async (name, type, expected) => {
    const api = await inMemory();
    const [file] = await uploadedBy(await post(api, multipart([fileHeaders('file', name, type), 'x'])));
    expect((await infoOf(api, file?.id ?? '')).media_type).toBe(expected);
  });

  it('accepts a part without a type', async () => {
    const api = await inMemory();
    const headers = 'Content-Disposition: form-data; name="file"; filename="a.png"';
    const [file] = await uploadedBy(await post(api, multipart([headers, 'x'])));
    expect((await infoOf(api, file?.id ?? '')).media_type).toBe('image');
  });

  it('accepts the headers of a part in any case and order', async () => {
    const api = await inMemory();
    const headers =
      'content-type:text/plain\r\nX-Other: 1\r\nCONTENT-DISPOSITION:   FORM-DATA;NAME=file;FileName="a.txt"';
    const [file] = await uploadedBy(await post(api, multipart([headers, 'content'])));
    expect(file?.name).toBe('a.txt');
  });

  it('reads tags and starred from the query', async () => {
    const api = await inMemory();
    const path = `/doc/upload?tags=${encodeURIComponent('holiday, +bobby ,#tape,,holiday')}&starred=true`;
    const [file] = await uploadedBy(await post(api, multipart([fileHeaders('file', 'a.txt'), 'a']), { path }));
    expect(await infoOf(api, file?.id ?? '')).toMatchObject({ tags: ['holiday', '+bobby', '#tape'], starred: true });
  });

  it.each(['before', 'after'])('reads tags and starred from fields %s the file', async (where) => {
    const api = await inMemory();
    const file: [string, string] = [fileHeaders('file', 'a.txt'), 'a'];
    const fields: [string, string][] = [
      [fieldHeaders('tags'), 'süß,b'],
      [fieldHeaders('starred'), 'true'],
      [fieldHeaders('unknown'), 'x'],
    ];
    const parts = where === 'before' ? [...fields, file] : [file, ...fields];
    const [uploaded] = await uploadedBy(await post(api, multipart(...parts)));
    expect(await infoOf(api, uploaded?.id ?? '')).toMatchObject({ tags: ['süß', 'b'], starred: true });
  });

  it('prefers the query over fields', async () => {
    const api = await inMemory();
    const body = multipart(
      [fieldHeaders('tags'), 'field'],
      [fieldHeaders('starred'), 'true'],
      [fileHeaders('file', 'a.txt'), 'a'],
    );
    const [file] = await uploadedBy(await post(api, body, { path: '/doc/upload?tags=query&starred=false' }));
    expect(await infoOf(api, file?.id ?? '')).toMatchObject({ tags: ['query'], starred: false });
  });

  it.each(['false', '0', '', 'yes'])('is not starred by %j', async (starred) => {
    const api = await inMemory();
    const path = `/doc/upload?starred=${starred}`;
    const [file] = await uploadedBy(await post(api, multipart([fileHeaders('file', 'a.txt'), 'a']), { path }));
    expect((await infoOf(api, file?.id ?? '')).starred).toBe(false);
  });

  it.each([
    ['no multipart at all', 'application/json', '{}'],
    ['no content type', '', multipart([fileHeaders('file', 'a.txt'), 'a'])],
    ['no boundary', 'multipart/form-data', multipart([fileHeaders('file', 'a.txt'), 'a'])],
    ['another boundary', 'multipart/form-data; boundary=other', multipart([fileHeaders('file', 'a.txt'), 'a'])],
    ['an empty body', multipartType, ''],
    ['no parts', multipartType, `--${boundary}--\r\n`],
    ['no file', multipartType, multipart([fieldHeaders('url'), 'http://localhost/'])],
    ['no end', multipartType, multipart([fileHeaders('file', 'a.txt'), 'a']).slice(0, -boundary.length - 6)],
    [
      'no end and a whole first file',
      multipartType,
      joined(
        multipart([fileHeaders('file', 'a.txt'), 'a']).slice(0, -4),
        '\r\n',
        fileHeaders('file', 'b.txt'),
        '\r\n\r\nb',
      ),
    ],
    ['headers that break off', multipartType, `--${boundary}\r\nContent-Disposition: form-da`],
    ['headers that are none', multipartType, multipart(['nonsense', 'a'])],
    ['a broken second part', multipartType, multipart([fileHeaders('file', 'a.txt'), 'a'], ['no header here', 'b'])],
    [
      'a part without a name',
      multipartType,
      multipart([fileHeaders('file', 'a.txt'), 'a'], ['Content-Disposition: form-data', 'b']),
    ],
    ['headers that never end', multipartType, multipart([`X-Long: ${'x'.repeat(100_000)}`, 'a'])],
    [
      'a broken encoded name',
      multipartType,
      multipart(
        [fileHeaders('file', 'a.txt'), 'a'],
        ['Content-Disposition: form-data; name="file"; filename*=UTF-8\'\'%ff%zz', 'b'],
      ),
    ],
  ])('is refused with 400 and stores nothing: %s', async (_what, type, body) => {
    const api = await apiOf(server.sandbox, { url: server.url, username: 'bob' });
    const before = await blobsOnDisk();
    const headers: Record<string, string> = type === '' ? { 'content-type': 'text/plain' } : { 'content-type': type };
    await expectFailure(await post(api, body, { headers }), 400);
    expect(await listOf(api)).toEqual([]);
    expect(await blobsOnDisk()).toEqual(before);
  });

  it('without a body is refused', async () => {
    const api = await apiOf(server.sandbox, { url: server.url });
    await expectFailure(await api.send('/doc/upload', { method: 'POST' }), 400);
    await expectFailure(await (await inMemory()).send('/doc/upload', { method: 'POST' }), 400);
  });

  it('with repeated headers in a part is accepted or refused, and never fails', async () => {
    const api = await inMemory();
    for (const twice of [
      fileHeaders('a', 'a.txt'),
      'Content-Type: text/plain',
      'Content-Disposition: form-data; name=x',
    ]) {
      const { status } = await post(api, multipart([`${fileHeaders('file', 'b.txt')}\r\n${twice}`, 'x']));
      expect([200, 400], twice).toContain(status);
    }
  });

  it('has a limited field size and a limited number of parts', async () => {
    const api = await inMemory();
    const file: [string, string] = [fileHeaders('file', 'a.txt'), 'a'];
    await expectFailure(await post(api, multipart(file, [fieldHeaders('tags'), 'x'.repeat(1_000_000)])), 413);
    const many: [string, string][] = Array.from({ length: 10_000 }, (_, i) => [fieldHeaders(`${i}`), '']);
    await expectFailure(await post(api, multipart(file, ...many)), 413);
    expect(await listOf(api)).toEqual([]);
  });

  it('that is cut off stores nothing', async () => {
    const { url, token, ...rest } = await apiOf(server.sandbox, { url: server.url, username: 'bob' });
    const before = await blobsOnDisk();
    const body = multipart(
      [fileHeaders('file', 'whole.txt'), 'x'.repeat(100_000)],
      [fileHeaders('file', 'cut.bin'), new Uint8Array(2_000_000)],
    );
    const { port, hostname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {}); // a reset is expected
    socket.write(
      `POST /v1/doc/upload HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${multipartType}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.slice(0, 1_000_000));
    expect(
      await eventually(blobsOnDisk, (blobs) => blobs.length === before.length + 2),
      'one file that is whole and one on its way',
    ).toHaveLength(before.length + 2);
    socket.destroy();
    expect(await eventually(blobsOnDisk, (blobs) => blobs.length === before.length)).toEqual(before);
    expect(await listOf({ url, token, ...rest })).toEqual([]);
  });

  it('in chunks, without a length, is accepted', async () => {
    const api = await apiOf(server.sandbox, { url: server.url });
    const piece = new Uint8Array(100_000).fill(120);
    const [head, tail] = [
      joined(`--${boundary}\r\n${fileHeaders('file', 'a.txt')}\r\n\r\n`),
      joined(`\r\n--${boundary}--`),
    ];
    const [file] = await uploadedBy(await post(api, inPieces(head, piece, piece, piece, tail)));
    expect(file?.size).toBe('300000');
    expect(await contentOf(api, file?.id ?? '')).toBe('x'.repeat(300_000));
  });

  it('can be downloaded byte for byte', async () => {
    const api = await apiOf(server.sandbox, { url: server.url });
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const large = joined(
      ...Array.from({ length: 50 }, (_, i) => joined(bytes, `\r\n--${boundary.slice(0, i % 26)}\r\n`)),
    );
    const id = await uploadOne(api, large, 'large.bin');
    const response = await api.send(`/doc/${id}/original`);
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), large)).toBe(0);
  });
});

describe('the quota', () => {
  it('refuses a larger upload with 413 and stores nothing of it', async () => {
    const api = await apiOf(server.sandbox, { url: server.url, username: 'small' });
    const before = await blobsOnDisk();
    const response = await post(
      api,
      multipart(
        [fileHeaders('file', 'fits.txt'), 'x'.repeat(1_000)],
        [fileHeaders('file', 'big'), 'x'.repeat(1_000_000)],
      ),
    );
    await expectFailure(response, 413);
    expect(await listOf(api)).toEqual([]);
    expect(await eventually(blobsOnDisk, (blobs) => blobs.length === before.length)).toEqual(before);
    expect((await resultOf<{ quota_free: number }>(await api.send('/account'))).quota_free).toBe(1_000_000);
  });

  it('refuses a large upload while it is being sent, and the next call works', async () => {
    const { token, ...api } = await apiOf(server.sandbox, { url: server.url, username: 'small' });
    const client = new ApiClient({ token, baseUrl: `${server.url}/v1` });
    for (let i = 0; i < 3; i++) {
      const file = new Blob([new Uint8Array(30_000_000)]);
      await expect(client.files.upload(file, { name: 'large.bin' })).rejects.toMatchObject({ code: 'http_413' });
      expect((await client.account.get()).quota_used).toBe(0);
    }
    expect(await listOf({ token, ...api })).toEqual([]);
  });

  it('can be used up to the last byte, and again after a delete', async () => {
    const api = await inMemory({ users: [{ username: 'alice', password: 'x', quota: 10 }] });
    const id = await uploadOne(api, '0123456789');
    await expectFailure(await post(api, multipart([fileHeaders('file', 'a.txt'), 'x'])), 413);
    expect(await uploadOne(api, '')).toMatch(uuid);
    await api.send(`/doc/${id}`, { method: 'DELETE' });
    expect(await uploadOne(api, '0123456789')).toMatch(uuid);
  });

  it('is not exceeded by two concurrent uploads', async () => {
    const api = await inMemory({ users: [{ username: 'alice', password: 'x', quota: 100 }] });
    const responses = await together(api, 3, multipart([fileHeaders('file', 'a.txt'), 'x'.repeat(60)]));
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 413, 413]);
    const account = await resultOf<{ quota_free: number }>(await api.send('/account'));
    expect(account.quota_free).toBe(40);
  });

  it('is read again when the sandbox restarts', async () => {
    const store = memoryStore();
    const users = [{ username: 'alice', password: 'x', quota: 100 }];
    await uploadOne(await inMemory({ store, users }), 'x'.repeat(60));
    const api = await inMemory({ store, users });
    await expectFailure(await post(api, multipart([fileHeaders('file', 'a.txt'), 'x'.repeat(60)])), 413);
  });
});

describe('the list', () => {
  const meta = { title: 'T', width: 3 };
  async function withMeta(): Promise<Api> {
    const store = memoryStore();
    const api = await inMemory({ store });
    const id = await uploadOne(api);
    const record = await store.get('files', `alice/${id}`);
    if (!record) throw new Error('the upload is not on record');
    await store.commit([{ put: 'files', key: `alice/${id}`, record: { ...record, meta } }]);
    return api;
  }

  it.each([
    ['', {}],
    ['?include_meta=false', {}],
    ['?include_meta=0', {}],
    ['?include_meta=true', meta],
    ['?include_meta', meta],
    ['?include_meta=', meta],
    ['?include_meta=1', meta],
  ])('with the query %j has the metadata %j', async (query, expected) => {
    const response = await (await withMeta()).send(`/doc${query}`);
    const [file] = Object.values(await resultOf<Record<string, WireFile>>(response));
    expect(file?.meta).toEqual(expected);
  });

  it('has no metadata by default, unlike the info of a file', async () => {
    const api = await withMeta();
    const [file] = await listOf(api);
    expect((await infoOf(api, file?.id ?? '')).meta).toEqual(meta);
  });

  it('is an empty map when there are no files', async () => {
    const response = await (await inMemory()).send('/doc');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.text()).toBe('{"error":null,"result":{}}');
  });

  it.each([1, 2, 10_000])('of %i files is valid JSON, in the order of the uploads', async (count) => {
    const store = memoryStore();
    const api = await inMemory({ store });
    const files = Array.from(
      { length: count },
      (_, index): FileRecord => ({
        id: crypto.randomUUID(),
        owner: 'alice',
        name: `file "${index}" \\ \u2028 ü 😀`,
        extension: 'txt',
        type: 'text/plain',
        size: index,
        time_added: 1_400_000_000 + index,
        media_type: 'document',
        tags: ['a', `#${index}`],
        origin: 'webupload',
        starred: index % 2 === 0,
        public_code: null,
        processing_status: 'ok',
        meta: {},
      }),
    );
    await store.commit(files.map((file) => ({ put: 'files', key: `alice/${file.id}`, record: file })));
    const response = await api.send('/doc');
    let pieces = 0;
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      pieces += 1;
      text += decoder.decode(piece, { stream: true });
    }
    if (count > 1_000) expect(pieces).toBeGreaterThan(1);
    const { error, result } = JSON.parse(text);
    expect(error).toBeNull();
    expect(Object.keys(result)).toEqual(files.map(({ id }) => id));
    expect(Object.values<WireFile>(result).map(({ name }) => name)).toEqual(files.map(({ name }) => name));
  });

  it('can be cancelled half-way', async () => {
    const api = await apiOf(server.sandbox, { url: server.url });
    await uploadOne(api);
    const response = await api.send('/doc');
    await response.body?.cancel();
    expect((await listOf(api)).length).toBeGreaterThan(0);
  });

  it('has no body in response to HEAD', async () => {
    const response = await (await withMeta()).send('/doc', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });
});

const digits = '0123456789';

describe.each([
  ['as a function', () => inMemory()],
  ['over HTTP', () => apiOf(server.sandbox, { url: server.url })],
])('a download %s', (_name, open) => {
  async function withDigits(name = 'digits.txt'): Promise<{ get: Get; api: Api; id: string }> {
    const api = await open();
    const id = await uploadOne(api, digits, name);
    return { api, id, get: (headers = {}, method = 'GET') => api.send(`/doc/${id}/original`, { method, headers }) };
  }
  type Get = (headers?: Record<string, string>, method?: string) => Promise<Response>;

  it('has the bytes with their length, type, name and ETag', async () => {
    const { get } = await withDigits('Übersicht %221%22.txt');
    const response = await get();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('10');
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(response.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(response.headers.get('content-range')).toBeNull();
    const disposition = response.headers.get('content-disposition') ?? '';
    expect(disposition).toMatch(/^attachment; filename="/);
    expect(disposition).toContain("filename*=UTF-8''%C3%9Cbersicht%20%221%22.txt");
    expect(await response.text()).toBe(digits);
  });

  it.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=0-9', digits, 'bytes 0-9/10'],
    ['bytes=2-5', '2345', 'bytes 2-5/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=0-', digits, 'bytes 0-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
    ['bytes=5-99999999999999999999999', '56789', 'bytes 5-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-100', digits, 'bytes 0-9/10'],
    ['bytes=9-9', '9', 'bytes 9-9/10'],
    ['Bytes=2-5', '2345', 'bytes 2-5/10'],
  ])('returns the range %s', async (range, expected, contentRange) => {
    const { get } = await withDigits();
    const response = await get({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-length')).toBe(String(expected.length));
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(response.headers.get('etag')).toMatch(/^"/);
    expect(await response.text()).toBe(expected);
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=99999999999999999999999-', 'bytes=-0'])(
    'responds to %s with 416 and the size',
    async (range) => {
      const { get } = await withDigits();
      const response = await get({ range });
      expect(response.headers.get('content-range')).toBe('bytes */10');
      expect(response.headers.get('access-control-expose-headers')).toContain('Content-Range');
      await expectFailure(response, 416);
    },
  );

  it.each([
    'bytes=5-2',
    'bytes=-',
    'bytes=',
    'bytes=a-b',
    'bytes=0-1,3-4',
    'items=0-1',
    'bytes 0-1',
    'nonsense',
    'bytes=1.5-2',
  ])('is complete if the range is invalid or not supported: %s', async (range) => {
    const { get } = await withDigits();
    const response = await get({ range });
    expect([response.status, await response.text()]).toEqual([200, digits]);
  });

  it('returns the range if the If-Range validator matches', async () => {
    const { get } = await withDigits();
    const tag = (await get()).headers.get('etag') ?? '';
    const partial = await get({ range: 'bytes=2-5', 'if-range': tag });
    expect([partial.status, await partial.text()]).toEqual([206, '2345']);
    for (const other of ['"other"', `W/${tag}`, 'Wed, 21 Oct 2015 07:28:00 GMT']) {
      const whole = await get({ range: 'bytes=2-5', 'if-range': other });
      expect([other, whole.status, await whole.text()]).toEqual([other, 200, digits]);
      const beyond = await get({ range: 'bytes=20-', 'if-range': other });
      expect([other, beyond.status]).toEqual([other, 200]);
    }
  });

  it('has its own ETag', async () => {
    const { api, get } = await withDigits();
    const other = await uploadOne(api, digits);
    const response = await api.send(`/doc/${other}/original`);
    expect(response.headers.get('etag')).not.toBe((await get()).headers.get('etag'));
  });

  it.each(['TAG', 'W/TAG', '"other", TAG', '"other",TAG,"more"', '*'])(
    'is a 304 response if the ETag matches: %s',
    async (known) => {
      const { get } = await withDigits();
      const tag = (await get()).headers.get('etag') ?? '';
      const response = await get({ 'if-none-match': known.replace('TAG', tag) });
      expect([response.status, await response.text()]).toEqual([304, '']);
      expect(response.headers.get('etag')).toBe(tag);
    },
  );

  it('is sent if the ETag does not match', async () => {
    const { get } = await withDigits();
    const response = await get({ 'if-none-match': '"other", W/"else"' });
    expect([response.status, await response.text()]).toEqual([200, digits]);
  });

  it('has the headers of GET in response to HEAD, without the bytes', async () => {
    const { get } = await withDigits();
    const [head, whole] = [await get({}, 'HEAD'), await get()];
    await whole.text();
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const name of ['content-length', 'content-type', 'content-disposition', 'etag', 'accept-ranges']) {
      expect([name, head.headers.get(name)]).toEqual([name, whole.headers.get(name)]);
    }
  });

  it('has no range in response to HEAD', async () => {
    const { get } = await withDigits();
    for (const range of ['bytes=2-5', 'bytes=100-']) {
      const { status, headers } = await get({ range }, 'HEAD');
      expect([status, headers.get('content-length'), headers.get('content-range')]).toEqual([200, '10', null]);
    }
  });

  it('of an empty file is empty and has no range', async () => {
    const api = await open();
    const id = await uploadOne(api, '');
    const whole = await api.send(`/doc/${id}/original`);
    expect([whole.status, whole.headers.get('content-length'), await whole.text()]).toEqual([200, '0', '']);
    for (const range of ['bytes=0-', 'bytes=-5', 'bytes=0-0']) {
      const response = await api.send(`/doc/${id}/original`, { headers: { range } });
      expect(response.headers.get('content-range')).toBe('bytes */0');
      await expectFailure(response, 416);
    }
  });

  it('can be cancelled half-way', async () => {
    const api = await open();
    const id = await uploadOne(api, new Uint8Array(5_000_000));
    const response = await api.send(`/doc/${id}/original`);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect((await (await api.send(`/doc/${id}/original`)).arrayBuffer()).byteLength).toBe(5_000_000);
  });

  it('is not compressed, even if the client accepts compression', async () => {
    const api = await open();
    const id = await uploadOne(api, 'x'.repeat(10_000));
    const response = await api.send(`/doc/${id}/original`, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.text()).toBe('x'.repeat(10_000));
  });
});

describe('a delete', () => {
  it('removes the record and the bytes', async () => {
    const api = await apiOf(server.sandbox, { url: server.url });
    const before = await blobsOnDisk();
    const id = await uploadOne(api);
    expect(await blobsOnDisk()).toHaveLength(before.length + 1);
    const response = await api.send(`/doc/${id}`, { method: 'DELETE' });
    expect([response.status, await response.json()]).toEqual([200, { error: null, result: { deleted: true } }]);
    await expectFailure(await api.send(`/doc/${id}`), 404);
    await expectFailure(await api.send(`/doc/${id}/original`), 404);
    expect((await listOf(api)).map((file) => file.id)).not.toContain(id);
    expect(await blobsOnDisk()).toEqual(before);
  });

  it('of a deleted file is refused', async () => {
    const api = await inMemory();
    const id = await uploadOne(api);
    const responses = await Promise.all(Array.from({ length: 5 }, () => api.send(`/doc/${id}`, { method: 'DELETE' })));
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 404, 404, 404, 404]);
  });
});

describe('other origins', () => {
  it.each(['/account', '/doc', `/doc/${unknownId}`, '/doc/upload', '/nothing'])(
    'can send a preflight: %s',
    async (path) => {
      for (const url of [origin, server.url]) {
        const send: typeof fetch = url === origin ? (await inMemory()).sandbox.fetch : fetch;
        const response = await send(`${url}/v1${path}`, {
          method: 'OPTIONS',
          headers: {
            origin: 'https://app.example',
            'access-control-request-method': 'DELETE',
            'access-control-request-headers': 'authorization,content-type,x-dt-origin-desc,range,traceparent',
          },
        });
        expect(response.status).toBe(204);
        expect(response.headers.get('access-control-allow-origin')).toBe('*');
        expect(response.headers.get('access-control-allow-credentials')).toBeNull();
        const methods = response.headers.get('access-control-allow-methods') ?? '';
        for (const method of ['GET', 'POST', 'DELETE']) expect(methods).toContain(method);
        const headers = response.headers.get('access-control-allow-headers')?.toLowerCase() ?? '';
        for (const name of ['authorization', 'content-type', 'x-dt-origin-desc', 'range', 'traceparent'])
          expect(headers).toContain(name);
      }
    },
  );

  it('can read the headers they need in every response, each sent once', async () => {
    const api = await inMemory();
    const id = await uploadOne(api);
    for (const path of ['/account', '/doc', `/doc/${id}/original`, `/doc/${unknownId}`, '/nothing']) {
      const { headers } = await api.send(path, { headers: { origin: 'https://app.example' } });
      expect(headers.get('access-control-allow-origin')).toBe('*');
      const exposed = headers.get('access-control-expose-headers') ?? '';
      for (const name of ['Accept-Ranges', 'Content-Length', 'Content-Range', 'ETag', 'WWW-Authenticate']) {
        expect(exposed).toContain(name);
      }
    }
  });
});

describe('the API on any host name', () => {
  it.each(['api.doctape.com', 'my.doctape.com', 'localhost:1', '[::1]', 'nothing.example:4400'])(
    'responds: %s',
    async (host) => {
      const { url, token } = await apiOf(server.sandbox, { url: server.url });
      const { status, body } = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
        const headers = { host, authorization: `Bearer ${token}` };
        httpRequest(`${url}/v1/account`, { headers }, async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve({ status: response.statusCode, body: text });
        })
          .on('error', reject)
          .end();
      });
      expect(status).toBe(200);
      expect(JSON.parse(body).result.avatar).toMatch(`http://${host}/v1/account/avatar/50?`);
    },
  );
});
