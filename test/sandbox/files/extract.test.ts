import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileInfo } from '../../../src/index.js';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { makeZip, type ZipEntry } from '../../fixtures/make-zip.js';
import { blobsOnDisk } from '../../support/data-folder.js';
import { type SignedInUser, served, signIn, tokenFor } from '../../support/sandbox.js';

// Extract unpacks all of a zip archive, or nothing.

const folder = await mkdtemp(join(tmpdir(), 'doctape-extract-'));
const quota = 3_000_000;
const server = await served({
  data: folder,
  users: [
    { username: 'alice', password: 'wonderland', quota },
    { username: 'bob', password: 'builder', quota },
  ],
});
const { url, sandbox } = server;
afterAll(() => rm(folder, { recursive: true, force: true }));

let alice: SignedInUser;
let bob: SignedInUser;
beforeEach(async () => {
  await sandbox.reset();
  [alice, bob] = [await signIn(server, 'alice'), await signIn(server, 'bob')];
});

const text = (content: string): Uint8Array => Buffer.from(content);

async function upload(bytes: Uint8Array, name = 'archive.zip', type = 'application/zip'): Promise<string> {
  return (await alice.api.files.upload(new File([new Uint8Array(bytes)], name, { type }))).id;
}

function extract(id: string, { token } = alice, base = '/v1'): Promise<Response> {
  return fetch(`${url}${base}/doc/${id}/extract`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
}

const blobs = (): Promise<string[]> => blobsOnDisk(folder);

/** The open files of this process in the data folder, except the database. */
async function openBlobs(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder) && !target.includes('sandbox.sqlite'));
}

const nameOf = ({ name, extension }: FileInfo) => (extension === '' ? name : `${name}.${extension}`);

/** The files unpacked from an archive, in its order. */
async function unpacked(archive: string, { api } = alice): Promise<FileInfo[]> {
  return (await api.files.list({ includeMeta: true })).filter((file) => file.id !== archive);
}

async function expectNoFilesFrom(archive: string, size: number): Promise<void> {
  expect((await alice.api.files.list()).map(({ id }) => id)).toEqual([archive]);
  expect(await blobs()).toEqual([archive]);
  expect(await openBlobs()).toEqual([]);
  expect(await alice.api.account.get()).toMatchObject({ quota_used: size, quota_free: quota - size });
}

async function expectRefusal(archive: Uint8Array, statuses: number[] = [400, 413]): Promise<string> {
  const id = await upload(archive);
  const response = await extract(id);
  expect(statuses).toContain(response.status);
  const body = await response.json();
  expect(body).toEqual({ error: { code: response.status, message: expect.any(String) }, result: null });
  await expectNoFilesFrom(id, archive.byteLength);
  // the sandbox still works after a refused archive
  const good = await upload(makeZip([{ name: 'good.txt', content: text('good') }]), 'good.zip');
  expect((await extract(good)).status).toBe(200);
  expect((await alice.api.files.list()).map(nameOf)).toEqual(['archive.zip', 'good.zip', 'good.txt']);
  return body.error.message;
}

describe('a zip archive', () => {
  it('is unpacked into files like uploaded ones', async () => {
    const photo = makeJpeg(40, 30, quarters(40, 30));
    const archive = makeZip([
      { name: 'docs/' },
      { name: 'docs/readme.txt', content: text('read me') },
      { name: 'docs/deep/er/photo.jpg', content: photo },
      { name: 'empty' },
    ]);
    const id = await upload(archive);
    await alice.api.files.update(id, { tags: ['kept', '#tape', '+bob'], starred: true });
    await alice.api.files.extract(id);
    const files = await unpacked(id);
    expect(files.map(nameOf)).toEqual(['readme.txt', 'photo.jpg', 'empty']);
    for (const file of files) {
      expect(file).toMatchObject({
        tags: [],
        starred: false,
        shared: 0,
        public_url: null,
        processing_status: 'ok',
        origin: 'webupload',
      });
    }
    expect(files.map(({ media_type, size }) => [media_type, size])).toEqual([
      ['document', 7],
      ['image', photo.byteLength],
      ['unknown', 0],
    ]);
    const [readme, picture, empty] = files.map((file) => file.id);
    expect(await (await alice.api.files.download(readme ?? '')).text()).toBe('read me');
    expect((await alice.api.files.get(picture ?? '')).meta).toMatchObject({ width: 40, height: 30 });
    expect((await alice.api.files.download(picture ?? '', 'thumb_120.jpg')).status).toBe(200);
    expect((await (await alice.api.files.download(empty ?? '')).arrayBuffer()).byteLength).toBe(0);
    // the archive is unchanged
    expect(await alice.api.files.get(id)).toMatchObject({ tags: ['kept', '#tape', '+bob'], starred: true });
    const original = new Uint8Array(await (await alice.api.files.download(id)).arrayBuffer());
    expect(original).toEqual(new Uint8Array(archive));
  });

  it('adds the unpacked size of its files to the quota', async () => {
    const archive = makeZip([
      { name: 'a', content: new Uint8Array(100_000) },
      { name: 'b', content: text('12345') },
    ]);
    const id = await upload(archive);
    await alice.api.files.extract(id);
    const used = archive.byteLength + 100_005;
    expect(await alice.api.account.get()).toMatchObject({ quota_used: used, quota_free: quota - used });
    for (const file of await unpacked(id)) await alice.api.files.delete(file.id);
    await expectNoFilesFrom(id, archive.byteLength);
  });

  it('can fill the quota to the last byte', async () => {
    const content = (size: number) => makeZip([{ name: 'full.bin', content: new Uint8Array(size) }]);
    let size = quota;
    for (let round = 0; round < 3; round++) size = quota - content(size).byteLength;
    const archive = content(size);
    expect(archive.byteLength + size).toBe(quota);
    await alice.api.files.extract(await upload(archive));
    expect(await alice.api.account.get()).toMatchObject({ quota_used: quota, quota_free: 0 });
  });

  it.each([
    ['uploaded with the name of an image', 'photo.jpg', 'image/jpeg', { name: 'a.txt' }],
    ['one with backslashes in its names', 'a.zip', 'application/zip', { name: 'dir\\a.txt' }],
    ['one with a control character in its names', 'a.zip', 'application/zip', { name: 'a\r.txt' }],
    ['one with a file that zip read from a pipe', 'a.zip', 'application/zip', { name: 'a.txt', mode: 0o010600 }],
  ])('can be %s', async (_what, name, type, entry) => {
    const id = await upload(makeZip([{ ...entry, content: text('text') }]), name, type);
    await alice.api.files.extract(id);
    expect((await unpacked(id)).map(nameOf)).toEqual(['a.txt']);
  });

  it('keeps names in any language', async () => {
    const names = ['Grüße aus Köln.txt', '日本語.txt', 'emoji 🎉.txt', 'ملف.txt', 'q"uo\'te.txt', 'a+b %41.txt'];
    const id = await upload(makeZip(names.map((name) => ({ name: `dir/${name}`, content: text(name) }))));
    await alice.api.files.extract(id);
    const files = await unpacked(id);
    expect(files.map(nameOf)).toEqual(names);
    for (const file of files) expect(await (await alice.api.files.download(file.id)).text()).toBe(nameOf(file));
  });

  it('can contain two files with the same name, which become two files', async () => {
    const id = await upload(
      makeZip([
        { name: 'one/a.txt', content: text('first') },
        { name: 'two/a.txt', content: text('second') },
      ]),
    );
    await alice.api.files.extract(id);
    const files = await unpacked(id);
    expect(files.map(nameOf)).toEqual(['a.txt', 'a.txt']);
    const contents = await Promise.all(files.map(async ({ id }) => (await alice.api.files.download(id)).text()));
    expect(contents).toEqual(['first', 'second']);
  });

  it('can contain three hundred files, which keep their order', async () => {
    const entries = Array.from({ length: 300 }, (_, index) => ({
      name: `${index}.txt`,
      content: text(`content ${index}`),
    }));
    const id = await upload(makeZip(entries));
    await alice.api.files.extract(id);
    const files = await unpacked(id);
    expect(files.map(nameOf)).toEqual(entries.map(({ name }) => name));
    expect((await blobs()).length).toBe(301);
    expect(await openBlobs()).toEqual([]);
    const last = files.at(-1)?.id ?? '';
    expect(await (await alice.api.files.download(last)).text()).toBe('content 299');
  });

  it('has a bounded number of open files while it is unpacked, even with many images', async () => {
    const photo = makeJpeg(40, 30, quarters(40, 30));
    const id = await upload(
      makeZip(Array.from({ length: 600 }, (_, index) => ({ name: `${index}.jpg`, content: photo }))),
    );
    const response = extract(id);
    let done = false;
    void response.finally(() => {
      done = true;
    });
    let most = 0;
    while (!done) most = Math.max(most, (await openBlobs()).length);
    expect((await response).status).toBe(200);
    expect(await unpacked(id)).toHaveLength(600);
    expect(most).toBeLessThan(100); // some systems allow only 256
  });

  it.each([
    ['nothing', []],
    ['only directories', [{ name: 'a/' }, { name: 'a/b/' }]],
  ])('can contain %s', async (_what, entries: ZipEntry[]) => {
    const archive = makeZip(entries);
    const id = await upload(archive);
    expect(await (await extract(id)).json()).toEqual({ error: null, result: { extracted: true } });
    await expectNoFilesFrom(id, archive.byteLength);
  });

  it.each(['ARCHIVE.ZIP', 'archive.Zip'])('can be named %s', async (name) => {
    const id = await upload(makeZip([{ name: 'a.txt', content: text('a') }]), name);
    expect((await extract(id)).status).toBe(200);
  });

  it('can be unpacked again, into new files', async () => {
    const id = await upload(makeZip([{ name: 'a.txt', content: text('a') }]));
    await alice.api.files.extract(id);
    await alice.api.files.extract(id);
    const files = await unpacked(id);
    expect(files.map(nameOf)).toEqual(['a.txt', 'a.txt']);
    expect(new Set(files.map((file) => file.id)).size).toBe(2);
  });

  it('is unpacked completely or not at all if it is deleted in the meantime', async () => {
    const entries = Array.from({ length: 50 }, (_, index) => ({
      name: `${index}.txt`,
      content: new Uint8Array(10_000),
    }));
    const id = await upload(makeZip(entries));
    const [response] = await Promise.all([extract(id), alice.api.files.delete(id)]);
    expect([200, 400, 404]).toContain(response.status);
    const count = response.status === 200 ? 50 : 0;
    expect(await unpacked(id)).toHaveLength(count);
    expect(await blobs()).toHaveLength(count);
    expect(await alice.api.account.get()).toMatchObject({ quota_used: count * 10_000 });
  });

  it('has long names shortened', async () => {
    const id = await upload(makeZip([{ name: `${'long'.repeat(5_000)}.txt`, content: text('x') }]));
    await alice.api.files.extract(id);
    const [file, ...others] = await unpacked(id);
    if (!file || others.length > 0) throw new Error('one file was expected');
    // as for an upload: the name must fit into the headers of its download
    expect(nameOf(file).length).toBeLessThanOrEqual(255);
    expect(file.extension).toBe('txt');
    expect(await (await alice.api.files.download(file.id)).text()).toBe('x');
  });

  it.each([' ', '   ', '\u00a0'])('does not give files an empty name: %j', async (name) => {
    const id = await upload(makeZip([{ name: `dir/${name}`, content: text('x') }]));
    const response = await extract(id);
    expect([200, 400]).toContain(response.status);
    for (const file of await unpacked(id)) expect(file.name.trim()).not.toBe('');
  });
});

describe('without /v1, as in the documentation,', () => {
  it('the extract route does the same', async () => {
    const id = await upload(makeZip([{ name: 'a.txt', content: text('a') }]));
    const response = await extract(id, alice, '');
    expect([response.status, await response.json()]).toEqual([200, { error: null, result: { extracted: true } }]);
    expect((await unpacked(id)).map(nameOf)).toEqual(['a.txt']);
  });

  it('the extract route requires a token with the scopes', async () => {
    const id = await upload(makeZip([{ name: 'a.txt', content: text('a') }]));
    expect((await fetch(`${url}/doc/${id}/extract`, { method: 'POST' })).status).toBe(401);
    for (const scope of ['file.read', 'file.create']) {
      const { access_token } = await tokenFor(sandbox, 'alice', [scope], url);
      for (const base of ['', '/v1'])
        expect((await extract(id, { ...alice, token: access_token }, base)).status).toBe(403);
    }
    expect(await unpacked(id)).toEqual([]);
  });

  it('other routes do not exist', async () => {
    const id = await upload(makeZip([]));
    const headers = { authorization: `Bearer ${alice.token}` };
    for (const path of ['', `/${id}`, `/${id}/original`]) {
      expect((await fetch(`${url}/doc${path}`, { headers })).status).toBe(404);
    }
    expect((await fetch(`${url}/doc/${id}`, { method: 'DELETE', headers })).status).toBe(404);
    expect((await alice.api.files.get(id)).id).toBe(id);
  });

  it('the extract route allows cross-origin requests', async () => {
    const preflight = await fetch(`${url}/doc/x/extract`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  });
});

describe("another user's archive", () => {
  it('is not found', async () => {
    const archive = makeZip([{ name: 'secret.txt', content: text('secret') }]);
    const id = await upload(archive);
    for (const base of ['', '/v1']) expect((await extract(id, bob, base)).status).toBe(404);
    expect(await bob.api.files.list()).toEqual([]);
    await expectNoFilesFrom(id, archive.byteLength);
  });

  it('that is shared is unpacked into the files of the user who calls extract, and uses their quota', async () => {
    const archive = makeZip([{ name: 'a.txt', content: text('12345') }]);
    const id = await upload(archive);
    await alice.api.files.update(id, { tags: ['+bob'] });
    expect((await extract(id, bob)).status).toBe(200);
    const [file, ...others] = await unpacked(id, bob);
    expect([file?.name, file?.shared, others]).toEqual(['a', 0, []]);
    expect(await bob.api.account.get()).toMatchObject({ quota_used: 5 });
    expect(await alice.api.account.get()).toMatchObject({ quota_used: archive.byteLength });
    expect(await unpacked(id)).toEqual([]);
  });
});

describe('a file that is not a zip archive is refused:', () => {
  it.each([
    ['a text file', 'a.txt', 'text/plain', text('text')],
    ['a text file with the extension zip', 'a.zip', 'application/zip', text('text')],
    ['an empty file', 'a.zip', 'application/zip', new Uint8Array()],
    ['another archive', 'a.tar.gz', 'application/gzip', new Uint8Array([0x1f, 0x8b, 8, 0])],
  ])('%s', async (_what, name, type, bytes) => {
    const id = await upload(bytes, name, type);
    const response = await extract(id);
    expect(response.status).toBe(400);
    expect((await response.json()).error.code).toBe(400);
    await expectNoFilesFrom(id, bytes.byteLength);
  });

  it('an unknown id', async () => {
    expect((await extract('2224c539-e5d6-425a-8e0d-9516db6dc462')).status).toBe(404);
  });
});

describe('a malicious archive is refused and adds no files:', () => {
  const first: ZipEntry = { name: 'first.txt', content: text('comes before the trap') };

  it.each([
    '../climb.txt',
    'a/../../climb.txt',
    '/etc/passwd',
    'C:\\windows\\system.ini',
    'C:/windows/system.ini',
    '..\\climb.txt',
    '\\\\server\\share',
    'nul\u0000l.txt',
    '..',
    '../',
    './../x',
  ])('the name %j', async (name) => {
    await expectRefusal(makeZip([first, { name, content: text('x') }]), [400]);
  });

  it.each([
    ['a symbolic link', 0o120777],
    ['a device', 0o020666],
    ['a socket', 0o140777],
  ])('%s', async (_what, mode) => {
    await expectRefusal(makeZip([first, { name: 'link', content: text('/etc/passwd'), mode }]), [400]);
  });

  it('an encrypted entry', async () => {
    const message = await expectRefusal(
      makeZip([first, { name: 'secret', content: text('x'), encrypted: true }]),
      [400],
    );
    expect(message).toContain('encrypted');
  });

  it.each([
    ['smaller', 10],
    ['larger', 500_000],
    ['empty', 0],
  ])('an entry that declares a wrong size: %s', async (_what, size) => {
    await expectRefusal(makeZip([first, { name: 'liar', content: new Uint8Array(400_000).fill(7), size }]), [400]);
  });

  it('a small archive with an entry that declares a small size and unpacks beyond the quota', async () => {
    await expectRefusal(makeZip([first, { name: 'bomb', content: new Uint8Array(50_000_000), size: 100 }]));
  });

  it('an entry beyond the quota', async () => {
    await expectRefusal(makeZip([first, { name: 'bomb', content: new Uint8Array(quota + 1) }]));
  });

  it('entries that exceed the quota together', async () => {
    const entry = (name: string) => ({ name, content: new Uint8Array(quota / 4) });
    await expectRefusal(makeZip([first, ...['a', 'b', 'c', 'd'].map(entry)]));
  });

  it('entries that share their content', async () => {
    const shared = { name: 'a', content: new Uint8Array(100_000) };
    await expectRefusal(
      makeZip([shared, ...Array.from({ length: 9 }, (_, i) => ({ ...shared, name: `b${i}`, contentOf: 0 }))]),
    );
  });

  it('too many entries', async () => {
    await expectRefusal(makeZip(Array.from({ length: 10_001 }, (_, index) => ({ name: `d${index}/` }))), [400]);
  });

  it('a large entry with a wrong size or checksum, without leaving a file open', async () => {
    const content = randomBytes(1_200_000); // more than is read at once
    await expectRefusal(makeZip([first, { name: 'liar', content, size: 10 }]), [400]);
    await sandbox.reset();
    alice = await signIn(server, 'alice');
    await expectRefusal(makeZip([first, { name: 'liar', content, crc: 1 }]), [400]);
  });

  it('a wrong checksum', async () => {
    await expectRefusal(makeZip([first, { name: 'wrong', content: text('content'), crc: 1 }]), [400]);
  });

  it('damaged bytes', async () => {
    const archive = Buffer.from(makeZip([first, { name: 'noise', content: Buffer.from('noise '.repeat(5000)) }]));
    const start = archive.indexOf('noise') + 5;
    archive.fill(0xff, start, start + 10);
    await expectRefusal(archive, [400]);
  });

  it.each([0.3, 0.6, 0.95])('an archive truncated to %d of its size', async (part) => {
    const archive = makeZip([first, { name: 'noise', content: Buffer.from('noise '.repeat(5000)) }]);
    await expectRefusal(archive.slice(0, archive.byteLength * part), [400]);
  });

  it('an archive whose entry points beyond its end', async () => {
    const archive = Buffer.from(makeZip([first]));
    archive.writeUInt32LE(0x7fffffff, archive.indexOf('PK\x01\x02') + 42);
    await expectRefusal(archive, [400]);
  });
});

describe('two archives at once', () => {
  it.each([
    ['zeros', (size: number) => new Uint8Array(size)],
    ['noise', (size: number) => randomBytes(size)],
  ])('cannot exceed the quota together: %s', async (_what, make) => {
    const content = make(700_000);
    const archive = makeZip([
      { name: 'a', content },
      { name: 'b', content },
    ]);
    const id = await upload(archive);
    const rest = quota - archive.byteLength - 1_500_000; // leaves space for one of them
    if (rest > 0) await upload(randomBytes(rest), 'ballast.bin', 'application/octet-stream');
    const before = { used: (await alice.api.account.get()).quota_used, blobs: (await blobs()).length };
    const responses = await Promise.all([extract(id), extract(id), extract(id)]);
    const good = responses.filter(({ status }) => status === 200).length;
    expect(responses.map(({ status }) => status).filter((status) => ![200, 400, 413].includes(status))).toEqual([]);
    expect(good).toBeLessThanOrEqual(1);
    const used = before.used + good * 1_400_000;
    expect(await alice.api.account.get()).toMatchObject({ quota_used: used, quota_free: quota - used });
    expect(await blobs()).toHaveLength(before.blobs + good * 2);
    expect(await openBlobs()).toEqual([]);
  });
});
