import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';
import { expectNoCrash } from '../../support/crash.js';
import { makeFolder } from '../../support/data-folder.js';
import { inRepository, repository } from '../../support/paths.js';
import { accessToken, bodyOf, type ScriptedServer, scriptedServer } from '../../support/scripted-server.js';

/** Creates a part and its JSON file, as an interrupted run leaves them. */
export async function createInterruptedDownload(
  path: string,
  bytes: string | Uint8Array,
  remote: object,
): Promise<void> {
  await writeFile(`${path}.part`, bytes);
  const { ino, birthtimeNs } = await stat(`${path}.part`, { bigint: true });
  const part = { inode: String(ino), born: String(birthtimeNs / 1_000_000n) };
  await writeFile(`${path}.part.json`, JSON.stringify({ ...remote, part }));
}

export interface Program {
  child: ChildProcessWithoutNullStreams;
  output: () => string;
  ended: Promise<void>;
}

/** Runs a program that uses the built package. It is killed at the end of the test. */
export function runProgram(source: string, launcher: readonly string[] = [], cwd: string = repository): Program {
  const [command = process.execPath, ...rest] = [...launcher, process.execPath];
  const child = spawn(command, [...rest, '--input-type=module', '-e', source], { cwd });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(() => {});
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    expectNoCrash(output);
  });
  return { child, output: () => output, ended };
}

/**
 * Runs a program that uses the built package as a user other than root, to whom permissions apply, and returns its output.
 */
export async function runUnprivileged(source: string): Promise<string> {
  const isRoot = process.getuid?.() === 0;
  const dropPrivileges = isRoot ? 'process.setgroups([]); process.setgid(65534); process.setuid(65534);\n' : '';
  const program = runProgram(dropPrivileges + source, [], isRoot ? await readableCopy() : repository);
  await program.ended;
  return program.output();
}

/** Creates a copy of the built package that every user can read, because the repository may be in a private folder of root. */
async function readableCopy(): Promise<string> {
  const folder = await makeFolder();
  const { dependencies } = JSON.parse(await readFile(inRepository('package.json'), 'utf8'));
  const names = ['package.json', 'dist', ...Object.keys(dependencies).map((name) => `node_modules/${name}`)];
  for (const name of names) await cp(inRepository(name), join(folder, name), { recursive: true });
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  return folder;
}

/** The source of a program that downloads to `path` and prints the result. */
export function downloadProgram(url: string, path: string, id = 'x'): string {
  return `
    import { ApiClient } from 'doctape-sdk';
    import { saveDownload } from 'doctape-sdk/node';
    ${downloadStatement(url, path, id)}`;
}

export function downloadStatement(url: string, path: string, id = 'x'): string {
  return `
    const { ApiClient: Client } = await import('doctape-sdk');
    const { saveDownload: save } = await import('doctape-sdk/node');
    const client = new Client({ token: ${JSON.stringify(accessToken)}, baseUrl: ${JSON.stringify(`${url}/v1`)}, retry: false });
    await save(client, ${JSON.stringify(id)}, ${JSON.stringify(path)}).then(
      ({ size }) => console.log('saved', size),
      (error) => console.log(error.name, error.code, error.bytes, error.message),
    );`;
}

/** A file on a server. A test may change it. */
export interface ServedFile {
  content: Uint8Array;
  etag?: string | undefined;
  lastModified?: string | undefined;
  /** Whether the server supports ranges. @default true */
  ranges?: boolean;
  /** Milliseconds between two chunks of 64 KiB. @default none */
  chunkDelay?: number | undefined;
  /** The number of bytes after which the server pauses or closes the connection. @default never */
  stopAfter?: number | undefined;
  /** The promise that the server awaits before it continues. @default none: it closes the connection */
  waitFor?: Promise<unknown> | undefined;
}

/** A server with one file that supports ranges and their conditions (RFC 9110 sections 13.1.5 and 14). */
export async function fileServer(file: ServedFile): Promise<ScriptedServer> {
  return scriptedServer(async (request, response) => {
    await bodyOf(request);
    const { content, etag, lastModified, ranges = true } = file;
    const size = content.byteLength;
    const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const condition = request.headers['if-range'];
    const same = condition === undefined || condition === etag || condition === lastModified;
    const start = ranges && same && first !== undefined ? Number(first) : undefined;
    if (start !== undefined && start >= size) {
      response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
      return;
    }
    const body = content.subarray(start ?? 0);
    response.writeHead(start === undefined ? 200 : 206, {
      'content-type': 'application/octet-stream',
      'content-length': body.byteLength,
      ...(ranges && { 'accept-ranges': 'bytes' }),
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { 'last-modified': lastModified }),
      ...(start !== undefined && { 'content-range': `bytes ${start}-${size - 1}/${size}` }),
    });
    await pipeline(pieces(body, file), response).catch(() => response.destroy());
  });
}

async function* pieces(body: Uint8Array, { chunkDelay, stopAfter, waitFor }: ServedFile): AsyncGenerator<Uint8Array> {
  const size = 64 * 1024;
  let stopped = stopAfter === undefined;
  for (let at = 0; at < body.byteLength; at += size) {
    if (!stopped && at >= (stopAfter ?? 0)) {
      await new Promise((resolve) => setTimeout(resolve, 50)); // so that the bytes that were sent arrive first
      if (!waitFor) throw new Error('broken off');
      await waitFor;
      stopped = true;
    }
    yield body.subarray(at, at + size);
    if (chunkDelay !== undefined) await new Promise((resolve) => setTimeout(resolve, chunkDelay));
  }
}
