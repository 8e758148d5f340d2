import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { AuthorizationCodeClient } from '../../../src/server.js';
import { expectNoCrash } from '../../support/crash.js';

const command = resolve('dist/cli.js');
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-cli-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A running command, and everything it has printed. */
interface Run {
  child: ChildProcess;
  stdout: string;
  stderr: string;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function run(args: string[], { cwd }: { cwd?: string } = {}): Run {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd && { cwd }) });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const result: Run = { child, stdout: '', stderr: '', ended };
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    result.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    result.stderr += text;
  });
  cleanUps.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
    expectNoCrash(result.stderr);
  });
  return result;
}

interface Ready {
  url: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  apiBaseUrl: string;
  apps: { clientId: string; clientSecret?: string; type: string; redirectUris: string[] }[];
  users: { username: string; password: string }[];
}

type Started = Run & { ready: Ready };

/** Waits for the first line of stdout. @returns undefined if the command ended without one */
async function firstLine(result: Run): Promise<string | undefined> {
  const over = result.ended.then(() => true);
  while (!result.stdout.includes('\n')) {
    if (await Promise.race([over, delay(10, false)])) return undefined;
  }
  return result.stdout.slice(0, result.stdout.indexOf('\n'));
}

async function start(args: string[] = [], options: { cwd?: string } = {}): Promise<Started> {
  const result = run(['sandbox', '--port', '0', '--json', ...args], options);
  const line = await firstLine(result);
  if (line === undefined) throw new Error(`the sandbox did not start: ${result.stderr}`);
  return Object.assign(result, { ready: JSON.parse(line) as Ready });
}

async function stop(
  { child, ended }: Run,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | NodeJS.Signals | null> {
  child.kill(signal);
  const { code, signal: by } = await ended;
  return code ?? by;
}

/** Runs a command that has to fail: with one line on stderr, without a stack trace, and nothing on stdout. */
async function failedRun(
  args: string[],
  { exitCode = 1, ...options }: { exitCode?: number; cwd?: string } = {},
): Promise<string> {
  const result = run(args, options);
  if ((await firstLine(result)) !== undefined) throw new Error(`the command started: ${result.stdout}`);
  const { code } = await result.ended;
  expect({ code, stdout: result.stdout, stderr: result.stderr }).toEqual({
    code: exitCode,
    stdout: '',
    stderr: expect.stringMatching(/^[^\n]+\n$/),
  });
  expect(result.stderr).not.toMatch(/\bat .*:\d+:\d+|node:internal|file:\/\//);
  return result.stderr;
}

/** Signs in through the printed endpoints, on a sandbox with --auto-approve. */
async function signIn({ authorizationEndpoint, tokenEndpoint, apiBaseUrl, apps }: Ready): Promise<ApiClient> {
  const app = apps.find(({ type }) => type === 'server');
  const client = new AuthorizationCodeClient({
    clientId: app?.clientId ?? '',
    clientSecret: app?.clientSecret ?? '',
    redirectUri: 'http://localhost:3000/callback',
    scope: ['account.read', 'file.create', 'file.read', 'file.delete'],
    authorizationEndpoint,
    tokenEndpoint,
  });
  const { url, pending } = await client.authorize();
  const response = await fetch(url, { redirect: 'manual' });
  const token = await client.exchange(response.headers.get('location') ?? '', pending);
  return new ApiClient({ token, baseUrl: apiBaseUrl });
}

const config = {
  users: [{ username: 'carol', password: 'carols-password', email: 'carol@example.org', quota: 1_000 }],
  apps: [
    {
      clientId: '11111111-2222-4333-8444-555555555555',
      clientSecret: 'the-app-secret',
      type: 'server',
      name: 'Custom',
      redirectUris: ['http://localhost:3000/callback'],
    },
  ],
};

async function configFile(content: unknown): Promise<string> {
  const path = join(await makeFolder(), 'config.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

it('doctape-sdk sandbox --convert says which programs it found', async () => {
  const started = run(['sandbox', '--port', '0', '--convert']);
  await expect.poll(() => started.stdout).toContain('Press Ctrl+C');
  expect(started.stdout).toMatch(/^ {2}ffmpeg (found|not found|cannot be used)/m);
  expect(started.stdout).toMatch(/^ {2}soffice (found|not found)/m);
});

describe('doctape-sdk sandbox --json', () => {
  it('prints one line with the documented keys, and nothing else with --quiet', async () => {
    const started = await start(['--quiet']);
    const { url } = started.ready;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(started.ready).toEqual({
      url,
      authorizationEndpoint: `${url}/oauth2`,
      tokenEndpoint: `${url}/oauth2/token`,
      apiBaseUrl: `${url}/v1`,
      viewBaseUrl: `${url}/sandbox`,
      apps: [
        {
          clientId: '5f0c1c0e-3c5e-4b57-9f0b-2d8c1f6b7a01',
          clientSecret: '3d9a7e52-6f14-4c8b-8e21-90b7c4d1e502',
          type: 'server',
          redirectUris: expect.any(Array),
        },
        { clientId: 'a2b4c6d8-1e3f-4a5b-8c7d-9e0f1a2b3c03', type: 'client', redirectUris: expect.any(Array) },
      ],
      users: [
        { username: 'alice', password: 'wonderland' },
        { username: 'bob', password: 'builder' },
      ],
      decoders: [
        { name: 'sharp', status: 'missing' },
        { name: 'heic-decode', status: 'missing' },
      ],
      converters: [],
    });
    await fetch(`${url}/v1/account`);
    await fetch(`${url}/oauth2/token`, { method: 'POST', body: 'x' });
    expect(await stop(started)).toBe(0);
    expect(started.stdout).toMatch(/^\{[^\n]+\}\n$/);
    expect(started.stderr).toBe('');
  });

  it('logs each request in one line on stderr, without secrets', async () => {
    const started = await start();
    await fetch(`${started.ready.url}/v1/account?access_token=hunter2secret`);
    await fetch(`${started.ready.url}/oauth2/token?code=hunter2secret`, {
      method: 'POST',
      body: 'password=hunter2secret',
    });
    await stop(started);
    const lines = started.stderr.split('\n').map((line) => line.replace(/^\S+Z /, '').replace(/\d+ ms/, 'N ms'));
    expect(lines).toEqual(['GET /v1/account?access_token=... 401 N ms', 'POST /oauth2/token?code=... 400 N ms', '']);
    expect(started.stdout).toMatch(/^\{[^\n]+\}\n$/);
  });

  it('accepts requests once it has printed its line', async () => {
    const { ready } = await start(['--auto-approve', 'bob']);
    const api = await signIn(ready);
    expect((await api.account.get()).username).toBe('bob');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('exits with 0 on %s', async (signal) => {
    const started = await start(['--data', await makeFolder()]);
    expect(await stop(started, signal)).toBe(0);
    expect(started.stderr).toBe('');
  });

  it('stops while connections are open and a request is incomplete', async () => {
    const started = await start();
    const socket = connect(Number(new URL(started.ready.url).port), '127.0.0.1');
    socket.on('error', () => {});
    cleanUps.push(async () => socket.destroy());
    await once(socket, 'connect');
    socket.write('POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf');
    await fetch(`${started.ready.url}/v1/account`); // keeps a connection open
    expect(await stop(started)).toBe(0);
  });

  it('prints nothing when two signals arrive at the same time', async () => {
    const started = await start(['--data', await makeFolder()]);
    started.child.kill('SIGINT');
    started.child.kill('SIGTERM');
    const { code, signal } = await started.ended;
    expect(started.stderr).toBe('');
    expect([0, 'SIGTERM', 'SIGINT']).toContain(code ?? signal);
  });

  it('releases the port and the data folder when it stops', async () => {
    const data = await makeFolder();
    const first = await start(['--data', data]);
    const { port } = new URL(first.ready.url);
    expect(await stop(first)).toBe(0);
    const second = await start(['--data', data, '--port', port]);
    expect(second.ready.url).toBe(first.ready.url);
  });
});

describe('doctape-sdk sandbox', () => {
  it('prints its URL, its endpoints, and how to sign in', async () => {
    const started = run(['sandbox', '--port', '0']);
    await expect.poll(() => started.stdout).toContain('Press Ctrl+C');
    expect(await stop(started)).toBe(0);
    for (const text of [
      'http://127.0.0.1:',
      '/oauth2/token',
      '/v1',
      'alice',
      'wonderland',
      '3d9a7e52-6f14',
      'in memory',
    ]) {
      expect(started.stdout).toContain(text);
    }
    expect(started.stderr).toBe('');
  });

  it('warns only if other machines can reach it', async () => {
    const local = await start(['--host', 'localhost']);
    expect(await stop(local)).toBe(0);
    expect(local.stderr).toBe('');
    const open = await start(['--host', '0.0.0.0']);
    expect(await stop(open)).toBe(0);
    expect(open.stderr).toMatch(/^Warning: 0\.0\.0\.0 [^\n]+\n$/);
    expect(open.stdout).toMatch(/^\{[^\n]+\}\n$/);
  });
});

it('accepts requests for the host names of --allow-host, and for no others', async () => {
  const { ready } = await start(['--allow-host', 'doctape', '--allow-host', 'my.doctape.com']);
  const statusOf = (host: string) =>
    new Promise((done, failed) => {
      get(ready.authorizationEndpoint, { headers: { host } }, (response) => {
        response.resume();
        done(response.statusCode);
      }).on('error', failed);
    });
  for (const host of ['127.0.0.1', 'localhost', 'doctape:4400', 'my.doctape.com'])
    expect(await statusOf(host)).toBe(400);
  expect(await statusOf('evil.example')).toBe(421);
});

describe('a configuration file', () => {
  it('replaces the users and the apps', async () => {
    const { ready } = await start(['--config', await configFile(config), '--auto-approve', 'carol']);
    expect(ready.users).toEqual([{ username: 'carol', password: 'carols-password' }]);
    expect(ready.apps).toEqual([
      {
        clientId: '11111111-2222-4333-8444-555555555555',
        clientSecret: 'the-app-secret',
        type: 'server',
        redirectUris: ['http://localhost:3000/callback'],
      },
    ]);
    const account = await (await signIn(ready)).account.get();
    expect(account).toMatchObject({ username: 'carol', email: 'carol@example.org', quota: 1_000 });
  });

  it('keeps the built-in apps if it has only users', async () => {
    const { ready } = await start(['--config', await configFile({ users: config.users })]);
    expect(ready.users.map(({ username }) => username)).toEqual(['carol']);
    expect(ready.apps).toHaveLength(2);
  });

  it('is refused if it does not exist', async () => {
    const path = join(await makeFolder(), 'nothing.json');
    expect(await failedRun(['sandbox', '--port', '0', '--config', path])).toContain(path);
  });

  it('is refused if it is a folder', async () => {
    const path = await makeFolder();
    expect(await failedRun(['sandbox', '--port', '0', '--config', path])).toContain(path);
  });

  it('is refused, without printing it, if it is JSON or a URL instead of a path', async () => {
    for (const value of [JSON.stringify(config), 'https://user:the-app-secret@config.example/']) {
      const line = await failedRun(['sandbox', '--port', '0', '--config', value], { exitCode: 2 });
      expect(line).toContain('--config');
      expect(line).not.toMatch(/carols-password|the-app-secret/);
    }
  });

  it.each([
    ['invalid JSON', '{"users": [{"username": "carol", "password": "the-secret" oops'],
    ['nothing', ''],
    ['null', 'null'],
    ['an array', JSON.stringify([config.users])],
    ['a string', '"the-secret"'],
    ['a number', '42'],
    ['users that are not an array', { users: { username: 'carol', password: 'the-secret' } }],
    ['null users', { users: null }],
    ['a user without a password', { users: [{ username: 'carol' }] }],
    ['a user with an invalid name', { users: [{ username: 'carol/the-secret', password: 'the-secret' }] }],
    ['the same user twice', { users: [config.users[0], config.users[0]] }],
    ['an app of an unknown type', { apps: [{ ...config.apps[0], clientSecret: 'the-secret', type: 'mobile' }] }],
    ['an app without a name', { apps: [{ ...config.apps[0], clientSecret: 'the-secret', name: undefined }] }],
    ['an app without redirect URIs', { apps: [{ ...config.apps[0], redirectUris: 'the-secret' }] }],
    ['the same app twice', { apps: [config.apps[0], config.apps[0]] }],
  ])('is refused, without printing its secrets, if it contains %s', async (_what, content) => {
    const line = await failedRun(['sandbox', '--port', '0', '--json', '--config', await configFile(content)]);
    expect(line).not.toContain('the-secret');
    expect(line).not.toContain('the-app-secret');
    expect(line).not.toContain('carols-password');
  });

  it.each([
    ['the host', { host: '127.0.0.2' }],
    ['the data folder', { data: 5 }],
    ['the store', { store: {} }],
    ['the clock', { now: 5 }],
  ])('cannot set %s', async (_what, extra) => {
    const line = await failedRun(['sandbox', '--port', '0', '--config', await configFile({ ...config, ...extra })]);
    expect(line).toContain('must contain an object with the keys users and apps, and no others');
  });
});

describe('an error in one line', () => {
  it('reports that the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    cleanUps.push(() => new Promise((done) => other.close(done)));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    expect(await failedRun(['sandbox', '--json', '--port', port])).toContain(port);
    expect(await failedRun(['sandbox', '--port', port, '--data', await makeFolder()])).toContain('in use');
  });

  it('reports that the data folder is not a folder', async () => {
    const file = join(await makeFolder(), 'file');
    await writeFile(file, 'x');
    expect(await failedRun(['sandbox', '--port', '0', '--data', file])).toContain(file);
    expect(await failedRun(['sandbox', '--port', '0', '--data', join(file, 'below')])).toContain(file);
  });

  it('refuses an empty --data, and writes nothing to the current folder', async () => {
    const cwd = await makeFolder();
    await failedRun(['sandbox', '--port', '0', '--json', '--data', ''], { cwd, exitCode: 2 });
    expect(await readdir(cwd)).toEqual([]);
  });

  it('refuses a URL as --allow-host, without printing its password', async () => {
    const args = ['sandbox', '--port', '0', '--allow-host'];
    const line = await failedRun([...args, 'http://user:the-secret@doctape.test'], { exitCode: 2 });
    expect(line).toContain('--allow-host');
    expect(line).not.toContain('the-secret');
  });

  it('refuses an unknown --auto-approve, and lists the users without their passwords', async () => {
    const line = await failedRun(['sandbox', '--port', '0', '--auto-approve', 'mallory'], { exitCode: 2 });
    expect(line).toContain('alice');
    expect(line).not.toContain('wonderland');
  });

  it.each([
    [['sandbox', '--nonsense']],
    [['sandbox', '--port', 'abc']],
    [['sandbox', '--port', '70000']],
    [['sandbox', '--port', '-1']],
    [['sandbox', '--port', '']],
    [['sandbox', '--port']],
    [['sandbox', 'extra']],
    [['sandbox', '--allow-host']],
    [['sandbox', '--allow-host', 'doctape.test/']],
    [['sandbox', '--host', 'http://127.0.0.1']],
    [['sandbox', '--adopt', 'alice']],
    [['sandbox', '--data', 'folder', '--adopt', 'mallory']],
    [['sandbox', '--data', 'http://127.0.0.1/']],
    [['sandbox', '--auto-approve', '']],
    [['sandbox', '--faults', 'nope']],
    [['sandbox', '--faults', 'latency=soon']],
    [['sandbox', '--quirks', 'nope']],
    [['sandbox', '--quirks', '']],
    [['demo', '--nonsense']],
    [['demo', 'extra']],
    [['--nonsense']],
    [['nonsense']],
  ])('exits with 2 if the command line is wrong: %j', async (args) => {
    const line = await failedRun(args, { exitCode: 2 });
    expect(line).toMatch(/^error: |^doctape-sdk: /);
    const flags = args.filter((word) => word.startsWith('--'));
    expect(flags.filter((flag) => line.includes(flag)).length).toBeGreaterThanOrEqual(Math.min(flags.length, 1));
  });
});

describe('a data folder', () => {
  it('still has every uploaded file after kill -9', async () => {
    const data = join(await makeFolder(), 'data');
    const first = await start(['--data', data, '--auto-approve', 'alice']);
    const api = await signIn(first.ready);
    const contents = Array.from({ length: 5 }, (_, i) => crypto.getRandomValues(new Uint8Array(60_000)).subarray(i));
    const ids: string[] = [];
    for (const [index, content] of contents.entries()) {
      ids.push((await api.files.upload(new Blob([content]), { name: `${index}.bin` })).id);
    }
    first.child.kill('SIGKILL');
    await first.ended;

    const second = await start(['--data', data, '--auto-approve', 'alice']);
    const later = await signIn(second.ready);
    expect((await later.files.list()).map(({ id }) => id)).toEqual(ids);
    for (const [index, id] of ids.entries()) {
      const bytes = new Uint8Array(await (await later.files.download(id)).arrayBuffer());
      expect(Buffer.compare(bytes, contents[index] ?? new Uint8Array())).toBe(0);
    }
    expect((await later.account.get()).quota_used).toBe(contents.reduce((sum, content) => sum + content.length, 0));
  });

  it('still accepts earlier tokens after kill -9', async () => {
    const data = await makeFolder();
    const first = await start(['--data', data, '--auto-approve', 'alice']);
    const location = await fetch(
      `${first.ready.authorizationEndpoint}?response_type=token&client_id=${first.ready.apps[1]?.clientId}&redirect_uri=http://localhost:3000/`,
      { redirect: 'manual' },
    );
    const token = new URLSearchParams(new URL(location.headers.get('location') ?? '').hash.slice(1)).get(
      'access_token',
    );
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await start(['--data', data]);
    expect((await fetch(`${second.ready.apiBaseUrl}/account?access_token=${token}`)).status).toBe(200);
  });

  it('removes the bytes of an upload that kill -9 interrupted', async () => {
    const data = await makeFolder();
    const first = await start(['--data', data, '--auto-approve', 'alice']);
    const api = await signIn(first.ready);
    const endless = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await delay(2);
        controller.enqueue(new Uint8Array(20_000));
      },
    });
    const upload = api.files.upload(endless, { name: 'endless.bin' });
    const refused = expect(upload).rejects.toBeInstanceOf(Error);
    const blobs = async () => {
      const entries = await readdir(data, { recursive: true, withFileTypes: true });
      const permanent = /^(sandbox\.sqlite.*|doctape-sandbox\.json|reserve)$/;
      return entries.filter((entry) => entry.isFile() && !permanent.test(entry.name)).map(({ name }) => name);
    };
    await expect.poll(blobs).toHaveLength(1);
    first.child.kill('SIGKILL');
    await first.ended;
    await refused;

    const second = await start(['--data', data, '--auto-approve', 'alice']);
    expect(await (await signIn(second.ready)).files.list()).toEqual([]);
    expect(await blobs()).toEqual([]);
  });

  it('can be used by one process at a time', async () => {
    const data = await makeFolder();
    await start(['--data', data]);
    const line = await failedRun(['sandbox', '--port', '0', '--data', data]);
    expect(line).toContain(data);
    expect(line).toContain('another sandbox');
  });

  it('can have spaces and non-ASCII letters in its path', async () => {
    const parent = await makeFolder();
    await mkdir(join(parent, 'a b'));
    const started = await start(['--data', join('a b', 'größe')], { cwd: parent });
    expect(await stop(started)).toBe(0);
    expect(await readdir(join(parent, 'a b', 'größe'))).toContain('sandbox.sqlite');
  });
});
