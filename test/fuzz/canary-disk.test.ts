import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFile, type SaveOptions, saveDownload, signInWithLoopback } from '../../src/node.js';
import { leaveRun } from '../node/files/support.js';
import { all, api, clientSecret, nothingShownBy, type Row, state, token, wrongly } from '../support/canary.js';
import { failureSites } from '../support/failure-sites.js';

// The same as canary.test.ts, for what needs a disk. The table has to reach every place in src/node where an error is made.

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-canary-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'saved.bin');
}

/** Opens a file, does something to it, and reads it. */
async function opened(change: (path: string) => Promise<unknown>): Promise<unknown> {
  const path = await place();
  await writeFile(path, all);
  const file = await openFile(path);
  await change(path);
  return file.bytes();
}

/** Saves a file where something was put before, and something is done while it is loaded. */
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

/** Saves to a path of so many characters. Systems take 4,095. */
async function saveDeep(length: number): Promise<unknown> {
  let folder = join(await place(), '..');
  while (folder.length < 3990) folder = join(folder, 'a'.repeat(Math.min(100, 3995 - folder.length)));
  await mkdir(folder, { recursive: true });
  return saveDownload(api(), 'a', join(folder, 'a'.repeat(length - folder.length - 1)));
}

const neverReplaces = { overwrite: false };

/** Opens a file by its name alone in a folder that is not there any more. */
async function openedNowhere(): Promise<unknown> {
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

/** Takes the claim of whoever writes to the path away, as one does that takes them for dead. */
async function takeOver(path: string): Promise<void> {
  for (const claim of await readdir(`${path}.part.lock`)) await rm(join(`${path}.part.lock`, claim));
}

/** A body of one chunk, and of what becomes of it then. */
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
  ['a path of another kind', () => wrongly(openFile, [token])],
  ['an empty path', () => openFile('')],
  ['a name in a folder that is gone', openedNowhere],
  ['a path that ends early', () => openFile(`a\0${token}`)],
  ['a file that is not there', () => openFile('/nowhere/at/all')],
  ['a folder', () => openFile('/etc')],
  ['a device', () => openFile('/dev/null')],
  ['a file that is longer than the system says', () => openFile('/proc/self/status')],
  ['a file that is gone', () => opened((path) => rm(path))],
  [
    'a file that leads in a circle',
    () =>
      opened(async (path) => {
        await rm(path);
        await symlink(path, path);
      }),
  ],
  [
    'a file that is a folder',
    () =>
      opened(async (path) => {
        await rm(path);
        await mkdir(path);
      }),
  ],
  ['a file that has changed', () => opened((path) => writeFile(path, `${all}!`))],
  [
    'a file that is shorter than the system says',
    async () => (await openFile('/sys/kernel/mm/transparent_hugepage/enabled')).text(),
  ],
];

const saveRows: Row[] = [
  ['no client', () => wrongly(saveDownload, token, 'a', '/tmp/a')],
  ['a path into nowhere', () => saveDownload(api(), 'a', '/no/such/folder/a')],
  ['a path through a file', () => saveDownload(api(), 'a', '/etc/passwd/a')],
  ['a path of a folder', () => saveDownload(api(), 'a', '/etc')],
  ['a path with a slash behind', () => saveDownload(api(), 'a', '/tmp/a/')],
  ['a path of a device', () => saveDownload(api(), 'a', '/dev/null')],
  ['a name that is too long', () => saveDownload(api(), 'a', `/tmp/${'a'.repeat(256)}`)],
  ['an option that is unknown', () => wrongly(saveDownload, api(), 'a', '/tmp/a', { [token]: 1 })],
  ['a path that leaves no room for a claim', () => saveDeep(4070)],
  ['a path that leaves no room for the lock', () => saveDeep(4090)],
  ['a path that leads in a circle by then', () => saved(nothing, (path) => symlink(path, path))],
  ['a part of somebody else', () => saved((path) => writeFile(`${path}.part`, all))],
  ['a note of somebody else', () => saved((path) => writeFile(`${path}.part.json`, all))],
  ['a folder in place of a note', () => saved((path) => mkdir(`${path}.part.json`))],
  ['a link to nowhere in place of the lock', () => saved((path) => symlink('/nowhere/at/all', `${path}.part.lock`))],
  ['a file in place of the lock', () => saved((path) => writeFile(`${path}.part.lock`, all))],
  ['a link that leads nowhere', () => saved((path) => symlink('/nowhere/at/all', path))],
  ['a file that may not be replaced', () => saved((path) => writeFile(path, all), nothing, all, neverReplaces)],
  [
    'a file that comes meanwhile and may not be replaced',
    () => saved(nothing, (path) => writeFile(path, all), all, neverReplaces),
  ],
  ['what says nothing about replacing', () => wrongly(saveDownload, api(), 'a', '/tmp/a', { overwrite: token })],
  ['a note that comes meanwhile', () => saved(nothing, (path) => writeFile(`${path}.part.json`, otherNote))],
  ['a path that is taken', () => saved(nothing, (path) => saveDownload(api(), 'b', path))],
  ['a lock that is lost', () => saved(nothing, takeOver)],
  [
    'a part that is another',
    async () => {
      const path = await place();
      const body = bodyOf(bytes, async () => {
        await writeFile(`${path}.other`, all);
        await rename(`${path}.other`, `${path}.part`);
      });
      return saveDownload(api({ fetch: async () => new Response(body) }), 'a', path);
    },
  ],
  ['a disk that refuses', () => saved(nothing, (path) => mkdir(`${path}.part`))],
  ['a disk that takes no such bytes', () => saved(nothing, nothing, bodyOf(token))],
  ['a body that breaks', () => saved(nothing, nothing, bodyOf(bytes, breaks))],
  [
    'a rest that breaks',
    async () => {
      const path = await place();
      await leaveRun(path, all, { url: 'https://api.example/v1/doc/a/original', validator: '"1"' });
      const start = bytes.byteLength - 1;
      const headers = { etag: '"1"', 'content-range': `bytes ${start}-${start + 998}/${start + 999}` };
      const fetch = async () => new Response(bodyOf(bytes, breaks), { status: 206, headers });
      return saveDownload(api({ fetch }), 'a', path);
    },
  ],
];

function signIn(options: Record<string, unknown>): unknown {
  return wrongly(signInWithLoopback, { clientId: 'app', clientSecret, open() {}, timeout: 1000, ...options });
}

const loopbackRows: Row[] = [
  ['a path that is no plain one', () => signIn({ redirectPath: `/${token}` })],
  ['a port that is none', () => signIn({ port: token })],
  [
    'a port that is taken',
    async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      return signIn({ port: (server.address() as AddressInfo).port });
    },
  ],
  ['a browser that does not come up', () => signIn({ open: () => Promise.reject(new Error(all)) })],
];

const reached = nothingShownBy([...fileRows, ...saveRows, ...loopbackRows]);

describe('the table', () => {
  it('reaches every place where an error is made: a new one needs a row', () => {
    const sites = failureSites(['src/protocol', 'src/node']);
    // `openOrReject` replaces the errors of the opener; after a part was changed, the download starts again; and two
    // need another program that is faster than a test, or a file system that fails
    const elsewhere =
      / was changed by another program| was replaced by another program| because \$\{folder\} cannot be read/;
    const seen = sites.filter(
      ({ place, text }) => /^src\/node\/(?!sign-in\/open-browser)/.test(place) && !elsewhere.test(text),
    );
    expect(seen.length).toBeGreaterThan(30);
    expect(seen.filter(({ place }) => !reached.has(place))).toEqual([]);
  });
});
