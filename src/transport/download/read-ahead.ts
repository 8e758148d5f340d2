/** Bytes: more than the buffers of a connection and of `fetch`. */
const maxBytes = 256 * 1024;
const maxChunks = 1024;

/**
 * Reads ahead while the reader is busy, up to 256 KiB. An error is reported after all earlier chunks.
 *
 * In Node.js 22 and 24, the process ends if a server closes the connection while `fetch` waits for a reader (nodejs/undici#5360).
 * So reading starts before there is a reader, and the rest of a body of known length is read early.
 * @param read the next bytes, or undefined at the end
 * @param left the number of bytes that are still to come, `Infinity` if unknown
 */
export function readAhead(
  read: () => Promise<Uint8Array | undefined>,
  left: () => number,
): () => Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let end: { failed: boolean; error?: unknown } | undefined;
  let reading: Promise<void> | undefined;

  async function readOne(): Promise<void> {
    try {
      const chunk = await read();
      if (chunk) {
        chunks.push(chunk);
        size += chunk.byteLength;
      } else end = { failed: false };
    } catch (error) {
      end = { failed: true, error };
    }
    reading = undefined;
    readMore();
  }

  function readMore(): void {
    const hasRoom = chunks.length < maxChunks && (size < maxBytes || left() <= maxBytes);
    if ((hasRoom || chunks.length === 0) && !reading && !end) reading = readOne();
  }

  readMore();
  return async () => {
    while (chunks.length === 0 && !end) await reading;
    const chunk = chunks.shift();
    if (chunk) {
      size -= chunk.byteLength;
      readMore();
    } else if (end?.failed) throw end.error;
    return chunk;
  };
}
