import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  downloadAll,
  openFile,
  type SaveOptions,
  saveDownload,
  signInWithLoopback,
  uploadFolder,
} from '../../src/node.js';
import { createInterruptedDownload } from '../node/files/support.js';
import { all, api, callUntyped, clientSecret, type Row, state, testNoLeaks, token } from '../support/canary.js';
import { failureSites } from '../support/failure-sites.js';

// Like canary.test.ts, for the functions that need a disk. The table must reach all places in src/node that create an error.

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-canary-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'saved.bin');
}

/** Opens a file, changes it, and reads it. */
async function opened(change: (path: string) => Promise<unknown>): Promise<unknown> {
  const path = await place();
  await writeFile(path, all);
  const file = await openFile(path);
  await change(path);
  return file.bytes();
}

/** Saves a file. `before` runs before the download, `meanwhile` runs during the download. */
async function saved(
  before: (path: string) => Promise<unknown>,
  meanwhile: (path: string) => Promise<unknown> = async () => {},
  body: BodyInit = all,
  options: SaveOptions = {},
): Promise<unknown> {
  const path = await place();
  await before(path);
  const fetch = async () => {
    await meanwhile(path);
    return new Response(body, { headers: { etag: `"${state}"`, 'x-token': token } });
  };
  return saveDownload(api({ fetch }), 'a', path, options);
}

/** Saves to a path of this many characters. The limit of Linux is 4,095. */
async function saveDeep(length: number): Promise<unknown> {
  let folder = join(await place(), '..');
  while (folder.length < 3990) folder = join(folder, 'a'.repeat(Math.min(100, 3995 - folder.length)));
  await mkdir(folder, { recursive: true });
  return saveDownload(api(), 'a', join(folder, 'a'.repeat(length - folder.length - 1)));
}

const neverReplaces = { overwrite: false };

/** Opens a file by a relative path in a working directory that was deleted. */
async function openedInDeletedFolder(): Promise<unknown> {
  const before = process.cwd();
  const folder = await mkdtemp(join(tmpdir(), 'doctape-canary-'));
  process.chdir(folder);
  try {
    await rm(folder, { recursive: true });
    return await openFile('a');
  } finally {
    process.chdir(before);
  }
}

const nothing = async () => {};

const otherNote = JSON.stringify({ url: all, part: { inode: '1', born: '1' } });

/** Removes the claim of the download that writes to the path, as another process does when it treats that download as dead. */
async function takeOver(path: string): Promise<void> {
  for (const claim of await readdir(`${path}.part.lock`)) await rm(join(`${path}.part.lock`, claim));
}

/** A body that sends one chunk, calls `then`, and closes. */
function bodyOf(chunk: unknown, then: () => Promise<unknown> = nothing): ReadableStream {
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (!sent) controller.enqueue(chunk);
      else await then().then(() => controller.close());
      sent = true;
    },
  });
}

const bytes = new TextEncoder().encode(all);
const breaks = () => Promise.reject(new TypeError(all));

const fileRows: Row[] = [
  ['a path of the wrong type', () => callUntyped(openFile, [token])],
  ['an empty path', () => openFile('')],
  ['a relative path in a deleted folder', openedInDeletedFolder],
  ['a path with a NUL', () => openFile(`a\0${token}`)],
  ['an unknown file', () => openFile('/nowhere/at/all')],
  ['a folder', () => openFile('/etc')],
  ['a device', () => openFile('/dev/null')],
  ['a file whose size the system does not report', () => openFile('/proc/self/status')],
  ['a deleted file', () => opened((path) => rm(path))],
  [
    'a symbolic link to itself',
    () =>
      opened(async (path) => {
        await rm(path);
        await symlink(path, path);
      }),
  ],
  [
    'a file that was replaced by a folder',
    () =>
      opened(async (path) => {
        await rm(path);
        await mkdir(path);
      }),
  ],
  ['a file that has changed', () => opened((path) => writeFile(path, `${all}!`))],
  [
    'a file that is shorter than the system reports',
    async () => (await openFile('/sys/kernel/mm/transparent_hugepage/enabled')).text(),
  ],
];

const saveRows: Row[] = [
  ['a client of the wrong type', () => callUntyped(saveDownload, token, 'a', '/tmp/a')],
  ['a path in a folder that does not exist', () => saveDownload(api(), 'a', '/no/such/folder/a')],
  ['a path through a file', () => saveDownload(api(), 'a', '/etc/passwd/a')],
  ['the path of a folder', () => saveDownload(api(), 'a', '/etc')],
  ['a path with a trailing slash', () => saveDownload(api(), 'a', '/tmp/a/')],
  ['the path of a device', () => saveDownload(api(), 'a', '/dev/null')],
  ['a name that is too long', () => saveDownload(api(), 'a', `/tmp/${'a'.repeat(256)}`)],
  ['an unknown option', () => callUntyped(saveDownload, api(), 'a', '/tmp/a', { [token]: 1 })],
  ['a path that is too long for a claim file', () => saveDeep(4070)],
  ['a path that is too long for the lock file', () => saveDeep(4090)],
  ['a path that becomes a symbolic link to itself', () => saved(nothing, (path) => symlink(path, path))],
  ['a part file that saveDownload did not write', () => saved((path) => writeFile(`${path}.part`, all))],
  ['a note that saveDownload did not write', () => saved((path) => writeFile(`${path}.part.json`, all))],
  ['a folder in place of the note', () => saved((path) => mkdir(`${path}.part.json`))],
  ['a dangling link in place of the lock', () => saved((path) => symlink('/nowhere/at/all', `${path}.part.lock`))],
  ['a file in place of the lock', () => saved((path) => writeFile(`${path}.part.lock`, all))],
  ['a dangling link', () => saved((path) => symlink('/nowhere/at/all', path))],
  ['a file that must not be replaced', () => saved((path) => writeFile(path, all), nothing, all, neverReplaces)],
  [
    'a file that appears during the download and must not be replaced',
    () => saved(nothing, (path) => writeFile(path, all), all, neverReplaces),
  ],
  [
    'an overwrite option of the wrong type',
    () => callUntyped(saveDownload, api(), 'a', '/tmp/a', { overwrite: token }),
  ],
  [
    'a note that appears during the download',
    () => saved(nothing, (path) => writeFile(`${path}.part.json`, otherNote)),
  ],
  ['a path that another download writes to', () => saved(nothing, (path) => saveDownload(api(), 'b', path))],
  ['a lock that was lost', () => saved(nothing, takeOver)],
  [
    'a part file that was replaced',
    async () => {
      const path = await place();
      const body = bodyOf(bytes, async () => {
        await writeFile(`${path}.other`, all);
        await rename(`${path}.other`, `${path}.part`);
      });
      return saveDownload(api({ fetch: async () => new Response(body) }), 'a', path);
    },
  ],
  ['a part file that cannot be opened', () => saved(nothing, (path) => mkdir(`${path}.part`))],
  ['a body with chunks that cannot be written', () => saved(nothing, nothing, bodyOf(token))],
  ['a response body that breaks', () => saved(nothing, nothing, bodyOf(bytes, breaks))],
  [
    'a resumed download that breaks',
    async () => {
      const path = await place();
      await createInterruptedDownload(path, all, { url: 'https://api.example/v1/doc/a/original', validator: '"1"' });
      const start = bytes.byteLength - 1;
      const headers = { etag: '"1"', 'content-range': `bytes ${start}-${start + 998}/${start + 999}` };
      const fetch = async () => new Response(bodyOf(bytes, breaks), { status: 206, headers });
      return saveDownload(api({ fetch }), 'a', path);
    },
  ],
];

/** Uploads the file `a` and another entry of a folder, and throws the first failure. */
async function uploaded(
  prepare: (folder: string) => Promise<unknown>,
  meanwhile: (folder: string) => Promise<unknown> = nothing,
): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-canary-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'a'), all);
  await prepare(folder);
  const tagsFor = () => [token.replaceAll(' ', '')];
  const client = api({
    async fetch(_: string, { body: sent }: { body: BodyInit }) {
      await new Response(sent).bytes();
      await meanwhile(folder);
      return Response.json({ error: null, result: { a: { id: 'a', name: 'a', size: 1 } } });
    },
  });
  return firstFailure(await uploadFolder(client, folder, { concurrency: 1, tagsFor }));
}

function firstFailure(results: PromiseSettledResult<unknown>[]): unknown {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results;
}

const somewhere = '/tmp';
const remote = { id: token, name: token, extension: '' };

/** Downloads a file to a folder that is prepared before. */
async function downloaded(prepare: (folder: string) => Promise<unknown>, path: string): Promise<unknown> {
  const folder = join(await place(), '..');
  await prepare(folder);
  return firstFailure(await downloadAll(api(), [remote], folder, { pathFor: () => path }));
}

const folderRows: Row[] = [
  ...[7, '', `!${token}`, `../${token}`, token.repeat(100)].map(
    (include): Row => [
      `the pattern ${JSON.stringify(include).slice(0, 8)}`,
      () => callUntyped(uploadFolder, api(), somewhere, { include: [include] }),
    ],
  ),
  ['patterns that are not an array', () => callUntyped(uploadFolder, api(), somewhere, { exclude: { token } })],
  ['a pattern for hidden files', () => uploadFolder(api(), somewhere, { include: `.${token}` })],
  ['a folder of the wrong type', () => callUntyped(uploadFolder, api(), [token])],
  ['a folder that does not exist', () => uploadFolder(api(), '/nowhere/at/all')],
  ['a file in place of the folder', () => uploadFolder(api(), '/etc/passwd')],
  ['a link that leads out of the folder', () => uploaded((folder) => symlink('/etc', join(folder, 'b')))],
  ['a broken link', () => uploaded((folder) => symlink('/nowhere', join(folder, 'b')))],
  ['a link to the folder itself', () => uploaded((folder) => symlink(folder, join(folder, 'b')))],
  [
    'tags that are not an array',
    async () => {
      const options = { include: 'canary-disk.test.ts', tagsFor: () => token as never };
      return firstFailure(await uploadFolder(api(), import.meta.dirname, options));
    },
  ],
  [
    'a name that is not UTF-8',
    () => uploaded((folder) => writeFile(Buffer.concat([Buffer.from(`${folder}/b`), Buffer.from([0xe9])]), all)),
  ],
  ['a socket in the folder', () => uploaded(listenIn)],
  [
    'a file that is removed before its turn',
    () =>
      uploaded(
        (folder) => writeFile(join(folder, 'b'), all),
        (folder) => rm(join(folder, 'b')),
      ),
  ],
  [
    'a file that becomes a link out of the folder',
    () =>
      uploaded(
        (folder) => writeFile(join(folder, 'b'), all),
        async (folder) => {
          await rm(join(folder, 'b'));
          await symlink('/etc/passwd', join(folder, 'b'));
        },
      ),
  ],
  ['files that are not iterable', () => callUntyped(downloadAll, api(), { token }, somewhere)],
  ['files without a name', () => callUntyped(downloadAll, api(), [{ id: token }], somewhere)],
  [
    'a path that is not a string',
    () => callUntyped(downloadAll, api(), [remote], somewhere, { pathFor: () => [token] }),
  ],
  ['a folder that cannot be created', () => downloadAll(api(), [], '/etc/passwd/a')],
  [
    'a folder that is a link out of the folder',
    () => downloaded((folder) => symlink('/tmp', join(folder, 'b')), 'b/c'),
  ],
  ['a link in place of the file', () => downloaded((folder) => symlink('/tmp', join(folder, 'b')), 'b')],
  ['a file in place of a folder', () => downloaded((folder) => writeFile(join(folder, 'b'), all), 'b/c')],
];

async function listenIn(folder: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, 'b'), resolve));
  onTestFinished(() => void server.close());
}

function signIn(options: Record<string, unknown>): unknown {
  return callUntyped(signInWithLoopback, { clientId: 'app', clientSecret, open() {}, timeout: 1000, ...options });
}

const loopbackRows: Row[] = [
  ['an invalid redirectPath', () => signIn({ redirectPath: `/${token}` })],
  ['an invalid port', () => signIn({ port: token })],
  ['a port that browsers refuse', () => signIn({ port: 6666 })],
  [
    'a port that is taken',
    async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      return signIn({ port: (server.address() as AddressInfo).port });
    },
  ],
  ['a browser that cannot be opened', () => signIn({ open: () => Promise.reject(new Error(all)) })],
];

const reached = testNoLeaks([...fileRows, ...saveRows, ...folderRows, ...loopbackRows]);

describe('the table', () => {
  it('reaches all places that create an error (add a row for each new one)', () => {
    const sites = failureSites(['src/protocol', 'src/node']);
    // `openOrReject` replaces the errors of the opener; after a part was changed, the download starts again; and two
    // need another program that is faster than a test, or a file system that fails
    const elsewhere =
      / was changed by another program| was replaced by another program| because \$\{folder\} cannot be read|'cannot be listed'/;
    const seen = sites.filter(
      ({ place, text }) => /^src\/node\/(?!sign-in\/open-browser)/.test(place) && !elsewhere.test(text),
    );
    expect(seen.length).toBeGreaterThan(30);
    expect(seen.filter(({ place }) => !reached.has(place))).toEqual([]);
  });
});
