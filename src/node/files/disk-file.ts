import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { TransferError } from '../../protocol/errors.js';
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

/**
 * A `File` whose content is on disk. The file-backed blobs of the runtimes are not sufficient: Bun does not notice that the file
 * has changed (oven-sh/bun#43109), Deno reads it into memory (denoland/deno#32316), and Node's error does not say why it could not
 * be read. Therefore this class reads the file itself. On Node and Bun it also wraps the runtime's blob, for APIs that read the
 * internal parts of a blob.
 */
export class DiskFile extends File {
  readonly #opened: OpenedFile;

  /** @param native the file-backed blob of the runtime; empty if the runtime has none */
  constructor(native: Blob[], opened: OpenedFile) {
    const { name, type, lastModified } = opened;
    super(native, name, { type, lastModified });
    this.#opened = opened;
  }

  override get size(): number {
    return this.#opened.size;
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    const native = super.size > 0 ? [super.slice(start, end)] : [];
    return new DiskSlice(native, this.#opened, { start: 0, end: this.#opened.size }, start, end, type);
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.slice().stream();
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.slice().arrayBuffer();
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.slice().bytes();
  }

  override text(): Promise<string> {
    return this.slice().text();
  }
}

interface Extent {
  start: number;
  end: number;
}

const chunkBytes = 512 * 1024;

class DiskSlice extends Blob {
  readonly #opened: OpenedFile;
  readonly #extent: Extent;

  constructor(native: Blob[], opened: OpenedFile, outer: Extent, start = 0, end = outer.end - outer.start, type = '') {
    super(native, { type });
    const most = outer.end - outer.start;
    const from = position(start, most);
    this.#opened = opened;
    this.#extent = { start: outer.start + from, end: outer.start + Math.max(from, position(end, most)) };
  }

  override get size(): number {
    return this.#extent.end - this.#extent.start;
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    const native = super.size > 0 ? [super.slice(start, end)] : [];
    return new DiskSlice(native, this.#opened, this.#extent, start, end, type);
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { start, end } = this.#extent;
    let at = start;
    return new ReadableStream(
      {
        type: 'bytes',
        pull: async (controller) => {
          const to = Math.min(at + chunkBytes, end);
          if (to > at) controller.enqueue(await read(this.#opened, { start: at, end: to }));
          at = to;
          if (to < end) return;
          controller.close();
          controller.byobRequest?.respond(0); // a BYOB reader waits for this
        },
      },
      { highWaterMark: 0 },
    );
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return read(this.#opened, this.#extent);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }
}

/** Clamps an argument of `slice()`. A negative one counts from the end. */
function position(value: number, most: number): number {
  const whole = Math.round(value) || 0;
  return whole < 0 ? Math.max(0, most + whole) : Math.min(whole, most);
}

async function read({ path, version, size }: OpenedFile, { start, end }: Extent): Promise<Uint8Array<ArrayBuffer>> {
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') throw changed(path, `can no longer be read (${code})`, start);
    throw pathError(path, 'cannot be read', error, start);
  }
  try {
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(end - start).buffer); // all of it is overwritten, or not returned
    let filled = 0;
    for (let bytesRead = 1; bytesRead > 0 && filled < bytes.byteLength; filled += bytesRead) {
      const reading = handle.read(bytes, filled, bytes.byteLength - filled, start + filled);
      ({ bytesRead } = await reading.catch((error: unknown) => {
        throw pathError(path, 'cannot be read', error, start + filled);
      }));
    }
    // after reading, to be sure that these bytes are of the version that was opened
    if (versionOf(await handle.stat({ bigint: true })) !== version) throw changed(path, 'has changed', start);
    if (filled < bytes.byteLength) {
      const message = `${basename(path)} ends after ${start + filled} bytes, but its size was ${size}`;
      throw new TransferError('truncated', `${message}: upload a stream instead`, start + filled);
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

function changed(path: string, what: string, bytes: number): TransferError {
  return new TransferError('changed', `${basename(path)} ${what} since it was opened: open it again`, bytes);
}
