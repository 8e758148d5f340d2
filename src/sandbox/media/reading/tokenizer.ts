import { AbstractTokenizer, EndOfStreamError, type IRandomAccessFileInfo, type IReadChunkOptions } from 'strtok3';
import { type Bytes, readPart } from './bytes.js';

/** A declared length beyond this is not believed: the library would allocate it. Covers are smaller. */
const maxBufferSize = 32 * 1024 * 1024;

/** The libraries read a few bytes at a time. */
const windowBytes = 64 * 1024;

/** Reads a stored file for `file-type` and `music-metadata`. */
export class BytesTokenizer extends AbstractTokenizer {
  fileInfo: IRandomAccessFileInfo;
  readonly #bytes: Bytes;
  #window: Uint8Array = new Uint8Array();
  #windowStart = 0;

  constructor(bytes: Bytes, mimeType?: string) {
    super({ maxBufferSize });
    this.#bytes = bytes;
    this.fileInfo = { size: bytes.size, ...(mimeType !== undefined && { mimeType }) };
  }

  supportsRandomAccess(): boolean {
    return true;
  }

  setPosition(position: number): void {
    this.validateLength(position, 'position');
    this.position = position;
  }

  async readBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { position } = this.normalizeOptions(target, options);
    const count = await this.peekBuffer(target, options);
    this.position = position + count;
    return count;
  }

  async peekBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options);
    const part = await this.#read(position, length);
    if (part.byteLength < length && !mayBeLess) throw new EndOfStreamError();
    target.set(part);
    return part.byteLength;
  }

  async #read(position: number, length: number): Promise<Uint8Array> {
    if (length > windowBytes) return readPart(this.#bytes, position, length);
    const isInside = position >= this.#windowStart && position + length <= this.#windowStart + this.#window.byteLength;
    if (!isInside) {
      this.#window = await readPart(this.#bytes, position, windowBytes);
      this.#windowStart = position;
    }
    const start = position - this.#windowStart;
    return this.#window.subarray(start, start + length);
  }
}
