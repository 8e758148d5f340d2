import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJpeg, quarters } from '../fixtures/make-image.js';
import { freePort } from '../support/free-port.js';
import { allScopes, tokenFor } from '../support/sandbox.js';
import { apiAt, servedForTest } from '../support/scripted-server.js';
import { type Block, blocks } from './pages.js';
import { clone, startApplication, until } from './reader/clone.js';
import { machine } from './reader/machine.js';

// Runs the shell commands of the documentation, with other URLs, ports and ids. A transcript is run if it only uses this
// package, Node and the shell. The others install software, or need an account.

const ours =
  /^(?:\w+=\S+ )?(?:npx (?:doctape-sdk|node) |node |export |mkdir |npm (?:ci|run sandbox)$|npm install \.\.\/doctape-sdk\S*$)/;

/** test/consumers/express.test.ts, test/docs/programs.test.ts and test/docs/proxies.test.ts run these. */
const testedElsewhere = [
  'docs/scripts.md: Run it',
  'docs/examples/express/README.md: Run it (2)',
  'docs/proxies.md: A proxy, without code',
  'docs/proxies.md: A certificate of your own, without code',
];

const transcripts = blocks.filter(
  ({ language, text, place }) =>
    language === 'sh' &&
    !testedElsewhere.includes(place) &&
    rowsOf(text)
      .flatMap((row) => row.split(' && '))
      .every((command) => ours.test(command)),
);

/** The commands of a transcript, without comments. */
function rowsOf(text: string): string[] {
  const rows = text.split('\n').map((row) => row.replace(/(?:^|\s+)#.*/, ''));
  return rows.filter((row) => row !== '');
}

async function startSandbox({ text }: Block): Promise<void> {
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

/** Runs a transcript of `doctape-sdk` for a user who is signed in, and has two files on the server and some in their folder. */
async function runOnServer(text: string) {
  const { url, sandbox } = await servedForTest();
  const token = await tokenFor(sandbox, 'alice', allScopes, url);
  const api = apiAt(url, { token });
  const { folder, start } = await machine({ sandboxUrl: url });
  const image = makeJpeg(640, 480, quarters(640, 480));
  await api.files.upload(new File([Buffer.from(image)], 'holiday.jpg'), { tags: ['beach', 'todo', '#summer'] });
  await api.files.upload(new File(['hello'], 'notes.txt'));
  await mkdir(join(folder, 'photos'));
  const local = { 'holiday.jpg': image, 'notes.txt': 'hello', 'photos/sea.jpg': image, 'photos/x.tmp': '' };
  for (const [path, content] of Object.entries(local)) await writeFile(join(folder, path), content);
  const session = { baseUrl: `${url}/v1`, authorizationEndpoint: '', tokenEndpoint: '', clientId: '', token };
  await mkdir(join(folder, 'config/doctape-sdk'), { recursive: true });
  await writeFile(join(folder, 'config/doctape-sdk/session.json'), JSON.stringify(session));
  const output: string[] = [];
  for (const row of rowsOf(text)) {
    const { printed, ended } = start('sh', ['-ec', row], { XDG_CONFIG_HOME: join(folder, 'config') });
    await ended;
    output.push(printed.join('\n'));
  }
  return { folder, output, files: await api.files.list() };
}

const checks: Record<string, (transcript: Block) => Promise<void>> = {
  'README.md: Use it': startSandbox,
  'docs/quick-start.md: Start a sandbox': startSandbox,
  'docs/quick-start.md: Use it from a terminal': async ({ text }) => {
    const { url, sandbox } = await servedForTest();
    const { folder, start } = await machine({ sandboxUrl: url });
    await writeFile(join(folder, 'hello.mjs'), 'hello');
    const printed = [];
    for (const row of rowsOf(text)) {
      const running = start('sh', ['-ec', row.replace('--sandbox', `--sandbox ${url}`)]);
      await running.ended;
      printed.push(running.printed.join('\n'));
    }
    expect(printed[0]).toContain('Signed in as alice');
    expect(printed[2]).toContain('hello.mjs');
    const api = apiAt(url, { token: await tokenFor(sandbox, 'alice', allScopes, url) });
    expect(await api.files.list()).toMatchObject([{ name: 'hello', extension: 'mjs' }]);
  },
  'docs/scripts.md: Register the script (2)': async ({ place, text }) => {
    const [configuration] = blocks.filter(
      (block) => block.place.startsWith(place.replace(' (2)', '')) && block.language === 'json',
    );
    const { folder, start } = await machine();
    await writeFile(join(folder, 'sandbox.json'), configuration?.text ?? '');
    const running = start('sh', ['-ec', text.replace(' sandbox ', ' sandbox --port 0 ')]);
    await until(running, () => running.printed.join('\n').includes('my-script'));
  },
  'docs/sandbox.md: The sandbox': startSandbox,
  'docs/sandbox.md: Behind a proxy': startSandbox,
  'docs/sandbox.md: Recovery': startSandbox,
  'docs/media.md: Converters': startSandbox,
  'docs/examples/backup/README.md: Run it': startSandbox,
  'docs/examples/hono/README.md: Run it': startSandbox,
  'docs/examples/worker/README.md: Run it': startSandbox,
  'docs/examples/view/README.md: Run it': startSandbox,
  'docs/examples/hono/README.md: Run it (2)': ({ text }) => startApplication(text),
  'docs/examples/view/README.md: Run it (2)': async ({ text }) => {
    const { url } = await servedForTest();
    const port = String(await freePort());
    const { start } = await clone(url);
    const replaced = text.replaceAll('http://127.0.0.1:4400', url).replaceAll('3000', port);
    const running = start('sh', ['-ec', replaced], { PORT: port });
    const page = () => fetch(`http://localhost:${port}/`).catch(() => undefined);
    await until(running, page);
    expect(await (await page())?.text()).toContain('Your e-mail address');
  },
  // without errors, which the check of the start page would get
  'docs/sandbox.md: Faults': (block) => startSandbox({ ...block, text: block.text.replace('503@0.1', '503@0') }),

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
      const command = row.replace('--sandbox', `--sandbox ${url}`).replace(' rm ', ' rm --yes '); // without a terminal
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

  'docs/cli.md: Listing': async ({ text }) => {
    const { output } = await runOnServer(text);
    expect(output[0]).toMatch(/^id +name .*kind +processing/);
    expect(output[1]).toMatch(/holiday\.jpg/);
    expect(output[1]).not.toMatch(/notes\.txt/);
    expect(output[2]).toMatch(/holiday\.jpg/);
  },
  'docs/cli.md: Uploading': async ({ text }) => {
    const { files } = await runOnServer(text);
    const described = files.map(({ name, tags, starred }) => [name, tags.join(), starred].join(' ')).sort();
    expect(described).toEqual([
      'copy  false',
      'holiday beach true',
      'holiday beach,todo,#summer false',
      'notes  false',
      'notes beach true',
      'sea #summer false',
    ]);
  },
  'docs/cli.md: Downloading': async ({ text }) => {
    const { folder } = await runOnServer(text);
    expect((await readdir(join(folder, 'down'))).sort()).toEqual(['holiday.jpg', 'notes.txt']);
    expect((await readFile(join(folder, 'holiday-thumb_320.jpg'))).byteLength).toBeGreaterThan(100);
    expect(await readFile(join(folder, 'copy.txt'), 'utf8')).toBe('hello');
  },
  'docs/cli.md: Changing': async ({ text }) => {
    const { files } = await runOnServer(text);
    expect(files).toMatchObject([{ name: 'memo', tags: ['beach'], starred: true }]);
  },
  'docs/cli.md: Sharing': async ({ text }) => {
    const { files, output } = await runOnServer(text);
    expect(files.find(({ name }) => name === 'holiday')).toMatchObject({
      tags: ['beach', 'todo', '#summer', '+bob'],
      public_url: null,
    });
    expect(output[2]).toContain('holiday.jpg');
    expect(output[3]).toMatch(/^http\S+\/s\/\w+$/);
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
    const checked = [...Object.keys(checks), ...testedElsewhere];
    expect(checked.filter((place) => !places.includes(place))).toEqual([]);
  });
});
