import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { submitLoginForm } from '../../../src/cli/commands/login-form.js';
import { fileNameOf, printable } from '../../../src/cli/terminal/printable.js';
import { table } from '../../../src/cli/terminal/table.js';
import type { ApiClient } from '../../../src/index.js';
import { expectNoCrash } from '../../support/crash.js';
import { allScopes, tokenFor } from '../../support/sandbox.js';
import {
  apiAt,
  reply,
  type Script,
  scriptedServer,
  servedForTest,
  socketServer,
  wait,
} from '../../support/scripted-server.js';

const command = resolve('dist/cli.js');

/** The settings folder and the current folder of the user. */
let home: string;
let cwd: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-home-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  home = join(folder, 'config');
  cwd = join(folder, 'work');
  await mkdir(cwd);
});

interface Run {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  ended: Promise<number | null>;
}

interface RunOptions {
  env?: Record<string, string>;
  /** Written to stdin, which then ends. @default stdin stays open */
  input?: string;
}

function start(args: readonly string[], { env = {}, input }: RunOptions = {}): Run {
  return started(spawn(process.execPath, [command, ...args], { cwd, env: environment(env) }), input);
}

/** Starts a command on a terminal, which shows stdout and stderr together. */
function startOnTerminal(args: readonly string[], env: Record<string, string> = { TERM: 'xterm' }): Run {
  const line = [process.execPath, command, ...args].map((word) => `'${word}'`).join(' ');
  return started(
    spawn('script', ['-qefc', `stty cols 200 rows 50; exec ${line}`, '/dev/null'], {
      cwd,
      env: environment(env),
    }),
    undefined,
  );
}

function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const { DOCTAPE_CLIENT_SECRET: _, CI: __, ...env } = process.env;
  return { ...env, XDG_CONFIG_HOME: home, HOME: cwd, ...more };
}

function started(child: ChildProcess, input: string | undefined): Run {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk) => {
      text[name] += chunk;
    });
  }
  child.stdin?.on('error', () => {});
  if (input !== undefined) child.stdin?.end(input);
  const ended = once(child, 'close').then(([code]) => code);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    expectNoCrash(text.stdout + text.stderr);
  });
  return { child, stdout: () => text.stdout, stderr: () => text.stderr, ended };
}

async function run(args: readonly string[], options: RunOptions = {}) {
  const { ended, stdout, stderr } = start(args, { input: '', ...options });
  const code = await ended;
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Signs in as a user does, at the printed URL. */
async function logIn(url: string, args: readonly string[] = ['--sandbox', url], options: RunOptions = {}) {
  const login = start(['login', '--no-browser', ...args], options);
  await expect.poll(login.stderr).toMatch(/^http\S+\n/m);
  const address = new URL(/^http\S+/m.exec(login.stderr())?.[0] ?? '');
  await fetch(await submitLoginForm(address, { username: 'alice', password: 'wonderland', decision: 'allow' }));
  return { code: await login.ended, stdout: login.stdout(), stderr: login.stderr(), address };
}

/** Starts a sandbox, and signs in to it on the command line. @returns a client for the same user */
async function signedIn(): Promise<{ url: string; api: ApiClient }> {
  const sandbox = await servedForTest();
  const { code } = await logIn(sandbox.url);
  expect(code).toBe(0);
  return {
    url: sandbox.url,
    api: apiAt(sandbox.url, { token: await tokenFor(sandbox.sandbox, 'alice', allScopes, sandbox.url) }),
  };
}

const content: Uint8Array<ArrayBuffer> = new Uint8Array(6_000_000).map((_, index) => (index * 7919) >> 3);

it('signs in to a sandbox without further flags, and signs out', async () => {
  const { url } = await servedForTest();
  expect(await logIn(url)).toMatchObject({ code: 0, stdout: `Signed in as alice at ${url}/v1\n` });
  const whoami = await run(['whoami']);
  expect(whoami).toMatchObject({ code: 0, stderr: '' });
  expect(whoami.stdout).toMatch(/^alice \(alice@\S+\), 0 B of \S+ \S+ used, at http:\S+\/v1\n$/);
  expect(JSON.parse((await run(['whoami', '--json'])).stdout)).toMatchObject({
    username: 'alice',
    baseUrl: `${url}/v1`,
  });

  expect((await run(['logout'])).stdout).toMatch(/^Signed out/);
  expect(await readdir(join(home, 'doctape-sdk'))).toEqual([]);
  expect((await run(['logout'])).stdout).toBe('You were not signed in.\n');
  expect(await run(['whoami'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'doctape-sdk: you are not signed in: run `doctape-sdk login`\n',
  });
});

it('stores the token with its endpoints in a file that only the user can read', async () => {
  await mkdir(join(home, 'doctape-sdk'), { recursive: true, mode: 0o755 });
  const { url } = await signedIn();
  const file = join(home, 'doctape-sdk', 'session.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, 'doctape-sdk'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(home, 'doctape-sdk'))).toEqual(['session.json']);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    baseUrl: `${url}/v1`,
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
    clientId: expect.any(String),
    token: expect.objectContaining({ access_token: expect.any(String) }),
  });
  const { access_token } = JSON.parse(await readFile(file, 'utf8')).token;
  for (const args of [['whoami'], ['ls'], ['download', 'nothing'], ['rm', '--yes', 'nothing']]) {
    const { stdout, stderr } = await run(args);
    expect(stdout + stderr).not.toContain(access_token);
  }
});

it('signs in to any server with your own application, and reads its secret from the environment', async () => {
  const app = {
    clientId: 'my-app',
    clientSecret: 'my-secret-0123',
    type: 'server' as const,
    name: 'Mine',
    redirectUris: ['loopback'],
  };
  const { url } = await servedForTest({ apps: [app] });
  const flags = [
    '--authorization-endpoint',
    `${url}/oauth2`,
    '--token-endpoint',
    `${url}/oauth2/token`,
    '--base-url',
    `${url}/v1`,
  ];
  const { code, stdout, stderr } = await logIn(url, ['--client-id', 'my-app', ...flags, '--json'], {
    env: { DOCTAPE_CLIENT_SECRET: 'my-secret-0123' },
  });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `${JSON.stringify({ username: 'alice', baseUrl: `${url}/v1` })}\n`,
  });
  expect(stderr).not.toContain('my-secret');
  expect(await readFile(join(home, 'doctape-sdk', 'session.json'), 'utf8')).not.toContain('my-secret');
});

it('signs in with a pasted code', async () => {
  const { url } = await servedForTest();
  const login = start(['login', '--sandbox', url, '--paste']);
  await expect.poll(login.stderr).toMatch(/^http\S+\n/m);
  const address = new URL(/^http\S+/m.exec(login.stderr())?.[0] ?? '');
  expect(address.searchParams.get('redirect_uri')).toBe('urn:ietf:wg:oauth:2.0:oob');
  const code = await submitOutOfBand(address);
  login.child.stdin?.write(`${code}\n`);
  expect(await login.ended).toBe(0);
  expect(login.stdout()).toMatch(/^Signed in as alice/);
});

/** Submits the sign-in form. @returns the title of the page that shows the code */
async function submitOutOfBand(address: URL): Promise<string> {
  const form = await fetch(address);
  const html = await form.text();
  const action = /<form method="post" action="([^"]*)">/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const body = new URLSearchParams({ username: 'alice', password: 'wonderland', decision: 'allow' });
  for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
    body.set(name, value.replaceAll('&amp;', '&'));
  }
  const cookie = form.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const response = await fetch(new URL(action, address), { method: 'POST', body, headers: { cookie } });
  return /<title>Success (code=[^<]+)<\/title>/.exec(await response.text())?.[1] ?? '';
}

it('reports that the user declined', async () => {
  const { url } = await servedForTest();
  const login = start(['login', '--no-browser', '--sandbox', url]);
  await expect.poll(login.stderr).toMatch(/^http\S+\n/m);
  const address = new URL(/^http\S+/m.exec(login.stderr())?.[0] ?? '');
  await fetch(await submitLoginForm(address, { username: 'alice', password: 'wonderland', decision: 'deny' }));
  expect(await login.ended).toBe(1);
  expect(login.stderr()).toMatch(/doctape-sdk: .*access_denied[^\n]*\n$/);
});

it('uploads, lists, links, downloads and deletes', async () => {
  await signedIn();
  await writeFile(join(cwd, 'größe 1.txt'), 'hello');
  await writeFile(join(cwd, 'large.bin'), content);
  const up = await run(['upload', 'größe 1.txt', 'large.bin']);
  expect(up).toMatchObject({ code: 0, stderr: '' });
  expect(up.stdout).toMatch(/^Uploaded größe 1\.txt, 5 B: \S+\nUploaded large\.bin, 6 MB: \S+\n$/);
  const [small = '', large = ''] = [...up.stdout.matchAll(/: (\S+)$/gm)].map(([, id = '']) => id);

  const list = await run(['ls']);
  expect(list).toMatchObject({ code: 0, stderr: '' });
  const rows = list.stdout.trimEnd().split('\n');
  expect(rows[0]).toMatch(/^id +name +size +added$/);
  expect(rows[1]).toMatch(new RegExp(`^${small}  größe 1\\.txt +5 B  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d$`));
  expect(rows[2]).toMatch(new RegExp(`^${large}  large\\.bin +6 MB  `));
  expect((await run(['ls', '--long'])).stdout).toMatch(/type +processing +starred +public +tags/);
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
    stderr: '',
    stdout: 'Saved down/größe 1.txt, 5 B\nSaved down/large.bin, 6 MB\n',
  });
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
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({ path: 'a.txt', id: expect.any(String), name: 'a.txt', size: 5 });
  expect(second).toEqual({
    path: 'missing.txt',
    error: { code: 'file_not_found', message: expect.stringContaining('missing.txt cannot be read') },
  });
  expect(up.stderr).toMatch(/^doctape-sdk: missing\.txt: [^\n]+\n$/);
  const down = await run(['download', '--json', first.id, 'nothing', '--output', '.', '--force']);
  expect(down.code).toBe(1);
  expect(
    down.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { id: first.id, path: join(cwd, 'a.txt'), size: 5 },
    { id: 'nothing', error: { code: 'http_404', message: expect.any(String) } },
  ]);
  const removed = await run(['rm', '--json', '--yes', first.id]);
  expect(JSON.parse(removed.stdout)).toEqual({ id: first.id, deleted: true });
});

it('continues with the other files when one fails, and exits with 1', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  const { code, stdout, stderr } = await run(['rm', '--yes', 'nothing', id]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: `Deleted ${id}\n` });
  expect(stderr).toMatch(/^doctape-sdk: nothing: [^\n]+\n$/);
});

it('replaces an existing file only with --force', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['new']), { name: 'a.txt' });
  await writeFile(join(cwd, 'a.txt'), 'old');
  const refused = await run(['download', id]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^doctape-sdk: \S+: a\.txt exists: add --force to replace it\n$/);
  expect(await readFile(join(cwd, 'a.txt'), 'utf8')).toBe('old');
  expect((await run(['download', id, '--output', 'a.txt'])).code).toBe(1);
  expect((await run(['download', id, '--force'])).code).toBe(0);
  expect(await readFile(join(cwd, 'a.txt'), 'utf8')).toBe('new');
});

it('does not replace a file that the same command has written, even with --force', async () => {
  const { api } = await signedIn();
  const [first, second] = await api.files.uploadAll([new File(['first'], 'a.txt'), new File(['second'], 'a.txt')]);
  await writeFile(join(cwd, 'a.txt'), 'old');
  const { code, stdout, stderr } = await run(['download', first?.id ?? '', second?.id ?? '', '--force', '--json']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^doctape-sdk: \S+: a\.txt was written by this command already[^\n]+--output[^\n]*\n$/);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { id: first?.id, path: join(cwd, 'a.txt'), size: 5 },
    { id: second?.id, error: { code: 'file_exists', message: expect.stringContaining('this command') } },
  ]);
  expect(await readFile(join(cwd, 'a.txt'), 'utf8')).toBe('first');
  expect(await readdir(cwd)).toEqual(['a.txt']);
});

/** Signs in to a server that has one file, with any name. */
async function useServerWithFile(name: string, extension = ''): Promise<void> {
  const file = { ...anyFile, name, extension };
  await useServer((request, response) => {
    if (request.url?.endsWith('/original')) return void response.writeHead(200, { etag: '"1"' }).end('hello');
    const result = /\/doc(\?|$)/.test(request.url ?? '') ? { x: file } : file;
    reply(response, 200, { error: null, result });
  });
}

const anyFile = { id: 'x', name: 'a', extension: '', size: 5, time_added: 1_400_000_000 };

/** Signs in to a scripted server. */
async function useServer(script: Script): Promise<void> {
  const server = await scriptedServer(script);
  await mkdir(join(home, 'doctape-sdk'), { recursive: true });
  const session = { baseUrl: `${server.url}/v1`, authorizationEndpoint: '', tokenEndpoint: '', clientId: '' };
  const token = { access_token: 'token-0123456789', token_type: 'Bearer' };
  await writeFile(join(home, 'doctape-sdk', 'session.json'), JSON.stringify({ ...session, token }));
}

it.each([
  '../../escaped',
  '/etc/passwd',
  '..',
  '.',
  '.profile',
  'a/b\\c',
  '\u001b]0;title\u0007',
  'C:x',
  ' ',
  'x'.repeat(400),
])('downloads a file that is named %j into the folder, with a safe name', async (name) => {
  await useServerWithFile(name);
  const { code, stderr } = await run(['download', 'x']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [saved = '', ...more] = await readdir(cwd);
  expect(more).toEqual([]);
  expect(saved).toMatch(/^[^./\\:\p{Cc}][^/\\:\p{Cc}]*$/u);
  expect(await readFile(join(cwd, saved), 'utf8')).toBe('hello');
  expect((await readdir(join(cwd, '..'))).sort()).toEqual(['config', 'work']);
});

it('does not print control characters of a file name', async () => {
  await useServerWithFile('\u001b[2Jgone\r\n\u009b31mred \u202etxt.exe', 'txt');
  for (const args of [['ls'], ['ls', '--long'], ['download', 'x']]) {
    const { stdout, stderr } = await run(args);
    expect(stdout).toContain('gone');
    expect(stdout + stderr).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e]/u);
  }
  expect((await run(['ls'])).stdout.trimEnd().split('\n')).toHaveLength(2);
});

it('stops a list when stdout is closed, and exits with 0', async () => {
  let ended = false;
  await useServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"error":null,"result":{');
    const more = setInterval(() => response.write(`"x":${JSON.stringify({ ...anyFile, name: 'x' })},`), 1);
    request.socket.once('close', () => {
      clearInterval(more);
      ended = true;
    });
  });
  const listing = start(['ls', '--json']);
  await expect.poll(listing.stdout).toContain('"name":"x"');
  listing.child.stdout?.destroy();
  expect(await listing.ended).toBe(0);
  expect(listing.stderr()).toBe('');
  await expect.poll(() => ended).toBe(true);
});

it('completes uploads, downloads and deletions when stdout is closed, and sets the exit code', async () => {
  const { api } = await signedIn();
  for (const name of ['a.txt', 'b.txt', 'c.txt']) await writeFile(join(cwd, name), name);
  const unread = async (args: readonly string[]) => {
    const { child, ended, stderr } = start(args, { input: '' });
    child.stdout?.destroy();
    return { code: await ended, stderr: stderr() };
  };
  expect(await unread(['upload', 'a.txt', 'b.txt', 'c.txt'])).toEqual({ code: 0, stderr: '' });
  const ids = (await api.files.list()).map(({ id }) => id);
  expect(ids).toHaveLength(3);
  await mkdir(join(cwd, 'down'));
  expect(await unread(['download', ...ids, '--json', '--output', 'down'])).toEqual({ code: 0, stderr: '' });
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
  expect(await runInto([full.fd, 'pipe'], ['upload', 'a.txt', 'b.txt'])).toEqual(refused);
  expect(await api.files.list()).toHaveLength(2);
  for (const args of [['ls'], ['ls', '--json'], ['--help']]) {
    expect(await runInto([full.fd, 'pipe'], args)).toEqual(refused);
  }
  expect((await runInto([full.fd, full.fd], ['ls'])).code).toBe(1);
  expect((await runInto(['pipe', full.fd], ['nonsense'])).code).toBe(2);
});

it('escapes control characters in JSON, without loss', async () => {
  const name = '\u001b[2J\u007f\u009b31m\u061c\u200f\u202e\u2066\u2028\ufeff größe 👨‍👩‍👧';
  await useServerWithFile(name);
  for (const args of [
    ['ls', '--json'],
    ['download', 'x', '--json', '--output', `${name}.txt`],
  ]) {
    const { stdout, stderr } = await run(args);
    expect(stderr).toBe('');
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}|[\p{Bidi_Control}\u2028\ufeff]/u);
    expect(Object.values(JSON.parse(stdout)).join()).toContain(name);
    expect(stdout).toContain('größe 👨‍👩‍👧');
  }
});

it.each([
  ['photo.jpg', 'photo.jpg'],
  ['größe 1 👨‍👩‍👧.jpg', 'größe 1 👨‍👩‍👧.jpg'],
  ['con', '_con'],
  ['NUL.txt', '_NUL.txt'],
  ['conin$', '_conin$'],
  ['CONOUT$.log', '_CONOUT$.log'],
  ['COM¹', '_COM¹'],
  ['lpt³.txt', '_lpt³.txt'],
  ['command.com', 'command.com'],
  ['a\u061cb', 'a_b'],
  ['a. ', 'a'],
  ['...', '_'],
  ['', 'untitled'],
  ['-rf', '_-rf'],
  ['--help', '_--help'],
  ['-', '_-'],
  ['~root', '_~root'],
  ['~', '_~'],
  ['~/.ssh/id_rsa', '_~_.ssh_id_rsa'],
  ['+!reboot', '_+!reboot'],
  ['@list.txt', '_@list.txt'],
  ['=ls', '_=ls'],
  [' -rf', '_-rf'],
  ['\u00a0~', '_~'],
  ['.-rf', '_-rf'],
  ['.bashrc', '_bashrc'],
  [' .bashrc', '_bashrc'],
  ['a-b+c~d@e=f', 'a-b+c~d@e=f'],
  [`-${'a'.repeat(300)}`, `_-${'a'.repeat(198)}`],
  [`${'ä'.repeat(300)}.jpeg`, `${'ä'.repeat(97)}.jpeg`],
])('converts the name %j to the file name %j', (name, expected) => {
  expect(fileNameOf(name)).toBe(expected);
});

it('formats a table with more rows than a function call can have arguments', () => {
  const rows = Array.from({ length: 200_000 }, (_, index) => [String(index), 'x']);
  expect(table(rows).split('\n').at(-1)).toBe('199999  x');
});

it('prints U+FFFD for a lone surrogate', () => {
  expect(printable('a\ud800b')).toBe('a\ufffdb');
});

it('resumes a download after kill -9', async () => {
  const sandbox = await servedForTest();
  let sent = '';
  const proxy = await socketServer((socket) => {
    const upstream = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.end());
    socket.on('data', (chunk) => {
      sent += chunk;
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      upstream.pause(); // slow, so that the command can be killed halfway
      socket.write(chunk, () => setTimeout(() => upstream.resume(), 5));
    });
  });
  expect((await logIn(proxy.url)).code).toBe(0);
  const api = apiAt(sandbox.url, { token: await tokenFor(sandbox.sandbox, 'alice', allScopes, sandbox.url) });
  const { id } = await api.files.upload(new Blob([content]), { name: 'large.bin' });
  const part = join(cwd, 'large.bin.part');
  const size = () =>
    stat(part).then(
      (status) => status.size,
      () => 0,
    );

  const first = start(['download', id]);
  await expect.poll(size, { interval: 5 }).toBeGreaterThan(1_000_000);
  first.child.kill('SIGKILL');
  await first.ended;
  const had = await size();
  expect(had).toBeLessThan(content.byteLength);
  expect(await readdir(cwd)).not.toContain('large.bin');

  sent = '';
  expect(await run(['download', id])).toEqual({ code: 0, stdout: 'Saved large.bin, 6 MB\n', stderr: '' });
  expect(sent).toMatch(new RegExp(`^range: bytes=${had - 1}-\r$`, 'im'));
  expect(Buffer.compare(await readFile(join(cwd, 'large.bin')), content)).toBe(0);
  expect(await readdir(cwd)).toEqual(['large.bin']);
});

it('exits with 130 on SIGINT, and keeps the partial file', async () => {
  await useServer((request, response) => {
    const file = { ...anyFile, extension: 'bin', size: content.byteLength };
    if (!request.url?.endsWith('/original')) return reply(response, 200, { error: null, result: file });
    response.writeHead(200, { etag: '"1"', 'content-length': content.byteLength });
    response.write(content.subarray(0, -1)); // and no more
  });
  const download = start(['download', 'x']);
  const part = join(cwd, 'a.bin.part');
  await expect.poll(() => readFile(part).catch(() => [])).not.toHaveLength(0);
  download.child.kill('SIGINT');
  expect(await download.ended).toBe(130);
  expect({ stdout: download.stdout(), stderr: download.stderr() }).toEqual({ stdout: '', stderr: '' });
  expect((await readdir(cwd)).sort()).toEqual(['a.bin.part', 'a.bin.part.json']);
  const kept = await readFile(part);
  expect(kept.byteLength).toBeGreaterThan(0);
  expect(Buffer.compare(kept, content.subarray(0, kept.byteLength))).toBe(0);
});

it('ends login on SIGINT, and leaves no files', async () => {
  const { url } = await servedForTest();
  const login = start(['login', '--no-browser', '--sandbox', url]);
  await expect.poll(login.stderr).toMatch(/^http/m);
  login.child.kill('SIGINT');
  expect(await login.ended).toBe(130);
  const pasting = start(['login', '--paste', '--sandbox', url]);
  await expect.poll(pasting.stderr).toMatch(/^http/m);
  await wait(50);
  pasting.child.kill('SIGINT');
  expect(await pasting.ended).toBe(130);
  expect(await readdir(join(home, '..'))).toEqual(['work']);
});

it('tells the user to sign in again if the token is invalid or the session file is damaged', async () => {
  const { url } = await signedIn();
  const path = join(home, 'doctape-sdk', 'session.json');
  const session = JSON.parse(await readFile(path, 'utf8'));
  for (const token of [
    { ...session.token, access_token: 'not-a-token' },
    { ...session.token, expires_at: 1_000 },
  ]) {
    await writeFile(path, JSON.stringify({ ...session, token }));
    expect(await run(['rm', '--yes', 'a', 'b'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'doctape-sdk: you are no longer signed in: run `doctape-sdk login`\n',
    });
  }
  const { token } = session;
  for (const damaged of [
    '',
    '{"token":{"access_token":"the-secret"',
    'null',
    '[]',
    '{"token":"the-secret"}',
    JSON.stringify({ ...session, baseUrl: 'nonsense' }),
    JSON.stringify({ ...session, baseUrl: 'http://user:the-secret@127.0.0.1:1/v1' }),
    JSON.stringify({ ...session, token: { ...token, access_token: '' } }),
    JSON.stringify({ ...session, token: { ...token, access_token: 'the secret\n' } }),
    JSON.stringify({ ...session, token: { ...token, expires_at: 'soon' } }),
  ]) {
    await writeFile(path, damaged);
    const { code, stderr } = await run(['ls']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^doctape-sdk: \S+session\.json is damaged: run `doctape-sdk login`\n$/);
  }
  expect((await logIn(url)).code).toBe(0);
});

it('reports in one line that the server cannot be reached', async () => {
  await useServerWithFile('x');
  const path = join(home, 'doctape-sdk', 'session.json');
  const session = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...session, baseUrl: 'http://127.0.0.1:1/v1' }));
  const { code, stderr } = await run(['whoami']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^doctape-sdk: GET http:\/\/127\.0\.0\.1:1\/v1\/account [^\n]+\n$/);
});

it('reports that no sandbox is running before it prompts for anything', async () => {
  const { code, stdout, stderr } = await run(['login', '--sandbox', 'http://127.0.0.1:1']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe('doctape-sdk: there is no server at http://127.0.0.1:1: start one with `doctape-sdk sandbox`\n');
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

it.each(['--authorization-endpoint', '--token-endpoint', '--base-url'])(
  'refuses a password in %s before the user signs in, and does not print it',
  async (flag) => {
    const endpoints = {
      '--authorization-endpoint': 'http://127.0.0.1:1/oauth2',
      '--token-endpoint': 'http://127.0.0.1:1/oauth2/token',
      '--base-url': 'http://127.0.0.1:1/v1',
      [flag]: 'http://user:hunter2secret@127.0.0.1:1/',
    };
    const { code, stdout, stderr } = await run(['login', '--client-id', 'x', ...Object.entries(endpoints).flat()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^doctape-sdk: [^\n]+ must not have a user name or a password\n$/);
    expect(stderr).toContain(`${flag} is invalid`);
  },
);

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

it('documents every flag in docs/cli.md', async () => {
  const page = await readFile('docs/cli.md', 'utf8');
  for (const name of ['login', 'logout', 'whoami', 'ls', 'upload', 'download', 'url', 'rm']) {
    expect(page).toContain(`doctape-sdk ${name}`);
    const { stdout } = await run([name, '--help']);
    for (const [flag] of stdout.matchAll(/--(?!help)[a-z-]+/g)) expect(page, name).toContain(flag);
  }
});

it.runIf(process.platform === 'linux')('asks for confirmation on a terminal before it deletes', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  const keep = startOnTerminal(['rm', id]);
  await expect.poll(keep.stdout).toContain('Delete a.txt permanently?');
  keep.child.stdin?.write('n');
  expect(await keep.ended).toBe(0);
  expect(keep.stdout()).toContain('Kept a.txt');
  const keepInJson = startOnTerminal(['rm', '--json', id]);
  await expect.poll(keepInJson.stdout).toContain('Delete a.txt permanently?');
  keepInJson.child.stdin?.write('n');
  expect(await keepInJson.ended).toBe(0);
  expect(keepInJson.stdout()).toContain(`\n${JSON.stringify({ id, deleted: false })}\r\n`);
  const cancel = startOnTerminal(['rm', id, id]);
  await expect.poll(cancel.stdout).toContain('Delete a.txt permanently?');
  cancel.child.stdin?.write('\u0003');
  expect(await cancel.ended).toBe(130);
  expect(await api.files.list()).toHaveLength(1);
  const remove = startOnTerminal(['rm', id]);
  await expect.poll(remove.stdout).toContain('Delete a.txt permanently?');
  remove.child.stdin?.write('y');
  expect(await remove.ended).toBe(0);
  expect(await api.files.list()).toEqual([]);
});

it.runIf(process.platform === 'linux')('ends a prompt on SIGTERM, and exits with 143', async () => {
  const { url, api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  const removing = startOnTerminal(['rm', id, id]);
  await expect.poll(removing.stdout).toContain('Delete a.txt permanently?');
  await terminate(removing);
  expect(await removing.ended).toBe(143);
  expect(await api.files.list()).toHaveLength(1);
  const asking = startOnTerminal(['login', '--sandbox', url, '--client-id', 'my-app']);
  await expect.poll(asking.stdout).toContain('Client secret');
  await terminate(asking);
  expect(await asking.ended).toBe(143);
});

/** Sends SIGTERM to the command on the terminal, which is the only child of `script`. */
async function terminate({ child }: Run): Promise<void> {
  const [pid] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).split(' ');
  process.kill(Number(pid), 'SIGTERM');
}

it.runIf(process.platform === 'linux')('shows a progress bar on a terminal, and erases it', async () => {
  await signedIn();
  await writeFile(join(cwd, 'large.bin'), content);
  const upload = startOnTerminal(['upload', 'large.bin']);
  expect(await upload.ended).toBe(0);
  expect(upload.stdout()).toMatch(/━ {2}6 MB of 6 MB {2}large\.bin/);
  expect(upload.stdout()).toMatch(/\r\p{Cc}\[2KUploaded large\.bin, 6 MB: \S+\r\n$/u);
});

it.runIf(process.platform === 'linux')('prompts for the client secret on a terminal, without showing it', async () => {
  const app = {
    clientId: 'my-app',
    clientSecret: 'my-secret-0123',
    type: 'server' as const,
    name: 'Mine',
    redirectUris: ['loopback'],
  };
  const { url } = await servedForTest({ apps: [app] });
  const login = startOnTerminal(['login', '--no-browser', '--sandbox', url, '--client-id', 'my-app']);
  await expect.poll(login.stdout).toContain('Client secret');
  login.child.stdin?.write('my-secret-0123\r');
  await expect.poll(login.stdout).toMatch(/^http\S+\r\n/m);
  const address = new URL(/^http\S+/m.exec(login.stdout())?.[0] ?? '');
  await fetch(await submitLoginForm(address, { username: 'alice', password: 'wonderland', decision: 'allow' }));
  expect(await login.ended).toBe(0);
  expect(login.stdout()).toContain('Signed in as alice');
  expect(login.stdout()).not.toContain('my-secret');
});

it.runIf(process.platform === 'linux')('treats the end of the input at a prompt as Ctrl+C', async () => {
  const { url, api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  for (const [args, question] of [
    [['rm', id], 'Delete a.txt permanently?'],
    [['login', '--sandbox', url, '--client-id', 'my-app'], 'Client secret'],
    [['login', '--sandbox', url, '--paste'], 'Code'],
  ] as const) {
    const asking = startOnTerminal(args);
    await expect.poll(asking.stdout).toContain(question);
    asking.child.stdin?.write('\u0004');
    expect([question, await asking.ended]).toEqual([question, 130]);
  }
  expect(await api.files.list()).toHaveLength(1);
});

it('shortens a name of any length to 200 bytes', () => {
  for (const name of ['a'.repeat(1e6), `a${'. '.repeat(1e6)}b.txt`, `${'.'.repeat(1e6)}x`, `a${' '.repeat(1e6)}`]) {
    const fitted = fileNameOf(name);
    expect(fitted.length).toBeGreaterThan(0);
    expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(200);
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
      { id: 'a', error: { code: 'http_401', message: expect.stringContaining('401') } },
      { id: 'b', error: { code: 'not_tried', message: 'not tried: you are no longer signed in' } },
    ]);
  }
});

it.runIf(process.platform === 'linux')('does not show a progress bar on a terminal that cannot erase it', async () => {
  await signedIn();
  await writeFile(join(cwd, 'large.bin'), content);
  const upload = startOnTerminal(['upload', 'large.bin'], { TERM: 'dumb' });
  expect(await upload.ended).toBe(0);
  expect(upload.stdout()).toMatch(/^Uploaded large\.bin, 6 MB: \S+\r\n$/);
});

it('does not replace a file that appears during the download', async () => {
  let complete: (() => void) | undefined;
  await useServer((request, response) => {
    const file = { ...anyFile, extension: 'bin', size: 10 };
    if (!request.url?.endsWith('/original')) return reply(response, 200, { error: null, result: file });
    response.writeHead(200, { etag: '"1"', 'content-length': 10 }).write('hello');
    complete = () => response.end('world');
  });
  const download = start(['download', 'x']);
  await expect.poll(() => complete).toBeDefined();
  await expect.poll(() => readdir(cwd)).toContain('a.bin.part');
  await writeFile(join(cwd, 'a.bin'), 'mine', { flag: 'wx' });
  complete?.();
  expect(await download.ended).toBe(1);
  expect(download.stderr()).toMatch(/^doctape-sdk: x: [^\n]*a\.bin[^\n]*\n$/);
  expect(await readFile(join(cwd, 'a.bin'), 'utf8')).toBe('mine');
});
