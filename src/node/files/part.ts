import { type BigIntStats, constants } from 'node:fs';
import { chmod, type FileHandle, link, lstat, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileSystemError, TransferError } from '../../protocol/errors.js';
import { parseHttpDate } from '../../transport/http/http-date.js';
import { systemCode, unlessAbsent } from '../system-error.js';
import { accessOf, copyAccess, privateMode } from './access.js';
import type { PathLock } from './path-lock.js';
import type { SideFiles } from './side-files.js';

/** The remote file that a part belongs to. Only bytes of the same version of that file can be appended to the part. */
export interface RemoteFile {
  /** The URL of the file and rendition, without the token. */
  url: string;
  /** The `ETag` or `Last-Modified` of the version. Without a strong one, the download cannot be resumed. */
  validator?: string | undefined;
}

/** A part of an earlier run, which can be continued. */
export interface ResumablePart {
  validator: string;
  /** Its size in bytes: at least 1. */
  size: number;
}

/**
 * An incomplete download: its bytes are in `path.part`, and the remote file they belong to is in `path.part.json` (see `sideFiles`
 * for long names). The JSON also identifies the part by inode and creation time, so that another file of that name is never
 * treated as the part.
 */
export interface Part {
  /**
   * Returns the part of `url`, if it can be continued.
   * @throws {FileSystemError} `file_exists` if another file has the name of the part
   */
  find(url: string): Promise<ResumablePart | undefined>;
  /** Opens the part to append to it. */
  reopen(found: ResumablePart): Promise<OpenPart>;
  /** Creates an empty part. */
  create(remote: RemoteFile): Promise<OpenPart>;
  remove(): Promise<void>;
}

export interface OpenPart {
  /**
   * Writes chunks at the end.
   * @param size the current size in bytes
   * @returns the number of bytes written, which may be fewer than all
   */
  write(chunks: Uint8Array[], size: number): Promise<number>;
  /**
   * Flushes the part to the disk, copies the permissions of the file that it replaces, sets the modification time, and renames it. If
   * `overwrite` is false and the file exists, the part keeps its name.
   * @param size the expected size in bytes
   */
  publish(size: number, options: { overwrite: boolean; modified: Date | undefined }): Promise<void>;
  close(): Promise<void>;
}

const bytesPerSync = 64 * 1024 * 1024;

/** @param lock protects the files: nothing is written or removed after it is lost */
export function partOf(path: string, { part, info }: SideFiles, lock: PathLock): Part {
  /** Identifies the file that is the part, once it is known. */
  let identity: Identity | undefined;

  function checkHeld(): void {
    if (!lock.held()) throw lockLost(path);
  }

  /** Returns the status of the part, if it exists. Throws if another file has its name. */
  async function checkPart(): Promise<BigIntStats | undefined> {
    const status = await lstat(part, { bigint: true }).catch(unlessAbsent);
    if (status && !(identity && isSame(identity, status))) throw foreignFile(part);
    return status;
  }

  /** Removes the JSON file. Throws if it describes the part of another run, which may have replaced it. */
  async function removeInfo(): Promise<void> {
    const described = (await readInfo(info))?.part;
    if (described && (described.inode !== identity?.inode || described.born !== identity.born)) throw foreignFile(info);
    await unlink(info).catch(unlessAbsent);
  }

  /** Removes the JSON file last, because a part without one is treated as a foreign file. */
  async function remove(): Promise<void> {
    checkHeld();
    if (await checkPart()) await unlink(part).catch(unlessAbsent);
    await syncFolder(path); // an old part must never be beside a new JSON file, not even after a crash
    await removeInfo();
  }

  function openPart(handle: FileHandle): OpenPart {
    let unsynced = 0;
    let syncing: Promise<void> | undefined;

    /** Flushes to the disk while more bytes arrive, so that the final flush is short. */
    function syncInBackground(bytes: number): void {
      unsynced += bytes;
      if (unsynced < bytesPerSync || syncing) return;
      unsynced = 0;
      syncing = handle
        .datasync()
        .catch(unlessUnavailable)
        .then(() => {
          syncing = undefined;
        });
      syncing.catch(() => {}); // publish() awaits it and rejects
    }

    return {
      async write(chunks, size) {
        checkHeld(); // another process may have taken the lock while this one was suspended
        const { bytesWritten } = await handle.writev(chunks, size);
        syncInBackground(bytesWritten);
        return bytesWritten;
      },

      async publish(size, { overwrite, modified }) {
        await syncing;
        await handle.sync().catch(unlessUnavailable);
        const access = await accessOf(path);
        if (access) await copyAccess(handle, access);
        if (modified) await handle.utimes(new Date(), modified).catch(() => {}); // not every file system stores times
        checkHeld();
        const status = await checkPart();
        if (!status || Number(status.size) !== size) {
          throw new TransferError(
            'changed',
            `${part} was changed by another program during the download: call again`,
            size,
          );
        }
        if (overwrite) await rename(part, path);
        else if (!(await renameIfFree(part, path))) {
          const message = `${path} was created during the download and overwrite is false: the downloaded bytes are in ${part}`;
          throw new FileSystemError('file_exists', message, path, size);
        }
        const published = await lstat(path, { bigint: true }).catch(unlessAbsent);
        if (!(published && identity && isSame(identity, published))) {
          throw new FileSystemError(
            'io',
            `${path} was replaced by another program during the download: check its content`,
            path,
            size,
          );
        }
        await removeInfo().catch(() => {}); // a JSON file of another run no longer matters
        await syncFolder(path);
      },

      close: () => handle.close(),
    };
  }

  return {
    async find(url) {
      const described = await readInfo(info);
      identity = described?.part;
      const status = await lstat(part, { bigint: true }).catch(unlessAbsent);
      const isOurs = status && identity && isSame(identity, status);
      // an earlier run may have ended before it wrote the JSON file
      const isUndescribed = !identity && status?.isFile() && status.size === 0n;
      // an earlier run may have ended between linking the part to its final name and unlinking it
      const isPublished = isOurs && status.nlink > 1n;
      if (isUndescribed || isPublished) await unlink(part);
      const size = Number((await checkPart())?.size ?? 0n);
      const validator = described?.url === url ? described.validator : undefined;
      return size > 0 && validator !== undefined ? { validator, size } : undefined;
    },

    async reopen({ size }) {
      // do not follow a symbolic link that was created there meanwhile
      const flags = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
      let handle = await open(part, flags).catch(unlessDenied);
      if (!handle) {
        await checkPart();
        await chmod(part, privateMode); // an earlier run may have ended after it copied read-only permissions
        handle = await open(part, flags);
      }
      const status = await handle.stat({ bigint: true });
      if (identity && isSame(identity, status) && Number(status.size) === size) return openPart(handle);
      await handle.close();
      await checkPart();
      throw new TransferError('changed', `${part} was changed by another program: call again`, 0);
    },

    async create(remote) {
      await remove();
      const mode = (await accessOf(path)) ? privateMode : 0o666; // a new file has the default permissions
      const handle = await open(part, 'wx', mode).catch((error: unknown) =>
        checkPart().then(() => Promise.reject(error)),
      );
      try {
        identity = identityOf(await handle.stat({ bigint: true }));
        if (!(await hasBirthTime(handle))) identity.born = unknownBirth;
        await writeInfo(info, { ...remote, part: identity });
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
 * Renames a part unless a file of that name exists. It uses a hard link, because `link()` fails if the name exists.
 * @returns false if the file exists
 */
async function renameIfFree(part: string, path: string): Promise<boolean> {
  try {
    await link(part, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    // not every file system has hard links: without them, a file that is created between these two lines is replaced
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

/** Node 26 has no `fsync` under its permission model: a file that was not flushed can be damaged by a power failure, but by nothing else. */
function unlessUnavailable(error: unknown): void {
  if (systemCode(error) !== 'ERR_ACCESS_DENIED') throw error;
}

function lockLost(path: string): FileSystemError {
  const message = `the lock of ${path} was removed or taken by another download: call again`;
  return new FileSystemError('locked', message, path);
}

function foreignFile(file: string): FileSystemError {
  const message = `${file} exists and is not of a download: remove it, or choose another path`;
  return new FileSystemError('file_exists', message, file);
}

/** Distinguishes a file from another one that has the same name later. */
interface Identity {
  inode: string;
  /** The creation time in milliseconds since 1970, a precision that all runtimes have, or `unknown`. */
  born: string;
}

const unknownBirth = 'unknown';

function identityOf({ ino, birthtimeNs }: BigIntStats): Identity {
  return { inode: String(ino), born: String(birthtimeNs / 1_000_000n) };
}

/** Compares both, because inodes are reused and two files may be created in the same millisecond. */
function isSame(one: Identity, status: BigIntStats): boolean {
  const { inode, born } = identityOf(status);
  return status.isFile() && one.inode === inode && (one.born === born || one.born === unknownBirth);
}

/**
 * Whether the file system has creation times. If it has not, the system reports the time of the last change instead. To find out,
 * this changes the empty file until its change time differs from its creation time.
 */
async function hasBirthTime(file: FileHandle): Promise<boolean> {
  for (const wait of [0, 1, 2, 4, 8, 16]) {
    await sleep(wait);
    await file.truncate(0);
    const { birthtimeNs, ctimeNs } = await file.stat({ bigint: true });
    if (birthtimeNs !== ctimeNs) return true;
  }
  return false;
}

interface PartInfo extends RemoteFile {
  part: Identity;
}

/** Reads the JSON file. An empty one is treated as absent: an earlier run ended before it wrote the content. */
async function readInfo(file: string): Promise<PartInfo | undefined> {
  if ((await lstat(file).catch(unlessAbsent))?.isFile() === false) throw foreignFile(file);
  const text = await readFile(file, 'utf8').catch(unlessAbsent);
  if (!text?.replaceAll('\0', '')) return undefined;
  const parsed = parseInfo(text);
  if (!parsed) throw foreignFile(file);
  return parsed;
}

function parseInfo(text: string): PartInfo | undefined {
  try {
    const { url, validator, part } = JSON.parse(text);
    if ([url, part.inode, part.born].some((value) => typeof value !== 'string')) return undefined;
    const strong =
      typeof validator === 'string' && (/^"[\x21\x23-\x7e]*"$/.test(validator) || parseHttpDate(validator));
    return { url, validator: strong ? validator : undefined, part };
  } catch {
    return undefined; // not a JSON file of a download
  }
}

async function writeInfo(path: string, info: PartInfo): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(JSON.stringify(info));
    await handle.sync().catch(unlessUnavailable);
  } catch (error) {
    await unlink(path).catch(() => {}); // a truncated one would be treated as a foreign file
    throw error;
  } finally {
    await handle.close();
  }
}

/** Makes a rename durable. Windows does not support it and does not need it. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path));
    await folder.sync().finally(() => folder.close());
  } catch {
    // not every file system supports it
  }
}
