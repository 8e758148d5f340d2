import { type ChildProcess, spawn } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionFailed } from '../converter.js';
import type { Confine } from './confinement.js';
import type { Limits } from './limits.js';

export interface Run {
  /** The name, for messages. */
  name: string;
  path: string;
  args: readonly string[];
  /** The folder that it works in, and that is its home. What it writes there is limited. */
  folder: string;
  limits: Limits;
}

const maxOutput = 64 * 1024;
const checkEvery = 500;

/**
 * Runs a program without a shell, and with an environment that has nothing of the sandbox's. Ends all of its processes when it ends,
 * exceeds the limits, or the signal aborts.
 * @returns the end of what it wrote to stdout and stderr. An exit code of 0 does not mean that it succeeded
 * @throws {ConversionFailed} if it cannot be started, ends with another exit code than 0, or exceeds the limits
 */
export async function runProgram(
  { name, path, args, folder, limits }: Run,
  confine: Confine,
  signal: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  signal.throwIfAborted();
  const [command, ...rest] = confine(path, args, limits);
  const child = spawn(command, rest, {
    cwd: folder,
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32', // a process group of its own, which can be ended as a whole
    windowsHide: true,
  });
  let reason: string | undefined;
  const end = (because: string) => {
    reason ??= because;
    killAll(child);
  };
  const onAbort = () => end('it was cancelled');
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(end, limits.seconds * 1000, `${name} took longer than ${limits.seconds} seconds`);
  const watch = setInterval(async () => {
    if ((await sizeOf(folder)) > limits.fileBytes) end(`${name} wrote more than ${limits.fileBytes} bytes`);
  }, checkEvery);
  const stdout = endOf(child.stdout);
  const stderr = endOf(child.stderr);
  try {
    const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (...ended) => resolve(ended));
      child.once('exit', () => killAll(child)); // what it has started keeps the pipes open
    }).catch((error: NodeJS.ErrnoException) => {
      throw new ConversionFailed(`${name} could not be started (${error.code})`);
    });
    signal.throwIfAborted();
    if (reason !== undefined) throw new ConversionFailed(reason);
    if (code !== 0) throw new ConversionFailed(`${name} ended with ${killedBy ?? `exit code ${code}`}`);
    return { stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Programs get no proxy, token or path of the user. A proxy that refuses all connections is one of several things against requests. */
function environment(folder: string): NodeJS.ProcessEnv {
  const noNetwork = 'http://127.0.0.1:9';
  const { PATH, SystemRoot } = process.env;
  return {
    PATH,
    ...(SystemRoot !== undefined && { SystemRoot }),
    HOME: folder,
    TMPDIR: folder,
    TEMP: folder,
    TMP: folder,
    LANG: 'C.UTF-8',
    http_proxy: noNetwork,
    https_proxy: noNetwork,
    ftp_proxy: noNetwork,
    all_proxy: noNetwork,
  };
}

function killAll(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // all of its processes have ended
  }
}

/** Reads a stream, and keeps its end. In ten minutes, ffmpeg writes 250 kB about its progress. */
function endOf(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-maxOutput);
  });
  return () => text;
}

/** The size of all files in a folder. Files can disappear in the meantime. */
async function sizeOf(folder: string): Promise<number> {
  let size = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    size += await lstat(join(entry.parentPath, entry.name)).then(
      (found) => found.size,
      () => 0,
    );
  }
  return size;
}
