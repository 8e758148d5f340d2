import { spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { command, content, cwd, environment, home, run, signedIn, start, started, useHome } from './user.js';

useHome();

it('uploads, lists, links, downloads and deletes', async () => {
  await signedIn();
  await writeFile(join(cwd, 'größe 1.txt'), 'hello');
  await writeFile(join(cwd, 'large.bin'), content);
  const up = await run(['upload', 'größe 1.txt', 'large.bin']);
  expect(up).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Uploaded 2 of 2 files, 6 MB in [^\n]+\n$/) });
  const [, small = ''] = /^Uploaded größe 1\.txt, 5 B: (\S+)$/m.exec(up.stdout) ?? [];
  const [, large = ''] = /^Uploaded large\.bin, 6 MB: (\S+)$/m.exec(up.stdout) ?? [];

  const list = await run(['ls']);
  expect(list).toMatchObject({ code: 0, stderr: '' });
  const rows = list.stdout.trimEnd().split('\n');
  expect(rows[0]).toMatch(/^id +name +size +added$/);
  expect(rows[1]).toMatch(new RegExp(`^${small}  größe 1\\.txt +5 B  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d$`));
  expect(rows[2]).toMatch(new RegExp(`^${large}  large\\.bin +6 MB  `));
  expect((await run(['ls', '--long'])).stdout).toMatch(/kind +processing +starred +public +tags/);
  const lines = (await run(['ls', '--json'])).stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).id)).toEqual([small, large]);

  const link = await run(['url', small]);
  expect(link).toMatchObject({ code: 0, stderr: '' });
  expect(await (await fetch(link.stdout.trim())).text()).toBe('hello');
  expect((await run(['url', small, 'thumb_120.jpg'])).stdout).toContain(`/doc/${small}/thumb_120.jpg?`);

  await mkdir(join(cwd, 'down'));
  const down = await run(['download', small, large, '--output', 'down']);
  expect(down).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^Saved 2 of 2 files, 6 MB in [^\n]+\n$/),
  });
  expect(down.stdout.split('\n').sort()).toEqual(['', 'Saved down/größe 1.txt, 5 B', 'Saved down/large.bin, 6 MB']);
  expect(Buffer.compare(await readFile(join(cwd, 'down/large.bin')), content)).toBe(0);
  expect((await run(['download', small, '--output', 'other.txt'])).code).toBe(0);
  expect(await readFile(join(cwd, 'other.txt'), 'utf8')).toBe('hello');

  expect(await run(['rm', '--yes', small, large])).toEqual({
    code: 0,
    stdout: `Deleted ${small}\nDeleted ${large}\n`,
    stderr: '',
  });
  expect(await run(['ls'])).toEqual({ code: 0, stdout: '', stderr: 'There are no files yet.\n' });
});

it('prints only JSON lines on stdout with --json, for failures too', async () => {
  await signedIn();
  await writeFile(join(cwd, 'a.txt'), 'hello');
  const up = await run(['upload', '--json', 'a.txt', 'missing.txt']);
  expect(up.code).toBe(1);
  const [first, second] = up.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .sort((one, other) => one.path.localeCompare(other.path));
  expect(first).toMatchObject({ path: 'a.txt', id: expect.any(String), name: 'a.txt', size: 5 });
  expect(second).toEqual({
    path: 'missing.txt',
    error: { code: 'file_not_found', message: expect.stringContaining('missing.txt cannot be read') },
  });
  expect(up.stderr).toMatch(
    /^doctape-sdk: missing\.txt: [^\n]+\nUploaded 1 of 2 files, [^\n]+\n1 failed: missing\.txt\n$/,
  );
  const down = await run(['download', '--json', first.id, 'nothing', '--output', '.', '--force']);
  expect(down.code).toBe(1);
  expect(
    down.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { file: 'nothing', error: { code: 'no_such_file', message: expect.any(String) } },
    { file: first.id, id: first.id, path: join(cwd, 'a.txt'), size: 5, unchanged: false },
  ]);
  const removed = await run(['rm', '--json', '--yes', first.id]);
  expect(JSON.parse(removed.stdout)).toEqual({ file: first.id, id: first.id, deleted: true });
});

it('completes uploads, downloads and deletions when stdout is closed, and sets the exit code', async () => {
  const { api } = await signedIn();
  for (const name of ['a.txt', 'b.txt', 'c.txt']) await writeFile(join(cwd, name), name);
  const unread = async (args: readonly string[]) => {
    const { child, ended, stderr } = start(args, { input: '' });
    child.stdout?.destroy();
    return { code: await ended, stderr: stderr() };
  };
  expect(await unread(['upload', '-q', 'a.txt', 'b.txt', 'c.txt'])).toEqual({ code: 0, stderr: '' });
  const ids = (await api.files.list()).map(({ id }) => id);
  expect(ids).toHaveLength(3);
  await mkdir(join(cwd, 'down'));
  expect(await unread(['download', ...ids, '-q', '--json', '--output', 'down'])).toEqual({ code: 0, stderr: '' });
  expect((await readdir(join(cwd, 'down'))).sort()).toEqual(['a.txt', 'b.txt', 'c.txt']);
  expect(await unread(['rm', '--yes', ids[0] ?? '', 'nothing', ...ids.slice(1)])).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^doctape-sdk: nothing: [^\n]+\n$/),
  });
  expect(await api.files.list()).toEqual([]);
  expect(await unread(['logout'])).toEqual({ code: 0, stderr: '' });
  expect(await readdir(join(home, 'doctape-sdk'))).toEqual([]);
  expect(await unread(['--help'])).toEqual({ code: 0, stderr: '' });
});

it.runIf(process.platform === 'linux')('reports in one line that stdout cannot be written', async () => {
  const { api } = await signedIn();
  for (const name of ['a.txt', 'b.txt']) await writeFile(join(cwd, name), name);
  const full = await open('/dev/full', 'w');
  onTestFinished(() => full.close());
  const runInto = async (stdio: ('pipe' | number)[], args: readonly string[]) => {
    const child = spawn(process.execPath, [command, ...args], {
      cwd,
      env: environment({}),
      stdio: ['ignore', ...stdio],
    });
    const { ended, stderr } = started(child, undefined);
    return { code: await ended, stderr: stderr() };
  };
  const refused = { code: 1, stderr: 'doctape-sdk: the output cannot be written (ENOSPC)\n' };
  expect(await runInto([full.fd, 'pipe'], ['upload', '-q', 'a.txt', 'b.txt'])).toEqual(refused);
  expect(await api.files.list()).toHaveLength(2);
  for (const args of [['ls'], ['ls', '--json'], ['--help']]) {
    expect(await runInto([full.fd, 'pipe'], args)).toEqual(refused);
  }
  expect((await runInto([full.fd, full.fd], ['ls'])).code).toBe(1);
  expect((await runInto(['pipe', full.fd], ['nonsense'])).code).toBe(2);
});

it.each([
  [['login']],
  [['login', '--client-id']],
  [['login', '--client-id', 'x', '--authorization-endpoint', 'http://127.0.0.1:1/oauth2']],
  [['login', '--sandbox', 'http://127.0.0.1:1', '--base-url', 'http://127.0.0.1:1/v1']],
  [['login', '--client-secret', 'x']],
  [['login', '--client-secret=hunter2secret']],
  [['login', '--paste', 'hunter2secret']],
  [['login', '--sandbox', 'nonsense']],
  [['login', '--sandbox', 'http://user:hunter2secret@127.0.0.1:1']],
  [['login', '--sandbox', 'http://127.0.0.1:1/?access_token=hunter2secret']],
  [['login', '--sandbox', 'http://127.0.0.1:1/#hunter2secret']],
  [['upload']],
  [['download']],
  [['download', 'x', '--rendition', 'nonsense']],
  [['download', 'x', 'y', '--output', 'nowhere']],
  [['url']],
  [['url', 'x', 'nonsense']],
  [['upload', 'http://127.0.0.1:1/hunter2secret']],
  [['download', 'http://127.0.0.1:1/v1/doc/x/original?access_token=hunter2secret']],
  [['download', 'x', '--output', 'http://user:hunter2secret@127.0.0.1:1/']],
  [['url', 'http://127.0.0.1:1/v1/doc/x/original?access_token=hunter2secret']],
  [['rm', '--yes', 'http://127.0.0.1:1/v1/doc/x/original?access_token=hunter2secret']],
  [['rm']],
  [['rm', 'x']],
  [['ls', '--nonsense']],
  [['whoami', 'extra']],
])('exits with 2 if the command line is wrong: %j', async (args) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^(error|doctape-sdk): [^\n]+\n$/);
  expect(stderr).not.toContain('hunter2');
});

it('prints the usage and exits with 2 if the command is missing', async () => {
  const { code, stdout, stderr } = await run([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^Usage: doctape-sdk /);
});

it.each([[['--help']], [['help', 'upload']], [['upload', '--help']], [['sandbox', '--help']], [['--version']]])(
  'prints the requested text for %j, and exits with 0',
  async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^(Usage: doctape-sdk|\d+\.\d+\.\d+)/);
  },
);

/** The names of all commands, as `--help` prints them. */
async function commandNames(): Promise<string[]> {
  const { stdout } = await run(['--help']);
  return [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
}

it('documents every command and every flag in docs/cli.md, and has two examples in its help', async () => {
  const page = await readFile('docs/cli.md', 'utf8');
  const names = (await commandNames()).filter((name) => name !== 'help');
  expect(names).toContain('completion');
  const helps = await Promise.all(names.map((name) => run([name, '--help'])));
  for (const [index, { stdout }] of helps.entries()) {
    const name = names[index] ?? '';
    expect(page).toContain(`doctape-sdk ${name}`);
    expect([name, stdout.match(new RegExp(`^  \\$ doctape-sdk ${name}\\b.+ # .+$`, 'gm'))?.length]).toEqual([
      name,
      expect.toBeOneOf([2, 3]),
    ]);
    if (name === 'sandbox') continue; // docs/sandbox.md
    const [options = ''] = stdout.split('\nExamples:');
    for (const [flag] of options.matchAll(/--(?!help)[a-z-]+/g)) expect(page, name).toContain(flag);
  }
});

it('prints JSON for each file, including those it did not try', async () => {
  const { api } = await signedIn();
  const path = join(home, 'doctape-sdk', 'session.json');
  const session = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(
    path,
    JSON.stringify({ ...session, token: { access_token: 'revoked-0123456789', token_type: 'Bearer' } }),
  );
  expect(await api.files.list()).toEqual([]);
  for (const args of [
    ['download', 'a', 'b'],
    ['rm', '--yes', 'a', 'b'],
  ]) {
    const { code, stdout } = await run([...args, '--json']);
    expect(code).toBe(1);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { file: 'a', error: { code: 'http_401', message: expect.stringContaining('401') } },
      { file: 'b', error: { code: 'not_tried', message: 'not tried: you are no longer signed in' } },
    ]);
  }
});
