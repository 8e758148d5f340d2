import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { chmod, readdir, readFile, readlink, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  type DoctapeError,
  type Fetch,
  FileSystemError,
  NetworkError,
  TransferError,
  type UploadOptions,
} from '../../../src/index.js';
import { openFile } from '../../../src/node.js';
import { makeFolder } from '../../support/data-folder.js';
import { tokenFor } from '../../support/sandbox.js';
import { apiAt, bodyOf, rejection, reply, scriptedServer, servedForTest } from '../../support/scripted-server.js';
import { runUnprivileged } from './support.js';

async function makeFile(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await makeFolder(), name);
  await writeFile(path, content);
  return path;
}

/** Larger than the buffers between a client and a server that does not read. */
const large = 64 * 1024 * 1024;
const bytes = crypto.getRandomValues(new Uint8Array(50_000));

it('returns a File with the name, size, type and modification time of the file', async () => {
  const path = await makeFile('Ferien größe 1.JPG', bytes);
  await utimes(path, 1_000_000_000, 1_000_000_000);
  const file = await openFile(path);
  expect(file).toBeInstanceOf(File);
  expect({ name: file.name, size: file.size, type: file.type, lastModified: file.lastModified }).toEqual({
    name: 'Ferien größe 1.JPG',
    size: 50_000,
    type: 'image/jpeg',
    lastModified: 1_000_000_000_000,
  });
});

it.each([
  ['notes.txt', 'text/plain'],
  ['letter.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['archive.tar.gz', 'application/gzip'],
  ['Makefile', ''],
  ['.profile', ''],
  ['strange.nosuchextension', ''],
])('detects the type of %s', async (name, type) => {
  expect((await openFile(await makeFile(name, 'x'))).type).toBe(type);
});

it('reads the same bytes as a Blob with every method', async () => {
  const file = await openFile(await makeFile('a.bin', bytes));
  const model = new Blob([bytes]);
  expect(Buffer.compare(await file.bytes(), bytes)).toBe(0);
  expect(Buffer.compare(new Uint8Array(await file.arrayBuffer()), bytes)).toBe(0);
  expect(await new Response(file.stream()).bytes()).toEqual(bytes);
  const cuts = [undefined, 0, 1, 49_999, 50_000, 60_000, -1, -50_000, -60_000, 3.7, Number.NaN];
  for (const start of cuts) {
    for (const end of cuts) {
      const [cut, expected] = [file.slice(start, end, 'text/css'), model.slice(start, end, 'text/css')];
      expect([cut.size, cut.type], `${start} to ${end}`).toEqual([expected.size, 'text/css']);
      expect(Buffer.compare(await cut.bytes(), await expected.bytes())).toBe(0);
    }
  }
  const nested = file.slice(100, 40_000).slice(50, -50);
  expect(Buffer.compare(await nested.bytes(), bytes.subarray(150, 39_950))).toBe(0);
  expect(await new Response(nested.stream()).bytes()).toEqual(bytes.subarray(150, 39_950));
  expect(await (await openFile(await makeFile('text.txt', 'größe'))).text()).toBe('größe');
});

it('fills the buffer of a BYOB reader', async () => {
  const file = await openFile(await makeFile('a.bin', bytes));
  const reader = file.slice(49_900).stream().getReader({ mode: 'byob' });
  const first = await reader.read(new Uint8Array(60));
  const second = await reader.read(new Uint8Array(60));
  const end = await reader.read(new Uint8Array(60));
  expect([first.value, second.value]).toEqual([bytes.subarray(49_900, 49_960), bytes.subarray(49_960)]);
  expect(end).toEqual({ done: true, value: new Uint8Array(0) });
});

it.runIf(process.platform === 'linux')('rejects a file whose size the system reports wrongly', async () => {
  const empty = await rejection(openFile('/proc/self/status'), FileSystemError);
  expect(empty.message).toMatch(/status has more bytes than its reported size: upload a stream instead/);
  const file = await openFile('/sys/kernel/mm/transparent_hugepage/enabled'); // its reported size is 4096, but it has one line
  expect(file.size).toBeGreaterThan(1000);
  for (const read of [() => file.bytes(), () => file.text(), () => new Response(file.stream()).bytes()]) {
    const error = await rejection(read(), TransferError);
    expect(error.code).toBe('truncated');
    expect(error.message).toMatch(/^enabled ends after \d+ bytes, but its size was \d+: upload a stream instead$/);
  }
  const { url, sandbox } = await servedForTest();
  const api = apiAt(url, { token: await tokenFor(sandbox, 'alice', undefined, url) });
  expect((await rejection(api.files.upload(file), TransferError)).code).toBe('truncated');
  expect(await api.files.list()).toEqual([]);
});

it('is accepted as a File by FormData, Blob and fetch', async () => {
  const server = await scriptedServer(async (request, response) => reply(response, 200, await bodyOf(request)));
  const file = await openFile(await makeFile('a.bin', bytes));
  const form = new FormData();
  form.append('whole', file);
  form.append('cut', file.slice(10, 20), 'cut.bin');
  const parts = await new Response(form).formData();
  expect((parts.get('whole') as File).name).toBe('a.bin');
  expect(Buffer.compare(await (parts.get('whole') as File).bytes(), bytes)).toBe(0);
  expect(Buffer.compare(await (parts.get('cut') as File).bytes(), bytes.subarray(10, 20))).toBe(0);
  expect(await new Blob([file, file]).bytes()).toHaveLength(100_000);
  await fetch(server.url, { method: 'POST', body: file });
  expect(server.requests[0]?.headers['content-length']).toBe('50000');
});

it('uploads bit for bit with its name and type', async () => {
  const { url, sandbox } = await servedForTest();
  const token = await tokenFor(sandbox, 'alice', undefined, url);
  const api = apiAt(url, { token });
  const content = crypto.getRandomValues(new Uint8Array(65_536)).toString().repeat(20); // larger than one read
  for (const [name, data] of [
    ['large.txt', content],
    ['empty.txt', ''],
  ] as const) {
    const { id } = await api.files.upload(await openFile(await makeFile(name, data)));
    expect(await (await api.files.download(id)).text()).toBe(data);
    expect(await api.files.get(id)).toMatchObject({
      name: name.slice(0, -4),
      extension: 'txt',
      media_type: 'document',
    });
  }
});

it('accepts a path relative to the current folder and follows symbolic links', async () => {
  const path = await makeFile('a.txt', 'content');
  expect(await (await openFile(relative(process.cwd(), path))).text()).toBe('content');
  await symlink(path, `${path}.link.txt`);
  const linked = await openFile(`${path}.link.txt`);
  expect([linked.name, await linked.text()]).toEqual(['a.txt.link.txt', 'content']);
});

it.each([
  ['appended to', (path: string) => appendFileSync(path, 'more')],
  ['truncated', (path: string) => truncateSync(path, large / 2)],
  ['overwritten with the same number of bytes', (path: string) => writeFileSync(path, new Uint8Array(large))],
  ['deleted', (path: string) => unlinkSync(path)],
  [
    'replaced by another file',
    (path: string) => {
      writeFileSync(`${path}.new`, new Uint8Array(large));
      renameSync(`${path}.new`, path);
    },
  ],
])('rejects an upload with a TransferError if the file is %s during it', async (_what, change) => {
  const path = await makeFile('a.bin', '');
  await truncate(path, large);
  const server = await scriptedServer(async (request, response) => {
    await once(request, 'readable'); // the body is not read, so the client pauses long before the end of the file
    change(path);
    const { length } = await bodyOf(request);
    reply(response, 200, { error: null, result: { x: { id: 'x', name: 'a.bin', size: length } } });
  });
  const error = await rejection(apiAt(server.url).files.upload(await openFile(path)), TransferError);
  expect(error.code).toBe('changed');
  expect(error.message).toMatch(/^a\.bin .* since it was opened: open it again$/);
  expect(error.bytes).toBeLessThan(large);
});

describe.runIf(process.platform === 'linux')('an upload', () => {
  async function openFiles(path: string): Promise<number> {
    const descriptors = await readdir('/proc/self/fd');
    const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    return targets.filter((target) => target.startsWith(path)).length; // a deleted file has a suffix
  }

  /** A file that is being uploaded to a server that has stopped to read. */
  async function stalledUpload(options: UploadOptions = {}): Promise<{ path: string; upload: Promise<unknown> }> {
    const path = await makeFile('a.bin', '');
    await truncate(path, large);
    const server = await scriptedServer((request) => void once(request, 'readable'));
    const upload = apiAt(server.url).files.upload(await openFile(path), options);
    upload.catch(() => {});
    await expect.poll(() => openFiles(path)).toBe(1);
    return { path, upload };
  }

  it('opens its file once, and has closed it when it is complete', async () => {
    const path = await makeFile('a.bin', '');
    await truncate(path, large);
    let most = 0;
    const server = await scriptedServer(async (request, response) => {
      for await (const _ of request) most = Math.max(most, await openFiles(path));
      reply(response, 200, { error: null, result: { x: { id: 'x', name: 'a.bin', size: large } } });
    });
    await apiAt(server.url).files.upload(await openFile(path));
    expect([most, await openFiles(path)]).toEqual([1, 0]);
  });

  it('closes its file when it is aborted', async () => {
    const controller = new AbortController();
    const { path, upload } = await stalledUpload({ signal: controller.signal });
    controller.abort(new Error('stop'));
    await expect(upload).rejects.toThrow('stop');
    await expect.poll(() => openFiles(path)).toBe(0);
  });

  it('closes its file when the server closes the connection', async () => {
    const path = await makeFile('a.bin', '');
    await truncate(path, large);
    const server = await scriptedServer(async (request) => {
      await once(request, 'readable');
      await expect.poll(() => openFiles(path)).toBe(1);
      request.destroy();
    });
    await rejection(apiAt(server.url).files.upload(await openFile(path)), NetworkError);
    await expect.poll(() => openFiles(path)).toBe(0);
  });

  it('closes its file when it has changed', async () => {
    const path = await makeFile('a.bin', '');
    await truncate(path, large);
    const server = await scriptedServer(async (request, response) => {
      await once(request, 'readable');
      unlinkSync(path);
      await bodyOf(request);
      reply(response, 200, {});
    });
    expect((await rejection(apiAt(server.url).files.upload(await openFile(path)), TransferError)).code).toBe('changed');
    await expect.poll(() => openFiles(path)).toBe(0);
  });

  it('closes the files of a `fetch` that has read a part of the body, and does not read the rest', async () => {
    const path = await makeFile('a.bin', '');
    await truncate(path, large);
    const fetch: Fetch = async (_url, { body }) => {
      const reader = (body as ReadableStream<Uint8Array>).getReader();
      for (let read = 0; read < 4_000_000; ) read += (await reader.read()).value?.byteLength ?? 0;
      return Response.json({ error: null, result: { x: { id: 'x', name: 'a.bin', size: large } } });
    };
    const api = apiAt('http://127.0.0.1:9', { fetch });
    expect((await rejection(api.files.upload(await openFile(path)), TransferError)).code).toBe('truncated');
    await expect.poll(() => openFiles(path)).toBe(0);
  });
});

it('uploads a part of a file bit for bit, and only that part', async () => {
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  const path = await makeFile('a.bin', Buffer.concat(Array.from({ length: 60 }, () => content)));
  const server = await scriptedServer(async (request, response) => {
    const form = await new Response(await bodyOf(request), {
      headers: { 'content-type': request.headers['content-type'] ?? '' },
    }).formData();
    const sent = await (form.get('file') as File).bytes();
    const expected = (await readFile(path)).subarray(100, 3_000_001);
    const id = Buffer.compare(sent, expected) === 0 ? 'same' : 'different';
    reply(response, 200, { error: null, result: { [id]: { id, name: 'a.bin', size: sent.byteLength } } });
  });
  const part = (await openFile(path)).slice(100, 3_000_001);
  expect((await apiAt(server.url).files.upload(part, { name: 'a.bin' })).id).toBe('same');
});

it.each<[string, unknown, string, RegExp]>([
  ['nothing', undefined, 'invalid_argument', /path must be a string, not undefined/],
  ['an empty path', '', 'invalid_argument', /path is empty/],
  ['a number', 5, 'invalid_argument', /path must be a string, not number/],
  ['a NUL', 'a\0b', 'invalid_argument', /NUL/],
  [
    'a file that does not exist',
    '/nowhere/at/all.txt',
    'file_not_found',
    /^\/nowhere\/at\/all\.txt cannot be read: the file or folder does not exist \(ENOENT\)/,
  ],
  ['a path through a file', '/etc/passwd/x', 'file_not_found', /not a folder/],
  ['a folder', '/etc', 'is_directory', /is a folder/],
  ['a device', '/dev/null', 'io', /not a regular file/],
  ['a name that is too long', `/tmp/${'x'.repeat(256)}`, 'name_too_long', /too long/],
])('rejects %s', async (_what, path, code, message) => {
  const type = code === 'invalid_argument' ? ConfigurationError : FileSystemError;
  const error = await rejection<DoctapeError>(openFile(path as string), type);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  if (error instanceof FileSystemError) expect(error.path).toBe(path);
});

it('does not wait for the writer of a pipe', async () => {
  const path = join(await makeFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  expect((await rejection(openFile(path), FileSystemError)).message).toMatch(/not a regular file/);
});

it('rejects a file without read permission', async () => {
  const path = await makeFile('secret.txt', 'x');
  await chmod(path, 0o000);
  const output = await runUnprivileged(`
    const { openFile } = await import('doctape-sdk/node');
    await openFile(${JSON.stringify(path)}).then(() => console.log('opened'), (error) => console.log(error.name, error.message));`);
  expect(output).toMatch(/^FileSystemError .*secret\.txt cannot be read: permission denied/);
});
