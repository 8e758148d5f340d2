import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, test } from 'vitest';
import { ApiClient, ConfigurationError, FileSystemError, type Progress } from '../../../src/index.js';
import { type FolderResult, type UploadFolderOptions, uploadFolder } from '../../../src/node.js';
import { makeFolder } from '../../support/data-folder.js';
import { apiAt, bodyOf, rejection, reply, scriptedServer, servedForTest, wait } from '../../support/scripted-server.js';
import { runUnprivileged } from '../files/support.js';

async function sandboxApi(): Promise<ApiClient> {
  const { url, sandbox } = await servedForTest();
  return new ApiClient({ token: await sandbox.signIn('alice'), baseUrl: `${url}/v1` });
}

/** A folder with these files. The content of each is its path. */
async function folderWith(...paths: string[]): Promise<string> {
  const folder = await makeFolder();
  for (const path of paths) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), path);
  }
  return folder;
}

const pathsOf = (results: FolderResult<unknown>[]) => results.map(({ path }) => path);
const statuses = (results: FolderResult<unknown>[]) =>
  results.map((result) => [result.path, result.status === 'rejected' ? result.reason : 'stored']);

/** The paths that an upload with these options stores. */
async function stored(folder: string, options: UploadFolderOptions = {}): Promise<string[]> {
  const results = await uploadFolder(await sandboxApi(), folder, options);
  for (const result of results) expect(result.status).toBe('fulfilled');
  return pathsOf(results);
}

it('uploads the files of a folder and its subfolders, sorted by path, with their names, types and tags', async () => {
  const folder = await folderWith('b.jpg', 'a/c.txt', 'a/d/e', 'a/d/Ü &,"1.txt');
  const api = await sandboxApi();
  const results = await uploadFolder(api, folder, { tags: ['new'], starred: true, tagsFor: (path) => [dirname(path)] });
  expect(results).toMatchObject(
    ['a/c.txt', 'a/d/e', 'a/d/Ü &,"1.txt', 'b.jpg'].map((path) => ({
      path,
      status: 'fulfilled',
      value: { size: Buffer.byteLength(path) },
    })),
  );
  const files = await api.files.list();
  const found = files.map(({ name, extension, tags, starred }) => [name, extension, tags.toSorted(), starred]);
  expect(found.toSorted()).toEqual(
    [
      ['Ü &,"1', 'txt', ['a/d', 'new'], true],
      ['b', 'jpg', ['.', 'new'], true],
      ['c', 'txt', ['a', 'new'], true],
      ['e', '', ['a/d', 'new'], true],
    ].toSorted(),
  );
  const first = results[0];
  const response = await api.files.download(first?.status === 'fulfilled' ? first.value.id : '');
  expect([response.headers.get('content-type'), await response.text()]).toEqual(['text/plain', 'a/c.txt']);
});

it('uploads only the files in the folder itself without `recursive`', async () => {
  expect(await stored(await folderWith('b', 'a/c'), { recursive: false })).toEqual(['b']);
});

it('leaves out hidden files and folders, unless it is told to upload them', async () => {
  const folder = await folderWith('.env', '.git/config', 'a/.hidden', 'a/b', '.a/.b/.c');
  expect(await stored(folder)).toEqual(['a/b']);
  expect(await stored(folder, { hidden: true })).toEqual(['.a/.b/.c', '.env', '.git/config', 'a/.hidden', 'a/b']);
  // globs match hidden files like others (nodejs/node#56321, oven-sh/bun#28021)
  expect(await stored(folder, { hidden: true, include: ['**/.*', '*.txt'] })).toContain('a/.hidden');
  expect(await stored(folder, { hidden: true, exclude: '.git' })).toEqual(['.a/.b/.c', '.env', 'a/.hidden', 'a/b']);
});

it.each<[UploadFolderOptions, string[]]>([
  [{ include: '*.jpg' }, ['a.jpg', 'x/b.jpg', 'x/y/c.jpg']],
  [{ include: './*.jpg' }, ['a.jpg']],
  [{ include: '/*.jpg' }, ['a.jpg']],
  [{ include: ['x/*.jpg'] }, ['x/b.jpg']],
  [{ include: ['x/**/*.jpg'] }, ['x/b.jpg', 'x/y/c.jpg']],
  [{ include: ['x'] }, ['x/b.jpg', 'x/y/c.jpg', 'x/y/d.txt']],
  [{ include: ['y/'] }, ['x/y/c.jpg', 'x/y/d.txt']],
  [{ include: ['*.{jpg,txt}'], exclude: ['x/y/**'] }, ['a.jpg', 'x/b.jpg']],
  [{ exclude: ['x'] }, ['a.jpg', 'z [1].pdf']],
  [{ exclude: ['x/y/c.*', '*.pdf'] }, ['a.jpg', 'x/b.jpg', 'x/y/d.txt']],
  [{ include: [] }, []],
  [{ include: 'z [[]1].pdf' }, ['z [1].pdf']],
  [{ include: '*.JPG' }, []],
])('selects files by %j', async (options, expected) => {
  const folder = await folderWith('a.jpg', 'x/b.jpg', 'x/y/c.jpg', 'x/y/d.txt', 'z [1].pdf');
  expect(await stored(folder, options)).toEqual(expected);
});

it.each<[unknown, string]>([
  [{ include: 7 }, 'include must be a pattern'],
  [{ include: [''] }, 'include must contain patterns that are not empty'],
  [{ exclude: [7] }, 'exclude must contain patterns'],
  [{ exclude: '!a' }, 'exclude must not contain a pattern that begins with "!"'],
  [{ include: '../*' }, 'include must contain patterns for paths below the folder'],
  [{ include: '/' }, 'include must contain patterns for paths below the folder'],
  [{ exclude: 'a'.repeat(1001) }, 'exclude must contain patterns of at most 1000 characters'],
  [{ include: ['.env'] }, 'include names hidden files, which are left out by default: add hidden: true'],
  [{ exlude: '*' }, 'exlude is not an option; did you mean exclude?'],
  [{ hidden: 'yes' }, 'hidden must be true or false'],
  [{ recursive: 1 }, 'recursive must be true or false'],
  [{ concurrency: 0 }, 'concurrency must be a whole number from 1 to 100'],
  [{ tags: ['a,b'] }, 'tags must not contain a comma'],
  [{ tagsFor: [] }, 'tagsFor must be a function'],
  [{ onFile: [] }, 'onFile must be a function'],
  [{ onProgress: [] }, 'onProgress must be a function'],
  [{ headers: { authorization: 'x' } }, 'headers must not contain authorization'],
  [null, 'options must be an object'],
])('refuses %j before it sends anything', async (options, message) => {
  const server = await scriptedServer((_, response) => void response.destroy());
  const call = Reflect.apply(uploadFolder, undefined, [apiAt(server.url), await folderWith('a'), options]);
  expect((await rejection(Promise.resolve(call), ConfigurationError)).message).toContain(message);
  expect(server.requests).toEqual([]);
});

it('refuses a folder that cannot be one', async () => {
  const api = apiAt('http://127.0.0.1:1');
  const folder = await folderWith('a');
  const upload = (...args: unknown[]) => Promise.resolve(Reflect.apply(uploadFolder, undefined, args));
  expect((await rejection(upload(api, 7), ConfigurationError)).message).toBe('folder must be a string, not number');
  expect((await rejection(upload(api, ''), ConfigurationError)).message).toContain('folder is empty');
  expect((await rejection(upload('api', folder), ConfigurationError)).message).toContain('api must be an ApiClient');
  expect(await rejection(upload(api, join(folder, 'none')), FileSystemError)).toMatchObject({ code: 'file_not_found' });
  const file = await rejection(upload(api, join(folder, 'a')), FileSystemError);
  expect([file.code, file.message]).toEqual(['io', expect.stringMatching(/is not a folder: open it with openFile/)]);
});

it('uploads nothing from an empty folder', async () => {
  const told: Progress[] = [];
  const results = await uploadFolder(apiAt('http://127.0.0.1:1'), await makeFolder(), {
    onProgress: (now) => told.push(now),
  });
  expect([results, told]).toEqual([[], [{ loaded: 0, total: 0, fraction: 1 }]]);
});

it('follows symbolic links in the folder, and reports those that lead out of it, are broken or form a loop', async () => {
  const outside = await folderWith('secret.txt');
  const folder = await folderWith('real.txt', 'sub/b.txt');
  const links = {
    'again.txt': 'real.txt', // aws/aws-sdk-go-v2#3439: two links to one file are two files
    'blob.json': 'real.txt',
    'broken.txt': 'nowhere',
    etc: '/etc',
    itself: 'itself',
    other: 'sub',
    'out.txt': join(outside, 'secret.txt'),
    'sub/up': '..', // aws/aws-cli#3961
    'sub/sibling': `../../${folder.split('/').at(-1)}x`,
  };
  for (const [path, target] of Object.entries(links)) await symlink(target, join(folder, path));
  await mkdir(`${folder}x`);
  onTestFinished(() => rm(`${folder}x`, { recursive: true }));
  const leadsOut = expect.objectContaining({
    code: 'io',
    message: expect.stringContaining('leads out of the folder through a symbolic link'),
  });
  const loop = expect.objectContaining({ code: 'io', message: expect.stringContaining('contains it') });
  const api = await sandboxApi();
  const results = await uploadFolder(api, folder);
  expect(statuses(results)).toEqual([
    ['again.txt', 'stored'],
    ['blob.json', 'stored'],
    ['broken.txt', expect.objectContaining({ code: 'file_not_found' })],
    ['etc', leadsOut],
    ['itself', expect.objectContaining({ code: 'io', message: expect.stringContaining('ELOOP') })],
    ['other/b.txt', 'stored'],
    ['other/sibling', leadsOut],
    ['other/up', loop],
    ['out.txt', leadsOut],
    ['real.txt', 'stored'],
    ['sub/b.txt', 'stored'],
    ['sub/sibling', leadsOut],
    ['sub/up', loop],
  ]);
  const names = (await api.files.list()).map(({ name, extension }) => `${name}.${extension}`);
  expect(names.toSorted()).toEqual(['again.txt', 'b.txt', 'b.txt', 'blob.json', 'real.txt']);
  expect(pathsOf(await uploadFolder(api, folder, { include: 'real.txt' }))).toEqual(['real.txt']);
});

// Node.js replaces the bytes that are not UTF-8, so that no call finds the file (nodejs/node#59202, webtorrent/create-torrent#195)
it.runIf(process.platform === 'linux')('reports a name that is not UTF-8', async () => {
  const folder = await folderWith('ok.txt');
  await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), 'content');
  const message = expect.stringContaining('has a name that is not UTF-8: rename it');
  expect(statuses(await uploadFolder(await sandboxApi(), folder))).toEqual([
    ['caf\ufffd', expect.objectContaining({ code: 'io', message })],
    ['ok.txt', 'stored'],
  ]);
});

it('uploads a folder that is given as a symbolic link', async () => {
  const folder = await folderWith('a.txt');
  const place = await makeFolder();
  await symlink(folder, join(place, 'link'));
  expect(await stored(join(place, 'link'))).toEqual(['a.txt']);
});

it('reports a pipe and does not wait for its writer', async () => {
  const folder = await folderWith('a.txt');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const results = await uploadFolder(await sandboxApi(), folder);
  expect(statuses(results)).toEqual([
    ['a.txt', 'stored'],
    ['pipe', expect.objectContaining({ code: 'io', message: expect.stringContaining('is not a regular file') })],
  ]);
});

it('reports files and folders that it may not read, and uploads the others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-denied-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const path of ['a.txt', 'closed/b.txt', 'private.txt']) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), path);
  }
  await chmod(folder, 0o755);
  await chmod(join(folder, 'closed'), 0o000);
  await chmod(join(folder, 'private.txt'), 0o000);
  const output = await runUnprivileged(`
    const { ApiClient } = await import('doctape-sdk');
    const { uploadFolder } = await import('doctape-sdk/node');
    const { createSandbox } = await import('doctape-sdk/sandbox');
    const sandbox = createSandbox();
    const api = new ApiClient({ token: await sandbox.signIn('alice'), fetch: sandbox.fetch });
    const results = await uploadFolder(api, ${JSON.stringify(folder)});
    console.log(results.map(({ path, status, reason }) => [path, status, reason?.code].join(' ')).join('; '));`);
  await chmod(join(folder, 'closed'), 0o755);
  expect(output.trim()).toBe(
    'a.txt fulfilled ; closed rejected permission_denied; private.txt rejected permission_denied',
  );
});

/** A server that calls `before` when the first upload has arrived, before it responds. */
async function serverThat(before: () => Promise<unknown>) {
  let first = true;
  return scriptedServer(async (request, response) => {
    await bodyOf(request);
    if (first) await before();
    first = false;
    reply(response, 200, { error: null, result: { a: { id: 'a', name: 'a', size: 1 } } });
  });
}

test('a folder that changes during the upload: each file is one version, and nothing is taken from elsewhere', async () => {
  const secret = join(await folderWith('secret.txt'), 'secret.txt');
  const folder = await folderWith('a', 'b', 'c', 'd/e', 'f', 'g');
  const server = await serverThat(async () => {
    await rm(join(folder, 'b'));
    await writeFile(join(folder, 'c'), 'longer than before');
    await rm(join(folder, 'd'), { recursive: true });
    await symlink(dirname(secret), join(folder, 'd'));
    await writeFile(join(dirname(secret), 'e'), 'not to be uploaded');
    await rm(join(folder, 'f'));
    await mkdir(join(folder, 'f'));
    await writeFile(join(folder, 'new'), 'new');
    await rename(join(folder, 'g'), join(folder, 'renamed'));
  });
  const told: Progress[] = [];
  const results = await uploadFolder(apiAt(server.url), folder, {
    concurrency: 1,
    onProgress: (now) => told.push(now),
  });
  expect(statuses(results)).toEqual([
    ['a', 'stored'],
    ['b', expect.objectContaining({ code: 'file_not_found' })],
    ['c', 'stored'],
    ['d/e', expect.objectContaining({ code: 'io', message: expect.stringContaining('leads out of the folder') })],
    ['f', expect.objectContaining({ code: 'is_directory' })],
    ['g', expect.objectContaining({ code: 'file_not_found' })],
  ]);
  const bytes = 'a'.length + 'longer than before'.length;
  expect(told.at(-1)).toEqual({ loaded: bytes, total: bytes, fraction: 1 });
  expect(server.requests).toHaveLength(2);
});

// rclone/rclone#1250 and #717: a file that grows while it is sent
test('a file that changes while it is sent is reported, and not stored', async () => {
  const { url, sandbox } = await servedForTest();
  const folder = await makeFolder();
  await writeFile(join(folder, 'log.txt'), Buffer.alloc(40_000_000));
  await writeFile(join(folder, 'z.txt'), 'z');
  let changed = false;
  const api = new ApiClient({ token: await sandbox.signIn('alice'), baseUrl: `${url}/v1` });
  const results = await uploadFolder(api, folder, {
    concurrency: 1,
    onProgress() {
      if (changed) return;
      changed = true;
      return writeFile(join(folder, 'log.txt'), 'more', { flag: 'a' });
    },
  });
  expect(changed).toBe(true);
  expect(statuses(results)).toEqual([
    ['log.txt', expect.objectContaining({ name: 'TransferError', code: 'changed' })],
    ['z.txt', 'stored'],
  ]);
  expect((await api.files.list()).map(({ name }) => name)).toEqual(['z']);
});

it('calls onFile with each result, and reports the progress of all files', async () => {
  const folder = await folderWith('a', 'bb', 'ccc');
  const told: unknown[] = [];
  const progress: Progress[] = [];
  const results = await uploadFolder(await sandboxApi(), folder, {
    onFile: (result) => told.push(result),
    onProgress: (now) => progress.push(now),
  });
  expect(told).toHaveLength(3);
  expect(told).toEqual(expect.arrayContaining(results));
  expect(progress.at(-1)).toEqual({ loaded: 6, total: 6, fraction: 1 });
});

it('reports tags that are not valid, and an error of tagsFor, as the result of the file', async () => {
  const folder = await folderWith('a', 'b', 'c');
  const results = await uploadFolder(await sandboxApi(), folder, {
    tagsFor(path) {
      if (path === 'a') throw new Error('a mistake');
      return path === 'b' ? ['x,y'] : ['z'];
    },
  });
  expect(statuses(results)).toEqual([
    ['a', new Error('a mistake')],
    ['b', expect.any(ConfigurationError)],
    ['c', 'stored'],
  ]);
});

it.each<[string, unknown]>([
  ['string', 'abc'],
  ['object', Promise.resolve(['a'])],
  ['null', null],
])('reports tagsFor that returns a %s, as the result of the file', async (kind, tags) => {
  const results = await uploadFolder(await sandboxApi(), await folderWith('a'), { tagsFor: () => tags as never });
  const message = expect.stringContaining(`tagsFor must return an array of tags, not ${kind}`);
  expect(statuses(results)).toEqual([['a', expect.objectContaining({ name: 'ConfigurationError', message })]]);
});

it('opens only the files that are being uploaded', async () => {
  const paths = Array.from({ length: 300 }, (_, index) => `${index}`.padStart(3, '0'));
  const folder = await folderWith(...paths);
  const output = execFileSync(
    'sh',
    ['-c', `ulimit -n 64; exec "$0" --input-type=module -e "$1"`, process.execPath, program(folder)],
    { encoding: 'utf8', cwd: process.cwd() },
  );
  expect(output.trim()).toBe('300 stored');
});

function program(folder: string): string {
  return `
    import { ApiClient } from 'doctape-sdk';
    import { uploadFolder } from 'doctape-sdk/node';
    import { createSandbox } from 'doctape-sdk/sandbox';
    const sandbox = createSandbox();
    const api = new ApiClient({ token: await sandbox.signIn('alice'), fetch: sandbox.fetch });
    const results = await uploadFolder(api, ${JSON.stringify(folder)}, { concurrency: 8 });
    const failed = results.filter(({ status }) => status === 'rejected');
    console.log(failed.length === 0 ? results.length + ' stored' : failed[0].reason.message);`;
}

test('an abort is the result of each file that was not uploaded', async () => {
  const folder = await folderWith('a', 'b', 'c', 'd');
  const controller = new AbortController();
  const server = await serverThat(async () => {
    controller.abort('enough');
    await wait(20);
  });
  const results = await uploadFolder(apiAt(server.url), folder, { signal: controller.signal, concurrency: 2 });
  expect(statuses(results)).toEqual(['a', 'b', 'c', 'd'].map((path) => [path, 'enough']));
  expect(server.requests.length).toBeLessThanOrEqual(2);
  await expect(uploadFolder(apiAt(server.url), folder, { signal: AbortSignal.abort('never') })).rejects.toBe('never');
});

it('accepts any object with the files of a client', async () => {
  const names: string[] = [];
  const files: ApiClient['files'] = {
    ...apiAt('http://127.0.0.1:1').files,
    async upload(source) {
      names.push(source instanceof File ? source.name : '');
      return { id: 'a', name: 'a', size: 1 };
    },
  };
  await uploadFolder({ files }, await folderWith('a', 'b'));
  expect(names.sort()).toEqual(['a', 'b']); // they are uploaded at the same time
});

it('sends the headers of an iterator with every file', async () => {
  const server = await scriptedServer(async (request, response) => {
    await bodyOf(request);
    reply(response, 200, { result: { a: { id: 'a', name: 'a', size: 1 } } });
  });
  const folder = await makeFolder();
  for (const name of ['1', '2', '3']) await writeFile(join(folder, name), name);
  await uploadFolder(apiAt(server.url), folder, { headers: new Headers({ 'x-trace': 'yes' }).entries() });
  expect(server.requests.map(({ headers }) => headers['x-trace'])).toEqual(['yes', 'yes', 'yes']);
});
