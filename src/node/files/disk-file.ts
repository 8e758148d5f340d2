import type { ByteReader } from '../../transport/http/byte-reader.js';
import { type Extent, type OpenedFile, read, sequentialReader } from './read-file.js';

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

  reader(): ByteReader {
    return sequentialReader(this.#opened, { start: 0, end: this.#opened.size });
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

  reader(): ByteReader {
    return sequentialReader(this.#opened, this.#extent);
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
