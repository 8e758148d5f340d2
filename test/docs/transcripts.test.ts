import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { allScopes, tokenFor } from '../support/sandbox.js';
import { apiAt, servedForTest } from '../support/scripted-server.js';
import { type Block, blocks } from './pages.js';
import { clone, startsAnApplication, until } from './reader/clone.js';
import { machine } from './reader/machine.js';

// What the documentation tells people to type, typed, but for addresses, ports and ids. A transcript is run if all that it
// calls is this package, Node and the shell: the others install something, or need what only a reader has.

const ours =
  /^(?:\w+=\S+ )?(?:npx (?:doctape-sdk|node) |node |export |mkdir |npm (?:ci|run sandbox)$|npm install \.\.\/doctape-sdk\S*$)/;

/** They need more than is here: test/consumers/express.test.ts and test/docs/proxies.test.ts run them. */
const visitedElsewhere = [
  'docs/examples/express/README.md: Run it (2)',
  'docs/proxies.md: A proxy, without code',
  'docs/proxies.md: A certificate of your own, without code',
];

const transcripts = blocks.filter(
  ({ language, text, place }) =>
    language === 'sh' &&
    !visitedElsewhere.includes(place) &&
    rowsOf(text)
      .flatMap((row) => row.split(' && '))
      .every((command) => ours.test(command)),
);

/** The commands of a transcript, without what is said about them. */
function rowsOf(text: string): string[] {
  const rows = text.split('\n').map((row) => row.replace(/(?:^|\s+)#.*/, ''));
  return rows.filter((row) => row !== '');
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

const visits: Record<string, (transcript: Block) => Promise<void>> = {
  'README.md: Use it': startsASandbox,
  'docs/sandbox.md: The sandbox': startsASandbox,
  'docs/sandbox.md: If something is missing': startsASandbox,
  'docs/examples/backup/README.md: Run it': startsASandbox,
  'docs/examples/hono/README.md: Run it': startsASandbox,
  'docs/examples/worker/README.md: Run it': startsASandbox,
  'docs/examples/hono/README.md: Run it (2)': ({ text }) => startsAnApplication(text),

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
    const places = blocks.map(({ place }) => place);
    const visited = [...Object.keys(visits), ...visitedElsewhere];
    expect(visited.filter((place) => !places.includes(place))).toEqual([]);
  });
});
