import { type Bytes, readPart } from '../reading/bytes.js';

/** Requests bytes of the file from the main thread. */
export type RequestBytes = (start: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

/** The maximum size of one request. */
const chunkBytes = 1024 * 1024;

/**
 * A file of which this thread has the first bytes only. The main thread reads the others from the store and transfers each chunk
 * without copying it.
 */
export function remoteBytes(size: number, head: Uint8Array<ArrayBuffer>, requestBytes: RequestBytes): Bytes {
  return {
    size,
    read({ start, end }) {
      let position = start;
      return new ReadableStream(
        {
          async pull(controller) {
            const left = end + 1 - position;
            const local = head.subarray(position, end + 1);
            const chunk =
              local.byteLength > 0 ? local.slice() : await requestBytes(position, Math.min(chunkBytes, left));
            position += chunk.byteLength;
            if (chunk.byteLength > 0) controller.enqueue(chunk);
            if (position > end || chunk.byteLength === 0) controller.close();
          },
        },
        { highWaterMark: 0 },
      );
    },
  };
}

const windowBytes = 128 * 1024;

/** Serves consecutive small reads from one larger read. The local headers of a zip are read 30 bytes at a time. */
export function readAhead(bytes: Bytes): Bytes {
  let from = 0;
  let window = new Uint8Array();
  return {
    size: bytes.size,
    read({ start, end }) {
      const length = end + 1 - start;
      if (length > windowBytes) return bytes.read({ start, end });
      return new ReadableStream(
        {
          async pull(controller) {
            if (start < from || end >= from + window.byteLength) {
              window = await readPart(bytes, start, windowBytes);
              from = start;
            }
            const part = window.slice(start - from, end + 1 - from);
            if (part.byteLength > 0) controller.enqueue(part);
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
    },
  };
}
