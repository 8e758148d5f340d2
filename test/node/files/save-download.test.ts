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
import { makeFolder } from '../../support/data-folder.js';
import { requires } from '../../support/requirements.js';
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
  createInterruptedDownload,
  downloadProgram,
  downloadStatement,
  fileServer,
  runProgram,
  runUnprivileged,
  type ServedFile,
} from './support.js';

const content: Uint8Array<ArrayBuffer> = new Uint8Array(5_000_000).map((_, index) => (index * 7919) >> 3);
const other: Uint8Array<ArrayBuffer> = content.map((byte) => byte ^ 255);

/** A folder, the path of a file in it, and a client of a server with the file. */
async function place(file: ServedFile = { content, etag: '"1"' }) {
  const folder = await makeFolder();
  const server = await fileServer(file);
  return { folder, file, server, path: join(folder, 'saved.bin'), api: apiAt(server.url) };
}

async function expectBytes(path: string, expected: Uint8Array): Promise<void> {
  expect(Buffer.compare(await readFile(path), expected), 'bit for bit').toBe(0);
}

/** Makes the server pause halfway. */
const halfway = { stopAfter: 2_500_000, waitFor: new Promise(() => {}) };
const whole = { stopAfter: undefined, waitFor: undefined };

/** Downloads from a server that pauses halfway, and cancels the download there. */
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

/** Creates a part of the file, as an interrupted run leaves it. */
async function leavePart(path: string, bytes: Uint8Array, url: string, validator: string): Promise<void> {
  await createInterruptedDownload(path, bytes, { url: `${url}/v1/doc/x/original`, validator });
}

it('writes the file bit for bit and leaves no other file', async () => {
  const { folder, path, api } = await place();
  expect(await saveDownload(api, 'x', path)).toEqual({ path, size: content.byteLength });
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('writes files and renditions of the sandbox', async () => {
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

it('writes many small chunks and a body without Content-Length', async () => {
  const server = await scriptedServer(async (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    for (let at = 0; at < 3000; at++) response.write(content.subarray(at * 10, at * 10 + 10));
    response.end();
  });
  const path = join(await makeFolder(), 'saved.bin');
  expect((await saveDownload(apiAt(server.url), 'x', path)).size).toBe(30_000);
  await expectBytes(path, content.subarray(0, 30_000));
});

it('replaces a file only when the new one is complete', async () => {
  const { path, api, file } = await place({ content, etag: '"1"', ...halfway });
  await writeFile(path, 'the old one');
  await saveHalf(api, path);
  expect(await readFile(path, 'utf8')).toBe('the old one');
  Object.assign(file, whole);
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
});

it('follows symbolic links and accepts a path relative to the current folder', async () => {
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

it('rejects a dangling symbolic link', async () => {
  const { folder, path, api, server } = await place();
  await symlink(join(folder, 'elsewhere'), path);
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toMatch(
    /symbolic link to a file that does not exist/,
  );
  expect(await readdir(folder)).toEqual(['saved.bin']);
  expect(server.requests).toEqual([]);
});

it('does not remove the JSON file of another program', async () => {
  const path = join(await makeFolder(), 'saved.bin');
  const mine = '{ "my": "list" }';
  const url = await serveAfter(() => writeFile(`${path}.part.json`, mine));
  await rejection(saveDownload(apiAt(url), 'x', path), FileSystemError);
  expect(await readFile(`${path}.part.json`, 'utf8')).toBe(mine);
});

it('writes nothing after another process has taken its lock', async () => {
  const { promise: waitFor, resolve: resume } = Promise.withResolvers<void>();
  const { path, api } = await place({ content, etag: '"1"', stopAfter: 2_500_000, waitFor });
  const saving = saveDownload(api, 'x', path);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(2_000_000);
  await rm(`${path}.part.lock`, { recursive: true });
  await rename(`${path}.part`, path); // the other process has finished it
  const before = await readFile(path);
  resume();
  expect((await rejection(saving, FileSystemError)).message).toMatch(
    /the lock of .* was removed or taken by another download/,
  );
  expect(Buffer.compare(await readFile(path), before)).toBe(0);
});

it.runIf(process.platform === 'linux')('removes the lock of a zombie process', async () => {
  const { folder, path, server } = await place({ content, etag: '"1"', ...halfway });
  const program = runProgram(`
    import { spawn } from 'node:child_process';
    const child = spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(downloadProgram(server.url, path))}]);
    console.log(child.pid);
    process.kill(process.pid, 'SIGSTOP'); // so that it does not wait for its child`);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(2_000_000);
  process.kill(Number(program.output()), 'SIGKILL');
  const { url } = await fileServer({ content, etag: '"1"' });
  await saveDownload(apiAt(url), 'x', path);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('continues a part that has the permissions of a read-only file', async () => {
  const { folder, path, server } = await place();
  await writeFile(path, 'old');
  await leavePart(path, content.subarray(0, 1000), server.url, '"1"');
  await chmod(folder, 0o777);
  const ids = process.getuid?.() === 0 ? 65534 : undefined;
  for (const file of [path, `${path}.part`, `${path}.part.json`]) {
    if (ids !== undefined) await chown(file, ids, ids);
    await chmod(file, 0o444);
  }
  expect(await runUnprivileged(downloadStatement(server.url, path))).toBe(`saved ${content.byteLength}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o444);
  expect(server.requests[0]?.headers.range).toBe('bytes=999-');
});

it('does not follow a symbolic link with the name of the part', async () => {
  const { folder, path, api, server } = await place();
  await writeFile(join(folder, 'victim'), 'untouched');
  await leavePart(path, content.subarray(0, 10), server.url, '"1"');
  await rm(`${path}.part`);
  await symlink(join(folder, 'victim'), `${path}.part`);
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toMatch(
    /\.part exists and is not of a download/,
  );
  expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('untouched');
});

it('copies the permissions of the replaced file, and uses the default ones for a new file', async () => {
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

it('never publishes a part that is accessible to more users than the replaced file', async () => {
  const { path, api, server } = await place();
  await leavePart(path, content.subarray(0, 1000), server.url, '"1"');
  await chmod(`${path}.part`, 0o666);
  await writeFile(path, 'private by now');
  await chmod(path, 0o600);
  await saveDownload(api, 'x', path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('preserves the owner and group of the replaced file (needs root)', requires('root'), async () => {
  const { path, api } = await place();
  await writeFile(path, 'of somebody else');
  await chown(path, 1234, 5678);
  await chmod(path, 0o640);
  await saveDownload(api, 'x', path);
  expect(await stat(path)).toMatchObject({ uid: 1234, gid: 5678 });
  expect((await stat(path)).mode & 0o777).toBe(0o640);
});

it('does not give the permissions of one group to another (needs root)', requires('root'), async () => {
  const { folder, path, server } = await place();
  await writeFile(path, 'of a project');
  await chown(path, 1234, 5678);
  await chmod(path, 0o664);
  await chmod(folder, 0o777);
  await chmod(path, 0o664);
  expect(await runUnprivileged(downloadStatement(server.url, path))).toBe(`saved ${content.byteLength}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o604);
});

it.each([
  ['an ETag', { etag: '"1"' }, '"1"'],
  ['a Last-Modified', { lastModified: 'Mon, 01 Apr 2013 10:00:00 GMT' }, 'Mon, 01 Apr 2013 10:00:00 GMT'],
])('continues the part of an earlier run, validated by %s', async (_what, validators, condition) => {
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

it('continues after a broken connection, whose error contains the number of bytes', async () => {
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

it('needs no call before it to know the token of an async function, and continues a part', async () => {
  const { path, server, folder } = await place();
  await createInterruptedDownload(path, content.subarray(0, 1000), {
    url: `${server.url}/v1/doc/x/original`,
    validator: '"1"',
  });
  const { files } = apiAt(server.url, { token: async () => 'a-renewed-token' });
  const download: typeof files.download = (...call) => files.download(...call);
  await saveDownload({ files: { ...files, download } }, 'x', path);
  await expectBytes(path, content);
  expect(server.requests.map(({ headers }) => headers.range)).toEqual(['bytes=999-']);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('does not write the token to the disk', async () => {
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

it('starts again if the file has changed on the server', async () => {
  const { path, api, file } = await place({ content, etag: '"1"', ...halfway });
  await saveHalf(api, path);
  Object.assign(file, { content: other, etag: '"2"', ...whole });
  await saveDownload(api, 'x', path);
  await expectBytes(path, other);
});

it('starts again if the file changes during the download, and its progress never decreases', async () => {
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

it('does not report a fraction near 1 for a file that has become smaller', async () => {
  const { path, file, server } = await place({ content: other.subarray(0, 1_000_000), etag: '"2"', chunkDelay: 20 });
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
  expect(seen.at(-1)).toMatchObject({ loaded: most, fraction: 1 });
});

it('gives up on a file that changes during every download', async () => {
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
  ['of an old version', (url: string) => ({ url: `${url}/v1/doc/x/original`, validator: '"0"' })],
  ['whose JSON has no validator', (url: string) => ({ url: `${url}/v1/doc/x/original` })],
  ['whose JSON has no strong validator', (url: string) => ({ url: `${url}/v1/doc/x/original`, validator: 'W/"1"' })],
  ['whose JSON has a malformed validator', (url: string) => ({ url: `${url}/v1/doc/x/original`, validator: 'a\nb' })],
])('does not continue a part %s', async (_what, note) => {
  const { folder, path, api, server } = await place();
  await createInterruptedDownload(path, other.subarray(0, 1_000_000), note(server.url));
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it.each([
  ['no JSON file', undefined, '.part'],
  ['an empty JSON file', '', '.part'],
  ['a truncated JSON file', '{"url":', '.part.json'],
  ['a JSON file with null', 'null', '.part.json'],
  ['another kind of JSON file', '{ "url": "http://127.0.0.1:1/", "validator": "\\"1\\"" }', '.part.json'],
  ['the JSON file of another part', '{ "url": "http://127.0.0.1:1/", "part": { "inode": "1", "born": "1" } }', '.part'],
])('does not touch another file that has the name of the part, with %s', async (_what, note, existing) => {
  const { folder, path, api, server } = await place();
  await writeFile(`${path}.part`, 'a third of the report');
  if (note !== undefined) await writeFile(`${path}.part.json`, note);
  const before = (await readdir(folder)).sort();
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toContain(`saved.bin${existing} exists and is not of a download`);
  expect(server.requests).toEqual([]);
  expect((await readdir(folder)).sort()).toEqual(before);
  expect(await readFile(`${path}.part`, 'utf8')).toBe('a third of the report');
  if (note !== undefined) expect(await readFile(`${path}.part.json`, 'utf8')).toBe(note);
});

it.each([
  ['its part but no JSON file', '', undefined],
  ['its part and an empty JSON file', '', ''],
  ['its part and a JSON file of zero bytes', '', '\0\0\0'],
  ['only its JSON file', undefined, '{ "url": "http://127.0.0.1:1/", "part": { "inode": "1", "born": "1" } }'],
  ['only an empty JSON file', undefined, ''],
])('starts again after a run that was killed when it had created %s', async (_what, part, note) => {
  const { folder, path, api } = await place();
  if (part !== undefined) await writeFile(`${path}.part`, part);
  if (note !== undefined) await writeFile(`${path}.part.json`, note);
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('does not touch another file that has the name of the JSON file', async () => {
  const { path, api, server } = await place();
  await writeFile(`${path}.part.json`, '{ "url": "a list of mine" }');
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toContain(
    '.part.json exists and is not of a download',
  );
  expect(await readFile(`${path}.part.json`, 'utf8')).toBe('{ "url": "a list of mine" }');
  expect(server.requests).toEqual([]);
});

it.each([
  ['has all bytes', content, 1],
  ['has all but one', content.subarray(0, content.byteLength - 1), 1],
  ['has one byte', content.subarray(0, 1), 1],
  ['is empty', content.subarray(0, 0), 1],
  ['is longer than the file', Buffer.concat([content, content]), 2],
])('finishes a part that %s', async (_what, part, requests) => {
  const { folder, path, api, server } = await place();
  await leavePart(path, part, server.url, '"1"');
  expect((await saveDownload(api, 'x', path)).size).toBe(content.byteLength);
  await expectBytes(path, content);
  expect(server.requests).toHaveLength(requests);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('starts again if the server no longer supports ranges', async () => {
  const { path, api, server } = await place({ content, etag: '"1"', ranges: false });
  await leavePart(path, other.subarray(0, 1_000_000), server.url, '"1"');
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
});

it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ['rejects the condition', (_, response) => reply(response, 412, { error: 'no', result: null })],
  [
    'sends only a part of the range',
    (request, response) => {
      const [, start = ''] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
      const piece = content.subarray(Number(start), Number(start) + 1000);
      const range = `bytes ${start}-${Number(start) + 999}/${content.byteLength}`;
      response.writeHead(206, { 'content-range': range, etag: '"1"' }).end(piece);
    },
  ],
  [
    'sends an incomplete Content-Range',
    (_, response) => response.writeHead(206, { 'content-range': 'bytes 999999-1000000/*', etag: '"1"' }).end('xx'),
  ],
])('starts again if the server %s in response to a range request', async (_what, handler) => {
  const server = await scriptedServer((request, response) => {
    if (request.headers.range !== undefined) handler(request, response);
    else response.writeHead(200, { etag: '"1"', 'content-length': content.byteLength }).end(content);
  });
  const path = join(await makeFolder(), 'saved.bin');
  await leavePart(path, content.subarray(0, 1_000_000), server.url, '"1"');
  await saveDownload(apiAt(server.url), 'x', path);
  await expectBytes(path, content);
  expect(server.requests).toHaveLength(2);
});

it.each([
  ['no validator', {}],
  ['a weak validator', { etag: 'W/"1"', lastModified: 'Mon, 01 Apr 2013 10:00:00 GMT' }],
])('does not keep a part with %s, which could not be continued', async (_what, validators) => {
  const { folder, path, api } = await place({ content, ...validators, ...halfway });
  await saveHalf(api, path);
  expect(await readdir(folder)).toEqual([]);
});

it('keeps the part after every server error', async () => {
  let status = 500;
  const server = await scriptedServer((_request, response) => reply(response, status, { error: 'no', result: null }));
  const path = join(await makeFolder(), 'saved.bin');
  await leavePart(path, content.subarray(0, 1000), server.url, '"1"');
  for (status of [500, 401, 403, 404, 429]) {
    expect(await reasonOf(saveDownload(apiAt(server.url), 'x', path))).toMatchObject({ status });
    await expectBytes(`${path}.part`, content.subarray(0, 1000));
  }
});

it('rejects a body that ends too early', async () => {
  const server = await scriptedServer((_request, response) => {
    response.writeHead(200, { etag: '"1"', 'content-length': 2000 });
    response.write(content.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50));
  });
  const path = join(await makeFolder(), 'saved.bin');
  const error = await rejection(saveDownload(apiAt(server.url), 'x', path), TransferError);
  expect(error.bytes).toBe(1000);
  await expectBytes(`${path}.part`, content.subarray(0, 1000));
});

it('rejects with the error that onProgress throws', async () => {
  const { path, api } = await place();
  const oops = new Error('oops');
  const onProgress = () => {
    throw oops;
  };
  expect(await reasonOf(saveDownload(api, 'x', path, { onProgress }))).toBe(oops);
});

it.each([
  ['its first chunk', 0],
  ['a later chunk', 1],
])('closes the connection if the disk fails at %s', async (_when, least) => {
  const closed = Promise.withResolvers<void>();
  const server = await scriptedServer(async (_request, response) => {
    response.on('close', closed.resolve);
    response.writeHead(200, { etag: '"1"', 'content-length': content.byteLength });
    for (let at = 0; at < 3_000_000; at += 600_000) {
      response.write(content.subarray(at, at + 600_000));
      await wait(150); // longer than the interval of onProgress
    }
  });
  const path = join(await makeFolder(), 'saved.bin');
  const onProgress = ({ loaded }: Progress) => {
    if (loaded >= least) throw new Error('oops');
  };
  expect(await reasonOf(saveDownload(apiAt(server.url), 'x', path, { onProgress }))).toMatchObject({ message: 'oops' });
  await closed.promise;
});

it('rejects with the reason of a signal that is already aborted, and sends no request', async () => {
  const { folder, path, api, server } = await place();
  const signal = AbortSignal.abort('no more');
  expect(await reasonOf(saveDownload(api, 'x', path, { signal }))).toBe('no more');
  expect(server.requests).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

it('allows only one download at a time to a path', async () => {
  const { promise: waitFor, resolve: resume } = Promise.withResolvers<void>();
  const { folder, path, api, server } = await place({ content, etag: '"1"', stopAfter: 2_500_000, waitFor });
  const first = saveDownload(api, 'x', path);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toMatch(/is being written by a download of this process: wait for it, or choose another/);
  const second = runProgram(downloadProgram(server.url, path));
  await second.ended;
  expect(second.output()).toContain(`is being written by a download of process ${process.pid}`);
  resume();
  await first;
  await expectBytes(path, content);
  await saveDownload(api, 'x', path);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

/** The host id in a claim of this process. */
async function ownLocation(): Promise<string> {
  const path = join(await makeFolder(), 'x');
  const lock = await lockPath(path, `${path}.part.lock`);
  const [name = ''] = await readdir(`${path}.part.lock`);
  await lock.release();
  return name.split('.')[2] ?? '';
}

const here = 'here';

/** Creates a claim on a path, as a process would. */
async function claim(path: string, [pid, began, where]: readonly [number, string, string], age = 0): Promise<void> {
  const location = where === here ? await ownLocation() : where;
  const file = join(`${path}.part.lock`, `${pid}.${began}.${location}.${crypto.randomUUID()}`);
  await mkdir(`${path}.part.lock`, { recursive: true });
  await writeFile(file, '');
  const time = Date.now() / 1000 - age;
  await utimes(file, time, time);
}

/** Higher than every process id of Linux. */
const unusedPid = 2 ** 22 + 1;

it.each([1, 2, 3])('allows one of many simultaneous downloads to a path, and rejects the others (%i)', async () => {
  let running = 0;
  let most = 0;
  const { folder, path, api } = await place();
  await claim(path, [unusedPid, '1', here]);
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

it('allows one of many processes that start at the same time', async () => {
  const { folder, path, server } = await place();
  const programs = Array.from({ length: 4 }, () => runProgram(downloadProgram(server.url, path)));
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
  ['a dead process', [unusedPid, '', here], 0],
  ['a process whose id was reused', [process.pid, '1', here], 0],
  ['a process on another machine that does not refresh its claim', [1, '', elsewhere], 0],
  ['a thread of this process that does not refresh its claim', [process.pid, '', here], 0],
] as const)('removes the lock of %s', async (_what, owner, age) => {
  const { folder, path, api } = await place();
  await claim(path, owner, age);
  await saveDownload(api, 'x', path);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('respects the lock of a live process on another machine', async () => {
  const { path, api, server } = await place();
  await claim(path, [1, '', elsewhere]);
  const [name = ''] = await readdir(`${path}.part.lock`);
  const alive = setInterval(() => void utimes(join(`${path}.part.lock`, name), new Date(), new Date()), 500);
  onTestFinished(() => clearInterval(alive));
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toContain('a download of another machine or container');
  expect(server.requests).toEqual([]);
});

it('does not wait for another claim after its signal was aborted', async () => {
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

it('does not touch files in the lock folder that are not claims', async () => {
  const { folder, path, api } = await place();
  await mkdir(`${path}.part.lock`);
  const otherFile = join(`${path}.part.lock`, 'precious.txt');
  await writeFile(otherFile, 'mine');
  await utimes(otherFile, 1, 1);
  await saveDownload(api, 'x', path);
  expect((await readdir(folder)).sort()).toEqual(['saved.bin', 'saved.bin.part.lock']);
  expect(await readFile(otherFile, 'utf8')).toBe('mine');
});

it.each(['folder', 'nowhere'])('does not use a symbolic link to a %s as its lock folder', async (target) => {
  const { folder, path, api, server } = await place();
  await mkdir(join(folder, 'folder'));
  await symlink(join(folder, target), `${path}.part.lock`);
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toContain('.part.lock exists and is not a folder');
  expect(server.requests).toEqual([]);
  expect(await readdir(join(folder, 'folder'))).toEqual([]);
});

it('respects the lock of another container (needs root)', requires('mounts'), async () => {
  const { path, api, server } = await place({ content, etag: '"1"', ...halfway });
  const launcher = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
  runProgram(downloadProgram(server.url, path), launcher); // with the same host name
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error.message).toContain('a download of another machine or container');
  expect(await sizeOf(`${path}.part`)).toBeGreaterThan(0);
});

it('does not touch the part of a process that has taken its lock', async () => {
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

it('does not publish a part that it did not write', async () => {
  const { promise: waitFor, resolve: resume } = Promise.withResolvers<void>();
  const { folder, path, api } = await place({ content, etag: '"1"', stopAfter: 2_500_000, waitFor });
  const saving = saveDownload(api, 'x', path);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  await writeFile(`${path}.other`, 'of the other');
  await rename(`${path}.other`, `${path}.part`);
  resume();
  expect((await rejection(saving, FileSystemError)).message).toMatch(/\.part exists and is not of a download/);
  expect(await readdir(folder)).not.toContain('saved.bin');
  await rejection(saveDownload(api, 'x', path), FileSystemError); // nor does the next call
  expect(await readFile(`${path}.part`, 'utf8')).toBe('of the other');
});

/** A server that calls a function before it responds. */
async function serveAfter(action: () => Promise<unknown>): Promise<string> {
  const server = await scriptedServer(async (request, response) => {
    await action();
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = `bytes ${start}-${content.byteLength - 1}/${content.byteLength}`;
    const headers = { etag: '"1"', ...(start > 0 && { 'content-range': range }) };
    response.writeHead(start > 0 ? 206 : 200, headers).end(content.subarray(start));
  });
  return server.url;
}

it('starts again if the part was truncated during the request', async () => {
  const path = join(await makeFolder(), 'saved.bin');
  const url = await serveAfter(() => truncate(`${path}.part`, 5).catch(() => {}));
  await leavePart(path, content.subarray(0, 1_000_000), url, '"1"');
  await saveDownload(apiAt(url), 'x', path);
  await expectBytes(path, content);
});

it.each([true, false])(
  'does not touch another file that was created during the request, with a part of an earlier run: %j',
  async (before) => {
    const path = join(await makeFolder(), 'saved.bin');
    const url = await serveAfter(async () => {
      await writeFile(`${path}.mine`, 'precious');
      await rename(`${path}.mine`, `${path}.part`);
    });
    if (before) await leavePart(path, content.subarray(0, 1_000_000), url, '"1"');
    const error = await rejection(saveDownload(apiAt(url), 'x', path), FileSystemError);
    expect(error.message).toMatch(/\.part exists and is not of a download/);
    expect(await readFile(`${path}.part`, 'utf8')).toBe('precious');
  },
);

it('does not publish after another process has taken its lock', async () => {
  const { promise: waitFor, resolve: resume } = Promise.withResolvers<void>();
  const { folder, path, api } = await place({ content, etag: '"1"', stopAfter: 2_500_000, waitFor });
  const saving = saveDownload(api, 'x', path);
  await expect.poll(() => sizeOf(`${path}.part`)).toBeGreaterThan(0);
  await rm(`${path}.part.lock`, { recursive: true });
  await claim(path, [1, '', elsewhere]);
  resume();
  expect((await rejection(saving, FileSystemError)).message).toMatch(
    /the lock of .* was removed or taken by another download/,
  );
  expect(await readdir(folder)).not.toContain('saved.bin');
  expect(await readdir(`${path}.part.lock`)).toHaveLength(1);
});

it('leaves either the old or the complete new file after kill -9 at any moment, and finishes in a later run', async () => {
  // each response stops, so that no run can finish before it is killed
  const file: ServedFile = { content, etag: '"1"', stopAfter: 700_000, waitFor: new Promise(() => {}) };
  const { folder, path, server } = await place(file);
  await writeFile(path, 'the old one');
  const sizes: number[] = [];
  for (let kills = 0; kills < 5; kills++) {
    const { child, ended, output } = runProgram(downloadProgram(server.url, path));
    const before = sizes.at(-1) ?? 0;
    const size = () => sizeOf(`${path}.part`);
    await expect.poll(size, { interval: 1 }).toBeGreaterThan(before + 300_000);
    child.kill('SIGKILL');
    await ended;
    expect(output()).toBe('');
    sizes.push(await size());
    expect(await readFile(path, 'utf8')).toBe('the old one');
  }
  file.stopAfter = undefined;
  const requestCount = server.requests.length;
  const last = runProgram(downloadProgram(server.url, path));
  await last.ended;
  expect(last.output()).toBe(`saved ${content.byteLength}\n`);
  await expectBytes(path, content);
  expect(server.requests.slice(requestCount).map(({ headers }) => headers.range)).toEqual([
    `bytes=${(sizes.at(-1) ?? 0) - 1}-`,
  ]);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('survives kill -9 at random moments', async () => {
  const { folder, path, server } = await place({ content, etag: '"1"' });
  const started = runProgram('');
  const begun = performance.now();
  await started.ended;
  const startUp = performance.now() - begun;
  for (let attempt = 0; attempt < 12; attempt++) {
    const { child, ended } = runProgram(downloadProgram(server.url, path));
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

it('rejects with disk_full at the file size limit, and continues when there is space', async () => {
  const { path, server, api } = await place();
  // a file size limit simulates a full disk without root
  const limit = spawnSync('sh', ['-c', 'ulimit -f 2000 && echo ok'], { encoding: 'utf8' });
  expect(limit.stdout).toBe('ok\n');
  const program = runProgram(downloadProgram(server.url, path), ['sh', '-c', 'ulimit -f 2000 && exec "$0" "$@"']);
  await program.ended;
  const { size } = await stat(`${path}.part`);
  expect(size).toBeGreaterThan(0);
  expect(program.output()).toMatch(
    new RegExp(
      `^FileSystemError disk_full ${size} .*saved\\.bin cannot be written after ${size} bytes: the file is larger than`,
    ),
  );
  await saveDownload(api, 'x', path);
  expect(server.requests.at(-1)?.headers.range).toBe(`bytes=${size - 1}-`);
  await expectBytes(path, content);
});

it('rejects with disk_full on a full disk (needs root)', requires('mounts'), async () => {
  const { folder, server, api } = await place();
  const disk = join(folder, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
  onTestFinished(() => void execFileSync('umount', [disk]));
  const path = join(disk, 'saved.bin');
  const error = await rejection(saveDownload(api, 'x', path), FileSystemError);
  expect(error).toMatchObject({ code: 'disk_full', path, message: expect.stringContaining('the disk is full') });
  const { size } = await stat(`${path}.part`);
  expect(error.bytes).toBe(size);
  execFileSync('mount', ['-o', 'remount,size=20m', disk]);
  await saveDownload(api, 'x', path);
  expect(server.requests.at(-1)?.headers.range).toBe(`bytes=${size - 1}-`);
  await expectBytes(path, content);
});

it('rejects with permission_denied for the part of another user (needs root)', requires('root'), async () => {
  const { folder, path, server, file } = await place();
  await leavePart(path, content.subarray(0, 1000), server.url, '"1"');
  await chmod(`${path}.part`, 0o400);
  await chmod(folder, 0o1777); // sticky: other users can add files but not remove them
  const refused =
    /^FileSystemError permission_denied (undefined|\d+) .*saved\.bin cannot be written: permission denied/;
  expect(await runUnprivileged(downloadStatement(server.url, path))).toMatch(refused);
  file.etag = '"2"';
  await chmod(`${path}.part`, 0o666);
  expect(await runUnprivileged(downloadStatement(server.url, path))).toMatch(refused);
  await expectBytes(`${path}.part`, content.subarray(0, 1000));
});

it('rejects with permission_denied in a read-only folder', async () => {
  const { folder, path, server } = await place();
  await chmod(folder, 0o555);
  expect(await runUnprivileged(downloadStatement(server.url, path))).toMatch(
    /^FileSystemError permission_denied (undefined|\d+) .*saved\.bin cannot be written: permission denied/,
  );
  expect(server.requests).toEqual([]);
});

it.each<[string, unknown, string, RegExp]>([
  ['nothing', undefined, 'invalid_argument', /path must be a string/],
  ['an empty path', '', 'invalid_argument', /path is empty/],
  ['a NUL', 'a\0b', 'invalid_argument', /NUL/],
  ['a folder', '/etc', 'is_directory', /\/etc is a folder: pass the path of a file in it/],
  ['a folder that does not exist', '/tmp/nowhere/', 'is_directory', /is a folder/],
  ['the current folder', '.', 'is_directory', /is a folder/],
  ['a device', '/dev/null', 'io', /not a regular file/],
  [
    'a path in a folder that does not exist',
    '/tmp/no/such/folder/a.bin',
    'file_not_found',
    /does not exist: create the folder first/,
  ],
  ['a path through a file', '/etc/passwd/a.bin', 'file_not_found', /not a folder/],
  ['a name that is too long', `/tmp/${'x'.repeat(256)}`, 'name_too_long', /too long/],
])('rejects %s without a request', async (_what, path, code, message) => {
  const { api, server } = await place();
  const type = code === 'invalid_argument' ? ConfigurationError : FileSystemError;
  const error = await rejection<DoctapeError>(saveDownload(api, 'x', path as string), type);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  if (error instanceof FileSystemError) expect(error.path).toBe(path);
  expect(server.requests).toEqual([]);
});

it('rejects a folder with the name of the part', async () => {
  const { path, api } = await place();
  await mkdir(`${path}.part`);
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toMatch(
    /\.part exists and is not of a download/,
  );
});

it.each<[string, string]>([
  ['133 bytes, which is not shortened', 'x'.repeat(133)],
  ['134 bytes', 'x'.repeat(134)],
  ['245 bytes', 'x'.repeat(245)],
  ['246 bytes', 'x'.repeat(246)],
  ['250 bytes', `${'x'.repeat(246)}.jpg`],
  ['255 bytes', 'x'.repeat(255)],
  ['255 bytes in two-byte characters', `x${'ä'.repeat(127)}`],
  ['255 bytes in four-byte characters', `xyz${'😀'.repeat(63)}`],
])('writes and continues a file with a name of %s', async (_, name) => {
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

it('distinguishes two long names with the same beginning', async () => {
  const { folder, api } = await place();
  const names = ['a', 'b'].map((end) => 'x'.repeat(254) + end);
  await Promise.all(names.map((name) => saveDownload(api, 'x', join(folder, name))));
  expect((await readdir(folder)).sort()).toEqual(names);
});

it('rejects invalid arguments', async () => {
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

it('does not wait for a stalled server after its signal was aborted', async () => {
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

it('writes a large file bit for bit, and flushes it to the disk during the download', async () => {
  const large = randomFillSync(new Uint8Array(140 * 1024 * 1024));
  const { folder, path, api } = await place({ content: large, etag: '"1"' });
  await saveDownload(api, 'x', path);
  await expectBytes(path, large);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('does not replace a file if overwrite is false, and sends no request', async () => {
  const { path, server, api } = await place();
  await writeFile(path, 'mine');
  const error = await rejection(saveDownload(api, 'x', path, { overwrite: false }), FileSystemError);
  expect(error.message).toContain('saved.bin exists and overwrite is false');
  expect(await readFile(path, 'utf8')).toBe('mine');
  expect(server.requests).toEqual([]);
});

it('does not replace a file that was created during the download if overwrite is false, and keeps the part', async () => {
  const { folder, path, api } = await place();
  const onProgress = ({ loaded }: Progress) => {
    if (loaded < content.byteLength) writeFileSync(path, 'mine');
  };
  const saving = saveDownload(api, 'x', path, { overwrite: false, onProgress });
  expect((await rejection(saving, FileSystemError)).message).toContain(
    'was created during the download and overwrite is false',
  );
  expect(await readFile(path, 'utf8')).toBe('mine');
  expect((await readdir(folder)).sort()).toEqual(['saved.bin', 'saved.bin.part', 'saved.bin.part.json']);
  await saveDownload(api, 'x', path);
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
});

it('writes a new file if overwrite is false', async () => {
  const { folder, path, api } = await place();
  await saveDownload(api, 'x', path, { overwrite: false });
  await expectBytes(path, content);
  expect(await readdir(folder)).toEqual(['saved.bin']);
  expect((await stat(path)).nlink).toBe(1);
});

it('does not touch a file that a killed run has linked but not unlinked', async () => {
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

it('does not treat a file with a reused inode as its part', async () => {
  const { path, file, api } = await place();
  Object.assign(file, halfway);
  await saveHalf(api, path);
  Object.assign(file, whole);
  await rm(`${path}.part`);
  writeFileSync(`${path}.part`, 'of somebody else'); // in one call, so that its creation time equals its change time
  expect((await rejection(saveDownload(api, 'x', path), FileSystemError)).message).toMatch(
    /\.part exists and is not of a download/,
  );
  expect(await readFile(`${path}.part`, 'utf8')).toBe('of somebody else');
});

it('starts again without a range at a server that rejects ranges', async () => {
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

it('does not treat a partial response as complete', async () => {
  const { path } = await place();
  const server = await byteServer((_, socket) => {
    const headers = { 'content-range': 'bytes 0-399/1000', 'content-length': 1000 };
    sendAndClose(socket, head(200, headers), Buffer.alloc(400));
  });
  const error = await rejection(saveDownload(apiAt(server.url, { retry: false }), 'x', path), TransferError);
  expect(error.bytes).toBe(400);
});

it('rejects with file_not_found if the current folder was removed', async () => {
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
  const line =
    'FileSystemError x is relative to a current folder that was removed: change the current folder, or pass an absolute path';
  expect(output().trim().split('\n')).toEqual([line, line]);
});

it('leaves the buffers of a `fetch` that sends the same buffer again', async () => {
  const { path } = await place();
  const buffer = new Uint8Array(1024 * 1024);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === 3) return controller.close();
      buffer.fill(7);
      sent += 1;
      controller.enqueue(buffer);
    },
  });
  const fetch = async () => new Response(body, { headers: { 'content-length': String(3 * buffer.length) } });
  await saveDownload(apiAt('http://127.0.0.1:1', { fetch }), 'x', path);
  expect(buffer.byteLength, 'not detached').toBe(1024 * 1024);
  await expectBytes(path, new Uint8Array(3 * buffer.length).fill(7));
});
