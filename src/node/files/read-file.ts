import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { TransferError } from '../../protocol/errors.js';
import type { ByteReader } from '../../transport/http/byte-reader.js';
import { pathError, systemCode } from '../system-error.js';

/** The properties of a file at the time it was opened. */
export interface OpenedFile {
  path: string;
  name: string;
  type: string;
  size: number;
  lastModified: number;
  version: string;
}

/** Changes when the content changes, as far as the file system reports it. */
export function versionOf({ ino, size, mtimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs].join();
}

/** A part of a file, in bytes. */
export interface Extent {
  start: number;
  end: number;
}

/** Opens the file, reads a part of it, and checks that the file is the version that was opened. */
export async function read(opened: OpenedFile, extent: Extent): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await access(open(opened.path), opened, extent.start);
  try {
    const { bytes, filled } = await fill(handle, opened, extent);
    // after reading, to be sure that these bytes are of the version that was opened
    checkVersion(await handle.stat({ bigint: true }), opened, extent.start);
    return complete(bytes, filled, opened, extent);
  } finally {
    await handle.close();
  }
}

/** The most that is read at once. Larger reads take more memory, and smaller ones check the file more often. */
const readSize = 2 * 1024 * 1024;

/**
 * Reads a part of a file from the start to the end. The next bytes are read while the last ones are in use.
 *
 * The file is open from the first `read()` until its end, an error, or `release()`. After each read, its path must still lead to
 * it. While it is open, no other file can have its inode number. The last bytes are read with {@link read}, because some network
 * file systems look for changes by other machines only when a file is opened.
 */
export function sequentialReader(opened: OpenedFile, { start, end }: Extent): ByteReader {
  let at = start;
  let handle: FileHandle | undefined;
  let isReleased = false;
  let next: Promise<Uint8Array<ArrayBuffer> | undefined> | undefined;

  async function close(): Promise<void> {
    const closing = handle;
    handle = undefined;
    await closing?.close();
  }

  async function readNext(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (isReleased || at >= end) return undefined;
    const extent = { start: at, end: Math.min(at + readSize, end) };
    at = extent.end;
    if (at === end) {
      await close();
      return read(opened, extent);
    }
    try {
      if (!handle) {
        handle = await access(open(opened.path), opened, extent.start);
        checkVersion(await handle.stat({ bigint: true }), opened, extent.start);
      }
      const { bytes, filled } = await fill(handle, opened, extent);
      const status = await access(stat(opened.path, { bigint: true }), opened, extent.start);
      checkVersion(status, opened, extent.start);
      return complete(bytes, filled, opened, extent);
    } catch (error) {
      await close();
      throw error;
    }
  }

  return {
    async read() {
      next ??= readNext();
      const bytes = await next;
      next = readNext();
      next.catch(() => {}); // the next call of read() rejects with it
      return bytes;
    },
    async release() {
      isReleased = true;
      await next?.catch(() => {}); // these bytes are not needed any more
      await close().catch(() => {}); // nor is the file
    },
  };
}

async function access<T>(accessing: Promise<T>, { path }: OpenedFile, at: number): Promise<T> {
  try {
    return await accessing;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') throw changed(path, `can no longer be read (${code})`, at);
    throw pathError(path, 'cannot be read', error, at);
  }
}

function checkVersion(status: BigIntStats, { path, version }: OpenedFile, at: number): void {
  if (versionOf(status) !== version) throw changed(path, 'has changed', at);
}

/** Reads until the buffer is full or the file ends. */
async function fill(
  handle: FileHandle,
  { path }: OpenedFile,
  { start, end }: Extent,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; filled: number }> {
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(end - start).buffer); // all of it is overwritten, or not returned
  let filled = 0;
  for (let bytesRead = 1; bytesRead > 0 && filled < bytes.byteLength; filled += bytesRead) {
    const reading = handle.read(bytes, filled, bytes.byteLength - filled, start + filled);
    ({ bytesRead } = await reading.catch((error: unknown) => {
      throw pathError(path, 'cannot be read', error, start + filled);
    }));
  }
  return { bytes, filled };
}

function complete(
  bytes: Uint8Array<ArrayBuffer>,
  filled: number,
  { path, size }: OpenedFile,
  { start }: Extent,
): Uint8Array<ArrayBuffer> {
  if (filled === bytes.byteLength) return bytes;
  const message = `${basename(path)} ends after ${start + filled} bytes, but its size was ${size}`;
  throw new TransferError('truncated', `${message}: upload a stream instead`, start + filled);
}

function changed(path: string, what: string, bytes: number): TransferError {
  return new TransferError('changed', `${basename(path)} ${what} since it was opened: open it again`, bytes);
}
