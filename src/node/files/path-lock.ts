import { createHash, randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rmdir,
  unlink,
  utimes,
} from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { DoctapeError, FileSystemError } from '../../protocol/errors.js';
import { pathError, systemCode, unlessAbsent } from '../system-error.js';

export interface PathLock {
  /**
   * Whether this process still has the lock: while it was suspended, another process may have treated it as dead. Synchronous,
   * because it is called before every write, and the thread pool costs more time than the call itself.
   */
  held(): boolean;
  release(): Promise<void>;
}

const heartbeat = 2000;
const staleAfter = 10_000;
const maxAttempts = 8;
const maxFolderAttempts = 100;

/** The claims of this thread that have not been released. */
const ownClaims = new Set<string>();

/**
 * Locks `path` against other processes. Node has no operating-system locks, which would end with their process. Instead, each
 * process that wants the path creates a claim, a file in a folder beside it. It has the lock if no other claim there belongs to a
 * live process. The name of a claim is never used twice, so removing the claim of a dead process can never remove another one.
 * @param folder the folder of the claims
 * @throws {FileSystemError} `locked` if another live process has the lock. For a process on another machine, this takes ten
 * seconds to find out
 */
export async function lockPath(path: string, folder: string, signal?: AbortSignal): Promise<PathLock> {
  const currentHost = await hostId();
  for (let attempt = 1; ; attempt++) {
    const claim = await makeClaim(path, folder, currentHost);
    try {
      const other = await otherClaim(folder, claim.name, currentHost, signal);
      if (other === undefined) return claim;
      if (attempt === maxAttempts || hostOf(other) !== currentHost) throw locked(path, other, currentHost);
    } catch (error) {
      await claim.release();
      if (signal?.aborted) throw signal.reason;
      throw error instanceof DoctapeError
        ? error
        : pathError(path, `cannot be locked, because ${folder} cannot be read`, error);
    }
    await claim.release();
    await sleep(Math.random() * 10 * attempt); // two processes that claim it at the same time both release it
  }
}

interface Claim extends PathLock {
  name: string;
}

async function makeClaim(path: string, folder: string, currentHost: string): Promise<Claim> {
  const name = [process.pid, (await startTimeOf(process.pid)) ?? '', currentHost, randomUUID()].join('.');
  const file = join(folder, name);
  const handle = await createIn(path, folder, file);
  ownClaims.add(name);
  // by its path, because Node's permission model refuses this for an open file
  const timer = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), heartbeat);
  timer.unref();
  return {
    name,
    held: () => lstatSync(file, { throwIfNoEntry: false }) !== undefined,
    async release() {
      clearInterval(timer);
      // errors are ignored: the download is complete, and others see that this claim is no longer refreshed
      await handle.close().catch(() => {}); // first, because Windows cannot remove an open file
      await unlink(file).catch(() => {});
      await rmdir(folder).catch(() => {}); // fails if it contains the claim of another process
      ownClaims.delete(name);
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
      throw new FileSystemError(
        'file_exists',
        `${folder} exists and is not a folder: remove it, or choose another path`,
        folder,
      );
    }
    try {
      return await open(file, 'wx');
    } catch (error) {
      // another process has just removed the folder
      if (systemCode(error) === 'ENOENT' && attempt < maxFolderAttempts) continue;
      await rmdir(folder).catch(() => {}); // fails if it contains the claim of another process
      throw pathError(path, `cannot be locked, because ${folder} cannot be written`, error);
    }
  }
}

const claimName = /^[1-9]\d{0,9}\.\d*\.[\da-f]*\.[\da-f-]{36}$/;

/** Returns the claim of another live process. Removes the claims of dead processes, and ignores files that are not claims. */
async function otherClaim(
  folder: string,
  claim: string,
  currentHost: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (name === claim || !claimName.test(name) || !entry.isFile()) continue;
    const file = join(folder, name);
    if ((await isAlive(name, currentHost)) ?? (await isRefreshed(file, signal))) return name;
    await unlink(file).catch(unlessAbsent);
  }
  return undefined;
}

function hostOf(claim: string): string | undefined {
  return claim.split('.')[2];
}

function locked(path: string, claim: string, currentHost: string): FileSystemError {
  const [pid = ''] = claim.split('.');
  const local = pid === String(process.pid) ? 'this process' : `process ${pid}`;
  const owner = hostOf(claim) === currentHost ? local : 'another machine or container';
  const message = `${path} is being written by a download of ${owner}: wait for it, or choose another path`;
  return new FileSystemError('locked', message, path);
}

/** Whether the process of a claim is alive. Undefined if this process cannot find out. */
async function isAlive(name: string, currentHost: string): Promise<boolean | undefined> {
  const [pid = '', started = '', host] = name.split('.');
  if (host !== currentHost || currentHost === '') return undefined;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  const startTime = await startTimeOf(Number(pid));
  if (startTime !== undefined && started !== '' && startTime !== started) return false;
  if (pid !== String(process.pid)) return startTime !== undefined && started !== '' ? true : undefined;
  return ownClaims.has(name) || undefined; // otherwise of another thread, which may have ended
}

/** Whether a claim is refreshed. Observes it instead of comparing times, because the clocks of other machines may be wrong. */
async function isRefreshed(file: string, signal: AbortSignal | undefined): Promise<boolean> {
  const before = await modifiedAt(file);
  if (before === undefined) return false;
  for (let waited = 0; waited < staleAfter; waited += heartbeat) {
    await sleep(heartbeat, undefined, signal && { signal });
    const now = await modifiedAt(file);
    if (now !== before) return now !== undefined;
  }
  return false;
}

async function modifiedAt(file: string): Promise<number | undefined> {
  return (await lstat(file).catch(unlessAbsent))?.mtimeMs;
}

/**
 * Identifies where process ids have the same meaning as here: this machine, and on Linux this boot and these namespaces, because
 * several containers may have the same host name. It is valid in a file name.
 */
async function hostId(): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    // of process ids, and of the boot time that start times are relative to
    const namespaces = await Promise.all(
      ['pid', 'time'].map((kind) => readlink(`/proc/self/ns/${kind}`).catch(() => '')),
    );
    const network =
      boot === '' ? Object.values(networkInterfaces()).flatMap((each) => each?.map(({ mac }) => mac)) : [];
    const identity = [hostname(), boot, ...namespaces, ...network.sort()].join();
    return createHash('sha256').update(identity).digest('hex').slice(0, 16);
  } catch {
    return ''; // Deno needs a permission
  }
}

/**
 * The start time of a process in the unit of its system, because process ids are reused. Only Linux has it in a file. For a zombie
 * process it is `never`.
 */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // the second field is a name that may contain any character
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && /[ZX]/.test(fields[0] ?? '') ? 'never' : fields?.[19];
}
