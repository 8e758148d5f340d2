import { closeSync, constants, fdatasync, lstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type BlobRange, type BlobWriter, UnavailableBlobError } from '../store.js';
import { isDiskFull, toStoreError } from './disk-space.js';
import { blobPath } from './layout.js';

/** Writes a blob to its file. */
export interface BlobFileWriter extends Pick<BlobWriter, 'write' | 'finish'> {
  /** Closes the file, whether the blob is finished or not. */
  close(): Promise<void>;
}

/** Stores each blob in a file. */
export interface BlobFiles {
  write(name: string): BlobFileWriter;
  /** Waits until a finished blob is on the disk. Rejects if it could not be written. */
  synced(name: string): Promise<void>;
  /** Removes the state that `synced` needs for a finished blob. */
  forget(name: string): void;
  read(name: string, range: BlobRange): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Returns false if the file cannot be deleted now, for example because it is being read on Windows. */
  remove(name: string): Promise<boolean>;
  /** Waits for all pending writes to the disk. */
  settled(): Promise<void>;
}

/**
 * Blobs up to this size are written with synchronous calls. For 1,000 small files that takes a fraction of the CPU time. The calls
 * do not block for long, because the system only copies the bytes: the sync to the disk is asynchronous.
 */
const smallSize = 64 * 1024;
const readSize = 512 * 1024;
const batchSize = 512 * 1024;
const maxSyncs = 16;
const noFollow = constants.O_NOFOLLOW ?? 0; // undefined on Windows

const syncFile = promisify(fdatasync);

/** @param freeSpace called when the disk is full. Returns whether it freed some space, so that the write can be retried */
export function blobFiles(root: string, freeSpace: () => boolean): BlobFiles {
  /** The outcome of each finished blob: its error, or undefined if it is on the disk. */
  const outcomes = new Map<string, Promise<{ error: unknown } | undefined>>();
  const running = new Set<Promise<unknown>>();
  const folders = new Set<string>();

  function createPath(name: string): string {
    const path = blobPath(root, name);
    const folder = dirname(path);
    if (!folders.has(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    folders.add(folder);
    return path;
  }

  /** Starts to sync and close a file without waiting for it, unless too many files are being synced. */
  async function startSync(name: string, work: () => Promise<void>): Promise<void> {
    while (running.size >= maxSyncs) await Promise.race(running);
    const outcome = work()
      .then(
        () => undefined,
        (error: unknown) => ({ error: toStoreError(error) }),
      )
      .finally(() => running.delete(outcome));
    running.add(outcome);
    outcomes.set(name, outcome);
  }

  function retryIfFreed(error: unknown): void {
    if (!isDiskFull(error) || !freeSpace()) throw error;
  }

  /** Writes all bytes, because a system call may write only some of them. */
  function writeAllSync(file: number, bytes: Uint8Array): void {
    let written = 0;
    while (written < bytes.byteLength) {
      try {
        written += writeSync(file, bytes, written);
      } catch (error) {
        retryIfFreed(error);
      }
    }
  }

  async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.byteLength) {
      try {
        written += (await file.write(bytes, written)).bytesWritten;
      } catch (error) {
        retryIfFreed(error);
      }
    }
  }

  function writeSmall(name: string, chunks: readonly Uint8Array[]): number {
    const file = openSync(createPath(name), 'wx', 0o600);
    try {
      for (const chunk of chunks) writeAllSync(file, chunk);
      return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  return {
    write(name) {
      const held: Uint8Array[] = [];
      let heldSize = 0;
      let file: FileHandle | undefined;
      let batch = new Uint8Array();
      let batched = 0;
      let other = new Uint8Array();
      let writing: Promise<void> = Promise.resolve();

      /** Starts to write the batch when the previous one is written, so that more bytes can arrive meanwhile. */
      async function writeBatch(large: FileHandle): Promise<void> {
        await writing;
        writing = writeAll(large, batch.subarray(0, batched));
        writing.catch(() => {}); // the next call awaits it and rejects
        [batch, other] = [other, batch];
        batched = 0;
      }

      /** Copies a chunk, because the caller may reuse its buffer, and it can be a small part of a large one. */
      async function add(large: FileHandle, chunk: Uint8Array): Promise<void> {
        for (let at = 0; at < chunk.byteLength; ) {
          if (batch.byteLength === 0) batch = new Uint8Array(batchSize);
          const piece = chunk.subarray(at, at + batchSize - batched);
          batch.set(piece, batched);
          batched += piece.byteLength;
          at += piece.byteLength;
          if (batched === batchSize) await writeBatch(large);
        }
      }

      return {
        async write(chunk) {
          if (!file && heldSize + chunk.byteLength <= smallSize) {
            held.push(new Uint8Array(chunk));
            heldSize += chunk.byteLength;
            return;
          }
          try {
            file ??= await open(createPath(name), 'wx', 0o600);
            for (const bytes of [...held.splice(0), chunk]) await add(file, bytes);
          } catch (error) {
            throw toStoreError(error);
          }
        },
        async finish() {
          try {
            const large = file;
            if (large) {
              await writeBatch(large);
              await writing;
              await startSync(name, () => large.datasync().finally(() => large.close()));
            } else {
              const small = writeSmall(name, held);
              await startSync(name, () => syncFile(small).finally(() => closeSync(small)));
            }
          } catch (error) {
            throw toStoreError(error);
          }
        },
        async close() {
          await writing.catch(() => {}); // the caller has the error already, or does not need the bytes
          await file?.close();
        },
      };
    },
    async synced(name) {
      if (!outcomes.has(name)) throw blobNotFound(name);
      const outcome = await outcomes.get(name);
      if (outcome) throw outcome.error;
    },
    forget(name) {
      outcomes.delete(name);
    },
    read(name, { start, end }) {
      const path = blobPath(root, name);
      checkFile(path, end);
      return readFile(path, start, end);
    },
    async remove(name) {
      await outcomes.get(name);
      outcomes.delete(name);
      return rm(blobPath(root, name), { force: true }).then(
        () => true,
        () => false,
      );
    },
    async settled() {
      await Promise.all(running);
    },
  };
}

export function blobNotFound(name: string): Error {
  return new Error(`the store has no finished blob ${name}`);
}

/** Checks, before a response begins, that a file is whole. Does not open it. */
function checkFile(path: string, end: number): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const problem = !stats?.isFile() ? 'is missing' : stats.size <= end ? 'is shorter than its record says' : undefined;
  if (problem === undefined) return;
  throw new UnavailableBlobError(
    `the content of a file ${problem}: restore ${path} from a backup, or delete the file through the API`,
  );
}

/** Opens the file when the first byte is read, so that a response that is never read does not keep a file open. */
function readFile(path: string, start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: FileHandle | undefined;
  let position = start;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          file ??= await open(path, constants.O_RDONLY | noFollow);
          const buffer = new Uint8Array(Math.min(readSize, end + 1 - position));
          const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position);
          position += bytesRead;
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
          if (position > end) {
            await file.close();
            controller.close();
          } else if (bytesRead === 0)
            throw new Error(
              'a file in the data folder is shorter than its record says: it was truncated outside the sandbox',
            );
        } catch (error) {
          await file?.close();
          throw error;
        }
      },
      async cancel() {
        await file?.close();
      },
    },
    { highWaterMark: 0 },
  );
}
