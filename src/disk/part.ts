import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invalid } from '../protocol/checks.js';
import { type ConfigurationError, TransferError } from '../protocol/errors.js';
import { parseHttpDate } from '../transport/http-date.js';
import { accessOf, adopt, closed, grant } from './access.js';
import type { PathLock } from './path-lock.js';
import { unlessAbsent } from './system-error.js';

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
 * The half of a download that is on disk, in `path.part`, and what it is of, in `path.part.json`. The note says which file is
 * the part, so that nobody else's of the same name is taken for it.
 */
export interface Part {
  /** What is there of `url`, if it can be continued. Refuses what is there and is none of ours. */
  left(url: string): Promise<Left | undefined>;
  /** Opens what is there, to add to it. */
  reopen(left: Left): Promise<FileHandle>;
  /** Begins with nothing. */
  create(origin: Origin): Promise<FileHandle>;
  remove(): Promise<void>;
  /** Gives it the final name, and the owner and permissions of the file that it replaces. */
  publish(size: number): Promise<void>;
}

/** @param lock what keeps others away: nothing is touched once it is lost */
export function partOf(path: string, lock: PathLock): Part {
  const part = `${path}.part`;
  const note = `${part}.json`;
  /** The file that is the part, once it is known. */
  let ours: Identity | undefined;

  async function checkHeld(): Promise<void> {
    if (!(await lock.held())) throw takenOver(path);
  }

  /** The part as it is, if there is one. Refuses somebody else's, unless it is empty: then there is nothing to lose. */
  async function look(): Promise<BigIntStats | undefined> {
    const status = await lstat(part, { bigint: true }).catch(unlessAbsent);
    if (status?.isFile() && status.size === 0n) ours = identityOf(status);
    if (status && !(ours && isSame(ours, status))) throw inTheWay(part);
    return status;
  }

  /** The note goes last: without it, a part would be taken for somebody else's file. */
  async function remove(): Promise<void> {
    await checkHeld();
    if (await look()) await unlink(part).catch(unlessAbsent);
    await syncFolder(path); // no old part may ever come to stand beside a new note
    await unlink(note).catch(unlessAbsent);
  }

  return {
    async left(url) {
      const origin = await readNote(note);
      ours = origin?.part;
      const size = Number((await look())?.size ?? 0n);
      const validator = origin?.url === url ? origin.validator : undefined;
      return size > 0 && validator !== undefined ? { validator, size } : undefined;
    },

    async reopen({ size }) {
      // not through a link that was put there meanwhile
      const handle = await open(part, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
      const status = await handle.stat({ bigint: true });
      if (ours && isSame(ours, status) && Number(status.size) === size) return handle;
      await handle.close();
      await look();
      throw new TransferError('changed', `${part} was changed while it was to be continued`, 0);
    },

    async create(origin) {
      await remove();
      const mode = (await accessOf(path)) ? closed : 0o666; // one that replaces no file is as open as any
      const handle = await open(part, 'wx', mode).catch((error: unknown) => look().then(() => Promise.reject(error)));
      ours = identityOf(await handle.stat({ bigint: true }));
      await writeNote(note, { ...origin, part: ours }).catch((error: unknown) =>
        handle.close().then(() => Promise.reject(error)),
      );
      return handle;
    },

    remove,

    async publish(size) {
      await checkHeld();
      const status = await look();
      if (!status || Number(status.size) !== size) {
        throw new TransferError('changed', `${part} was changed while it was written`, size);
      }
      const access = await accessOf(path);
      const mode = access && (await adopt(part, access));
      await rename(part, path);
      await unlink(note).catch(unlessAbsent);
      if (mode !== undefined) await grant(path, mode);
      await syncFolder(path);
    },
  };
}

function takenOver(path: string): ConfigurationError {
  return invalid('path', `${path} was taken over by another download meanwhile`);
}

function inTheWay(file: string): ConfigurationError {
  return invalid('path', `${file} is in the way, and not what a download left there: remove it, or choose another`);
}

/** What tells a file from another that bears its name later. */
interface Identity {
  inode: string;
  /** Milliseconds since 1970, which all runtimes agree on; 0 where the file system does not know. */
  born: string;
}

function identityOf({ ino, birthtimeNs }: BigIntStats): Identity {
  return { inode: String(ino), born: String(birthtimeNs / 1_000_000n) };
}

/** Both, because an inode is given to the next file when it is free, and two may be born at once. */
function isSame(one: Identity, status: BigIntStats): boolean {
  const { inode, born } = identityOf(status);
  return status.isFile() && one.inode === inode && one.born === born;
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
