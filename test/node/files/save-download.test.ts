import { execFileSync, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, relative } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  type ApiClient,
  ApiError,
  ConfigurationError,
  type DoctapeError,
  FileSystemError,
  NotFoundError,
  type Progress,
  TransferError,
} from '../../../src/index.js';
import { lockPath } from '../../../src/node/files/path-lock.js';
import { saveDownload } from '../../../src/node.js';
import { byteServer, head, sendAndClose } from '../../support/byte-server.js';
import { needing } from '../../support/needs.js';
import { tokenFor } from '../../support/sandbox.js';
import {
  apiAt,
  reasonOf,
  rejection,
  reply,
  scriptedServer,
  servedForTest,
  wait,
} from '../../support/scripted-server.js';
import {
  asOrdinaryUser,
  fileServer,
  leaveRun,
  makeFolder,
  runProgram,
  type ServedFile,
  savingProgram,
  savingStatement,
} from './support.js';

const content: Uint8Array<ArrayBuffer> = new Uint8Array(5_000_000).map((_, index) => (index * 7919) >> 3);
const other: Uint8Array<ArrayBuffer> = content.map((byte) => byte ^ 255);

/** A folder with the place for a file in it, and a client of a server that has the file. */
async function place(file: ServedFile = { content, etag: '"1"' }) {
  const folder = await makeFolder();
  const server = await fileServer(file);
  return { folder, file, server, path: join(folder, 'saved.bin'), api: apiAt(server.url) };
}

async function expectBytes(path: string, expected: Uint8Array): Promise<void> {
  expect(Buffer.compare(await readFile(path), expected), 'bit for bit').toBe(0);
}

/** What makes a server stop in the middle, and wait. */
const halfway = { stopAfter: 2_500_000, waitFor: new Promise(() => {}) };
const whole = { stopAfter: undefined, waitFor: undefined };

/** Downloads from a server that stops halfway, until no more comes. */
async function saveHalf(api: ApiClient, path: string): Promise<void> {
  const controller = new AbortController();
  const saving = saveDownload(api, 'x', path, { signal: controller.signal });
  saving.catch(() => {});
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(2_000_000);
  const enough = new Error('enough');
  controller.abort(enough);
  expect(await reasonOf(saving)).toBe(enough);
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** A part of the file, as a run that was stopped leaves it. */
async function leavePart(path: string, bytes: Uint8Array, url: string, validator: string): Promise<void> {
  await leaveRun(path, bytes, { url: `${url}/v1/doc/x/original`, validator });
}

it('writes the file bit for bit, and leaves nothing beside it', async () => {
  const { folder, path, api } = await place();
  expect(await saveDownload(api, 'x', path)).toEqual({ path, size: content.byteLength });
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('writes a file of the sandbox, and its renditions', async () => {
  const { url, sandbox } = await servedForTest();
  const api = apiAt(url, { token: await tokenFor(sandbox, 'alice', undefined, url) });
  const path = join(await makeFolder(), 'a.bin');
  const { id } = await api.files.upload(new Blob([content]), { name: 'a.bin' });
  await saveDownload(api, id, path, { rendition: 'original' });
  await expectBytes(path, content);
  await rejection(saveDownload(api, id, `${path}.jpg`, { rendition: 'thumb_120.jpg' }), NotFoundError);
  expect(await readdir(join(path, '..'))).toEqual(['a.bin']);
});

it.each([0, 1, 2, 1024 * 1024, 1024 * 1024 + 1])('writes a file of %i bytes', async (size) => {
  const { folder, path, api } = await place({ content: content.subarray(0, size), etag: '"1"' });
  const seen: Progress[] = [];
  await saveDownload(api, 'x', path, { onProgress: (progress) => seen.push(progress) });
  await expectBytes(path, content.subarray(0, size));
  expect(seen.at(-1)).toEqual({ loaded: size, total: size, fraction: 1 });
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('writes many small chunks, and a body whose length nobody announced', async () => {
  const server = await scriptedServer(async (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    for (let at = 0; at < 3000; at++) response.write(content.subarray(at * 10, at * 10 + 10));
    response.end();
  });
  const path = join(await makeFolder(), 'saved.bin');
  expect((await saveDownload(apiAt(server.url), 'x', path)).size).toBe(30_000);
  await expectBytes(path, content.subarray(0, 30_000));
});

it('replaces a file when the new one is whole, and not before', async () => {
  const { path, api, file } = await place({ content, etag: '"1"', ...halfway });
  await writeFile(path, 'the old one');
  await saveHalf(api, path);
  expect(await readFile(path, 'utf8')).toBe('the old one');
  Object.assign(file, whole);
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
});

it('writes where a link leads, and takes a path relative to the current folder', async () => {
  const { folder, path, api } = await place();
  await writeFile(path, 'old');
  await symlink(path, join(folder, 'link'));
  expect(await saveDownload(api, 'x', relative(process.cwd(), join(folder, 'link')))).toEqual({
    path,
    size: 5_000_000,
  });
  await expectBytes(path, content);
  expect((await readdir(folder)).sort()).toEqual(['link', 'saved.bin']);
});

it('refuses a link that leads nowhere', async () => {
  const { folder, path, api, server } = await place();
  await symlink(join(folder, 'elsewhere'), path);
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toMatch(/link that leads nowhere/);
  expect(await readdir(folder)).toEqual(['saved.bin']);
  expect(server.requests).toEqual([]);
});

it('leaves a note that somebody puts there meanwhile', async () => {
  const path = join(await makeFolder(), 'saved.bin');
  const mine = '{ "my": "list" }';
  const url = await whenAsked(() => writeFile(`${path}.part.json`, mine));
  await rejection(saveDownload(apiAt(url), 'x', path), FileSystemError);
  expect(await readFile(`${path}.part.json`, 'utf8')).toBe(mine);
});

it('writes nothing more once another has taken it for dead', async () => {
  const { promise: waitFor, resolve: goOn } = Promise.withResolvers<void>();
  const { path, api } = await place({ content, etag: '"1"', stopAfter: 2_500_000, waitFor });
  const saving = saveDownload(api, 'x', path);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(2_000_000);
  await rm(`${path}.part.lock`, { recursive: true });
  await rename(`${path}.part`, path); // the other has finished it
  const before = await readFile(path);
  goOn();
  expect((await rejection(saving, FileSystemError)).message).toMatch(/taken over by another download/);
  expect(Buffer.compare(await readFile(path), before)).toBe(0);
});

it.runIf(process.platform === 'linux')('breaks the lock of a process that is dead and not buried', async () => {
  const { folder, path, server } = await place({ content, etag: '"1"', ...halfway });
  const program = runProgram(`
    import { spawn } from 'node:child_process';
    const child = spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(savingProgram(server.url, path))}]);
    console.log(child.pid);
    process.kill(process.pid, 'SIGSTOP'); // so that nobody asks what became of it`);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(2_000_000);
  process.kill(Number(program.output()), 'SIGKILL');
  const { url } = await fileServer({ content, etag: '"1"' });
  await saveDownload(apiAt(url), 'x', path);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('can be continued after the part has been given the permissions of a file that may only be read', async () => {
  const { folder, path, server } = await place();
  await writeFile(path, 'old');
  await leavePart(path, content.subarray(0, 1000), server.url, '"1"');
  await chmod(folder, 0o777);
  const ids = process.getuid?.() === 0 ? 65534 : undefined;
  for (const file of [path, `${path}.part`, `${path}.part.json`]) {
    if (ids !== undefined) await chown(file, ids, ids);
    await chmod(file, 0o444);
  }
  expect(await asOrdinaryUser(savingStatement(server.url, path))).toBe(`saved ${content.byteLength}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o444);
  expect(server.requests[0]?.headers.range).toBe('bytes=999-');
});

it('writes through no link that somebody put where the part goes', async () => {
  const { folder, path, api, server } = await place();
  await writeFile(join(folder, 'victim'), 'untouched');
  await leavePart(path, content.subarray(0, 10), server.url, '"1"');
  await rm(`${path}.part`);
  await symlink(join(folder, 'victim'), `${path}.part`);
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toMatch(/\.part is in the way/);
  expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('untouched');
});

it('is as private as the file that it replaces, and else as any other', async () => {
  const { path, api, file } = await place({ content, etag: '"1"', ...halfway });
  await writeFile(path, 'the old one');
  await chmod(path, 0o600);
  await saveHalf(api, path);
  expect((await stat(`${path}.part`)).mode & 0o777).toBe(0o600);
  await chmod(path, 0o440);
  Object.assign(file, whole);
  await saveDownload(api, 'x', path);
  expect((await stat(path)).mode & 0o777).toBe(0o440);

  await saveDownload(api, 'x', `${path}.new`);
  await writeFile(`${path}.any`, '');
  expect((await stat(`${path}.new`)).mode).toBe((await stat(`${path}.any`)).mode);
});

it('never takes a part that is more open than the file it replaces to its name', async () => {
  const { path, api, server } = await place();
  await leavePart(path, content.subarray(0, 1000), server.url, '"1"');
  await chmod(`${path}.part`, 0o666);
  await writeFile(path, 'private by now');
  await chmod(path, 0o600);
  await saveDownload(api, 'x', path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('keeps the owner and the group of a file (only root can give them)', needing('root'), async () => {
  const { path, api } = await place();
  await writeFile(path, 'of somebody else');
  await chown(path, 1234, 5678);
  await chmod(path, 0o640);
  await saveDownload(api, 'x', path);
  expect(await stat(path)).toMatchObject({ uid: 1234, gid: 5678 });
  expect((await stat(path)).mode & 0o777).toBe(0o640);
});

it('gives a group nothing that another group had (only root can try it)', needing('root'), async () => {
  const { folder, path, server } = await place();
  await writeFile(path, 'of a project');
  await chown(path, 1234, 5678);
  await chmod(path, 0o664);
  await chmod(folder, 0o777);
  await chmod(path, 0o664);
  expect(await asOrdinaryUser(savingStatement(server.url, path))).toBe(`saved ${content.byteLength}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o604);
});

it.each([
  ['an ETag', { etag: '"1"' }, '"1"'],
  ['a Last-Modified', { lastModified: 'Mon, 01 Apr 2013 10:00:00 GMT' }, 'Mon, 01 Apr 2013 10:00:00 GMT'],
])('continues what an earlier run left, by %s', async (_what, validators, condition) => {
  const { folder, path, api, server, file } = await place({ content, ...validators, ...halfway });
  await saveHalf(api, path);
  const { size } = await stat(`${path}.part`);
  expect(size).toBeGreaterThanOrEqual(1_000_000);
  expect((await readdir(folder)).sort()).toEqual(['saved.bin.part', 'saved.bin.part.json']);
  Object.assign(file, whole);
  const seen: Progress[] = [];
  await saveDownload(api, 'x', path, { onProgress: (progress) => seen.push(progress) });
  await expectBytes(path, content);
  expect(server.requests.at(-1)?.headers).toMatchObject({ range: `bytes=${size - 1}-`, 'if-range': condition });
  expect(server.requests).toHaveLength(2);
  expect(seen[0]).toMatchObject({ loaded: size - 1, total: content.byteLength });
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('continues after a connection that broke, and says how far it came', async () => {
  const { path, api, server, file } = await place({ content, etag: '"1"', ranges: false, stopAfter: 2_000_000 });
  const error = await rejection(saveDownload(api, 'x', path), TransferError);
  expect(error.code).toBe('interrupted');
  const { size } = await stat(`${path}.part`);
  expect(error.bytes).toBe(size);
  expect(size).toBeGreaterThan(1_000_000);
  Object.assign(file, { ranges: true, ...whole });
  await saveDownload(api, 'x', path);
  expect(server.requests.at(-1)?.headers.range).toBe(`bytes=${size - 1}-`);
  await expectBytes(path, content);
});

it('keeps no token on the disk', async () => {
  const { folder, path, api } = await place({ content, etag: '"1"', ...halfway });
  await saveHalf(api, path);
  expect(JSON.parse(await readFile(`${path}.part.json`, 'utf8'))).toEqual({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1\/doc\/x\/original$/),
    validator: '"1"',
    part: { inode: expect.stringMatching(/^\d+$/), born: expect.stringMatching(/^\d+$/) },
  });
  for (const name of await readdir(folder)) {
    expect(await readFile(join(folder, name), 'latin1')).not.toContain('token-0123456789');
  }
});

it('begins again when the file has changed since', async () => {
  const { path, api, file } = await place({ content, etag: '"1"', ...halfway });
  await saveHalf(api, path);
  Object.assign(file, { content: other, etag: '"2"', ...whole });
  await saveDownload(api, 'x', path);
  await expectBytes(path, other);
});

it('begins again when the file changes while it is loaded, and does not count backwards', async () => {
  const { path, file, server } = await place({ content: other, etag: '"2"', ranges: false });
  let calls = 0;
  const api = apiAt(server.url, {
    fetch: async (input, init) => {
      if (calls++ > 0) return fetch(input, init);
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(content.slice(0, 3_000_000)),
        pull: (controller) => controller.error(new TransferError('changed', 'it is another file now', 3_000_000)),
      });
      return new Response(body, { headers: { etag: '"1"', 'content-length': '4000000' } });
    },
  });
  const seen: number[] = [];
  await saveDownload(api, 'x', path, { onProgress: ({ loaded }) => seen.push(loaded) });
  await expectBytes(path, file.content);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(other.byteLength);
});

it('does not tell that a file is nearly there which has become smaller', async () => {
  const { path, file, server } = await place({ content: other.subarray(0, 1_000_000), etag: '"2"', pace: 20 });
  let calls = 0;
  const api = apiAt(server.url, {
    fetch: async (input, init) => {
      if (calls++ > 0) return fetch(input, init);
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(content.slice(0, 3_000_000)),
        pull: (controller) => controller.error(new TransferError('changed', 'it is another file now', 3_000_000)),
      });
      return new Response(body, { headers: { etag: '"1"', 'content-length': '4000000' } });
    },
  });
  const seen: Progress[] = [];
  await saveDownload(api, 'x', path, { onProgress: (progress) => seen.push(progress) });
  await expectBytes(path, file.content);
  const most = Math.max(...seen.map(({ loaded }) => loaded));
  expect(seen.slice(0, -1).filter(({ loaded, total = loaded + 1 }) => loaded >= total)).toEqual([]);
  expect(seen.at(-1)).toEqual({ loaded: most, total: 1_000_000, fraction: 1 });
});

it('gives up on a file that never stays the same', async () => {
  let version = 0;
  const server = await scriptedServer(async (_request, response) => {
    version++;
    response.writeHead(200, { etag: `"${version}"`, 'content-length': 1000 });
    response.end(content.subarray(0, 1000));
  });
  const path = join(await makeFolder(), 'saved.bin');
  const api = apiAt(server.url, {
    fetch: async (input, init) => {
      const { headers } = await fetch(input, init);
      const body = new ReadableStream({
        pull: (controller) => controller.error(new TransferError('changed', 'it is another file now', 0)),
      });
      return new Response(body, { headers });
    },
  });
  expect((await rejection(saveDownload(api, 'x', path), TransferError)).code).toBe('changed');
  expect(version).toBeLessThan(10);
});

it.each([
  ['of another file', (url: string) => ({ url: `${url}/v1/doc/y/original`, validator: '"1"' })],
  ['of another rendition', (url: string) => ({ url: `${url}/v1/doc/x/image.jpg`, validator: '"1"' })],
  ['of another server', () => ({ url: 'http://127.0.0.1:1/v1/doc/x/original', validator: '"1"' })],
  ['of a version that is gone', (url: string) => ({ url: `${url}/v1/doc/x/original`, validator: '"0"' })],
  ['whose note has no validator', (url: string) => ({ url: `${url}/v1/doc/x/original` })],
  ['whose note has no strong validator', (url: string) => ({ url: `${url}/v1/doc/x/original`, validator: 'W/"1"' })],
  ['whose note has a broken validator', (url: string) => ({ url: `${url}/v1/doc/x/original`, validator: 'a\nb' })],
])('does not add to a part %s', async (_what, note) => {
  const { folder, path, api, server } = await place();
  await leaveRun(path, other.subarray(0, 1_000_000), note(server.url));
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it.each([
  ['no note', undefined, '.part'],
  ['a note that says nothing', '', '.part'],
  ['a note that is broken', '{"url":', '.part.json'],
  ['a note that is null', 'null', '.part.json'],
  ['a note of another kind', '{ "url": "http://127.0.0.1:1/", "validator": "\\"1\\"" }', '.part.json'],
  ['a note of another part', '{ "url": "http://127.0.0.1:1/", "part": { "inode": "1", "born": "1" } }', '.part'],
])('leaves a file alone that is called as a part would be, with %s', async (_what, note, inTheWay) => {
  const { folder, path, api, server } = await place();
  await writeFile(`${path}.part`, 'a third of the report');
  if (note !== undefined) await writeFile(`${path}.part.json`, note);
  const before = (await readdir(folder)).sort();
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toContain(`saved.bin${inTheWay} is in the way`);
  expect(server.requests).toEqual([]);
  expect((await readdir(folder)).sort()).toEqual(before);
  expect(await readFile(`${path}.part`, 'utf8')).toBe('a third of the report');
  if (note !== undefined) expect(await readFile(`${path}.part.json`, 'utf8')).toBe(note);
});

it.each([
  ['its part and no note', '', undefined],
  ['its part and the name of its note', '', ''],
  ['its part and the length of its note', '', '\0\0\0'],
  ['its note alone', undefined, '{ "url": "http://127.0.0.1:1/", "part": { "inode": "1", "born": "1" } }'],
  ['an empty note alone', undefined, ''],
])('begins anew after a run that died when it had made %s', async (_what, part, note) => {
  const { folder, path, api } = await place();
  if (part !== undefined) await writeFile(`${path}.part`, part);
  if (note !== undefined) await writeFile(`${path}.part.json`, note);
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('leaves a note of somebody else alone', async () => {
  const { path, api, server } = await place();
  await writeFile(`${path}.part.json`, '{ "url": "a list of mine" }');
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toContain(
    '.part.json is in the way',
  );
  expect(await readFile(`${path}.part.json`, 'utf8')).toBe('{ "url": "a list of mine" }');
  expect(server.requests).toEqual([]);
});

it.each([
  ['has all bytes already', content, 1],
  ['has all but one', content.subarray(0, content.byteLength - 1), 1],
  ['has one', content.subarray(0, 1), 1],
  ['has none', content.subarray(0, 0), 1],
  ['is longer than the file', Buffer.concat([content, content]), 2],
])('finishes a part that %s', async (_what, part, requests) => {
  const { folder, path, api, server } = await place();
  await leavePart(path, part, server.url, '"1"');
  expect((await saveDownload(api, 'x', path)).size).toBe(content.byteLength);
  await expectBytes(path, content);
  expect(server.requests).toHaveLength(requests);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('begins again when the server no longer knows ranges', async () => {
  const { path, api, server } = await place({ content, etag: '"1"', ranges: false });
  await leavePart(path, other.subarray(0, 1_000_000), server.url, '"1"');
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
});

it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ['refuses the condition', (_, response) => reply(response, 412, { error: 'no', result: null })],
  [
    'gives a piece of it only',
    (request, response) => {
      const [, start = ''] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
      const piece = content.subarray(Number(start), Number(start) + 1000);
      const range = `bytes ${start}-${Number(start) + 999}/${content.byteLength}`;
      response.writeHead(206, { 'content-range': range, etag: '"1"' }).end(piece);
    },
  ],
  [
    'does not say where it ends',
    (_, response) => response.writeHead(206, { 'content-range': 'bytes 999999-1000000/*', etag: '"1"' }).end('xx'),
  ],
])('begins again when the server %s, asked for the rest', async (_what, answer) => {
  const server = await scriptedServer((request, response) => {
    if (request.headers.range !== undefined) answer(request, response);
    else response.writeHead(200, { etag: '"1"', 'content-length': content.byteLength }).end(content);
  });
  const path = join(await makeFolder(), 'saved.bin');
  await leavePart(path, content.subarray(0, 1_000_000), server.url, '"1"');
  await saveDownload(apiAt(server.url), 'x', path);
  await expectBytes(path, content);
  expect(server.requests).toHaveLength(2);
});

it.each([
  ['none', {}],
  ['a weak one', { etag: 'W/"1"', lastModified: 'Mon, 01 Apr 2013 10:00:00 GMT' }],
])('keeps no part that could not be continued, the validator being %s', async (_what, validators) => {
  const { folder, path, api } = await place({ content, ...validators, ...halfway });
  await saveHalf(api, path);
  expect(await readdir(folder)).toEqual([]);
});

it('keeps the part when the server fails, whatever it says', async () => {
  let status = 500;
  const server = await scriptedServer((_request, response) => reply(response, status, { error: 'no', result: null }));
  const path = join(await makeFolder(), 'saved.bin');
  await leavePart(path, content.subarray(0, 1000), server.url, '"1"');
  for (status of [500, 401, 403, 404, 429]) {
    expect(await reasonOf(saveDownload(apiAt(server.url), 'x', path))).toMatchObject({ status });
    await expectBytes(`${path}.part`, content.subarray(0, 1000));
  }
});

it('refuses bytes of a body that ends too early', async () => {
  const server = await scriptedServer((_request, response) => {
    response.writeHead(200, { etag: '"1"', 'content-length': 2000 });
    response.write(content.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50));
  });
  const path = join(await makeFolder(), 'saved.bin');
  const error = await rejection(saveDownload(apiAt(server.url), 'x', path), TransferError);
  expect(error.bytes).toBe(1000);
  await expectBytes(`${path}.part`, content.subarray(0, 1000));
});

it('lets what onProgress throws end it', async () => {
  const { path, api } = await place();
  const oops = new Error('oops');
  const onProgress = () => {
    throw oops;
  };
  expect(await reasonOf(saveDownload(api, 'x', path, { onProgress }))).toBe(oops);
});

it.each([
  ['begins', 0],
  ['goes on', 1],
])('ends the connection when what it does with the bytes fails as it %s', async (_when, least) => {
  const closed = Promise.withResolvers<void>();
  const server = await scriptedServer(async (_request, response) => {
    response.on('close', closed.resolve);
    response.writeHead(200, { etag: '"1"', 'content-length': content.byteLength });
    for (let at = 0; at < 3_000_000; at += 600_000) {
      response.write(content.subarray(at, at + 600_000));
      await wait(150); // longer than between two reports
    }
  });
  const path = join(await makeFolder(), 'saved.bin');
  const onProgress = ({ loaded }: Progress) => {
    if (loaded >= least) throw new Error('oops');
  };
  expect(await reasonOf(saveDownload(apiAt(server.url), 'x', path, { onProgress }))).toMatchObject({ message: 'oops' });
  await closed.promise;
});

it('rejects with the reason of a signal that was aborted before, and asks for nothing', async () => {
  const { folder, path, api, server } = await place();
  const signal = AbortSignal.abort('no more');
  expect(await reasonOf(saveDownload(api, 'x', path, { signal }))).toBe('no more');
  expect(server.requests).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

it('lets one download at a time write to a path', async () => {
  const { promise: waitFor, resolve: goOn } = Promise.withResolvers<void>();
  const { folder, path, api, server } = await place({ content, etag: '"1"', stopAfter: 2_500_000, waitFor });
  const first = saveDownload(api, 'x', path);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toMatch(/is being written by a download of this process: wait for it, or choose another/);
  const second = runProgram(savingProgram(server.url, path));
  await second.ended;
  expect(second.output()).toContain(`is being written by a download of process ${process.pid}`);
  goOn();
  await first;
  await expectBytes(path, content);
  await saveDownload(api, 'x', path);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

/** What a claim of this process says of where it is. */
async function placeOfOurs(): Promise<string> {
  const path = join(await makeFolder(), 'x');
  const lock = await lockPath(path, `${path}.part.lock`);
  const [name = ''] = await readdir(`${path}.part.lock`);
  await lock.release();
  return name.split('.')[2] ?? '';
}

const here = 'here';

/** A claim on a path, as a process would have made it. */
async function claim(path: string, [pid, began, where]: readonly [number, string, string], age = 0): Promise<void> {
  const placed = where === here ? await placeOfOurs() : where;
  const file = join(`${path}.part.lock`, `${pid}.${began}.${placed}.${crypto.randomUUID()}`);
  await mkdir(`${path}.part.lock`, { recursive: true });
  await writeFile(file, '');
  const time = Date.now() / 1000 - age;
  await utimes(file, time, time);
}

/** Above the highest that Linux gives. */
const nobody = 2 ** 22 + 1;

it.each([1, 2, 3])('lets one of many that begin at once have the path, and tells the others (%i)', async () => {
  let running = 0;
  let most = 0;
  const { folder, path, api } = await place();
  await claim(path, [nobody, '1', here]);
  const onProgress = ({ loaded }: Progress) => {
    if (loaded === 0) most = Math.max(most, ++running);
    if (loaded === content.byteLength) running--;
  };
  const runs = await Promise.allSettled(Array.from({ length: 8 }, () => saveDownload(api, 'x', path, { onProgress })));
  for (const run of runs) if (run.status === 'rejected') expect(run.reason).toBeInstanceOf(FileSystemError);
  expect(most).toBeLessThanOrEqual(1);
  if (runs.some(({ status }) => status === 'fulfilled')) await expectBytes(path, content);
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('lets one of many processes that begin at once have the path', async () => {
  const { folder, path, server } = await place();
  const programs = Array.from({ length: 4 }, () => runProgram(savingProgram(server.url, path)));
  await Promise.all(programs.map(({ ended }) => ended));
  for (const { output } of programs) {
    expect(output()).toMatch(
      /^(saved 5000000|FileSystemError .* is being written by a download of process \d+: .*)\n$/,
    );
  }
  await saveDownload(apiAt(server.url), 'x', path);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

const elsewhere = 'e15e';

it.each([
  ['a process that is dead', [nobody, '', here], 0],
  ['a process whose number another has now', [process.pid, '1', here], 0],
  ['a process elsewhere that shows no sign of life', [1, '', elsewhere], 0],
  ['a thread of this process that shows none', [process.pid, '', here], 0],
] as const)('breaks the lock of %s', async (_what, owner, age) => {
  const { folder, path, api } = await place();
  await claim(path, owner, age);
  await saveDownload(api, 'x', path);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('heeds the lock of a process elsewhere that is alive', async () => {
  const { path, api, server } = await place();
  await claim(path, [1, '', elsewhere]);
  const [name = ''] = await readdir(`${path}.part.lock`);
  const alive = setInterval(() => void utimes(join(`${path}.part.lock`, name), new Date(), new Date()), 500);
  onTestFinished(() => clearInterval(alive));
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toContain('a download of another machine or container');
  expect(server.requests).toEqual([]);
});

it('does not wait for a sign of life once it is told to stop', async () => {
  const { path, api, server } = await place();
  await claim(path, [1, '', elsewhere]);
  const controller = new AbortController();
  const saving = saveDownload(api, 'x', path, { signal: controller.signal });
  await expect.poll(() => readdir(`${path}.part.lock`)).toHaveLength(2);
  controller.abort('enough');
  expect(await reasonOf(saving)).toBe('enough');
  expect(await readdir(`${path}.part.lock`)).toHaveLength(1);
  expect(server.requests).toEqual([]);
});

it('leaves alone what is no claim', async () => {
  const { folder, path, api } = await place();
  await mkdir(`${path}.part.lock`);
  const precious = join(`${path}.part.lock`, 'precious.txt');
  await writeFile(precious, 'mine');
  await utimes(precious, 1, 1);
  await saveDownload(api, 'x', path);
  expect((await readdir(folder)).sort()).toEqual(['saved.bin', 'saved.bin.part.lock']);
  expect(await readFile(precious, 'utf8')).toBe('mine');
});

it.each(['folder', 'nowhere'])('takes no link to a %s for its lock', async (target) => {
  const { folder, path, api, server } = await place();
  await mkdir(join(folder, 'folder'));
  await symlink(join(folder, target), `${path}.part.lock`);
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toContain('.part.lock is in the way');
  expect(server.requests).toEqual([]);
  expect(await readdir(join(folder, 'folder'))).toEqual([]);
});

it('heeds the lock of another container (only root can make one)', needing('mounts'), async () => {
  const { path, api, server } = await place({ content, etag: '"1"', ...halfway });
  const launcher = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
  runProgram(savingProgram(server.url, path), launcher); // under the host name that is ours
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toContain('a download of another machine or container');
  expect(await sizeOf(`${path}.part`)).toBeGreaterThan(0);
});

it('leaves the part of another alone that has taken it for dead', async () => {
  const { path, api } = await place({ content, ...halfway }); // without a validator it would remove its own
  const controller = new AbortController();
  const saving = saveDownload(api, 'x', path, { signal: controller.signal });
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  await rm(`${path}.part.lock`, { recursive: true });
  await claim(path, [1, '', elsewhere]);
  await rm(`${path}.part`);
  await writeFile(`${path}.part`, 'of the other');
  controller.abort('no more');
  expect(await reasonOf(saving)).toBe('no more');
  expect(await readFile(`${path}.part`, 'utf8')).toBe('of the other');
});

it('gives no part a name that is not the one it wrote', async () => {
  const { promise: waitFor, resolve: goOn } = Promise.withResolvers<void>();
  const { folder, path, api } = await place({ content, etag: '"1"', stopAfter: 2_500_000, waitFor });
  const saving = saveDownload(api, 'x', path);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  await writeFile(`${path}.other`, 'of the other');
  await rename(`${path}.other`, `${path}.part`);
  goOn();
  expect((await rejection(saving, FileSystemError)).message).toMatch(/\.part is in the way/);
  expect(await readdir(folder)).not.toContain('saved.bin');
  await rejection(saveDownload(api, 'x', path), FileSystemError); // nor does the next one take it for its own
  expect(await readFile(`${path}.part`, 'utf8')).toBe('of the other');
});

/** A server that does something when it is asked, before it answers. */
async function whenAsked(action: () => Promise<unknown>): Promise<string> {
  const server = await scriptedServer(async (request, response) => {
    await action();
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = `bytes ${start}-${content.byteLength - 1}/${content.byteLength}`;
    const headers = { etag: '"1"', ...(start > 0 && { 'content-range': range }) };
    response.writeHead(start > 0 ? 206 : 200, headers).end(content.subarray(start));
  });
  return server.url;
}

it('begins again when the part was cut while the rest was asked for', async () => {
  const path = join(await makeFolder(), 'saved.bin');
  const url = await whenAsked(() => truncate(`${path}.part`, 5).catch(() => {}));
  await leavePart(path, content.subarray(0, 1_000_000), url, '"1"');
  await saveDownload(apiAt(url), 'x', path);
  await expectBytes(path, content);
});

it.each([true, false])(
  'leaves what somebody put there while the server was asked, with a part before: %j',
  async (before) => {
    const path = join(await makeFolder(), 'saved.bin');
    const url = await whenAsked(async () => {
      await writeFile(`${path}.mine`, 'precious');
      await rename(`${path}.mine`, `${path}.part`);
    });
    if (before) await leavePart(path, content.subarray(0, 1_000_000), url, '"1"');
    const error = await rejection(saveDownload(apiAt(url), 'x', path), FileSystemError);
    expect(error.message).toMatch(/\.part is in the way/);
    expect(await readFile(`${path}.part`, 'utf8')).toBe('precious');
  },
);

it('gives nothing a name once another has taken it for dead', async () => {
  const { promise: waitFor, resolve: goOn } = Promise.withResolvers<void>();
  const { folder, path, api } = await place({ content, etag: '"1"', stopAfter: 2_500_000, waitFor });
  const saving = saveDownload(api, 'x', path);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  await rm(`${path}.part.lock`, { recursive: true });
  await claim(path, [1, '', elsewhere]);
  goOn();
  expect((await rejection(saving, FileSystemError)).message).toMatch(/taken over by another download/);
  expect(await readdir(folder)).not.toContain('saved.bin');
  expect(await readdir(`${path}.part.lock`)).toHaveLength(1);
});

it('holds the old file or the whole new one after kill -9 at any moment, and gets to the end', async () => {
  const file: ServedFile = { content, etag: '"1"', pace: 2 };
  const { folder, path, server } = await place(file);
  await writeFile(path, 'the old one');
  const sizes: number[] = [];
  for (let kills = 0; kills < 5; kills++) {
    const { child, ended, output } = runProgram(savingProgram(server.url, path));
    const before = sizes.at(-1) ?? 0;
    const size = () => sizeOf(`${path}.part`);
    await expect.poll(size, { interval: 1 }).toBeGreaterThan(Math.min(before + 300_000, content.byteLength - 1));
    child.kill('SIGKILL');
    await ended;
    expect(output()).toBe('');
    sizes.push(await size());
    expect(await readFile(path, 'utf8')).toBe('the old one');
  }
  const asked = server.requests.length;
  const last = runProgram(savingProgram(server.url, path));
  await last.ended;
  expect(last.output()).toBe(`saved ${content.byteLength}\n`);
  await expectBytes(path, content);
  expect(server.requests.slice(asked).map(({ headers }) => headers.range)).toEqual([
    `bytes=${(sizes.at(-1) ?? 0) - 1}-`,
  ]);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('survives kill -9 at moments nobody chose', async () => {
  const { folder, path, server } = await place({ content, etag: '"1"' });
  const started = runProgram('');
  const begun = performance.now();
  await started.ended;
  const startUp = performance.now() - begun;
  for (let attempt = 0; attempt < 12; attempt++) {
    const { child, ended } = runProgram(savingProgram(server.url, path));
    await wait(startUp * (0.8 + attempt * 0.2));
    child.kill('SIGKILL');
    await ended;
    if ((await readdir(folder)).includes('saved.bin')) {
      await expectBytes(path, content);
      await rm(path);
    }
  }
  await saveDownload(apiAt(server.url), 'x', path);
  await expectBytes(path, content);
  expect((await readdir(folder)).filter((name) => name !== 'saved.bin')).toEqual([]);
});

it('tells when there is no room for more, and continues when there is', async () => {
  const { path, server, api } = await place();
  // a limit on the size of a file is a full disk for those who may not mount one
  const limit = spawnSync('sh', ['-c', 'ulimit -f 2000 && echo ok'], { encoding: 'utf8' });
  expect(limit.stdout).toBe('ok\n');
  const program = runProgram(savingProgram(server.url, path), ['sh', '-c', 'ulimit -f 2000 && exec "$0" "$@"']);
  await program.ended;
  const { size } = await stat(`${path}.part`);
  expect(size).toBeGreaterThan(0);
  expect(program.output()).toMatch(
    new RegExp(
      `^FileSystemError disk_full ${size} .*saved\\.bin cannot be written after ${size} bytes: there is no room left`,
    ),
  );
  await saveDownload(api, 'x', path);
  expect(server.requests.at(-1)?.headers.range).toBe(`bytes=${size - 1}-`);
  await expectBytes(path, content);
});

it('tells when the disk is full (only root can make a small one)', needing('mounts'), async () => {
  const { folder, server, api } = await place();
  const disk = join(folder, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
  onTestFinished(() => void execFileSync('umount', [disk]));
  const path = join(disk, 'saved.bin');
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error).toMatchObject({ code: 'disk_full', path, message: expect.stringContaining('there is no room left') });
  const { size } = await stat(`${path}.part`);
  expect(error.bytes).toBe(size);
  execFileSync('mount', ['-o', 'remount,size=20m', disk]);
  await saveDownload(api, 'x', path);
  expect(server.requests.at(-1)?.headers.range).toBe(`bytes=${size - 1}-`);
  await expectBytes(path, content);
});

it('tells that it may not touch a part of somebody else (only root can make one)', needing('root'), async () => {
  const { folder, path, server, file } = await place();
  await leavePart(path, content.subarray(0, 1000), server.url, '"1"');
  await chmod(`${path}.part`, 0o400);
  await chmod(folder, 0o1777); // others may add files, and remove none
  const refused =
    /^FileSystemError permission_denied (undefined|\d+) .*saved\.bin cannot be written: this process may not/;
  expect(await asOrdinaryUser(savingStatement(server.url, path))).toMatch(refused);
  file.etag = '"2"';
  await chmod(`${path}.part`, 0o666);
  expect(await asOrdinaryUser(savingStatement(server.url, path))).toMatch(refused);
  await expectBytes(`${path}.part`, content.subarray(0, 1000));
});

it('tells that it may not write there', async () => {
  const { folder, path, server } = await place();
  await chmod(folder, 0o555);
  expect(await asOrdinaryUser(savingStatement(server.url, path))).toMatch(
    /^FileSystemError permission_denied (undefined|\d+) .*saved\.bin cannot be written: this process may not/,
  );
  expect(server.requests).toEqual([]);
});

it.each<[string, unknown, string, RegExp]>([
  ['nothing', undefined, 'invalid_argument', /path must be a string/],
  ['an empty path', '', 'invalid_argument', /path is empty/],
  ['a NUL', 'a\0b', 'invalid_argument', /NUL/],
  ['a folder', '/etc', 'is_directory', /\/etc is a folder: name the file to write/],
  ['a folder that is not there', '/tmp/nowhere/', 'is_directory', /is a folder/],
  ['this folder', '.', 'is_directory', /is a folder/],
  ['a device', '/dev/null', 'io', /not a regular file/],
  [
    'a path in a folder that is not there',
    '/tmp/no/such/folder/a.bin',
    'file_not_found',
    /does not exist: make it first/,
  ],
  ['a path through a file', '/etc/passwd/a.bin', 'file_not_found', /not a folder/],
  ['a name that is too long', `/tmp/${'x'.repeat(256)}`, 'name_too_long', /too long/],
])('refuses %s, and asks for nothing', async (_what, path, code, message) => {
  const { api, server } = await place();
  const type = code === 'invalid_argument' ? ConfigurationError : FileSystemError;
  const error = await rejection<DoctapeError>(saveDownload(api, 'x', path as string), type);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  if (error instanceof FileSystemError) expect(error.path).toBe(path);
  expect(server.requests).toEqual([]);
});

it('refuses what stands in its way', async () => {
  const { path, api } = await place();
  await mkdir(`${path}.part`);
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toMatch(/\.part is in the way/);
});

it.each<[string, string]>([
  ['133 bytes, whose side files are called after it', 'x'.repeat(133)],
  ['134 bytes', 'x'.repeat(134)],
  ['245 bytes', 'x'.repeat(245)],
  ['246 bytes', 'x'.repeat(246)],
  ['250 bytes', `${'x'.repeat(246)}.jpg`],
  ['255 bytes', 'x'.repeat(255)],
  ['255 bytes in letters of two', `x${'ä'.repeat(127)}`],
  ['255 bytes in letters of four', `xyz${'😀'.repeat(63)}`],
])('writes to a name of %s, and continues what it has of it', async (_, name) => {
  const file: ServedFile = { content, etag: '"1"', ...halfway };
  const { folder, server, api } = await place(file);
  const path = join(folder, name);
  const controller = new AbortController();
  const saving = saveDownload(api, 'x', path, { signal: controller.signal });
  const besides = async () => (await readdir(folder)).map((each) => join(folder, each));
  const loaded = async () => Math.max(0, ...(await Promise.all((await besides()).map(sizeOf))));
  await expect.poll(loaded).toBeGreaterThan(2_000_000);
  for (const each of await readdir(folder)) {
    expect(each).toMatch(/\.part(\.json|\.lock)?$/);
    expect(each.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(each)).toBeLessThanOrEqual(143);
  }
  expect((await readdir(folder)).includes(`${name}.part`)).toBe(name.length === 133);
  controller.abort('enough');
  expect(await reasonOf(saving)).toBe('enough');
  Object.assign(file, whole);
  await saveDownload(api, 'x', path);
  expect(server.requests.at(-1)?.headers.range).toMatch(/^bytes=2\d{6}-$/);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual([name]);
});

it('keeps apart two long names that begin alike', async () => {
  const { folder, api } = await place();
  const names = ['a', 'b'].map((end) => 'x'.repeat(254) + end);
  await Promise.all(names.map((name) => saveDownload(api, 'x', join(folder, name))));
  expect((await readdir(folder)).sort()).toEqual(names);
});

it('refuses wrong arguments', async () => {
  const { path, api } = await place();
  await rejection(saveDownload(undefined as unknown as ApiClient, 'x', path), ConfigurationError);
  await rejection(saveDownload(api, '..', path), ConfigurationError);
  await rejection(saveDownload(api, 'x', path, { rendition: 'nonsense' as 'original' }), ConfigurationError);
  await rejection(saveDownload(api, 'x', path, null as unknown as object), ConfigurationError);
  const misspelt = { overWrite: false } as object;
  const error = await rejection(saveDownload(api, 'x', path, misspelt), ConfigurationError);
  expect(error).toMatchObject({
    code: 'unknown_option',
    message: 'overWrite is not an option; did you mean overwrite?',
  });
});

it('does not wait for a server that is silent once it is told to stop', async () => {
  const server = await scriptedServer((_request, response) => {
    response.writeHead(200, { etag: '"1"', 'content-length': 2000 });
    response.write(content.subarray(0, 1000));
  });
  const folder = await makeFolder();
  const controller = new AbortController();
  const saving = saveDownload(apiAt(server.url), 'x', join(folder, 'a'), { signal: controller.signal });
  saving.catch(() => {});
  await expect.poll(() => readdir(folder)).toContain('a.part');
  controller.abort('enough');
  expect(await reasonOf(saving)).toBe('enough');
  expect((await readdir(folder)).sort()).toEqual(['a.part', 'a.part.json']);
});

it('writes a large file bit for bit, some of which is on the disk before all of it has arrived', async () => {
  const large = randomFillSync(new Uint8Array(140 * 1024 * 1024));
  const { folder, path, api } = await place({ content: large, etag: '"1"' });
  await saveDownload(api, 'x', path);
  await expectBytes(path, large);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('leaves a file alone that may not be replaced, and asks the server for nothing', async () => {
  const { path, server, api } = await place();
  await writeFile(path, 'mine');
  const error = await rejection(saveDownload(api, 'x', path, { overwrite: false }), FileSystemError);
  expect(error.message).toContain('saved.bin exists, and overwrite is false');
  expect(await readFile(path, 'utf8')).toBe('mine');
  expect(server.requests).toEqual([]);
});

it('leaves a file alone that came during the download, and keeps what it loaded', async () => {
  const { folder, path, api } = await place();
  const onProgress = ({ loaded }: Progress) => {
    if (loaded < content.byteLength) writeFileSync(path, 'mine');
  };
  const saving = saveDownload(api, 'x', path, { overwrite: false, onProgress });
  expect((await rejection(saving, FileSystemError)).message).toContain('exists by now');
  expect(await readFile(path, 'utf8')).toBe('mine');
  expect((await readdir(folder)).sort()).toEqual(['saved.bin', 'saved.bin.part', 'saved.bin.part.json']);
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('writes a file that is not there, where it may replace none', async () => {
  const { folder, path, api } = await place();
  await saveDownload(api, 'x', path, { overwrite: false });
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
  expect((await stat(path)).nlink).toBe(1);
});

it('leaves a file alone that a run has named, and died before it took the other name away', async () => {
  const { folder, path, file, server, api } = await place();
  await leavePart(path, content, server.url, '"1"');
  await link(`${path}.part`, path);
  Object.assign(file, { content: other, etag: '"2"' });
  await rejection(saveDownload(api, 'x', path, { overwrite: false }), FileSystemError);
  await expectBytes(path, content);
  await saveDownload(api, 'x', path);
  await expectBytes(path, other);
  expect(await readdir(folder)).toEqual(['saved.bin']);
  expect((await stat(path)).nlink).toBe(1);
});

it('takes no file for its part that got the place of one that was removed', async () => {
  const { path, file, api } = await place();
  Object.assign(file, halfway);
  await saveHalf(api, path);
  Object.assign(file, whole);
  await rm(`${path}.part`);
  writeFileSync(`${path}.part`, 'of somebody else'); // in one moment, so that it has its birth and its last change at once
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toMatch(/\.part is in the way/);
  expect(await readFile(`${path}.part`, 'utf8')).toBe('of somebody else');
});

it('begins again without a range at a server that cannot be asked for one', async () => {
  for (const status of [400, 501]) {
    const { path, file, server, api } = await place();
    Object.assign(file, halfway);
    await saveHalf(api, path);
    Object.assign(file, whole);
    const refuse = vi.spyOn(api.files, 'download').mockImplementationOnce(async () => {
      throw new ApiError('refused', { status });
    });
    await saveDownload(api, 'x', path);
    expect(refuse.mock.calls.map(([, , options]) => options?.range?.start !== undefined)).toEqual([true, false]);
    await expectBytes(path, content);
    expect(server.requests.at(-1)?.headers.range).toBeUndefined();
  }
});

it('takes no answer for whole whose length is that of a part', async () => {
  const { path } = await place();
  const server = await byteServer((_, socket) => {
    const headers = { 'content-range': 'bytes 0-399/1000', 'content-length': 1000 };
    sendAndClose(socket, head(200, headers), Buffer.alloc(400));
  });
  const error = await rejection(saveDownload(apiAt(server.url, { retry: false }), 'x', path), TransferError);
  expect(error.bytes).toBe(400);
});

it('says so where the folder that it is in is gone', async () => {
  const folder = await makeFolder();
  const { output, ended } = runProgram(`
    import { openFile, saveDownload } from 'doctape-sdk/node';
    import { ApiClient } from 'doctape-sdk';
    import { rmdirSync } from 'node:fs';
    process.chdir(${JSON.stringify(folder)});
    rmdirSync(${JSON.stringify(folder)});
    const api = new ApiClient({ token: 'a' });
    for (const work of [openFile('x'), saveDownload(api, 'x', 'x')]) {
      await work.catch(({ name, message }) => console.log(name, message));
    }
  `);
  await ended;
  const line = 'FileSystemError x is in a folder that is gone: go to another, or give the whole path';
  expect(output().trim().split('\n')).toEqual([line, line]);
});
