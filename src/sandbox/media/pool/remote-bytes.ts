import { type Bytes, readPart } from '../reading/bytes.js';

/** Asks the other thread for bytes of the file. */
export type AskForBytes = (start: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

/** What is asked for at once, at most. */
const chunkBytes = 1024 * 1024;

/**
 * A file of which only the head is in this thread. The other thread reads the rest from the store, whatever that is, and hands
 * each chunk over without a copy.
 */
export function remoteBytes(size: number, head: Uint8Array<ArrayBuffer>, ask: AskForBytes): Bytes {
  return {
    size,
    read({ start, end }) {
      let position = start;
      return new ReadableStream(
        {
          async pull(controller) {
            const left = end + 1 - position;
            const known = head.subarray(position, end + 1);
            const chunk = known.byteLength > 0 ? known.slice() : await ask(position, Math.min(chunkBytes, left));
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

/** Answers small reads that follow each other out of one larger read: those of a zip are of 30 bytes and a name. */
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
