import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setInterval } from 'node:timers';
import { invalid } from '../protocol/checks.js';
import type { ConfigurationError } from '../protocol/errors.js';
import { writeError } from './system-error.js';

export interface PathLock {
  /** Whether it is still ours: a process that was stopped for long may have been taken for dead. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

interface Owner {
  pid: number | undefined;
  host: string;
  /** When the process began, as its system counts: process ids come again. */
  began: string | undefined;
}

const beat = 10_000;
const deadAfter = 60_000;

/**
 * Keeps others away from `path` by a file beside it. Node has no locks of the operating system, which would go with their
 * process, so the file says whose it is, and its owner touches it now and then.
 * @throws {ConfigurationError} when somebody alive has it
 */
export async function lockPath(path: string): Promise<PathLock> {
  const file = `${path}.part.lock`;
  for (let attempt = 0; ; attempt++) {
    let handle: FileHandle;
    try {
      handle = await open(file, 'wx', 0o600);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw writeError(path, 0, error);
      const seen = await readFile(file, 'utf8').catch(() => undefined);
      if (seen !== undefined && (attempt > 9 || (await isAlive(file, seen)))) throw taken(path, seen);
      if (seen !== undefined) await removeDead(file, seen);
      continue;
    }
    try {
      await handle.write(JSON.stringify({ ...(await ourselves()), key: randomUUID() }));
      return hold(file, handle);
    } catch (error) {
      await handle.close();
      await rm(file, { force: true });
      throw writeError(path, 0, error);
    }
  }
}

function hold(file: string, handle: FileHandle): PathLock {
  const now = () => new Date();
  const timer = setInterval(() => void handle.utimes(now(), now()).catch(() => {}), beat);
  timer.unref();
  const held = async () => {
    const [ours, there] = await Promise.all([
      handle.stat({ bigint: true }),
      stat(file, { bigint: true }).catch(() => undefined),
    ]);
    return ours.ino === there?.ino && ours.dev === there.dev;
  };
  return {
    held,
    async release() {
      clearInterval(timer);
      const ours = await held().catch(() => false);
      await handle.close(); // first: Windows removes no open file
      if (ours) await rm(file, { force: true }).catch(() => {});
    },
  };
}

/** Removes the lock that was seen, and none that has come in its place meanwhile. */
async function removeDead(file: string, seen: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return; // somebody else was faster
  }
  if ((await readFile(aside, 'utf8').catch(() => seen)) === seen) await rm(aside, { force: true });
  else await rename(aside, file);
}

function taken(path: string, seen: string): ConfigurationError {
  const { pid } = readOwner(seen);
  const who = pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
  return invalid('path', `${path} is being written by a download of ${who}: wait for it, or choose another`);
}

async function isAlive(file: string, seen: string): Promise<boolean> {
  const { pid, host, began } = readOwner(seen);
  if (pid !== undefined && host === ourHost()) {
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    }
    const begins = await beginningOf(pid);
    if (begins !== undefined && began !== undefined) return begins === began;
  }
  const touched = await stat(file).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs < deadAfter;
}

function readOwner(text: string): Partial<Owner> {
  try {
    const { pid, host, began } = JSON.parse(text);
    return { pid: Number.isInteger(pid) && pid > 0 ? pid : undefined, host, began };
  } catch {
    return {}; // its owner is just writing it, or was killed then
  }
}

async function ourselves(): Promise<Owner> {
  return { pid: process.pid, host: ourHost(), began: await beginningOf(process.pid) };
}

function ourHost(): string {
  try {
    return hostname();
  } catch {
    return ''; // Deno asks for a permission
  }
}

/** Linux only: elsewhere no file tells. The second field is a name that may hold anything. */
async function beginningOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}
