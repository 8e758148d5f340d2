import { type Bytes, readPart } from '../media/reading/bytes.js';
import type { BlobRange, Store } from './store.js';

/**
 * A blob as input for the media readers. They treat every read error as a damaged file, so an error of the store is recorded
 * separately.
 */
export interface StoredBytes extends Bytes {
  /** Throws the first error of the store, if any. */
  check(): void;
}

const blockSize = 256 * 1024;
const maxBlocks = 4;

/**
 * Reads a blob in blocks and caches the last few of them, because media readers request many small ranges that are close to each
 * other: about 3,000 for an archive of 1,000 files.
 */
export function storedBytes(store: Store, { id, size }: { id: string; size: number }): StoredBytes {
  let failure: { error: unknown } | undefined;
  const blocks = new Map<number, Promise<Uint8Array>>();

  function blockAt(index: number): Promise<Uint8Array> {
    const cached = blocks.get(index);
    const block = cached ?? readPart({ size, read: readStore }, index * blockSize, blockSize);
    blocks.delete(index);
    blocks.set(index, block); // a Map iterates in insertion order: the least recently used block is first
    for (const oldest of blocks.keys()) {
      if (blocks.size <= maxBlocks) break;
      blocks.delete(oldest);
    }
    return block;
  }

  function readStore(range: BlobRange): ReadableStream<Uint8Array> {
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    let cancelled = false;
    return new ReadableStream(
      {
        async pull(controller) {
          try {
            reader ??= store.readBlob(id, range).getReader();
            const { done, value } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            if (!cancelled) failure ??= { error };
            throw error;
          }
        },
        cancel(reason) {
          cancelled = true;
          return reader?.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  function readBlocks({ start, end }: BlobRange): ReadableStream<Uint8Array> {
    let position = start;
    return new ReadableStream(
      {
        async pull(controller) {
          const index = Math.floor(position / blockSize);
          const offset = position - index * blockSize;
          const part = (await blockAt(index)).slice(offset, offset + end + 1 - position);
          position += part.byteLength;
          if (part.byteLength > 0) controller.enqueue(part);
          if (position > end || part.byteLength === 0) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }

  return {
    size,
    read: (range) => (range.end - range.start < blockSize ? readBlocks(range) : readStore(range)),
    check() {
      if (failure) throw failure.error;
    },
  };
}
