import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { allScopes, tokenFor } from '../support/sandbox.js';
import { apiAt, servedForTest } from '../support/scripted-server.js';
import { type Block, blocks } from './pages.js';
import { clone, startsAnApplication, until } from './reader/clone.js';
import { machine } from './reader/machine.js';

// Runs the shell commands of the documentation, with other URLs, ports and ids. A transcript is run if it only uses this
// package, Node and the shell. The others install software, or need an account.

const ours =
  /^(?:\w+=\S+ )?(?:npx (?:doctape-sdk|node) |node |export |mkdir |npm (?:ci|run sandbox)$|npm install \.\.\/doctape-sdk\S*$)/;

/** These need other software: test/consumers/express.test.ts and test/docs/proxies.test.ts run them. */
const checkedElsewhere = [
  'docs/examples/express/README.md: Run it (2)',
  'docs/proxies.md: A proxy, without code',
  'docs/proxies.md: A certificate of your own, without code',
];

const transcripts = blocks.filter(
  ({ language, text, place }) =>
    language === 'sh' &&
    !checkedElsewhere.includes(place) &&
    rowsOf(text)
      .flatMap((row) => row.split(' && '))
      .every((command) => ours.test(command)),
);

/** The commands of a transcript, without comments. */
function rowsOf(text: string): string[] {
  const rows = text.split('\n').map((row) => row.replace(/(?:^|\s+)#.*/, ''));
  return rows.filter((row) => row !== '');
}

async function startsASandbox({ text }: Block): Promise<void> {
  const { folder, start } = await machine();
  const freed = text.replace('npx doctape-sdk sandbox', '$& --port 0').replace('npm run sandbox', '$& -- --port 0');
  const running = start('sh', ['-ec', freed]);
  const url = () => /http:\/\/127\.0\.0\.1:\d+/.exec(running.printed.join('\n'))?.[0];
  await until(running, () => url() && running.printed.join('\n').includes('builder'));
  for (const word of ['alice', 'wonderland', '5f0c1c0e-', '3d9a7e52-', 'a2b4c6d8-']) {
    expect(running.printed.join('\n')).toContain(word);
  }
  expect((await fetch(url() ?? '')).status).toBe(200);
  const [, data] = / --data (\S+)/.exec(text) ?? [];
  if (data !== undefined) expect(await readdir(join(folder, data))).toContain('sandbox.sqlite');
}

const checks: Record<string, (transcript: Block) => Promise<void>> = {
  'README.md: Use it': startsASandbox,
  'docs/sandbox.md: The sandbox': startsASandbox,
  'docs/sandbox.md: Recovery': startsASandbox,
  'docs/examples/backup/README.md: Run it': startsASandbox,
  'docs/examples/hono/README.md: Run it': startsASandbox,
  'docs/examples/worker/README.md: Run it': startsASandbox,
  'docs/examples/hono/README.md: Run it (2)': ({ text }) => startsAnApplication(text),
  // without errors, which the check of the start page would get
  'docs/sandbox.md: Faults': (block) => startsASandbox({ ...block, text: block.text.replace('503@0.1', '503@0') }),

  'docs/cli.md: The command line': async ({ text }) => {
    const { url, sandbox } = await servedForTest();
    const api = apiAt(url, { token: await tokenFor(sandbox, 'alice', allScopes, url) });
    const { folder, start } = await machine({ sandboxUrl: url });
    const image = makeJpeg(640, 480, quarters(640, 480));
    await writeFile(join(folder, 'holiday.jpg'), image);
    await writeFile(join(folder, 'notes.txt'), 'hello');

    const output: Record<string, string[]> = {};
    const types: (string | null)[] = []; // of the files at the printed URLs
    for (const row of rowsOf(text)) {
      const files = (await api.files.list()).sort((one, other) => one.name.localeCompare(other.name));
      const command = row
        .replace('--sandbox', `--sandbox ${url}`)
        .replace(/ rm ID/, ' rm ID --yes') // there is no terminal for the question
        .replace(/\bID\b/g, () => files.shift()?.id ?? '');
      const { printed, ended } = start('sh', ['-ec', command]);
      await ended;
      output[row.split(' ')[2] ?? ''] = printed;
      if (printed[0]?.startsWith('http')) types.push((await fetch(printed[0])).headers.get('content-type'));
    }
    expect(output.whoami).toEqual([expect.stringMatching(/^alice /)]);
    for (const name of ['holiday.jpg', 'notes.txt']) expect(output.ls?.join('\n')).toContain(name);
    expect(await readFile(join(folder, 'pictures/holiday.jpg'))).toEqual(Buffer.from(image));
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
  it.each(transcripts)('runs: $place', async (transcript) => {
    const check = checks[transcript.place];
    if (check) return check(transcript);
    const remedy = `add a check of its result to test/docs/transcripts.test.ts, under '${transcript.place}'`;
    throw new Error(`${transcript.page}:${transcript.line} has no check: ${remedy}`);
  });

  it('exists for every check', () => {
    const places = blocks.map(({ place }) => place);
    const checked = [...Object.keys(checks), ...checkedElsewhere];
    expect(checked.filter((place) => !places.includes(place))).toEqual([]);
  });
});
