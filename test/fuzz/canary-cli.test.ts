import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientSecret, code, knownSecrets, password, state, token } from '../support/canary.js';
import { failureSites } from '../support/failure-sites.js';
import { leaks } from '../support/leaks.js';
import { allScopes, tokenFor } from '../support/sandbox.js';
import { apiAt, bodyOf, type Script, scriptedServer, servedForTest } from '../support/scripted-server.js';

// Makes the commands fail with secrets in the environment, the session file, the arguments and the responses. The CLI must not print
// any of them, in any encoding, because its output ends up in the logs of CI servers.

const command = resolve('dist/cli.js');

interface Machine {
  /** The content of the session file. @default no session file */
  session?: unknown;
  input?: string;
  /** Changes the settings folder or the working directory before the command runs. */
  prepare?: (settings: string, work: string) => Promise<unknown>;
}

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The output of all commands, for the test of the messages. */
let printed = '';

async function run(args: readonly string[], { session, input = '', prepare }: Machine = {}): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-canary-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [home, work] = [join(folder, 'config'), join(folder, 'work')];
  const settings = join(home, 'doctape-sdk');
  await mkdir(work);
  await writeFile(join(work, 'a.txt'), 'a');
  if (session !== undefined) {
    await mkdir(settings, { recursive: true });
    const content = typeof session === 'string' ? session : JSON.stringify(session);
    await writeFile(join(settings, 'session.json'), content);
  }
  await prepare?.(settings, work);
  const env = { ...process.env, XDG_CONFIG_HOME: home, HOME: work, APPDATA: home, DOCTAPE_CLIENT_SECRET: clientSecret };
  const child = spawn(process.execPath, [command, ...args], { cwd: work, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, ended] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((done) => child.once('exit', done)),
  ]);
  printed += stdout + stderr;
  return { code: ended, stdout, stderr };
}

/** Runs commands that must fail without printing a secret. */
async function expectFailure(lines: readonly (readonly string[])[], machine: Machine = {}): Promise<void> {
  const outcomes = await Promise.all(lines.map((args) => run(args, machine)));
  for (const [index, outcome] of outcomes.entries()) {
    const { code, stdout, stderr } = outcome;
    expect([lines[index], code]).toEqual([lines[index], expect.toBeOneOf([1, 2])]);
    // a bug in the program would print a stack trace
    expect([lines[index], stderr]).toEqual([lines[index], expect.stringMatching(/^(?!.*\n {4}at ).+\n$/s)]);
    expect([lines[index], leaks([stdout, stderr], knownSecrets)]).toEqual([lines[index], []]);
  }
}

const encoded = encodeURIComponent(token);
const urlWithToken = `http://127.0.0.1:2/v1/doc/x/original?access_token=${encoded}`;
const withPassword = `http://user:${password}@127.0.0.1:2/`;
const unreachableServer = {
  '--authorization-endpoint': 'http://127.0.0.1:2/oauth2',
  '--token-endpoint': 'http://127.0.0.1:2/oauth2/token',
  '--base-url': 'http://127.0.0.1:2/v1',
};

function loginAt(endpoints: Record<string, string>, ...more: string[]): string[] {
  return [
    'login',
    '--paste',
    '--client-id',
    'app',
    ...Object.entries({ ...unreachableServer, ...endpoints }).flat(),
    ...more,
  ];
}

function sessionAt(baseUrl: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const endpoints = { authorizationEndpoint: `${baseUrl}/oauth2`, tokenEndpoint: `${baseUrl}/oauth2/token` };
  return { baseUrl, ...endpoints, clientId: 'app', token: { access_token: token, token_type: 'Bearer' }, ...more };
}

const id = '00000000-0000-4000-8000-000000000000';

/** All commands that call the API. With --json, errors are printed to stdout and stderr. */
const calls = [
  ['whoami'],
  ['ls', '--json', '--long'],
  ['upload', '--json', 'a.txt'],
  ['upload', '--json', '-r', '.'],
  ['upload', '--json', '-', '--name', 'a.txt'],
  ['download', '--json', 'x'],
  ['cat', 'x', id],
  ['open', '--no-browser', id],
  ['mv', '--json', 'x', 'y'],
  ['tag', '--json', id, '--add', 'y'],
  ['publish', '--json', id],
  ['share', '--json', '--tape', 'x', 'bob'],
  ['tapes', '--json'],
  ['rm', '--yes', '--json', 'x', id],
];

const session = sessionAt('http://127.0.0.1:2/v1');

describe('the CLI does not print a secret', () => {
  it('in a URL that it rejects', async () => {
    await expectFailure([
      ['login', '--sandbox', withPassword],
      ['login', '--sandbox', urlWithToken],
      ['login', '--sandbox', `http://127.0.0.1:2/#${encoded}`],
      ['login', '--sandbox', clientSecret],
      ['login', '--sandbox', `http://${state}.example/`],
      ...Object.keys(unreachableServer).flatMap((flag) =>
        [withPassword, `${urlWithToken}#${code}`, password].map((value) => loginAt({ [flag]: value })),
      ),
      loginAt({ '--base-url': urlWithToken }),
    ]);
  });

  it('in an argument that it rejects', async () => {
    await expectFailure(
      [
        ['login', `--client-secret=${clientSecret}`],
        ['login', '--paste', code],
        ['login', '--sandbox', 'http://127.0.0.1:2', '--base-url', withPassword],
        ['login', '--client-id', 'app', '--base-url', withPassword],
        ['login'],
        ['whoami', token],
        ['upload', urlWithToken],
        ['upload', withPassword],
        ['upload', '-', 'a.txt'],
        ['upload', '-'],
        ['upload', '-', '--name', 'a.txt', '--skip-existing'],
        ['upload', '-r', 'a', 'b'],
        ['upload', '--hidden', 'a.txt'],
        ['upload', '--name', '', 'a.txt'],
        ['upload', '--tag', '+bob', 'a.txt'],
        ['download', 'x', '-o', '-', '--json'],
        ['download', 'x', '-o', ''],
        ['cat', urlWithToken],
        ['open', urlWithToken],
        ['ls', urlWithToken],
        ['ls', '--since', 'x'],
        ['ls', '--min-size', 'x'],
        ['mv', urlWithToken, 'x'],
        ['mv', 'x', urlWithToken],
        ['mv', 'x', ' '],
        ['mv', 'x', 'a/b'],
        ['tag', urlWithToken],
        ['tag', 'x', '--add', '+bob'],
        ['star', urlWithToken],
        ['publish', urlWithToken],
        ['unpublish', urlWithToken],
        ['share', urlWithToken, 'bob'],
        ['share', 'x', 'not a name'],
        ['tapes', urlWithToken],
        ['completion', token],
        ['download', urlWithToken],
        ['download', 'x', '--output', withPassword],
        ['download', 'x', 'y', '--output', 'nowhere'],
        ['url', urlWithToken],
        ['rm', '--yes', urlWithToken],
        ['rm', 'x'],
      ],
      { session },
    );
  });

  it('in the options of a sandbox', async () => {
    const user = { username: 'carol', password };
    const app = { clientId: 'app', clientSecret, type: 'server', name: 'A', redirectUris: ['loopback'] };
    const config = async (_: string, work: string) => {
      const files = {
        'broken.json': `{"users": [${JSON.stringify(user)} oops`,
        'list.json': [user],
        'more.json': { users: [user], [password]: 1 },
        'twice.json': { users: [user, user] },
        'name.json': { users: [{ ...user, username: 'a/b' }] },
        'type.json': { apps: [{ ...app, type: clientSecret }] },
        'uris.json': { apps: [{ ...app, redirectUris: [clientSecret] }] },
      };
      for (const [name, value] of Object.entries(files))
        await writeFile(join(work, name), typeof value === 'string' ? value : JSON.stringify(value));
    };
    const files = ['broken', 'list', 'more', 'twice', 'name', 'type', 'uris', 'nothing'].map((name) => `${name}.json`);
    const values = {
      '--config': [...files, withPassword, JSON.stringify({ users: [user], apps: [app] })],
      '--host': [withPassword, `user:${password}@127.0.0.1`],
      '--allow-host': [withPassword, `${password}:1`],
      '--data': [withPassword, ''],
    };
    const lines = Object.entries(values).flatMap(([flag, all]) => all.map((value) => ['sandbox', flag, value]));
    await expectFailure([...lines, ['sandbox', '--port', 'x']], { prepare: config });
  });

  it('of an invalid session file', async () => {
    const text = JSON.stringify(session);
    for (const damaged of [
      text.slice(0, -2),
      `${token}${text}`,
      { token: session.token },
      sessionAt('', { baseUrl: [token] }),
      sessionAt('', { token }),
      sessionAt('http://127.0.0.1:2/v1', { token: { access_token: `${token}\n` } }),
      sessionAt('http://127.0.0.1:2/v1', { token: { access_token: token, expires_at: 1 } }),
      sessionAt('http://127.0.0.1:2/v1', { token: { access_token: token, expires_at: token } }),
      sessionAt(urlWithToken),
      sessionAt(withPassword),
      sessionAt(token),
      sessionAt(`http://${state}.example/`),
    ]) {
      await expectFailure([['ls'], ['url', 'x']], { session: damaged });
    }
  });

  it('when the session file cannot be read, written or removed', async () => {
    const createFolderInPlace = async (settings: string) => {
      await mkdir(join(settings, 'session.json', 'x'), { recursive: true });
    };
    await expectFailure([['ls'], ['logout'], ['url', 'x']], { prepare: createFolderInPlace });
    const server = await scriptedServer(tokenServer());
    await expectFailure([login(server.url)], { prepare: createFolderInPlace, input: `${code}\n` });
    await expectFailure([['whoami'], ['rm', '--yes', 'x']]);
  });
});

/** The request as text, including the token, the client secret and the code. */
async function echo(request: IncomingMessage): Promise<string> {
  const body = await bodyOf(request).catch(() => '');
  return `${request.headers.authorization} ${request.url} ${body}`;
}

/** Headers that contain the text, without the characters that headers cannot contain. */
function echoing(text: string): Record<string, string> {
  const plain = text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 2_000);
  const quoted = `"${plain.replace(/["\\]/g, '\\$&')}"`;
  const challenge = `Bearer realm=${quoted}, error=${quoted}, error_description=${quoted}, scope=${quoted}`;
  return { 'www-authenticate': challenge, 'x-request-id': plain, etag: quoted, 'retry-after': plain };
}

function scriptWithResponse(
  status: number,
  body: (text: string) => unknown,
  headers: Record<string, string> = {},
): Script {
  return async (request, response) => send(response, status, body, await echo(request), headers);
}

function send(
  response: ServerResponse,
  status: number,
  body: (text: string) => unknown,
  text: string,
  headers: Record<string, string> = {},
): void {
  const value = body(text);
  response.writeHead(status, { 'content-type': 'application/json', ...echoing(text), ...headers });
  response.end(typeof value === 'string' ? value : JSON.stringify(value));
}

const failed = (status: number) => (text: string) => ({ error: { code: status, message: text }, result: null });

describe('the CLI does not print a secret that a server sends back', () => {
  const servers: [how: string, script: Script][] = [
    ...[401, 404, 413].map((status): [string, Script] => [
      `in a response with status ${status}`,
      scriptWithResponse(status, failed(status)),
    ]),
    ['in an HTML error page', scriptWithResponse(500, (text) => `<h1>${text}</h1>`, { 'content-type': 'text/html' })],
    ['in an HTML page with status 200', scriptWithResponse(200, (text) => text, { 'content-type': 'text/html' })],
    ['in truncated JSON', scriptWithResponse(200, (text) => `{"error": null, "result": {${JSON.stringify(text)}`)],
    ['in an envelope with an error', scriptWithResponse(200, (text) => ({ error: text, result: text }))],
    ['in a response that is not an envelope', scriptWithResponse(200, (text) => [text, { [text]: text }])],
    [
      'in an invalid file object',
      scriptWithResponse(200, (text) => ({ error: null, result: { [text]: { id: [text], name: { [text]: text } } } })),
    ],
    ['in a redirect', scriptWithResponse(302, (text) => text, { location: urlWithToken })],
    [
      'in a body that breaks off',
      async (request, response) => {
        const text = await echo(request);
        response.writeHead(200, { ...echoing(text), 'content-length': '100000' }).write(text);
        setTimeout(() => response.destroy(), 50);
      },
    ],
    ['before it closes the connection', (request) => void request.socket.destroy()],
  ];

  it.each(servers)('%s', async (_, script) => {
    const { url } = await scriptedServer(script);
    const outcomes = await Promise.all(calls.map((args) => run(args, { session: sessionAt(`${url}/v1`) })));
    for (const [index, { stdout, stderr }] of outcomes.entries()) {
      // the server decides on the content of files
      const own = calls[index]?.[0] === 'cat' ? [stderr] : [stdout, stderr];
      expect([calls[index], leaks(own, knownSecrets)]).toEqual([calls[index], []]);
    }
    expect(outcomes.map(({ code: ended }) => ended)).toContain(1);
  });

  it('when the server is unreachable', async () => {
    await expectFailure(calls, { session });
    await expectFailure([['login', '--sandbox', 'http://127.0.0.1:2']]);
  });

  it('when a file must not be replaced', async () => {
    const { url, sandbox } = await servedForTest();
    const real = await tokenFor(sandbox, 'alice', allScopes, url);
    const api = apiAt(url, { token: real });
    const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
    const machine = { session: sessionAt(`${url}/v1`, { token: real }) };
    const lines = [
      ['download', id],
      ['download', '--json', id],
      ['upload', 'nothing'],
    ];
    for (const args of lines) {
      const { code: ended, stdout, stderr } = await run(args, machine);
      expect([args, ended, leaks([stdout, stderr], [...knownSecrets, real.access_token])]).toEqual([args, 1, []]);
    }
  });

  it('when two tapes have the same name', async () => {
    const tape = { name: token, live: true, shared_with: [], files: [] };
    const tapes = { one: { id: 'one', ...tape }, two: { id: 'two', ...tape } };
    const { url } = await scriptedServer((_, response) =>
      send(response, 200, () => ({ error: null, result: tapes }), ''),
    );
    await expectFailure([['tapes', token]], { session: sessionAt(`${url}/v1`) });
  });

  it('when files and tapes are not found, or cannot be changed as the user wants', async () => {
    const { url, sandbox } = await servedForTest();
    const real = await tokenFor(sandbox, 'alice', allScopes, url);
    const api = apiAt(url, { token: real });
    for (const name of ['a.txt', 'a.txt', 'b.txt']) await api.files.upload(new Blob(['x']), { name });
    const machine = { session: sessionAt(`${url}/v1`, { token: real }) };
    for (const args of [
      ['cat', 'nothing'],
      ['cat', 'B.txt'],
      ['cat', 'a.txt'],
      ['tapes', 'nothing'],
      ['upload', '.'],
      ['upload', '/dev/null'],
      ['mv', 'b.txt', 'b.png'],
    ]) {
      const { code: ended, stdout, stderr } = await run(args, machine);
      const expected = [args, args[0] === 'mv' ? 2 : 1, []];
      expect([args, ended, leaks([stdout, stderr], [...knownSecrets, real.access_token])]).toEqual(expected);
    }
  });
});

function login(url: string): string[] {
  const endpoints = { '--authorization-endpoint': `${url}/oauth2`, '--token-endpoint': `${url}/oauth2/token` };
  return loginAt({ ...endpoints, '--base-url': `${url}/v1` });
}

const account = { username: 'alice', email: '', quota: 2, quota_used: 1, quota_free: 1, type: 'basic', avatar: '' };

/** A server that issues the token, and serves the account. */
function tokenServer(otherwise?: Script): Script {
  return async (request, response) => {
    if (request.url?.startsWith('/oauth2/token')) {
      await bodyOf(request);
      return send(response, 200, () => ({ access_token: token, token_type: 'Bearer' }), '');
    }
    if (otherwise) return otherwise(request, response);
    send(response, 200, () => ({ error: null, result: account }), '');
  };
}

describe('signing in does not print a secret', () => {
  const servers: [how: string, script: Script][] = [
    [
      'in an OAuth error',
      scriptWithResponse(400, (text) => ({ error: 'invalid_grant', error_description: text, error_uri: urlWithToken })),
    ],
    ['in an unknown OAuth error', scriptWithResponse(401, (text) => ({ error: text, error_description: text }))],
    ['in an HTML page', scriptWithResponse(500, (text) => text, { 'content-type': 'text/html' })],
    ['in a token of an unknown type', scriptWithResponse(200, (text) => ({ access_token: token, token_type: text }))],
    [
      'in a token that is not a string',
      scriptWithResponse(200, (text) => ({ access_token: [text], token_type: 'Bearer' })),
    ],
    ['in a response that is not an object', scriptWithResponse(200, (text) => [text])],
    ['in a redirect', scriptWithResponse(307, (text) => text, { location: urlWithToken })],
    ['before the server closes the connection', (request) => void request.socket.destroy()],
    ['when the account request is rejected', tokenServer(scriptWithResponse(403, failed(403)))],
    ['when the account is invalid', tokenServer(scriptWithResponse(200, (text) => ({ error: null, result: [text] })))],
  ];

  it.each(servers)('%s', async (_, script) => {
    const { url } = await scriptedServer(script);
    await expectFailure([login(url)], { input: `code=${code}\n` });
  });

  it('when no code is entered', async () => {
    await expectFailure([login('http://127.0.0.1:2')]);
  });
});

describe('a token is printed', () => {
  it('only by `url`, on stdout', async () => {
    for (const args of [
      ['url', id],
      ['url', id, '--json'],
    ]) {
      const { code: ended, stdout, stderr } = await run(args, { session });
      expect([ended, leaks(stdout, knownSecrets), stderr]).toEqual([0, [token], '']);
    }
    const { url, sandbox } = await servedForTest();
    const real = await tokenFor(sandbox, 'alice', allScopes, url);
    for (const args of [
      ['whoami'],
      ['whoami', '--json'],
      ['upload', 'a.txt'],
      ['ls', '--json'],
      ['ls', '--long'],
      ['logout'],
    ]) {
      const { code: ended, stdout, stderr } = await run(args, { session: sessionAt(`${url}/v1`, { token: real }) });
      expect([args, ended, leaks([stdout, stderr], [...knownSecrets, real.access_token])]).toEqual([args, 0, []]);
    }
  });
});

/** Messages that no command can provoke. */
const unreachable = [
  'src/cli/commands/demo.ts', // it starts its own sandbox, with its own secrets
  'src/cli/commands/login-form.ts', // part of the demo
  'the sandbox has no server app', // the app is built in
  'stdin is a folder', // test/cli/transfers/upload.test.ts
  'this is not text: write it to a file with `doctape-sdk download`', // on a terminal: test/cli/transfers/download.test.ts
];

describe('the messages of the CLI', () => {
  it('were all printed by these tests (add a command for each new one)', () => {
    const sites = failureSites(['src/cli']).filter(
      ({ place, text, message }) =>
        !unreachable.some((one) => place.startsWith(one) || message === one) && !text.endsWith(', message)'), // built by its callers
    );
    expect(sites.length).toBeGreaterThan(15);
    expect(sites.filter(({ message }) => message.length < 5 || !printed.includes(message.trim()))).toEqual([]);
  });
});
