import { type BigIntStats, constants } from 'node:fs';
import { chmod, type FileHandle, link, lstat, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileSystemError, TransferError } from '../../protocol/errors.js';
import { parseHttpDate } from '../../transport/http/http-date.js';
import { systemCode, unlessAbsent } from '../system-error.js';
import { accessOf, adopt, closed } from './access.js';
import type { PathLock } from './path-lock.js';
import type { SideFiles } from './side-files.js';

/** What a part is of. Only bytes of the same file at the same server, in the same version, can be added to it. */
export interface Origin {
  /** Server, id and rendition, without the token. */
  url: string;
  /** The `ETag` or `Last-Modified` of the version. Without one that is strong, nothing can be added. */
  validator?: string | undefined;
}

/** A part that an earlier run left. */
export interface Left {
  validator: string;
  /** Bytes it has: at least one. */
  size: number;
}

/**
 * The half of a download that is on disk, in `path.part`, and what it is of, in `path.part.json` (see `sideFiles` for long names). The note says which file is
 * the part, so that nobody else's of the same name is taken for it.
 */
export interface Part {
  /** What is there of `url`, if it can be continued. Refuses what is there and is none of ours. */
  left(url: string): Promise<Left | undefined>;
  /** Opens what is there, to add to it. */
  reopen(left: Left): Promise<OpenPart>;
  /** Begins with nothing. */
  create(origin: Origin): Promise<OpenPart>;
  remove(): Promise<void>;
}

export interface OpenPart {
  /** @returns how many bytes of the chunks were written, behind so many that are there */
  write(chunks: Uint8Array[], size: number): Promise<number>;
  /**
   * Waits until so many bytes are on the disk, and gives it the final name, and what the file had that it replaces. Where it may
   * replace none and there is one, it stays a part.
   */
  publish(size: number, overwrite: boolean): Promise<void>;
  close(): Promise<void>;
}

const syncedAtOnce = 64 * 1024 * 1024;

/** @param lock what keeps others away: nothing is touched once it is lost */
export function partOf(path: string, { part, note }: SideFiles, lock: PathLock): Part {
  /** The file that is the part, once it is known. */
  let ours: Identity | undefined;

  function checkHeld(): void {
    if (!lock.held()) throw takenOver(path);
  }

  /** The part as it is, if there is one. Refuses somebody else's. */
  async function look(): Promise<BigIntStats | undefined> {
    const status = await lstat(part, { bigint: true }).catch(unlessAbsent);
    if (status && !(ours && isSame(ours, status))) throw inTheWay(part);
    return status;
  }

  /** Refuses somebody else's, which may have come meanwhile. */
  async function removeNote(): Promise<void> {
    const about = (await readNote(note))?.part;
    if (about && (about.inode !== ours?.inode || about.born !== ours.born)) throw inTheWay(note);
    await unlink(note).catch(unlessAbsent);
  }

  /** The note goes last: without it, a part would be taken for somebody else's file. */
  async function remove(): Promise<void> {
    checkHeld();
    if (await look()) await unlink(part).catch(unlessAbsent);
    await syncFolder(path); // no old part may ever come to stand beside a new note
    await removeNote();
  }

  function openPart(handle: FileHandle): OpenPart {
    let unsynced = 0;
    let syncing: Promise<void> | undefined;

    /** What is written goes to the disk while more arrives, so that little is left to wait for in the end. */
    function syncMeanwhile(bytes: number): void {
      unsynced += bytes;
      if (unsynced < syncedAtOnce || syncing) return;
      unsynced = 0;
      syncing = handle.datasync().then(() => {
        syncing = undefined;
      });
      syncing.catch(() => {}); // it stays there, and is told at the end
    }

    return {
      async write(chunks, size) {
        checkHeld(); // of a process that was stopped for long, the file may be finished by another
        const { bytesWritten } = await handle.writev(chunks, size);
        syncMeanwhile(bytesWritten);
        return bytesWritten;
      },

      async publish(size, overwrite) {
        await syncing;
        await handle.sync();
        const access = await accessOf(path);
        if (access) await adopt(handle, access);
        checkHeld();
        const status = await look();
        if (!status || Number(status.size) !== size) {
          throw new TransferError('changed', `${part} was changed while it was written`, size);
        }
        if (overwrite) await rename(part, path);
        else if (!(await takeFreeName(part, path))) {
          const message = `${path} exists by now, and overwrite is false: what was loaded is in ${part}`;
          throw new FileSystemError('file_exists', message, path, size);
        }
        const published = await lstat(path, { bigint: true }).catch(unlessAbsent);
        if (!(published && ours && isSame(ours, published))) {
          throw new FileSystemError('io', `${path} was replaced by somebody else: look at what is there`, path, size);
        }
        await removeNote().catch(() => {}); // of somebody else, which is not in the way any more
        await syncFolder(path);
      },

      close: () => handle.close(),
    };
  }

  return {
    async left(url) {
      const origin = await readNote(note);
      ours = origin?.part;
      const status = await lstat(part, { bigint: true }).catch(unlessAbsent);
      const isOurs = status && ours && isSame(ours, status);
      // a run may have died before it made the note of its part
      const isUnnoted = !ours && status?.isFile() && status.size === 0n;
      // a run may have died between giving the part its name and taking the other one away
      const isPublished = isOurs && status.nlink > 1n;
      if (isUnnoted || isPublished) await unlink(part);
      const size = Number((await look())?.size ?? 0n);
      const validator = origin?.url === url ? origin.validator : undefined;
      return size > 0 && validator !== undefined ? { validator, size } : undefined;
    },

    async reopen({ size }) {
      // not through a link that was put there meanwhile
      const flags = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
      let handle = await open(part, flags).catch(unlessDenied);
      if (!handle) {
        await look();
        await chmod(part, closed); // it had been given its permissions when the run died that wrote it
        handle = await open(part, flags);
      }
      const status = await handle.stat({ bigint: true });
      if (ours && isSame(ours, status) && Number(status.size) === size) return openPart(handle);
      await handle.close();
      await look();
      throw new TransferError('changed', `${part} was changed while it was to be continued`, 0);
    },

    async create(origin) {
      await remove();
      const mode = (await accessOf(path)) ? closed : 0o666; // one that replaces no file is as open as any
      const handle = await open(part, 'wx', mode).catch((error: unknown) => look().then(() => Promise.reject(error)));
      try {
        ours = identityOf(await handle.stat({ bigint: true }));
        if (!(await tellsBirth(handle))) ours.born = unknownBirth;
        await writeNote(note, { ...origin, part: ours });
        return openPart(handle);
      } catch (error) {
        await handle.close();
        throw error;
      }
    },

    remove,
  };
}

/**
 * Gives a part its name by a second link to it, which the system refuses when there is a file of that name.
 * @returns whether there was none
 */
async function takeFreeName(part: string, path: string): Promise<boolean> {
  try {
    await link(part, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    // not every file system has links: there, a file may come between the look and the move
    if (await lstat(path).catch(unlessAbsent)) return false;
    await rename(part, path);
    return true;
  }
  await unlink(part);
  return true;
}

function unlessDenied(error: unknown): undefined {
  if (systemCode(error) !== 'EACCES') throw error;
}

function takenOver(path: string): FileSystemError {
  return new FileSystemError('locked', `${path} was taken over by another download meanwhile`, path);
}

function inTheWay(file: string): FileSystemError {
  const message = `${file} is in the way, and not what a download left there: remove it, or choose another`;
  return new FileSystemError('file_exists', message, file);
}

/** What tells a file from another that bears its name later. */
interface Identity {
  inode: string;
  /** Milliseconds since 1970, which all runtimes agree on, or `unknown`. */
  born: string;
}

const unknownBirth = 'unknown';

function identityOf({ ino, birthtimeNs }: BigIntStats): Identity {
  return { inode: String(ino), born: String(birthtimeNs / 1_000_000n) };
}

/** Both, because an inode is given to the next file when it is free, and two may be born at once. */
function isSame(one: Identity, status: BigIntStats): boolean {
  const { inode, born } = identityOf(status);
  return status.isFile() && one.inode === inode && (one.born === born || one.born === unknownBirth);
}

/**
 * Whether the system knows when a file was made. Where it does not, it tells the last change in its place: so here is a change
 * of an empty file, and another as long as the clock of the system has not moved on.
 */
async function tellsBirth(file: FileHandle): Promise<boolean> {
  for (const wait of [0, 1, 2, 4, 8, 16]) {
    await sleep(wait);
    await file.truncate(0);
    const { birthtimeNs, ctimeNs } = await file.stat({ bigint: true });
    if (birthtimeNs !== ctimeNs) return true;
  }
  return false;
}

interface Note extends Origin {
  part: Identity;
}

/** What our note says. One with nothing in it was begun by a run that died. */
async function readNote(note: string): Promise<Note | undefined> {
  if ((await lstat(note).catch(unlessAbsent))?.isFile() === false) throw inTheWay(note);
  const text = await readFile(note, 'utf8').catch(unlessAbsent);
  if (!text?.replaceAll('\0', '')) return undefined;
  const parsed = parseNote(text);
  if (!parsed) throw inTheWay(note);
  return parsed;
}

function parseNote(text: string): Note | undefined {
  try {
    const { url, validator, part } = JSON.parse(text);
    if ([url, part.inode, part.born].some((value) => typeof value !== 'string')) return undefined;
    const strong =
      typeof validator === 'string' && (/^"[\x21\x23-\x7e]*"$/.test(validator) || parseHttpDate(validator));
    return { url, validator: strong ? validator : undefined, part };
  } catch {
    return undefined; // it is none
  }
}

async function writeNote(path: string, note: Note): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(JSON.stringify(note));
    await handle.sync();
  } catch (error) {
    await unlink(path).catch(() => {}); // half a note would be taken for somebody else's
    throw error;
  } finally {
    await handle.close();
  }
}

/** Makes a new name last. Windows cannot, and does not need it. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path));
    await folder.sync().finally(() => folder.close());
  } catch {
    // not every file system can
  }
}
