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

/** A run of the command, with all that it printed. */
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

/** Waits for the first line, or for the end. */
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
  if (line === undefined) throw new Error(`it did not start: ${result.stderr}`);
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

/** A run that was to fail: with one line on stderr, which holds no stack trace, and nothing on stdout. */
async function refusal(
  args: string[],
  { exitCode = 1, ...options }: { exitCode?: number; cwd?: string } = {},
): Promise<string> {
  const result = run(args, options);
  if ((await firstLine(result)) !== undefined) throw new Error(`it started: ${result.stdout}`);
  const { code } = await result.ended;
  expect({ code, stdout: result.stdout, stderr: result.stderr }).toEqual({
    code: exitCode,
    stdout: '',
    stderr: expect.stringMatching(/^[^\n]+\n$/),
  });
  expect(result.stderr).not.toMatch(/\bat .*:\d+:\d+|node:internal|file:\/\//);
  return result.stderr;
}

/** Signs in through the endpoints that were printed, on a sandbox that approves by itself. */
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
  const answer = await fetch(url, { redirect: 'manual' });
  const token = await client.exchange(answer.headers.get('location') ?? '', pending);
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

describe('doctape-sdk sandbox --json', () => {
  it('prints one line with exactly the documented keys, and with --quiet nothing else', async () => {
    const started = await start(['--quiet']);
    const { url } = started.ready;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(started.ready).toEqual({
      url,
      authorizationEndpoint: `${url}/oauth2`,
      tokenEndpoint: `${url}/oauth2/token`,
      apiBaseUrl: `${url}/v1`,
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
    });
    await fetch(`${url}/v1/account`);
    await fetch(`${url}/oauth2/token`, { method: 'POST', body: 'x' });
    expect(await stop(started)).toBe(0);
    expect(started.stdout).toMatch(/^\{[^\n]+\}\n$/);
    expect(started.stderr).toBe('');
  });

  it('prints a line for each request on stderr, without secrets', async () => {
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

  it('listens when it says so', async () => {
    const { ready } = await start(['--auto-approve', 'bob']);
    const api = await signIn(ready);
    expect((await api.account.get()).username).toBe('bob');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with exit code 0 on %s', async (signal) => {
    const started = await start(['--data', await makeFolder()]);
    expect(await stop(started, signal)).toBe(0);
    expect(started.stderr).toBe('');
  });

  it('ends while connections are open and a request is half sent', async () => {
    const started = await start();
    const socket = connect(Number(new URL(started.ready.url).port), '127.0.0.1');
    socket.on('error', () => {});
    cleanUps.push(async () => socket.destroy());
    await once(socket, 'connect');
    socket.write('POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf');
    await fetch(`${started.ready.url}/v1/account`); // which leaves a connection open
    expect(await stop(started)).toBe(0);
  });

  it('ends quietly when two kinds of signal arrive at once', async () => {
    const started = await start(['--data', await makeFolder()]);
    started.child.kill('SIGINT');
    started.child.kill('SIGTERM');
    const { code, signal } = await started.ended;
    expect(started.stderr).toBe('');
    expect([0, 'SIGTERM', 'SIGINT']).toContain(code ?? signal);
  });

  it('frees the port and the folder when it ends', async () => {
    const data = await makeFolder();
    const first = await start(['--data', data]);
    const { port } = new URL(first.ready.url);
    expect(await stop(first)).toBe(0);
    const second = await start(['--data', data, '--port', port]);
    expect(second.ready.url).toBe(first.ready.url);
  });
});

describe('doctape-sdk sandbox', () => {
  it('prints for people where it listens and how to sign in', async () => {
    const started = run(['sandbox', '--port', '0']);
    await firstLine(started);
    await delay(50);
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

  it('warns when other machines can reach it, and only then', async () => {
    const local = await start(['--host', 'localhost']);
    expect(await stop(local)).toBe(0);
    expect(local.stderr).toBe('');
    const open = await start(['--host', '0.0.0.0']);
    expect(await stop(open)).toBe(0);
    expect(open.stderr).toMatch(/^Warning: 0\.0\.0\.0 [^\n]+\n$/);
    expect(open.stdout).toMatch(/^\{[^\n]+\}\n$/);
  });
});

it('shows its sign-in page under the names that it is told, and no others', async () => {
  const { ready } = await start(['--allow-host', 'doctape', '--allow-host', 'my.doctape.com']);
  const statusOf = (host: string) =>
    new Promise((done, failed) => {
      get(ready.authorizationEndpoint, { headers: { host } }, (answer) => {
        answer.resume();
        done(answer.statusCode);
      }).on('error', failed);
    });
  for (const host of ['127.0.0.1', 'localhost', 'doctape:4400', 'my.doctape.com'])
    expect(await statusOf(host)).toBe(400);
  expect(await statusOf('evil.example')).toBe(421);
});

describe('a configuration', () => {
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

  it('leaves what it does not mention as it is', async () => {
    const { ready } = await start(['--config', await configFile({ users: config.users })]);
    expect(ready.users.map(({ username }) => username)).toEqual(['carol']);
    expect(ready.apps).toHaveLength(2);
  });

  it('that is not there is refused', async () => {
    const path = join(await makeFolder(), 'nothing.json');
    expect(await refusal(['sandbox', '--port', '0', '--config', path])).toContain(path);
  });

  it('that is a folder is refused', async () => {
    const path = await makeFolder();
    expect(await refusal(['sandbox', '--port', '0', '--config', path])).toContain(path);
  });

  it('that is given as it is, or by an address, is refused and not printed', async () => {
    for (const value of [JSON.stringify(config), 'https://user:the-app-secret@config.example/']) {
      const line = await refusal(['sandbox', '--port', '0', '--config', value], { exitCode: 2 });
      expect(line).toContain('--config');
      expect(line).not.toMatch(/carols-password|the-app-secret/);
    }
  });

  it.each([
    ['no JSON', '{"users": [{"username": "carol", "password": "the-secret" oops'],
    ['empty', ''],
    ['null', 'null'],
    ['a list', JSON.stringify([config.users])],
    ['a text', '"the-secret"'],
    ['a number', '42'],
    ['users that are no list', { users: { username: 'carol', password: 'the-secret' } }],
    ['users that are null', { users: null }],
    ['a user without a password', { users: [{ username: 'carol' }] }],
    ['a user with a bad name', { users: [{ username: 'carol/the-secret', password: 'the-secret' }] }],
    ['a user twice', { users: [config.users[0], config.users[0]] }],
    ['an app of an unknown type', { apps: [{ ...config.apps[0], clientSecret: 'the-secret', type: 'mobile' }] }],
    ['an app without a name', { apps: [{ ...config.apps[0], clientSecret: 'the-secret', name: undefined }] }],
    ['an app without redirect URIs', { apps: [{ ...config.apps[0], redirectUris: 'the-secret' }] }],
    ['an app twice', { apps: [config.apps[0], config.apps[0]] }],
  ])('that is wrong is refused, and no secret is told: %s', async (_what, content) => {
    const line = await refusal(['sandbox', '--port', '0', '--json', '--config', await configFile(content)]);
    expect(line).not.toContain('the-secret');
    expect(line).not.toContain('the-app-secret');
    expect(line).not.toContain('carols-password');
  });

  it.each([
    ['where it listens', { host: '127.0.0.2' }],
    ['where it keeps files', { data: 5 }],
    ['what it keeps them with', { store: {} }],
    ['the clock', { now: 5 }],
  ])('has no say in %s', async (_what, extra) => {
    const result = run(['sandbox', '--port', '0', '--json', '--config', await configFile({ ...config, ...extra })]);
    const line = await firstLine(result);
    if (line === undefined) {
      expect(await result.ended).toMatchObject({ code: 1 });
      expect(result.stderr).toMatch(/^doctape-sdk: [^\n]+\n$/);
    } else {
      expect(new URL(JSON.parse(line).url).hostname).toBe('127.0.0.1');
      const { tokenEndpoint } = JSON.parse(line);
      const [app] = config.apps;
      const credentials = { client_id: app?.clientId ?? '', client_secret: app?.clientSecret ?? '' };
      const body = new URLSearchParams({ ...credentials, grant_type: 'authorization_code', code: 'unknown' });
      const answer = await fetch(tokenEndpoint, { method: 'POST', body });
      expect((await answer.json()).error).toBe('invalid_grant');
    }
  });
});

describe('a mistake', () => {
  it('with a port that is taken is told in one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    cleanUps.push(() => new Promise((done) => other.close(done)));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    expect(await refusal(['sandbox', '--json', '--port', port])).toContain(port);
    expect(await refusal(['sandbox', '--port', port, '--data', await makeFolder()])).toContain('in use');
  });

  it('with the data folder is told in one line', async () => {
    const file = join(await makeFolder(), 'file');
    await writeFile(file, 'x');
    expect(await refusal(['sandbox', '--port', '0', '--data', file])).toContain(file);
    expect(await refusal(['sandbox', '--port', '0', '--data', join(file, 'below')])).toContain(file);
  });

  it('that leaves the data folder empty does not fill the folder one is in', async () => {
    const cwd = await makeFolder();
    await refusal(['sandbox', '--port', '0', '--json', '--data', ''], { cwd });
    expect(await readdir(cwd)).toEqual([]);
  });

  it('with the name that it answers to is told in one line, without a password', async () => {
    const args = ['sandbox', '--port', '0', '--allow-host'];
    const line = await refusal([...args, 'http://user:the-secret@doctape.test']);
    expect(line).toContain('allowedHosts');
    expect(line).not.toContain('the-secret');
  });

  it('with the user who approves is told in one line, without a password', async () => {
    const line = await refusal(['sandbox', '--port', '0', '--auto-approve', 'mallory']);
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
    [['demo', '--nonsense']],
    [['demo', 'extra']],
    [['--nonsense']],
    [['nonsense']],
  ])('in the command line is told in one line, with exit code 2: %j', async (args) => {
    expect(await refusal(args, { exitCode: 2 })).toMatch(/^error: |^doctape-sdk: /);
  });
});

describe('a data folder', () => {
  it('has every file whose upload was answered, bit for bit, after kill -9', async () => {
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

  it('lets the tokens of before sign in after kill -9', async () => {
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

  it('has nothing of an upload that kill -9 interrupted', async () => {
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
      return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('sandbox.sqlite'));
    };
    for (let attempt = 0; attempt < 200 && (await blobs()).length === 0; attempt++) await delay(20);
    expect(await blobs()).toHaveLength(1);
    first.child.kill('SIGKILL');
    await first.ended;
    await refused;

    const second = await start(['--data', data, '--auto-approve', 'alice']);
    expect(await (await signIn(second.ready)).files.list()).toEqual([]);
    expect(await blobs()).toEqual([]);
  });

  it('belongs to one process at a time', async () => {
    const data = await makeFolder();
    await start(['--data', data]);
    const line = await refusal(['sandbox', '--port', '0', '--data', data]);
    expect(line).toContain(data);
    expect(line).toContain('another sandbox');
  });

  it('may have spaces and letters beyond ASCII in its name', async () => {
    const parent = await makeFolder();
    await mkdir(join(parent, 'a b'));
    const started = await start(['--data', join('a b', 'größe')], { cwd: parent });
    expect(await stop(started)).toBe(0);
    expect(await readdir(join(parent, 'a b', 'größe'))).toContain('sandbox.sqlite');
  });
});
