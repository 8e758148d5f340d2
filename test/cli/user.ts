import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeEach, expect, onTestFinished } from 'vitest';
import { submitLoginForm } from '../../src/cli/commands/login-form.js';
import type { ApiClient } from '../../src/index.js';
import { expectNoCrash } from '../support/crash.js';
import { allScopes, tokenFor } from '../support/sandbox.js';
import { apiAt, reply, type Script, scriptedServer, servedForTest } from '../support/scripted-server.js';

// A user at the command line: real processes, and a real sandbox on this machine.

export const command: string = resolve('dist/cli.js');

/** The settings folder of the user. */
export let home: string;
/** The current folder of the user. */
export let cwd: string;

/** Gives each test a user with empty folders. */
export function useHome(): void {
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'doctape-home-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    home = join(folder, 'config');
    cwd = join(folder, 'work');
    await mkdir(cwd);
  });
}

export interface Run {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  ended: Promise<number | null>;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  /** Written to stdin, which then ends. @default stdin stays open */
  input?: string;
}

export function start(args: readonly string[], { env = {}, input }: RunOptions = {}): Run {
  return started(spawn(process.execPath, [command, ...args], { cwd, env: environment(env) }), input);
}

/** Starts a command on a terminal, which shows stdout and stderr together. */
export function startOnTerminal(
  args: readonly string[],
  env: Record<string, string> = { TERM: 'xterm' },
  columns = 200,
): Run {
  const line = [process.execPath, command, ...args].map((word) => `'${word}'`).join(' ');
  return started(
    spawn('script', ['-qefc', `stty cols ${columns} rows 50; exec ${line}`, '/dev/null'], {
      cwd,
      env: environment(env),
    }),
    undefined,
  );
}

export function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const { DOCTAPE_CLIENT_SECRET: _, CI: __, ...env } = process.env;
  return { ...env, XDG_CONFIG_HOME: home, HOME: cwd, ...more };
}

export function started(child: ChildProcess, input: string | undefined): Run {
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

/** Runs a command to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { ended, stdout, stderr } = start(args, { input: '', ...options });
  const code = await ended;
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Signs in as a user does, at the printed URL. */
export async function logIn(
  url: string,
  args: readonly string[] = ['--sandbox', url],
  options: RunOptions = {},
): Promise<Ended & { address: URL }> {
  const login = start(['login', '--no-browser', ...args], options);
  await expect.poll(login.stderr).toMatch(/^http\S+\n/m);
  const address = new URL(/^http\S+/m.exec(login.stderr())?.[0] ?? '');
  await fetch(await submitLoginForm(address, { username: 'alice', password: 'wonderland', decision: 'allow' }));
  return { code: await login.ended, stdout: login.stdout(), stderr: login.stderr(), address };
}

/** Starts a sandbox, and signs in to it on the command line. @returns a client for the same user */
export async function signedIn(): Promise<{ url: string; api: ApiClient }> {
  const sandbox = await servedForTest();
  const { code } = await logIn(sandbox.url);
  expect(code).toBe(0);
  return {
    url: sandbox.url,
    api: apiAt(sandbox.url, { token: await tokenFor(sandbox.sandbox, 'alice', allScopes, sandbox.url) }),
  };
}

/** Content for a file of 6 MB. */
export const content: Uint8Array<ArrayBuffer> = new Uint8Array(6_000_000).map((_, index) => (index * 7919) >> 3);

/** Signs in to a server that has one file, with any name. */
export async function useServerWithFile(name: string, extension = ''): Promise<void> {
  const file = { ...anyFile, name, extension };
  await useServer((request, response) => {
    if (request.url?.endsWith('/original')) return void response.writeHead(200, { etag: '"1"' }).end('hello');
    replyWithFile(request, response, file);
  });
}

/** Responds to a request for the list of files, or for one file. */
export function replyWithFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: { id: string; [field: string]: unknown },
): void {
  const isList = /\/doc(\?|$)/.test(request.url ?? '');
  reply(response, 200, { error: null, result: isList ? { [file.id]: file } : file });
}

export const anyFile = { id: 'x', name: 'a', extension: '', size: 5, time_added: 1_400_000_000 };

/** Signs in to a scripted server. */
export async function useServer(script: Script): Promise<void> {
  const server = await scriptedServer(script);
  await mkdir(join(home, 'doctape-sdk'), { recursive: true });
  const session = { baseUrl: `${server.url}/v1`, authorizationEndpoint: '', tokenEndpoint: '', clientId: '' };
  const token = { access_token: 'token-0123456789', token_type: 'Bearer' };
  await writeFile(join(home, 'doctape-sdk', 'session.json'), JSON.stringify({ ...session, token }));
}

/** Sends SIGTERM to the command on the terminal, which is the only child of `script`. */
export async function terminate({ child }: Run): Promise<void> {
  const [pid] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).split(' ');
  process.kill(Number(pid), 'SIGTERM');
}
