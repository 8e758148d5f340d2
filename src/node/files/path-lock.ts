import { createHash, randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, readFile, readlink, rmdir, unlink } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { DoctapeError, FileSystemError } from '../../protocol/errors.js';
import { pathError, systemCode, unlessAbsent } from '../system-error.js';

export interface PathLock {
  /**
   * Whether it is still ours: a process that was stopped for long may have been taken for dead. Synchronous, because it stands
   * before every write, and a detour through the thread pool costs more than the look itself.
   */
  held(): boolean;
  release(): Promise<void>;
}

const beat = 2000;
const deadAfter = 10_000;
const mostAttempts = 8;
const mostFolders = 100;

/** The claims of this thread that are not released. */
const ours = new Set<string>();

/**
 * Keeps others away from `path`. Node has no locks of the operating system, which would go with their process, so whoever
 * wants a path puts a claim into a folder beside it, and has it when no other claim there is of somebody alive. A claim
 * has a name that never comes again, so taking away one of the dead can never take away another.
 * @param folder where the claims are
 * @throws {FileSystemError} `locked` when somebody alive has it. Whether somebody elsewhere is alive takes ten seconds to tell
 */
export async function lockPath(path: string, folder: string, signal?: AbortSignal): Promise<PathLock> {
  const here = await ourPlace();
  for (let attempt = 1; ; attempt++) {
    const claim = await makeClaim(path, folder, here);
    try {
      const other = await otherClaim(folder, claim.name, here, signal);
      if (other === undefined) return claim;
      if (attempt === mostAttempts || placeOf(other) !== here) throw taken(path, other, here);
    } catch (error) {
      await claim.release();
      if (signal?.aborted) throw signal.reason;
      throw error instanceof DoctapeError
        ? error
        : pathError(path, `is locked by ${folder}, which cannot be read`, error);
    }
    await claim.release();
    await sleep(Math.random() * 10 * attempt); // of two that came at once, both stepped back
  }
}

interface Claim extends PathLock {
  name: string;
}

async function makeClaim(path: string, folder: string, here: string): Promise<Claim> {
  const name = [process.pid, (await beginningOf(process.pid)) ?? '', here, randomUUID()].join('.');
  const file = join(folder, name);
  const handle = await createIn(path, folder, file);
  ours.add(name);
  const timer = setInterval(() => void handle.utimes(new Date(), new Date()).catch(() => {}), beat);
  timer.unref();
  return {
    name,
    held: () => lstatSync(file, { throwIfNoEntry: false }) !== undefined,
    async release() {
      clearInterval(timer);
      // what is written stays written, whatever becomes of the claim: others see that it does not move
      await handle.close().catch(() => {}); // first: Windows removes no open file
      await unlink(file).catch(() => {});
      await rmdir(folder).catch(() => {}); // somebody else's claim may be in it
      ours.delete(name);
    },
  };
}

async function createIn(path: string, folder: string, file: string): Promise<FileHandle> {
  for (let attempt = 1; ; attempt++) {
    await mkdir(folder).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw pathError(path, 'cannot be written', error);
    });
    const there = await lstat(folder).catch(unlessAbsent);
    if (there && !there.isDirectory()) {
      throw new FileSystemError('file_exists', `${folder} is in the way: remove it, or choose another`, folder);
    }
    try {
      return await open(file, 'wx');
    } catch (error) {
      // the last of the others has just taken the folder away
      if (systemCode(error) === 'ENOENT' && attempt < mostFolders) continue;
      await rmdir(folder).catch(() => {}); // it may be of somebody else
      throw pathError(path, `is locked by ${folder}, which cannot be written`, error);
    }
  }
}

const claimName = /^[1-9]\d{0,9}\.\d*\.[\da-f]*\.[\da-f-]{36}$/;

/** The claim of somebody else who is alive. Those of the dead are taken away, and whatever is no claim is left alone. */
async function otherClaim(
  folder: string,
  claim: string,
  here: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (name === claim || !claimName.test(name) || !entry.isFile()) continue;
    const file = join(folder, name);
    if ((await livesHere(name, here)) ?? (await moves(file, signal))) return name;
    await unlink(file).catch(unlessAbsent);
  }
  return undefined;
}

function placeOf(claim: string): string | undefined {
  return claim.split('.')[2];
}

function taken(path: string, claim: string, here: string): FileSystemError {
  const [pid = ''] = claim.split('.');
  const local = pid === String(process.pid) ? 'this process' : `process ${pid}`;
  const who = placeOf(claim) === here ? local : 'another machine or container';
  const message = `${path} is being written by a download of ${who}: wait for it, or choose another`;
  return new FileSystemError('locked', message, path);
}

/** Whether the process of a claim is alive. Undefined where that cannot be told from here. */
async function livesHere(name: string, here: string): Promise<boolean | undefined> {
  const [pid = '', began = '', place] = name.split('.');
  if (place !== here || here === '') return undefined;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  const begins = await beginningOf(Number(pid));
  if (begins !== undefined && began !== '' && begins !== began) return false;
  if (pid !== String(process.pid)) return begins !== undefined && began !== '' ? true : undefined;
  return ours.has(name) || undefined; // of another thread, which may have been ended
}

/** Whether somebody keeps a claim fresh. It is watched, because the clocks of other machines may be wrong. */
async function moves(file: string, signal: AbortSignal | undefined): Promise<boolean> {
  const before = await touched(file);
  if (before === undefined) return false;
  for (let waited = 0; waited < deadAfter; waited += beat) {
    await sleep(beat, undefined, signal && { signal });
    const now = await touched(file);
    if (now !== before) return now !== undefined;
  }
  return false;
}

async function touched(file: string): Promise<number | undefined> {
  return (await lstat(file).catch(unlessAbsent))?.mtimeMs;
}

/**
 * Where the number of a process means the same as to us: this machine, on Linux since it was started and in these
 * namespaces, because containers may bear one host name. In letters that may be in the name of a file.
 */
async function ourPlace(): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    // of processes, and of the time since the start, by which they are told apart
    const spaces = await Promise.all(['pid', 'time'].map((kind) => readlink(`/proc/self/ns/${kind}`).catch(() => '')));
    const network =
      boot === '' ? Object.values(networkInterfaces()).flatMap((each) => each?.map(({ mac }) => mac)) : [];
    const place = [hostname(), boot, ...spaces, ...network.sort()].join();
    return createHash('sha256').update(place).digest('hex').slice(0, 16);
  } catch {
    return ''; // Deno asks for a permission
  }
}

/**
 * When a process began, as its system counts: process ids come again. Linux only: elsewhere no file tells.
 * A dead one that nobody has buried yet never began.
 */
async function beginningOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // the second field is a name that may hold anything
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && /[ZX]/.test(fields[0] ?? '') ? 'never' : fields?.[19];
}
