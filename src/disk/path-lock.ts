import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, readlink, rmdir, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalid } from '../protocol/checks.js';
import type { ConfigurationError } from '../protocol/errors.js';
import { systemCode, unlessAbsent, writeError } from './system-error.js';

export interface PathLock {
  /** Whether it is still ours: a process that was stopped for long may have been taken for dead. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

const beat = 10_000;
const deadAfter = 60_000;
const mostAttempts = 8;
const mostFolders = 100;

/**
 * Keeps others away from `path`. Node has no locks of the operating system, which would go with their process, so whoever
 * wants a path puts a claim into a folder beside it, and has it when no other claim there is of somebody alive. A claim
 * has a name that never comes again, so taking away one of the dead can never take away another.
 * @throws {ConfigurationError} when somebody alive has it
 */
export async function lockPath(path: string): Promise<PathLock> {
  const folder = `${path}.part.lock`;
  const here = await ourPlace();
  for (let attempt = 1; ; attempt++) {
    const claim = await makeClaim(path, folder, here);
    const other = await otherClaim(folder, claim.name, here).catch(async (error: unknown) => {
      await claim.release();
      throw writeError(path, 0, error);
    });
    if (other === undefined) return claim;
    await claim.release();
    if (attempt === mostAttempts) throw taken(path, other, here);
    await sleep(Math.random() * 10 * attempt); // of two that came at once, both stepped back
  }
}

interface Claim extends PathLock {
  name: string;
}

async function makeClaim(path: string, folder: string, here: string): Promise<Claim> {
  const name = [process.pid, (await beginningOf(process.pid)) ?? '', here, randomUUID()].join('.');
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
      await unlink(file).catch(() => {});
      await rmdir(folder).catch(() => {}); // somebody else's claim may be in it
    },
  };
}

async function createIn(folder: string, file: string): Promise<FileHandle> {
  for (let attempt = 1; ; attempt++) {
    await mkdir(folder).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
    try {
      return await open(file, 'wx');
    } catch (error) {
      // the last of the others has just taken the folder away; a link to nowhere stays
      if (systemCode(error) !== 'ENOENT' || attempt === mostFolders) throw error;
    }
  }
}

/** The claim of somebody else who is alive. Those of the dead are taken away. */
async function otherClaim(folder: string, ours: string, here: string): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    if (name === ours) continue;
    const file = join(folder, name);
    if (await isAlive(file, name, here)) return name;
    await unlink(file).catch(unlessAbsent);
  }
  return undefined;
}

function taken(path: string, claim: string, here: string): ConfigurationError {
  const [pid = '', , place] = claim.split('.');
  const who =
    place !== here ? 'another machine or container' : pid === String(process.pid) ? 'this process' : `process ${pid}`;
  return invalid('path', `${path} is being written by a download of ${who}: wait for it, or choose another`);
}

async function isAlive(file: string, name: string, here: string): Promise<boolean> {
  const [pid = '', began = '', place] = name.split('.');
  if (/^[1-9]\d{0,9}$/.test(pid) && place === here && here !== '') {
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

/**
 * Where the number of a process means the same as to us: this machine since it was started, and on Linux this namespace of
 * processes, because containers may bear one host name. In letters that may be in the name of a file.
 */
async function ourPlace(): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    const processes = await readlink('/proc/self/ns/pid').catch(() => '');
    return createHash('sha256').update([hostname(), boot, processes].join()).digest('hex').slice(0, 16);
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
