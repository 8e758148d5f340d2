import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientSecret, code, password, planted, state, token } from '../support/canary.js';
import { failureSites } from '../support/failure-sites.js';
import { leaks } from '../support/leaks.js';
import { allScopes, tokenFor } from '../support/sandbox.js';
import { apiAt, bodyOf, type Script, scriptedServer, servedForTest } from '../support/scripted-server.js';

// The command line, made to fail with secrets in its environment, in the session that it keeps, in what it is given and in
// what servers answer. It may print none of them, in any spelling: what it prints ends up in the logs of build servers.

const command = resolve('dist/cli.js');

interface Machine {
  /** What stands in the file of the session. @default nobody is signed in */
  session?: unknown;
  input?: string;
  /** Makes something else of the machine: it is given the folder of the settings, and the folder the user is in. */
  prepare?: (settings: string, work: string) => Promise<unknown>;
}

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** All that was printed here, for the test of the messages. */
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

/** Runs command lines that have to fail, each by itself and without showing a secret. */
async function refused(lines: readonly (readonly string[])[], machine: Machine = {}): Promise<void> {
  const outcomes = await Promise.all(lines.map((args) => run(args, machine)));
  for (const [index, outcome] of outcomes.entries()) {
    const { code, stdout, stderr } = outcome;
    expect([lines[index], code]).toEqual([lines[index], expect.toBeOneOf([1, 2])]);
    // a mistake in the program would be printed with its stack
    expect([lines[index], stderr]).toEqual([lines[index], expect.stringMatching(/^(?!.*\n {4}at ).+\n$/s)]);
    expect([lines[index], leaks([stdout, stderr], planted)]).toEqual([lines[index], []]);
  }
}

const encoded = encodeURIComponent(token);
const address = `http://127.0.0.1:1/v1/doc/x/original?access_token=${encoded}`;
const withPassword = `http://user:${password}@127.0.0.1:1/`;
const nowhere = {
  '--authorization-endpoint': 'http://127.0.0.1:1/oauth2',
  '--token-endpoint': 'http://127.0.0.1:1/oauth2/token',
  '--base-url': 'http://127.0.0.1:1/v1',
};

function loginAt(endpoints: Record<string, string>, ...more: string[]): string[] {
  return ['login', '--paste', '--client-id', 'app', ...Object.entries({ ...nowhere, ...endpoints }).flat(), ...more];
}

function sessionAt(baseUrl: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const endpoints = { authorizationEndpoint: `${baseUrl}/oauth2`, tokenEndpoint: `${baseUrl}/oauth2/token` };
  return { baseUrl, ...endpoints, clientId: 'app', token: { access_token: token, token_type: 'Bearer' }, ...more };
}

/** Every command that speaks to the API. With --json, failures are told on both outputs. */
const calls = [
  ['whoami'],
  ['ls', '--json', '--long'],
  ['upload', '--json', 'a.txt'],
  ['download', '--json', 'x'],
  ['rm', '--yes', '--json', 'x'],
];

const session = sessionAt('http://127.0.0.1:1/v1');

describe('the command line shows no secret', () => {
  it('that stands in an address which it refuses', async () => {
    await refused([
      ['login', '--sandbox', withPassword],
      ['login', '--sandbox', address],
      ['login', '--sandbox', `http://127.0.0.1:1/#${encoded}`],
      ['login', '--sandbox', clientSecret],
      ['login', '--sandbox', `http://${state}.example/`],
      ...Object.keys(nowhere).flatMap((flag) =>
        [withPassword, `${address}#${code}`, password].map((value) => loginAt({ [flag]: value })),
      ),
      loginAt({ '--base-url': address }),
    ]);
  });

  it('that stands where something else is wanted', async () => {
    await refused(
      [
        ['login', `--client-secret=${clientSecret}`],
        ['login', '--paste', code],
        ['login', '--sandbox', 'http://127.0.0.1:1', '--base-url', withPassword],
        ['login', '--client-id', 'app', '--base-url', withPassword],
        ['login'],
        ['whoami', token],
        ['upload', address],
        ['upload', withPassword],
        ['download', address],
        ['download', 'x', '--output', withPassword],
        ['download', 'x', 'y', '--output', 'nowhere'],
        ['url', address],
        ['rm', '--yes', address],
        ['rm', 'x'],
      ],
      { session },
    );
  });

  it('that stands in the options of a sandbox', async () => {
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
      '--data': [withPassword],
    };
    const lines = Object.entries(values).flatMap(([flag, all]) => all.map((value) => ['sandbox', flag, value]));
    await refused([...lines, ['sandbox', '--port', 'x']], { prepare: config });
  });

  it('that it has from before, when the session is no good', async () => {
    const text = JSON.stringify(session);
    for (const damaged of [
      text.slice(0, -2),
      `${token}${text}`,
      { token: session.token },
      sessionAt('', { baseUrl: [token] }),
      sessionAt('', { token }),
      sessionAt('http://127.0.0.1:1/v1', { token: { access_token: `${token}\n` } }),
      sessionAt('http://127.0.0.1:1/v1', { token: { access_token: token, expires_at: 1 } }),
      sessionAt('http://127.0.0.1:1/v1', { token: { access_token: token, expires_at: token } }),
      sessionAt(address),
      sessionAt(withPassword),
      sessionAt(token),
      sessionAt(`http://${state}.example/`),
    ]) {
      await refused([['ls'], ['url', 'x']], { session: damaged });
    }
  });

  it('when the session cannot be read, written or removed', async () => {
    const inTheWay = async (settings: string) => {
      await mkdir(join(settings, 'session.json', 'x'), { recursive: true });
    };
    await refused([['ls'], ['logout'], ['url', 'x']], { prepare: inTheWay });
    const server = await scriptedServer(tokenServer());
    await refused([login(server.url)], { prepare: inTheWay, input: `${code}\n` });
    await refused([['whoami'], ['rm', '--yes', 'x']]);
  });
});

/** What a server was sent: the token, the secret and the code among it. */
async function echo(request: IncomingMessage): Promise<string> {
  const body = await bodyOf(request).catch(() => '');
  return `${request.headers.authorization} ${request.url} ${body}`;
}

/** Headers that say it, as far as a header can. */
function echoing(text: string): Record<string, string> {
  const plain = text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 2_000);
  const quoted = `"${plain.replace(/["\\]/g, '\\$&')}"`;
  const challenge = `Bearer realm=${quoted}, error=${quoted}, error_description=${quoted}, scope=${quoted}`;
  return { 'www-authenticate': challenge, 'x-request-id': plain, etag: quoted, 'retry-after': plain };
}

function answering(status: number, body: (text: string) => unknown, headers: Record<string, string> = {}): Script {
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

describe('the command line shows no secret that a server gives back', () => {
  const servers: [what: string, script: Script][] = [
    ...[401, 404, 413].map((status): [string, Script] => [
      `with the status ${status}`,
      answering(status, failed(status)),
    ]),
    ['with a page of an error', answering(500, (text) => `<h1>${text}</h1>`, { 'content-type': 'text/html' })],
    ['with a page in place of an answer', answering(200, (text) => text, { 'content-type': 'text/html' })],
    ['as JSON that breaks off', answering(200, (text) => `{"error": null, "result": {${JSON.stringify(text)}`)],
    ['in an envelope with an error', answering(200, (text) => ({ error: text, result: text }))],
    ['in an envelope of another kind', answering(200, (text) => [text, { [text]: text }])],
    [
      'in what is no file',
      answering(200, (text) => ({ error: null, result: { [text]: { id: [text], name: { [text]: text } } } })),
    ],
    ['by sending it elsewhere', answering(302, (text) => text, { location: address })],
    [
      'in the midst of a body that breaks off',
      async (request, response) => {
        const text = await echo(request);
        response.writeHead(200, { ...echoing(text), 'content-length': '100000' }).write(text);
        setTimeout(() => response.destroy(), 50);
      },
    ],
    ['by hanging up', (request) => void request.socket.destroy()],
  ];

  it.each(servers)('%s', async (_, script) => {
    const { url } = await scriptedServer(script);
    const outcomes = await Promise.all(calls.map((args) => run(args, { session: sessionAt(`${url}/v1`) })));
    for (const [index, { stdout, stderr }] of outcomes.entries()) {
      expect([calls[index], leaks([stdout, stderr], planted)]).toEqual([calls[index], []]);
    }
    expect(outcomes.map(({ code: ended }) => ended)).toContain(1);
  });

  it('when nobody is there', async () => {
    await refused(calls, { session });
    await refused([['login', '--sandbox', 'http://127.0.0.1:1']]);
  });

  it('when what is there is not to be replaced', async () => {
    const { url, sandbox } = await servedForTest();
    const real = await tokenFor(sandbox, 'alice', allScopes, url);
    const api = apiAt(url, { token: real });
    const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
    const { id: other } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
    const machine = { session: sessionAt(`${url}/v1`, { token: real }) };
    const lines = [
      ['download', id],
      ['download', '--json', id, other, '--force'],
      ['upload', 'nothing'],
    ];
    for (const args of lines) {
      const { code: ended, stdout, stderr } = await run(args, machine);
      expect([args, ended, leaks([stdout, stderr], [...planted, real.access_token])]).toEqual([args, 1, []]);
    }
  });
});

function login(url: string): string[] {
  const endpoints = { '--authorization-endpoint': `${url}/oauth2`, '--token-endpoint': `${url}/oauth2/token` };
  return loginAt({ ...endpoints, '--base-url': `${url}/v1` });
}

const account = { username: 'alice', email: '', quota: 2, quota_used: 1, quota_free: 1, type: 'basic', avatar: '' };

/** A server that gives the token, and says who it is for. */
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

describe('signing in shows no secret', () => {
  const servers: [what: string, script: Script][] = [
    [
      'that is refused',
      answering(400, (text) => ({ error: 'invalid_grant', error_description: text, error_uri: address })),
    ],
    ['in an error of another kind', answering(401, (text) => ({ error: text, error_description: text }))],
    ['in a page', answering(500, (text) => text, { 'content-type': 'text/html' })],
    ['in a token of another kind', answering(200, (text) => ({ access_token: token, token_type: text }))],
    ['in a token that is none', answering(200, (text) => ({ access_token: [text], token_type: 'Bearer' }))],
    ['in what is no object', answering(200, (text) => [text])],
    ['by sending it elsewhere', answering(307, (text) => text, { location: address })],
    ['by hanging up', (request) => void request.socket.destroy()],
    ['when the account is refused', tokenServer(answering(403, failed(403)))],
    ['when the account is none', tokenServer(answering(200, (text) => ({ error: null, result: [text] })))],
  ];

  it.each(servers)('%s', async (_, script) => {
    const { url } = await scriptedServer(script);
    await refused([login(url)], { input: `code=${code}\n` });
  });

  it('when no code comes', async () => {
    await refused([login('http://127.0.0.1:1')]);
  });
});

describe('a token is printed', () => {
  it('by `url`, on stdout, and by nothing else', async () => {
    for (const args of [
      ['url', 'x'],
      ['url', 'x', '--json'],
    ]) {
      const { code: ended, stdout, stderr } = await run(args, { session });
      expect([ended, leaks(stdout, planted), stderr]).toEqual([0, [token], '']);
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
      expect([args, ended, leaks([stdout, stderr], [...planted, real.access_token])]).toEqual([args, 0, []]);
    }
  });
});

/** What no command line brings about. */
const unreachable = [
  'src/cli/commands/demo.ts', // its sandbox is its own, and so are its secrets
  'src/cli/commands/login-form.ts', // part of the demo
  'the sandbox has no server app', // it is built in
];

describe('the messages of the command line', () => {
  it('were all printed here: a new one needs a command line', () => {
    const sites = failureSites(['src/cli']).filter(
      ({ place, text, says }) =>
        !unreachable.some((one) => place.startsWith(one) || says === one) && !text.endsWith(', message)'), // made by its callers
    );
    expect(sites.length).toBeGreaterThan(15);
    expect(sites.filter(({ says }) => says.length < 5 || !printed.includes(says.trim()))).toEqual([]);
  });
});
