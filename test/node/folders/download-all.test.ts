import { statSync, watch } from 'node:fs';
import { mkdir, readdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, test } from 'vitest';
import {
  ApiClient,
  ConfigurationError,
  type FileInfo,
  FileSystemError,
  fileName,
  NotFoundError,
  type Progress,
} from '../../../src/index.js';
import { type DownloadAllOptions, type DownloadResult, downloadAll, uploadFolder } from '../../../src/node.js';
import { makeFolder } from '../../support/data-folder.js';
import { apiAt, rejection, reply, scriptedServer, servedForTest, wait } from '../../support/scripted-server.js';

async function sandboxApi(): Promise<ApiClient> {
  const { url, sandbox } = await servedForTest();
  return new ApiClient({ token: await sandbox.signIn('alice'), baseUrl: `${url}/v1` });
}

/** A client with these files. The content of each is its name. */
async function apiWith(...names: string[]): Promise<ApiClient> {
  const api = await sandboxApi();
  for (const name of names) await api.files.upload(new Blob([name]), { name });
  return api;
}

const states = (results: DownloadResult[]) =>
  results.map((result) => [result.path, result.status === 'rejected' ? result.reason : result.value.unchanged]);

/** All files in a folder, with their content. */
async function contentOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const read = files.map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')]);
  return Object.fromEntries((await Promise.all(read)).toSorted());
}

it('saves files to a folder that it creates, with the times when they were added', async () => {
  const api = await apiWith('a.txt', 'b', 'Übersicht (1).pdf');
  const folder = join(await makeFolder(), 'new/folder');
  const files = await api.files.list();
  const results = await downloadAll(api, files, folder);
  expect(results).toEqual(
    files.map((file) => ({
      id: file.id,
      path: fileName(file),
      status: 'fulfilled',
      value: { path: join(folder, fileName(file)), size: file.size, unchanged: false },
    })),
  );
  expect(await contentOf(folder)).toEqual({ 'a.txt': 'a.txt', b: 'b', 'Übersicht (1).pdf': 'Übersicht (1).pdf' });
  const { mtime } = await stat(join(folder, 'b'));
  expect(mtime).toEqual(files.find(({ name }) => name === 'b')?.time_added);
});

it('does not request what it has downloaded before', async () => {
  const api = await apiWith('a.txt', 'b.txt');
  const folder = await makeFolder();
  await downloadAll(api, api.files.iterate(), folder);
  await writeFile(join(folder, 'b.txt'), 'edited');
  await api.files.upload(new Blob(['c']), { name: 'c.txt' });
  let requests = 0;
  const counting = api.with({
    hooks: {
      request({ operation }) {
        if (operation === 'files.download') requests++;
      },
    },
  });
  const results = await downloadAll(counting, await api.files.list(), folder);
  expect(states(results)).toEqual([
    ['a.txt', true],
    ['b.txt', expect.objectContaining({ name: 'FileSystemError', code: 'file_exists' })],
    ['c.txt', false],
  ]);
  expect(await contentOf(folder)).toMatchObject({ 'b.txt': 'edited' });
  expect(requests).toBe(1);
  expect(states(await downloadAll(api, await api.files.list(), folder, { overwrite: true }))).toEqual([
    ['a.txt', true],
    ['b.txt', false],
    ['c.txt', true],
  ]);
  expect(await contentOf(folder)).toEqual({ 'a.txt': 'a.txt', 'b.txt': 'b.txt', 'c.txt': 'c' });
});

it('reports a file that fails, and downloads the others', async () => {
  const api = await apiWith('a', 'b', 'c');
  const files = await api.files.list();
  await api.files.delete(files[1]?.id ?? '');
  const folder = await makeFolder();
  const results = await downloadAll(api, files, folder);
  expect(states(results)).toEqual([
    ['a', false],
    ['b', expect.any(NotFoundError)],
    ['c', false],
  ]);
  expect(await readdir(folder)).toEqual(['a', 'c']);
});

const time = new Date(1_400_000_000_000);

/** A client of a server that has the id of a file as its content. */
async function apiOfIds(before: (id: string) => unknown = () => {}) {
  const server = await scriptedServer(async (request, response) => {
    const [, id = ''] = /doc\/([^/]+)\/original/.exec(request.url ?? '') ?? [];
    await before(id);
    reply(response, 200, id, { 'content-length': `${id.length}`, etag: `"${id}"` });
  });
  return { api: apiAt(server.url), server };
}

const named = (id: string, name: string) => ({ id, name, extension: '', size: id.length, time_added: time });

// googleapis/nodejs-storage#2654, googleapis/java-storage#3455: the names of objects led out of the folder
it('writes only into the folder, whatever the names are', async () => {
  const names = [
    '../x',
    '..',
    '/etc/cron.d/x',
    'CON',
    'nul.txt',
    '-rf',
    '~root',
    'a\u0000b\r\n',
    'C:\\x',
    '.ssh/rc',
    '',
    '..\\..\\y',
  ];
  const { api } = await apiOfIds();
  const place = await makeFolder();
  const folder = join(place, 'here');
  const files = names.map((name, index) => named(`${index}`, name));
  const results = await downloadAll(api, files, folder);
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(await readdir(place)).toEqual(['here']);
  expect(Object.keys(await contentOf(folder)).toSorted()).toEqual(
    [
      '_',
      '_ (2)',
      '_-rf',
      '_.._.._y',
      '_.._x',
      '_.ssh_rc',
      '_CON',
      '_etc_cron.d_x',
      '_nul.txt',
      '_~root',
      'C__x',
      'a_b__',
    ].toSorted(),
  );
});

it('writes only into the folder, whatever pathFor returns', async () => {
  const paths = [
    '../x',
    '/etc/y',
    'a/../../z',
    './b//c/',
    'a/../w',
    'CON/aux.txt',
    '..',
    '',
    'b\\..\\v',
    '.git/hooks/post-checkout',
  ];
  const { api } = await apiOfIds();
  const place = await makeFolder();
  const folder = join(place, 'here');
  const files = paths.map((path, index) => ({ ...named(`${index}`, 'n'), wanted: path }));
  const results = await downloadAll(api, files, folder, { pathFor: ({ wanted }) => wanted });
  expect(await readdir(place)).toEqual(['here']);
  expect(results.map(({ path }) => path)).toEqual([
    '_/x',
    'etc/y',
    'a/_/_/z',
    'b/c',
    'a/_/w',
    '_CON/_aux.txt',
    '_ (2)',
    '_ (3)',
    'b_.._v',
    '_.git/hooks/post-checkout',
  ]);
  expect(Object.keys(await contentOf(folder))).toHaveLength(paths.length);
});

it('gives files with the same name different names, and the same ones in the next run', async () => {
  const { api } = await apiOfIds();
  const folder = await makeFolder();
  const files = [named('1', 'note'), named('2', 'NOTE'), named('3', 'note'), named('4', 'note.part')];
  const results = await downloadAll(api, files, folder);
  expect(results.map(({ path }) => path)).toEqual(['note', 'NOTE (2)', 'note (3)', 'note (4).part']);
  expect(await contentOf(folder)).toEqual({ note: '1', 'NOTE (2)': '2', 'note (3)': '3', 'note (4).part': '4' });
  const again = await downloadAll(api, files.toReversed(), folder);
  expect(
    again.map(({ status, value }: DownloadResult & { value?: { unchanged: boolean } }) => [status, value?.unchanged]),
  ).toEqual(files.map(() => ['fulfilled', true]));
});

it('keeps names of up to 255 bytes, and shortens longer ones', async () => {
  const { api } = await apiOfIds();
  const folder = await makeFolder();
  const longest = 'ü'.repeat(127);
  const results = await downloadAll(
    api,
    [named('1', longest), named('2', '🎉'.repeat(300)), named('3', '🎉'.repeat(301))],
    folder,
  );
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(Object.keys(await contentOf(folder)).toSorted()).toEqual(
    [longest, '🎉'.repeat(63), `${'🎉'.repeat(62)} (2)`].toSorted(),
  );
});

it('does not follow symbolic links in the folder', async () => {
  const { api } = await apiOfIds();
  const outside = await makeFolder();
  const folder = await makeFolder();
  await symlink(outside, join(folder, 'sub'));
  await writeFile(join(outside, 'target'), 'not yours');
  await symlink(join(outside, 'target'), join(folder, 'link'));
  const files = [named('1', 'sub/a'), named('2', 'link'), named('3', 'fine')];
  const results = await downloadAll(api, files, folder, { pathFor: ({ name }) => name, overwrite: true });
  const refused = expect.objectContaining({ code: 'file_exists', message: expect.stringContaining('symbolic link') });
  expect(states(results)).toEqual([
    ['sub/a', refused],
    ['link', refused],
    ['fine', false],
  ]);
  expect(await contentOf(outside)).toEqual({ target: 'not yours' });
  expect(await readlink(join(folder, 'link'))).toBe(join(outside, 'target'));
});

it('reports a path that a folder or a file is in the way of', async () => {
  const { api } = await apiOfIds();
  const folder = await makeFolder();
  await mkdir(join(folder, 'a'));
  await writeFile(join(folder, 'b'), 'a file');
  const results = await downloadAll(api, [named('1', 'a'), named('2', 'b/c')], folder, { pathFor: ({ name }) => name });
  expect(states(results)).toEqual([
    ['a', expect.objectContaining({ name: 'FileSystemError', code: 'is_directory' })],
    ['b/c', expect.any(FileSystemError)],
  ]);
});

it('restores the folders of an upload from tags', async () => {
  const source = await makeFolder();
  for (const path of ['2013/summer/beach.jpg', '2013/a.txt', 'b.txt']) {
    await mkdir(join(source, path, '..'), { recursive: true });
    await writeFile(join(source, path), path);
  }
  const api = await sandboxApi();
  await uploadFolder(api, source, { tagsFor: (path) => [`folder:${path.split('/').slice(0, -1).join('/')}`] });
  const folder = await makeFolder();
  const pathFor = (file: FileInfo) => {
    const tag = file.tags.find((each) => each.startsWith('folder:')) ?? '';
    return `${tag.slice('folder:'.length)}/${fileName(file)}`;
  };
  await downloadAll(api, api.files.iterate(), folder, { pathFor });
  expect(await contentOf(folder)).toEqual(await contentOf(source));
});

it('downloads at most `concurrency` files at the same time', async () => {
  let atOnce = 0;
  let most = 0;
  let arrival: PromiseWithResolvers<void> | undefined; // of the second request of a pair
  const { api } = await apiOfIds(async () => {
    most = Math.max(most, ++atOnce);
    if (arrival) {
      arrival.resolve();
      arrival = undefined;
    } else {
      arrival = Promise.withResolvers<void>();
      await arrival.promise;
    }
    await wait(20);
    atOnce--;
  });
  const files = Array.from({ length: 8 }, (_, index) => named(`${index}`, `${index}`));
  await downloadAll(api, files, await makeFolder(), { concurrency: 2 });
  expect(most).toBe(2);
});

it('continues after an abort', async () => {
  const content = Buffer.alloc(3_000_000, 'abc');
  const controller = new AbortController();
  const server = await scriptedServer(async (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = { etag: '"1"', 'accept-ranges': 'bytes', 'content-length': `${content.length - start}` };
    if (request.headers.range) {
      response.writeHead(206, {
        ...headers,
        'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
      });
      response.end(content.subarray(start));
    } else {
      response.writeHead(200, headers);
      // in pieces, because progress is reported at most every 100 ms
      for (let at = 0; at < 2_000_000; at += 100_000) {
        response.write(content.subarray(at, at + 100_000));
        await wait(20);
      }
    }
  });
  const folder = await makeFolder();
  const files = ['1', '2', '3'].map((id) => ({ ...named(id, id), size: content.length }));
  const reason = new Error('enough');
  const first = await downloadAll(apiAt(server.url), files, folder, {
    signal: controller.signal,
    concurrency: 1,
    onProgress: ({ loaded }) => loaded > 1 && controller.abort(reason),
  });
  expect(states(first)).toEqual(['1', '2', '3'].map((path) => [path, reason]));
  expect(await readdir(folder)).toEqual(['1.part', '1.part.json']);
  const kept = (await stat(join(folder, '1.part'))).size;
  expect(kept).toBeGreaterThan(1);

  const rest = new AbortController();
  const told: Progress[] = [];
  const second = await downloadAll(apiAt(server.url), files.slice(0, 1), folder, {
    signal: rest.signal,
    onProgress: (now) => told.push(now),
  });
  expect(states(second)).toEqual([['1', false]]);
  expect(server.requests.at(-1)?.headers.range).toBe(`bytes=${kept - 1}-`);
  expect((await readFile(join(folder, '1'))).equals(content)).toBe(true);
  expect(told.at(-1)).toEqual({ loaded: content.length, total: content.length, fraction: 1 });
});

it('gives a file its time together with its name, so that the next run recognises it even if this one ends then', async () => {
  const { api } = await apiOfIds();
  const folder = await makeFolder();
  const controller = new AbortController();
  const times: number[] = [];
  const watcher = watch(folder, (_, name) => {
    if (name !== 'a.txt') return;
    times.push(statSync(join(folder, name)).mtimeMs);
    controller.abort();
  });
  onTestFinished(() => watcher.close());
  await downloadAll(api, [named('a', 'a.txt')], folder, { signal: controller.signal });
  await expect.poll(() => times[0]).toBe(time.getTime());
  expect(states(await downloadAll(api, [named('a', 'a.txt')], folder))).toEqual([['a.txt', true]]);
});

// owncloud/client#3103
it('recognises a file on a file system that keeps even seconds only', async () => {
  const { api } = await apiOfIds();
  const folder = await makeFolder();
  const added = 1_400_000_001_000;
  const files = [{ ...named('a', 'a.txt'), time_added: new Date(added) }];
  await downloadAll(api, files, folder);
  const storedAs = (milliseconds: number) => utimes(join(folder, 'a.txt'), new Date(), new Date(milliseconds));
  for (const rounded of [added - 1000, added + 1000]) {
    await storedAs(rounded);
    expect(states(await downloadAll(api, files, folder))).toEqual([['a.txt', true]]);
  }
  for (const other of [added - 3000, added + 3000, added + 500]) {
    await storedAs(other);
    const [result] = await downloadAll(api, files, folder);
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'file_exists' } });
  }
});

it('downloads with a token that an async function returns, before any other call', async () => {
  const { server } = await apiOfIds();
  const api = apiAt(server.url, { token: async () => 'a-renewed-token' });
  const folder = await makeFolder();
  expect(states(await downloadAll(api.with({ retry: 1 }), [named('a', 'a.txt')], folder))).toEqual([['a.txt', false]]);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer a-renewed-token']);
});

it('reports the progress of all files, and calls onFile with each result', async () => {
  const { api } = await apiOfIds();
  const files = ['a', 'bb', 'ccc'].map((id) => named(id, id));
  const told: unknown[] = [];
  const progress: Progress[] = [];
  const results = await downloadAll(api, files, await makeFolder(), {
    onFile: (result) => told.push(result),
    onProgress: (now) => progress.push(now),
  });
  expect(told).toHaveLength(3);
  expect(told).toEqual(expect.arrayContaining(results));
  expect(progress.at(-1)).toEqual({ loaded: 6, total: 6, fraction: 1 });
});

it('rejects if onFile throws', async () => {
  const { api } = await apiOfIds();
  const options = {
    onFile() {
      throw new Error('a mistake');
    },
  };
  await expect(downloadAll(api, [named('1', 'a')], await makeFolder(), options)).rejects.toThrow('a mistake');
});

it('reads the whole list before the first download, and downloads nothing if it fails', async () => {
  const { api, server } = await apiOfIds();
  async function* broken() {
    yield named('1', 'a');
    throw new Error('the list ended early');
  }
  const folder = await makeFolder();
  await expect(downloadAll(api, broken(), folder)).rejects.toThrow('the list ended early');
  const never: AsyncIterable<FileInfo> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
  const controller = new AbortController();
  setTimeout(() => controller.abort('enough'), 10);
  await expect(downloadAll(api, never, folder, { signal: controller.signal })).rejects.toBe('enough');
  expect([await readdir(folder), server.requests]).toEqual([[], []]);
});

it.each<[unknown, unknown, unknown, string]>([
  [undefined, 'f', {}, 'files must be an array or another iterable of files'],
  ['abc', 'f', {}, 'files must be an array or another iterable of files'],
  [Promise.resolve([]), 'f', {}, 'not a promise: await it first'],
  [['id'], 'f', {}, 'files must contain files of list()'],
  [[{ id: 'a' }], 'f', {}, 'files must contain files of list()'],
  [[null], 'f', {}, 'files must contain files of list()'],
  [[{ ...named('a', 'a'), time_added: '2013' }], 'f', {}, 'files must contain files of list()'],
  [[{ ...named('a', 'a'), size: '5' }], 'f', {}, 'files must contain files of list()'],
  [[{ ...named('a', 'a'), size: Number.NaN }], 'f', {}, 'files must contain files of list()'],
  [[], 7, {}, 'folder must be a string'],
  [[], '', {}, 'folder is empty'],
  [[], 'f\0', {}, 'folder must not contain the character NUL'],
  [[], 'f', { concurrency: -1 }, 'concurrency must be a whole number from 1 to 100'],
  [[], 'f', { overwrite: 'no' }, 'overwrite must be true or false'],
  [[], 'f', { hidden: 1 }, 'hidden must be true or false'],
  [[], 'f', { pathFor: 'a' }, 'pathFor must be a function'],
  [[named('a', 'a')], 'f', { pathFor: () => 7 }, 'pathFor must return a path'],
  [[], 'f', { onFile: 1 }, 'onFile must be a function'],
  [[], 'f', { signal: 1 }, 'signal must be an AbortSignal'],
  [[], 'f', { overwritten: 1 }, 'overwritten is not an option; did you mean overwrite?'],
])('refuses %j, %j and %j', async (files, folder, options, message) => {
  const { api, server } = await apiOfIds();
  const place = await makeFolder();
  const path = typeof folder === 'string' && folder !== '' ? join(place, folder) : folder;
  const call = Promise.resolve(Reflect.apply(downloadAll, undefined, [api, files, path, options]));
  expect((await rejection(call, ConfigurationError)).message).toContain(message);
  expect([await readdir(place), server.requests]).toEqual([[], []]);
});

it('refuses a folder that is a file', async () => {
  const { api } = await apiOfIds();
  const place = await makeFolder();
  await writeFile(join(place, 'file'), '');
  const options: DownloadAllOptions = {};
  expect(await rejection(downloadAll(api, [], join(place, 'file'), options), FileSystemError)).toMatchObject({
    code: 'file_exists',
  });
  expect((await rejection(downloadAll(api, [], join(place, 'file/sub')), FileSystemError)).code).toBe('file_not_found');
});

test('two calls for the same folder at the same time do not mix their files', async () => {
  const { api } = await apiOfIds(() => wait(10));
  const folder = await makeFolder();
  const files = Array.from({ length: 5 }, (_, index) => named(`${index}`, `${index}`));
  const both = await Promise.all([downloadAll(api, files, folder), downloadAll(api, files, folder)]);
  for (const [index, { id }] of files.entries()) {
    const outcomes = both.map((results) => results[index]?.status);
    expect(outcomes).toContain('fulfilled');
    expect(await readFile(join(folder, id), 'utf8')).toBe(id);
  }
});
