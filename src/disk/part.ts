import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invalid } from '../protocol/checks.js';
import type { ConfigurationError } from '../protocol/errors.js';
import { parseHttpDate } from '../transport/http-date.js';
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

/** The half of a download that is on disk, in `path.part`, and what it is of, in `path.part.json`. */
export interface Part {
  /** What is there of `url`, if it can be continued. Refuses what is there and is none of ours. */
  left(url: string): Promise<Left | undefined>;
  /** Opens what is there, to add to it. */
  reopen(): Promise<FileHandle>;
  /** Begins with nothing. */
  create(origin: Origin): Promise<FileHandle>;
  remove(): Promise<void>;
  /** Gives it the final name, and the permissions of the file that it replaces. */
  publish(): Promise<void>;
}

/** @param lock what keeps others away: nothing is touched once it is lost */
export function partOf(path: string, lock: PathLock): Part {
  const part = `${path}.part`;
  const note = `${part}.json`;
  let opened: bigint | undefined;

  async function checkHeld(): Promise<void> {
    if (!(await lock.held())) throw takenOver(path);
  }

  async function remember(opening: Promise<FileHandle>): Promise<FileHandle> {
    const handle = await opening;
    opened = (await handle.stat({ bigint: true })).ino;
    return handle;
  }

  /** The note goes last: without it, a part would be taken for somebody else's file. */
  async function remove(): Promise<void> {
    await checkHeld();
    await unlink(part).catch(unlessAbsent);
    await syncFolder(path); // no old part may ever come to stand beside a new note
    await unlink(note).catch(unlessAbsent);
  }

  return {
    async left(url) {
      const origin = await readNote(note);
      const status = await lstat(part).catch(unlessAbsent);
      if (!status) return undefined;
      if (!origin || !status.isFile()) throw inTheWay(part);
      const { validator } = origin;
      return origin.url === url && validator !== undefined && status.size > 0
        ? { validator, size: status.size }
        : undefined;
    },

    // not through a link that was put there meanwhile
    reopen: () => remember(open(part, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0))),

    async create(origin) {
      await remove();
      await writeNew(note, JSON.stringify(origin));
      const mode = await modeOf(path);
      return remember(open(part, 'wx', mode === undefined ? 0o666 : mode | 0o600));
    },

    remove,

    async publish() {
      await checkHeld();
      if ((await lstat(part, { bigint: true })).ino !== opened) throw takenOver(path);
      const mode = await modeOf(path);
      if (mode !== undefined) await chmod(part, mode);
      await rename(part, path);
      await unlink(note).catch(unlessAbsent);
      await syncFolder(path);
    },
  };
}

function takenOver(path: string): ConfigurationError {
  return invalid('path', `${path} was taken over by another download meanwhile`);
}

function inTheWay(file: string): ConfigurationError {
  return invalid('path', `${file} is in the way, and is no part of a download: remove it, or choose another`);
}

/** What our note says. One that is empty was begun by a run that died. */
async function readNote(note: string): Promise<Origin | undefined> {
  if ((await lstat(note).catch(unlessAbsent))?.isFile() === false) throw inTheWay(note);
  const text = await readFile(note, 'utf8').catch(unlessAbsent);
  if (!text) return undefined;
  const origin = parseOrigin(text);
  if (!origin) throw inTheWay(note);
  return origin;
}

function parseOrigin(text: string): Origin | undefined {
  try {
    const { url, validator } = JSON.parse(text);
    const strong =
      typeof validator === 'string' && (/^"[\x21\x23-\x7e]*"$/.test(validator) || parseHttpDate(validator));
    return typeof url === 'string' ? { url, validator: strong ? validator : undefined } : undefined;
  } catch {
    return undefined; // it is none
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What may be done with the file that is there. */
async function modeOf(path: string): Promise<number | undefined> {
  const status = await stat(path).catch(unlessAbsent);
  return status && status.mode & 0o777;
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
