import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { createSandbox } from '../../../src/sandbox.js';
import { ViewClient } from '../../../src/view.js';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { makeZip } from '../../fixtures/make-zip.js';
import { appOf, codeClient, served, tokenFor } from '../../support/sandbox.js';
import { advanced, formOf, vectorApp } from '../../support/view.js';
import { Conformity } from './conformity.js';

// Holds responses of the sandbox against the document. At the end, every documented status of every operation must have been seen.

const users = [
  { username: 'alice', password: 'wonderland', firstname: 'Alice', email: 'alice@example.org' },
  { username: 'bob', password: 'builder', email: 'bob@example.org', quota: 100_000 },
];
const { url, sandbox } = await served({ users, apps: [...createSandbox().apps, vectorApp] });
const conformity = new Conformity(JSON.parse(readFileSync('dist/openapi.json', 'utf8')));

async function checked(input: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(input, init);
  await conformity.check(init.method ?? 'GET', input, response.clone());
  return response;
}

const tokenOf = async (name: string, scope?: string[]) => (await tokenFor(sandbox, name, scope, url)).access_token;
const clientOf = (token: string) => new ApiClient({ token, baseUrl: `${url}/v1`, fetch: checked, retry: false });

const tokens = { alice: '', bob: '', account: '', files: '' };
let alice: ApiClient;
let bob: ApiClient;
beforeAll(async () => {
  tokens.alice = await tokenOf('alice');
  tokens.bob = await tokenOf('bob');
  tokens.account = await tokenOf('alice', ['account.read']);
  tokens.files = await tokenOf('alice', ['file.read']);
  alice = clientOf(tokens.alice);
  bob = clientOf(tokens.bob);
});

/** Sends a request and checks the response. @returns its status */
async function send(
  method: string,
  path: string,
  { token, headers, body }: { token?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<number> {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const response = await checked(url + path, {
    method,
    headers: { ...(authorization && { authorization }), ...headers },
    redirect: 'manual',
    ...(body !== undefined && { body }),
  });
  return response.status;
}

const core = conformity.operations.filter(({ tags }) => !tags.includes('view') && !tags.includes('oauth'));
const values: Record<string, string> = { id: crypto.randomUUID(), size: '300', rendition: 'thumb_120.jpg' };
const filled = (path: string, more: Record<string, string> = {}) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => ({ ...values, ...more })[name] ?? '');
const bodyFor = (id: string) => (id === 'publishFile' ? '{"public":true}' : '{}');

describe('the document describes', () => {
  it('every call of the SDK', async () => {
    await alice.account.get();
    await alice.account.avatar(50);
    const [photo, archive, sound] = await alice.files.uploadAll(
      [
        new File([Buffer.from(makeJpeg(400, 300, quarters(400, 300)))], 'photo.jpg', { type: 'image/jpeg' }),
        new File([Buffer.from(makeZip([{ name: 'a.txt', content: Buffer.from('hello') }]))], 'a.zip', {
          type: 'application/zip',
        }),
        new File(['no sound'], 'broken.mp3', { type: 'audio/mpeg' }),
      ],
      { tags: ['holiday', '#party'] },
    );
    const id = photo?.id ?? '';
    expect(await alice.files.list({ includeMeta: true })).toHaveLength(3);
    await alice.files.get(sound?.id ?? '');
    await alice.files.update(id, { tags: ['#party', '+bob'], starred: true });
    await alice.files.publish(id);
    await alice.files.get(id);
    await alice.files.unpublish(id);
    await alice.files.extract(archive?.id ?? '');
    await alice.files.delete(await alice.files.clone(id));
    for (const rendition of ['original', 'thumb_120.jpg', 'image.jpg'] as const) {
      await (await alice.files.download(id, rendition)).arrayBuffer();
    }
    const [tape] = await alice.tapes.list();
    await alice.tapes.update(tape?.id ?? '', { shared_with: ['bob'] });
    await bob.tapes.get(tape?.id ?? '');
    expect((await bob.files.list()).length).toBeGreaterThan(0);
  });

  it.each(core)('$operationId without a token, and with one that lacks the scopes', async ({ method, path, tags }) => {
    expect(await send(method, filled(path))).toBe(401);
    expect(await send(method, filled(path), { token: 'unknown-token' })).toBe(401);
    const token = tags.includes('account') ? tokens.files : tokens.account;
    expect(await send(method, filled(path), { token })).toBe(403);
  });

  it.each(core.filter(({ responses }) => '404' in responses))(
    '$operationId of something that does not exist',
    async ({ operationId, method, path }) => {
      const body = method === 'POST' ? { body: bodyFor(operationId) } : {};
      expect(await send(method, filled(path, { size: '51' }), { token: tokens.alice, ...body })).toBe(404);
    },
  );

  it.each(core.filter(({ requestBody }) => requestBody && 'application/json' in requestBody.content))(
    '$operationId with a body that is wrong or too large',
    async ({ method, path }) => {
      for (const [body, status] of [
        ['{"starred":1,"public":1,"live":1}', 400],
        ['no JSON', 400],
        [`"${'x'.repeat(2_000_000)}"`, 413],
      ] as const) {
        expect(await send(method, filled(path), { token: tokens.alice, body })).toBe(status);
      }
    },
  );

  it('changes to what belongs to another user, and an archive that is not one', async () => {
    const [file] = await bob.files.list();
    expect(await send('POST', `/v1/doc/${file?.id}`, { token: tokens.bob, body: '{}' })).toBe(403);
    const { id } = await alice.files.upload(new Blob(['no archive']), { name: 'a.zip' });
    expect(await send('POST', `/v1/doc/${id}/extract`, { token: tokens.alice })).toBe(400);
  });

  it('an upload without files, and files beyond the quota', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    expect(await send('POST', '/v1/doc/upload', { token: tokens.alice, headers, body: '--b--\r\n' })).toBe(400);
    await expect(bob.files.upload(new Uint8Array(200_000))).rejects.toMatchObject({ status: 413 });
    const { id } = await bob.files.upload(new Uint8Array(60_000));
    await expect(bob.files.clone(id)).rejects.toMatchObject({ status: 413 });
  });

  it('ranges and entity tags', async () => {
    const { id } = await alice.files.upload(makeJpeg(200, 100, quarters(200, 100)), {
      name: 'range.jpg',
      type: 'image/jpeg',
    });
    for (const path of [`/v1/doc/${id}/original`, `/v1/doc/${id}/thumb_120.jpg`, '/v1/account/avatar/50']) {
      const headers = { authorization: `Bearer ${tokens.alice}` };
      const etag = (await fetch(url + path, { headers })).headers.get('etag') ?? '';
      const token = tokens.alice;
      expect(await send('GET', path, { token, headers: { range: 'bytes=1-5' } })).toBe(206);
      expect(await send('GET', path, { token, headers: { range: 'bytes=9999999-' } })).toBe(416);
      expect(await send('GET', path, { token, headers: { 'if-none-match': etag } })).toBe(304);
    }
  });

  it.each([429, 500, 503])('a failure with status %i of every operation', async (status) => {
    for (const { method, path } of core) {
      const headers = { 'x-doctape-fault': `status=${status}` };
      expect(await send(method, filled(path), { token: tokens.alice, headers })).toBe(status);
    }
  });

  it('the sign-in', async () => {
    const { url: start, pending } = await codeClient(sandbox, url).authorize();
    expect(await send('GET', start.pathname + start.search)).toBe(200);
    expect(await send('GET', `/oauth2?client_id=unknown`)).toBe(400);
    start.searchParams.set('scope', 'unknown');
    expect(await send('GET', start.pathname + start.search)).toBe(303);
    start.searchParams.set('scope', 'file.read');
    const callback = await sandbox.authorize(start, { username: 'alice' });
    const exchange = () => codeClient(sandbox, url, { fetch: checked }).exchange(callback, pending);
    await expect(exchange()).resolves.toMatchObject({ token_type: 'Bearer' });
    await expect(exchange()).rejects.toMatchObject({ code: 'invalid_grant' });
    const { clientId } = appOf(sandbox, 'server');
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await send('POST', '/oauth2/token', { headers, body: `client_id=${clientId}` })).toBe(400);
    expect(await send('POST', '/oauth2/token', { headers, body: 'x'.repeat(70_000) })).toBe(413);
    for (const [method, path] of [
      ['GET', '/oauth2'],
      ['POST', '/oauth2/token'],
    ] as const) {
      expect(await send(method, path, { headers: { 'x-doctape-fault': 'status=503' } })).toBe(503);
    }
  });
});

describe('the document describes the View API:', () => {
  const { clientId, clientSecret } = vectorApp;
  const view = new ViewClient({ clientId, clientSecret, baseUrl: `${url}/sandbox`, fetch: checked });
  const documents = conformity.operations.filter(({ tags, path }) => tags.includes('view') && path.includes('{id}'));
  const photo = new File([Buffer.from(makeJpeg(400, 300, quarters(400, 300)))], 'photo.jpg', { type: 'image/jpeg' });
  let id: string;

  it('uploads, with a callback and beyond the quota too', async () => {
    const [stored] = await view.upload('somebody@example.org', [photo], { lazy: true });
    id = stored?.id ?? '';
    const [refused] = await view.upload('bob@example.org', [new File([new Uint8Array(200_000)], 'large.bin')]);
    expect(refused?.error).toBeTruthy();
    const { action, fields } = view.uploadForm({ email: 'a@example.org', callbackUrl: 'https://app.example/done' });
    await checked(action.href, { method: 'POST', body: formOf({ ...fields }, { photo }) });
    await checked(action.href, { method: 'POST', body: formOf({}, { photo }) });
    await checked(action.href, { method: 'POST', body: formOf({ ...fields, dt_multiauth: 'wrong' }, { photo }) });
  });

  it('documents', async () => {
    await view.get(id);
    await checked(view.embedUrl(id).href);
    for (const rendition of ['original', 'thumb_120.jpg'] as const) {
      const { href } = view.url(id, rendition);
      const etag = (await fetch(href)).headers.get('etag') ?? '';
      await checked(href);
      await checked(href, { headers: { range: 'bytes=1-5' } });
      await checked(href, { headers: { range: 'bytes=9999999-' } });
      await checked(href, { headers: { 'if-none-match': etag } });
    }
  });

  it.each(documents)('$operationId that is not signed, signed wrongly, or of another document', async (operation) => {
    const { method, path } = operation;
    expect(await send(method, filled(path, { id }))).toBe(400);
    expect(await send(method, `${filled(path, { id })}?app=${clientId}&multiauth=wrong`)).toBe(401);
    const other = crypto.randomUUID();
    const signed = { app: clientId, ...(method === 'POST' && { scope: 'file.unlink' }), target: other };
    const { target: _, ...sent } = { ...signed, multiauth: advanced(signed) };
    expect(await send(method, `${filled(path, { id: other })}?${new URLSearchParams(sent)}`)).toBe(404);
  });

  it('unlink', async () => {
    await view.unlink(id);
    await expect(view.get(id)).rejects.toMatchObject({ status: 404 });
  });
});

afterAll(() => {
  const documented = conformity.operations.flatMap(({ operationId, responses }) =>
    Object.keys(responses)
      .filter((status) => status !== 'default')
      .map((status) => `${operationId} ${status}`),
  );
  expect(documented.length).toBeGreaterThan(60);
  expect(documented.filter((name) => !conformity.seen.has(name))).toEqual([]);
});

it('a response that differs from the document is an error', async () => {
  const account = { quota: 1, username: 'a' };
  const wrong = [
    Response.json({ error: null, result: account }),
    Response.json({ error: null }),
    Response.json({ error: { code: 418, message: 'no' }, result: null }, { status: 418 }),
    new Response('{}', { headers: { 'content-type': 'text/html' } }),
  ];
  for (const response of wrong) {
    await expect(
      new Conformity(JSON.parse(readFileSync('dist/openapi.json', 'utf8'))).check('GET', `${url}/v1/account`, response),
    ).rejects.toThrow();
  }
});
