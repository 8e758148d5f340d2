import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalid } from '../protocol/checks.js';
import type { ConfigurationError } from '../protocol/errors.js';
import { systemCode, writeError } from './system-error.js';

export interface PathLock {
  /** Whether it is still ours: a process that was stopped for long may have been taken for dead. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

const beat = 10_000;
const deadAfter = 60_000;
const mostAttempts = 8;

/**
 * Keeps others away from `path`. Node has no locks of the operating system, which would go with their process, so whoever
 * wants a path puts a claim into a folder beside it, and has it when no other claim there is of somebody alive. A claim
 * has a name that never comes again, so taking away one of the dead can never take away another.
 * @throws {ConfigurationError} when somebody alive has it
 */
export async function lockPath(path: string): Promise<PathLock> {
  const folder = `${path}.part.lock`;
  for (let attempt = 1; ; attempt++) {
    const claim = await makeClaim(path, folder);
    const other = await otherClaim(folder, claim.name).catch(async (error: unknown) => {
      await claim.release();
      throw writeError(path, 0, error);
    });
    if (other === undefined) return claim;
    await claim.release();
    if (attempt === mostAttempts) throw taken(path, other);
    await sleep(Math.random() * 10 * attempt); // of two that came at once, both stepped back
  }
}

interface Claim extends PathLock {
  name: string;
}

async function makeClaim(path: string, folder: string): Promise<Claim> {
  const name = [process.pid, (await beginningOf(process.pid)) ?? '', ourHost(), randomUUID()].join('.');
  const file = join(folder, name);
  const handle = await createIn(folder, file).catch((error: unknown) => {
    throw writeError(path, 0, error);
  });
  const timer = setInterval(() => void handle.utimes(new Date(), new Date()).catch(() => {}), beat);
  timer.unref();
  return {
    name,
    held: () =>
      stat(file).then(
        () => true,
        () => false,
      ),
    async release() {
      clearInterval(timer);
      await handle.close(); // first: Windows removes no open file
      await rm(file, { force: true }).catch(() => {});
      await rmdir(folder).catch(() => {}); // somebody else's claim may be in it
    },
  };
}

async function createIn(folder: string, file: string): Promise<FileHandle> {
  for (;;) {
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
    try {
      return await open(file, 'wx', 0o600);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error; // the last of the others has just taken the folder away
    }
  }
}

/** The claim of somebody else who is alive. Those of the dead are taken away. */
async function otherClaim(folder: string, ours: string): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    if (name === ours) continue;
    const file = join(folder, name);
    if (await isAlive(file, name)) return name;
    await rm(file, { force: true });
  }
  return undefined;
}

function taken(path: string, claim: string): ConfigurationError {
  const [pid = '', , host] = claim.split('.');
  const who = host !== ourHost() ? 'another machine' : pid === String(process.pid) ? 'this process' : `process ${pid}`;
  return invalid('path', `${path} is being written by a download of ${who}: wait for it, or choose another`);
}

async function isAlive(file: string, name: string): Promise<boolean> {
  const [pid = '', began = '', host] = name.split('.');
  if (/^[1-9]\d{0,9}$/.test(pid) && host === ourHost()) {
    try {
      process.kill(Number(pid), 0);
    } catch (error) {
      if (systemCode(error) === 'ESRCH') return false;
    }
    const begins = await beginningOf(Number(pid));
    if (begins !== undefined && began !== '') return begins === began;
  }
  const touched = await stat(file).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs < deadAfter;
}

/** In letters that may be in the name of a file. */
function ourHost(): string {
  try {
    return createHash('sha256').update(hostname()).digest('hex').slice(0, 16);
  } catch {
    return ''; // Deno asks for a permission
  }
}

/** When a process began, as its system counts: process ids come again. Linux only: elsewhere no file tells. */
async function beginningOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // the second field is a name that may hold anything
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}
