/** Bytes: more than the buffers of a connection and of `fetch`. */
const most = 256 * 1024;
const mostChunks = 1024;

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
  let over: { failed: boolean; error?: unknown } | undefined;
  let reading: Promise<void> | undefined;

  async function readOne(): Promise<void> {
    try {
      const chunk = await read();
      if (chunk) {
        chunks.push(chunk);
        size += chunk.byteLength;
      } else over = { failed: false };
    } catch (error) {
      over = { failed: true, error };
    }
    reading = undefined;
    readOn();
  }

  function readOn(): void {
    const hasRoom = chunks.length < mostChunks && (size < most || left() <= most);
    if ((hasRoom || chunks.length === 0) && !reading && !over) reading = readOne();
  }

  readOn();
  return async () => {
    while (chunks.length === 0 && !over) await reading;
    const chunk = chunks.shift();
    if (chunk) {
      size -= chunk.byteLength;
      readOn();
    } else if (over?.failed) throw over.error;
    return chunk;
  };
}
