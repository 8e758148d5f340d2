import { type Bytes, readPart } from '../media/reading/bytes.js';
import type { BlobRange, Store } from './store.js';

/** A blob as the media room reads it. That room blames the file for every error, so an error of the store is kept apart. */
export interface StoredBytes extends Bytes {
  /** Throws the first error of the store, if there was one. */
  check(): void;
}

const blockSize = 256 * 1024;
const mostBlocks = 4;

/**
 * Readers of media ask for many small parts, close to each other: an archive of 1,000 files for 3,000 parts. They get them from
 * blocks, of which the last few are kept.
 */
export function storedBytes(store: Store, { id, size }: { id: string; size: number }): StoredBytes {
  let failure: { error: unknown } | undefined;
  const blocks = new Map<number, Promise<Uint8Array>>();

  function blockAt(index: number): Promise<Uint8Array> {
    const known = blocks.get(index);
    const block = known ?? readPart({ size, read: readStore }, index * blockSize, blockSize);
    blocks.delete(index);
    blocks.set(index, block); // the one that was used last stands last
    for (const oldest of blocks.keys()) {
      if (blocks.size <= mostBlocks) break;
      blocks.delete(oldest);
    }
    return block;
  }

  function readStore(range: BlobRange): ReadableStream<Uint8Array> {
    const reader = store.readBlob(id, range).getReader();
    let givenUp = false;
    return new ReadableStream(
      {
        async pull(controller) {
          try {
            const { done, value } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            if (!givenUp) failure ??= { error };
            throw error;
          }
        },
        cancel(reason) {
          givenUp = true;
          return reader.cancel(reason);
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
