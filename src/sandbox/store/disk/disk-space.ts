import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { StoreFullError } from '../store.js';

/** The error codes of a full disk and of an exceeded disk quota. */
const fullCodes = new Set<unknown>(['ENOSPC', 'EDQUOT']);
const sqliteFull = 13;

/** Whether an error of `node:fs` or `node:sqlite` means that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && fullCodes.has(error.code)) || ('errcode' in error && error.errcode === sqliteFull);
}

/** Converts an error of a full disk to a {@link StoreFullError}. Returns any other error unchanged. */
export function toStoreError(error: unknown): unknown {
  return isDiskFull(error) ? storeFull() : error;
}

export function storeFull(): StoreFullError {
  return new StoreFullError('the disk of the data folder is full: delete files, or free space on the disk');
}

/** Writes all bytes, because a system call may write only some of them. */
export function writeAll(file: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.byteLength) written += writeSync(file, bytes, written);
}

/**
 * A file that only reserves disk space. It is released when the disk is full, because SQLite needs space even to delete a record.
 */
export interface Reserve {
  /** The full size of the reserve, in bytes. */
  readonly size: number;
  /** Frees the reserved space. Returns false and frees nothing if the reserve has fewer than `least` bytes. */
  release(least: number): boolean;
  /** Reserves the space again, as far as the disk has it. Returns whether the reserve has its full size. */
  refill(): boolean;
}

const reserveSize = 1024 * 1024;
const pieceSize = 64 * 1024;

export function openReserve(path: string): Reserve {
  return {
    size: reserveSize,
    release(least) {
      if (sizeOf(path) < least) return false;
      rmSync(path, { force: true });
      return true;
    },
    refill() {
      if (sizeOf(path) >= reserveSize) return true;
      const file = openSync(path, 'a', 0o600);
      try {
        // random bytes, because some file systems do not allocate space for zeros
        for (let size = sizeOf(path); size < reserveSize; size += pieceSize) writeAll(file, randomBytes(pieceSize));
        return true;
      } catch (error) {
        if (isDiskFull(error)) return false; // the next call reserves the rest
        throw error;
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Returns the size of a file, or 0 if it does not exist. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
