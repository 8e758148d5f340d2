import { readFileSync } from 'node:fs';
import { encode } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { ApiClient, InsufficientScopeError, NotFoundError, ProcessingError, renditions } from '../../src/index.js';
import { served, tokenFor } from '../support/sandbox.js';

// Every documented operation over HTTP, named by its route. docs/operations.md refers to these names.

const { url, sandbox } = await served();
const baseUrl = `${url}/v1`;
const alice = new ApiClient({ token: await tokenFor(sandbox, 'alice', undefined, url), baseUrl });
const bob = new ApiClient({ token: await tokenFor(sandbox, 'bob', undefined, url), baseUrl });

const text = (content: string, name: string) => new File([content], name, { type: 'text/plain' });
const jpeg = (width: number, height: number) =>
  encode({ data: new Uint8Array(width * height * 4).fill(120), width, height }, 80).data as Uint8Array<ArrayBuffer>;

describe('account', () => {
  it('GET /account', async () => {
    const before = await bob.account.get();
    expect(before).toMatchObject({ username: 'bob', email: 'bob@example.org', type: 'basic', quota: 5_000_000_000 });
    const { id, size } = await bob.files.upload(text('twelve bytes', 'a.txt'));
    const after = await bob.account.get();
    expect(after.quota_used).toBe(before.quota_used + size);
    expect(after.quota_free).toBe(after.quota - after.quota_used);
    await bob.files.delete(id);
  });

  it.each([50, 300, 600] as const)('GET /account/avatar/{size}: %i', async (size) => {
    for (const response of [await alice.account.avatar(size), await fetch(alice.account.avatarUrl(size))]) {
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      const bytes = new Uint8Array(await response.arrayBuffer());
      expect([...bytes.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    }
    const other = await (await bob.account.avatar(size)).arrayBuffer();
    expect(new Uint8Array(other)).not.toEqual(new Uint8Array(await (await alice.account.avatar(size)).arrayBuffer()));
  });

  it('GET /account/avatar/{size}: the avatar URL of the account can be fetched with the token', async () => {
    const { avatar } = await alice.account.get();
    expect((await fetch(avatar)).status).toBe(401);
    const token = alice.account.avatarUrl().searchParams.get('access_token');
    const response = await fetch(avatar, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(200);
  });
});

describe('files', () => {
  it('GET /doc', async () => {
    const first = await alice.files.upload(text('1', 'first.txt'));
    const second = await alice.files.upload(new File([jpeg(40, 30)], 'second.jpg', { type: 'image/jpeg' }));
    const listed = await alice.files.list();
    expect(listed.map(({ id }) => id).slice(-2)).toEqual([first.id, second.id]);
    expect(listed.at(-1)?.meta).toEqual({});
    const withMeta = await alice.files.list({ includeMeta: true });
    expect(withMeta.at(-1)?.meta).toMatchObject({ width: 40, height: 30 });
    const iterated = [];
    for await (const file of alice.files.iterate({ includeMeta: true })) iterated.push(file);
    expect(iterated).toEqual(withMeta);
  });

  it('GET /doc/{id}', async () => {
    const { id } = await alice.files.upload(new File([jpeg(40, 30)], 'my.photo.jpg', { type: 'image/jpeg' }));
    expect(await alice.files.get(id)).toMatchObject({
      id,
      public_url: null,
      name: 'my.photo',
      extension: 'jpg',
      media_type: 'image',
      tags: [],
      origin: 'webupload',
      starred: false,
      shared: 0,
      processing_status: 'ok',
      meta: { width: 40, height: 30 },
    });
  });

  it('POST /doc/{id}', async () => {
    const { id } = await alice.files.upload(text('x', 'old.txt'), { tags: ['kept'] });
    expect(await alice.files.update(id, { name: 'new' })).toMatchObject({
      name: 'new',
      extension: 'txt',
      tags: ['kept'],
    });
    expect(await alice.files.update(id, { name: 'newer.txt' })).toMatchObject({ name: 'newer', extension: 'txt' });
    expect(await alice.files.update(id, { starred: true })).toMatchObject({ name: 'newer', starred: true });
    expect(await alice.files.update(id, { tags: ['a', 'b'] })).toMatchObject({ tags: ['a', 'b'], starred: true });
    expect(await alice.files.get(id)).toMatchObject({ name: 'newer', tags: ['a', 'b'], starred: true });
    await expect(alice.files.update(id, {})).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('POST /doc/upload', async () => {
    const uploaded = await alice.files.uploadAll([text('one', '1.txt'), text('three', '2.txt')], {
      tags: ['both'],
      starred: true,
    });
    expect(uploaded.map(({ name, size }) => [name, size])).toEqual([
      ['1.txt', 3],
      ['2.txt', 5],
    ]);
    for (const { id } of uploaded) expect(await alice.files.get(id)).toMatchObject({ tags: ['both'], starred: true });
  });

  it('GET /doc/{id}/original', async () => {
    const { id } = await alice.files.upload(text('the original', 'o.txt'));
    expect(await (await alice.files.download(id)).text()).toBe('the original');
    expect(await (await fetch(alice.files.url(id))).text()).toBe('the original');
  });

  it.each(['thumb_120.jpg', 'thumb_320.jpg'] as const)('GET /doc/{id}/%s', async (rendition) => {
    const { id } = await alice.files.upload(new File([jpeg(640, 480)], 'photo.jpg', { type: 'image/jpeg' }));
    const thumb = await alice.files.download(id, rendition);
    expect(thumb.headers.get('content-type')).toBe('image/jpeg');
    const bytes = new Uint8Array(await thumb.arrayBuffer());
    expect([...bytes.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    const edge = rendition === 'thumb_120.jpg' ? 120 : 320;
    const { id: again } = await alice.files.upload(new File([bytes], 'thumb.jpg', { type: 'image/jpeg' }));
    expect((await alice.files.get(again)).meta).toMatchObject({ width: edge, height: (edge * 3) / 4 });
  });

  it('GET /doc/{id}/image.jpg', async () => {
    const photo = jpeg(20, 20);
    const { id } = await alice.files.upload(new File([photo], 'photo.jpg', { type: 'image/jpeg' }));
    expect(new Uint8Array(await (await alice.files.download(id, 'image.jpg')).arrayBuffer())).toEqual(
      new Uint8Array(photo),
    );
  });

  it.each([
    ['document.pdf', 'paper.pdf', 'application/pdf'],
    ['audio.mp3', 'song.mp3', 'audio/mpeg'],
    ['video_640.mp4', 'film.mp4', 'video/mp4'],
    ['video_1280.mp4', 'film.mp4', 'video/mp4'],
    ['poster_640.jpg', 'film.mp4', 'video/mp4'],
    ['poster_1280.jpg', 'film.mp4', 'video/mp4'],
  ] as const)('GET /doc/{id}/%s', async (rendition, name, type) => {
    // a rendition that the sandbox cannot make is the documented 404, in an envelope
    const { id } = await alice.files.upload(text('not of that kind', 'plain.txt'));
    await expect(alice.files.download(id, rendition)).rejects.toThrow(NotFoundError);
    const damaged = await alice.files.upload(new File(['damaged'], name, { type }));
    const error = await alice.files.download(damaged.id, rendition).catch((error) => error);
    expect(error).toBeInstanceOf(NotFoundError);
  });

  it('POST /doc/{id}/clone', async () => {
    const { id } = await alice.files.upload(text('copy me', 'c.txt'), { tags: ['left behind'] });
    const copy = await alice.files.clone(id);
    expect(copy).not.toBe(id);
    expect(await alice.files.get(copy)).toMatchObject({ name: 'c', tags: [], size: 7 });
    await alice.files.delete(id);
    expect(await (await alice.files.download(copy)).text()).toBe('copy me');
  });

  it('POST /doc/{id}/public', async () => {
    const { id } = await alice.files.upload(text('for everybody', 'p.txt'));
    const address = await alice.files.publish(id);
    expect((await alice.files.get(id)).public_url).toBe(address.href);
    expect(await alice.files.publish(id)).toEqual(address);
    expect(await (await fetch(address)).text()).toContain('p.txt');
    expect(await (await fetch(`${address}/original`)).text()).toBe('for everybody');
    await alice.files.unpublish(id);
    expect((await alice.files.get(id)).public_url).toBeNull();
    expect((await fetch(address)).status).toBe(404);
    const again = await alice.files.publish(id);
    await alice.files.delete(id);
    expect((await fetch(again)).status).toBe(404);
  });

  it('DELETE /doc/{id}', async () => {
    const { id } = await alice.files.upload(text('x', 'x.txt'));
    await expect(bob.files.delete(id)).rejects.toThrow(NotFoundError);
    await alice.files.delete(id);
    await expect(alice.files.get(id)).rejects.toThrow(NotFoundError);
    await expect(alice.files.delete(id)).rejects.toThrow(NotFoundError);
  });

  it('POST /doc/{id}/extract', async () => {
    const { id } = await alice.files.upload(text('no archive', 'x.txt'));
    await expect(alice.files.extract(id)).rejects.toMatchObject({ status: 400 });
  });

  it('waits until a file is processed, and throws if that failed', async () => {
    const { id } = await alice.files.upload(text('x', 'x.txt'));
    expect((await alice.files.waitUntilProcessed(id)).id).toBe(id);
    const damaged = await alice.files.upload(new File(['no picture'], 'x.jpg', { type: 'image/jpeg' }));
    await expect(alice.files.waitUntilProcessed(damaged.id)).rejects.toThrow(ProcessingError);
    expect(await (await alice.files.download(damaged.id)).text()).toBe('no picture');
  });
});

describe('sharing', () => {
  it('lets a user whom the file is tagged with read it, but not change it', async () => {
    const { id } = await alice.files.upload(text('for bob', 'b.txt'), { tags: ['+bob'] });
    expect(await bob.files.get(id)).toMatchObject({ shared: 1 });
    expect((await bob.files.list()).map((file) => file.id)).toContain(id);
    expect(await (await bob.files.download(id)).text()).toBe('for bob');
    await expect(bob.files.update(id, { name: 'mine' })).rejects.toMatchObject({ status: 403 });
    await expect(bob.files.delete(id)).rejects.toMatchObject({ status: 403 });
    await alice.files.update(id, { tags: [] });
    await expect(bob.files.get(id)).rejects.toThrow(NotFoundError);
  });
});

describe('tapes', () => {
  it('GET /tape', async () => {
    const { id } = await alice.files.upload(text('x', 'x.txt'), { tags: ['#party'] });
    const tape = (await alice.tapes.list()).find(({ name }) => name === 'party');
    expect(tape).toMatchObject({ live: true, shared_with: [], files: [id] });
    expect(await bob.tapes.list()).toEqual([]);
  });

  it('GET /tape/{id}', async () => {
    await alice.files.upload(text('x', 'x.txt'), { tags: ['#concert'] });
    const tape = (await alice.tapes.list()).find(({ name }) => name === 'concert');
    expect(await alice.tapes.get(tape?.id ?? '')).toEqual(tape);
    await expect(bob.tapes.get(tape?.id ?? '')).rejects.toThrow(NotFoundError);
  });

  it('POST /tape/{id}', async () => {
    const { id } = await alice.files.upload(text('x', 'x.txt'), { tags: ['#trip'] });
    const tape = (await alice.tapes.list()).find(({ name }) => name === 'trip');
    const changed = await alice.tapes.update(tape?.id ?? '', { live: false, shared_with: ['bob'] });
    expect(changed).toMatchObject({ name: 'trip', live: false, shared_with: ['bob'] });
    expect(await bob.tapes.list()).toMatchObject([{ name: 'alice/trip', files: [id] }]);
    expect(await bob.files.get(id)).toMatchObject({ shared: 'alice' });
    await expect(bob.tapes.update(tape?.id ?? '', { live: true })).rejects.toMatchObject({ status: 403 });
    await alice.tapes.update(tape?.id ?? '', { shared_with: [] });
    await expect(bob.files.get(id)).rejects.toThrow(NotFoundError);
  });
});

describe('everything', () => {
  it('requires its scopes, and names them in the error', async () => {
    const token = await tokenFor(sandbox, 'alice', ['account.read'], url);
    const api = new ApiClient({ token, baseUrl });
    const calls = {
      'file.read': [() => api.files.list(), () => api.files.get('x'), () => api.files.download('x')],
      'file.create': [() => api.files.upload(text('x', 'x'))],
      'file.create file.read': [() => api.files.clone('x'), () => api.files.extract('x')],
      'file.update file.read': [() => api.files.update('x', { starred: true }), () => api.files.publish('x')],
      'file.delete file.read': [() => api.files.delete('x')],
      'tape.read file.read': [() => api.tapes.list(), () => api.tapes.get('x')],
      'tape.update tape.read file.read': [() => api.tapes.update('x', { live: true })],
    };
    for (const [scopes, attempts] of Object.entries(calls)) {
      for (const attempt of attempts) {
        const error = await attempt().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(InsufficientScopeError);
        expect(error).toMatchObject({ requiredScopes: scopes.split(' ') });
      }
    }
  });

  it('is listed in docs/operations.md with the test that covers it', () => {
    const rows = readFileSync('docs/operations.md', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `') && !line.startsWith('| `view.'))
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
    expect(rows.length).toBe(15);
    const tests = readFileSync('test/api/operations.test.ts', 'utf8');
    for (const [, , route = '?', , title = '?'] of rows) {
      expect(title.startsWith(route.replace('{rendition}', '')), `${route} names its test`).toBe(true);
      const named = renditions.reduce((names, rendition) => names.replace(rendition, '%s'), title);
      expect(tests.includes(`('${title}`) || tests.includes(`('${named}`), `a test is called ${title}`).toBe(true);
    }
    for (const rendition of renditions) expect(tests).toContain(rendition);
  });
});
