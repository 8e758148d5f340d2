import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { StoreFullError } from '../store.js';

/** What the systems call a full disk, or a full quota of the user of the process. */
const fullCodes = new Set<unknown>(['ENOSPC', 'EDQUOT']);
const sqliteFull = 13;

/** Whether an error of `node:fs` or `node:sqlite` says that there is no room left. */
export function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && fullCodes.has(error.code)) || ('errcode' in error && error.errcode === sqliteFull);
}

/** Turns an error of a full disk into a {@link StoreFullError}. Returns any other as it is. */
export function fullOr(error: unknown): unknown {
  return isFull(error) ? noRoom() : error;
}

export function noRoom(): StoreFullError {
  return new StoreFullError('there is no room left on the disk of the data folder');
}

/** Writes all bytes, also where the system takes only some of them at a time. */
export function writeAll(file: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.byteLength) written += writeSync(file, bytes, written);
}

/**
 * A file that takes up room for nothing, so that there is some to give free on a full disk: SQLite needs room to delete a
 * record too.
 */
export interface Reserve {
  /** How many bytes it tries to have. */
  readonly size: number;
  /** Gives the room free. Returns false, and keeps it, if it has less than `least` bytes. */
  release(least: number): boolean;
  /** Takes the room again, as far as there is any. Returns whether it has all of it. */
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
        // random, because some file systems keep zeros without room
        for (let size = sizeOf(path); size < reserveSize; size += pieceSize) writeAll(file, randomBytes(pieceSize));
        return true;
      } catch (error) {
        if (isFull(error)) return false; // what fits is reserved, the rest at the next opportunity
        throw error;
      } finally {
        closeSync(file);
      }
    },
  };
}

/** 0 for a file that does not exist. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
