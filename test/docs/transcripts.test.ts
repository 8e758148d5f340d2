import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { goToSignIn, visitor } from '../examples/visitor.js';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { freePort } from '../support/free-port.js';
import { findRedis, redisRemedy, startRedis } from '../support/redis.js';
import { allScopes, tokenFor } from '../support/sandbox.js';
import { apiAt, servedForTest } from '../support/scripted-server.js';
import { type Block, blocks } from './pages.js';
import { type Machine, machine, type Running } from './reader/machine.js';

// What the documentation tells people to type, typed, but for addresses, ports and ids. A transcript is run if all that it
// calls is this package, Node and the shell: the others install something, or need what only a reader has.

const ours =
  /^(?:\w+=\S+ )?(?:npx (?:doctape-sdk|node) |node |export |mkdir |npm (?:ci|run sandbox)$|npm install \.\.\/doctape-sdk\S*$)/;

const transcripts = blocks.filter(
  ({ language, text }) =>
    language === 'sh' &&
    rowsOf(text)
      .flatMap((row) => row.split(' && '))
      .every((command) => ours.test(command)),
);

/** The commands of a transcript, without what is said about them. */
function rowsOf(text: string): string[] {
  const rows = text.split('\n').map((row) => row.replace(/(?:^|\s+)#.*/, ''));
  return rows.filter((row) => row !== '');
}

/** A reader's machine with a clone of this repository, as far as readers look into it. */
async function clone(sandboxUrl: string): Promise<Machine> {
  const reader = await machine({ sandboxUrl });
  for (const name of ['dist', 'docs', 'README.md']) await symlink(resolve(name), join(reader.folder, name));
  return reader;
}

/** Waits until something is true of a program that goes on. */
async function until(running: Running, condition: () => unknown): Promise<void> {
  const over = running.ended.then(() => {
    throw new Error(`it ended:\n${running.printed.join('\n')}`);
  });
  await Promise.race([expect.poll(condition, { timeout: 20_000 }).toBeTruthy(), over]);
}

async function startsASandbox({ text }: Block): Promise<void> {
  const { folder, start } = await machine();
  const freed = text.replace('npx doctape-sdk sandbox', '$& --port 0').replace('npm run sandbox', '$& -- --port 0');
  const running = start('sh', ['-ec', freed]);
  const address = () => /http:\/\/127\.0\.0\.1:\d+/.exec(running.printed.join('\n'))?.[0];
  await until(running, () => address() && running.printed.join('\n').includes('builder'));
  for (const word of ['alice', 'wonderland', '5f0c1c0e-', '3d9a7e52-', 'a2b4c6d8-']) {
    expect(running.printed.join('\n')).toContain(word);
  }
  expect((await fetch(address() ?? '')).status).toBe(200);
  const [, data] = / --data (\S+)/.exec(text) ?? [];
  if (data !== undefined) expect(await readdir(join(folder, data))).toContain('sandbox.sqlite');
}

async function startsAnApplication({ text }: Block): Promise<void> {
  const { url } = await servedForTest();
  const port = String(await freePort());
  const { start } = await clone(url);
  const redis = text.includes('redis:') ? await redisForTest() : '';
  const replaced = text.replaceAll('http://127.0.0.1:4400', url).replaceAll('redis://127.0.0.1:6379', redis);
  const running = start('sh', ['-ec', replaced.replaceAll('3000', port)], { PORT: port });
  const someone = visitor(`http://localhost:${port}`);
  await until(running, () => someone.get('/').catch(() => undefined));
  await someone.get(await goToSignIn(someone, '/login'));
  expect(await (await someone.get('/')).text()).toContain('Files of alice');
}

async function redisForTest(): Promise<string> {
  const program = findRedis();
  if (!program) throw new Error(`there is no Redis: ${redisRemedy}`);
  const { url, stop } = await startRedis(program);
  onTestFinished(stop);
  return url;
}

const visits: Record<string, (transcript: Block) => Promise<void>> = {
  'README.md: Use it': startsASandbox,
  'docs/sandbox.md: The sandbox': startsASandbox,
  'docs/examples/backup/README.md: Run it': startsASandbox,
  'docs/examples/hono/README.md: Run it': startsASandbox,
  'docs/examples/worker/README.md: Run it': startsASandbox,
  'docs/examples/express/README.md: Run it (2)': startsAnApplication,
  'docs/examples/hono/README.md: Run it (2)': startsAnApplication,

  'docs/cli.md: The command line': async ({ text }) => {
    const { url, sandbox } = await servedForTest();
    const api = apiAt(url, { token: await tokenFor(sandbox, 'alice', allScopes, url) });
    const { folder, start } = await machine({ sandboxUrl: url });
    const picture = makeJpeg(640, 480, quarters(640, 480));
    await writeFile(join(folder, 'holiday.jpg'), picture);
    await writeFile(join(folder, 'notes.txt'), 'hello');

    const said: Record<string, string[]> = {};
    const types: (string | null)[] = []; // of what is behind the addresses that were printed
    for (const row of rowsOf(text)) {
      const files = (await api.files.list()).sort((one, other) => one.name.localeCompare(other.name));
      const command = row
        .replace('--sandbox', `--sandbox ${url}`)
        .replace(/ rm ID/, ' rm ID --yes') // there is no terminal to ask on
        .replace(/\bID\b/g, () => files.shift()?.id ?? '');
      const { printed, ended } = start('sh', ['-ec', command]);
      await ended;
      said[row.split(' ')[2] ?? ''] = printed;
      if (printed[0]?.startsWith('http')) types.push((await fetch(printed[0])).headers.get('content-type'));
    }
    expect(said.whoami).toEqual([expect.stringMatching(/^alice /)]);
    for (const name of ['holiday.jpg', 'notes.txt']) expect(said.ls?.join('\n')).toContain(name);
    expect(await readFile(join(folder, 'pictures/holiday.jpg'))).toEqual(Buffer.from(picture));
    expect(await readFile(join(folder, 'pictures/notes.txt'), 'utf8')).toBe('hello');
    expect(types).toEqual(['image/jpeg']);
    expect((await api.files.list()).map(({ name }) => name)).toEqual(['notes']);
    await expect(start('sh', ['-ec', 'npx doctape-sdk whoami']).ended).rejects.toThrow('you are not signed in');
  },

  'docs/examples/backup/README.md: Run it (2)': async ({ text }) => {
    const { url } = await servedForTest();
    const { folder, start } = await clone(url);
    await start('sh', ['-ec', text.replace('--sandbox', `--sandbox ${url}`)]).ended;
    expect(await readFile(join(folder, 'my-files/files/README.md'))).toEqual(await readFile('README.md'));
  },
};

describe('a transcript', () => {
  it.each(transcripts)('can be typed: $place', async (transcript) => {
    const visit = visits[transcript.place];
    if (visit) return visit(transcript);
    const remedy = `write down what comes of it, in test/docs/transcripts.test.ts under '${transcript.place}'`;
    throw new Error(`${transcript.page}:${transcript.line} can be run, and nobody does: ${remedy}`);
  });

  it('is there for every visit', () => {
    const places = transcripts.map(({ place }) => place);
    expect(Object.keys(visits).filter((place) => !places.includes(place))).toEqual([]);
  });
});
