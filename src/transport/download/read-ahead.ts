/** Bytes: more than a connection and `fetch` hold between them. */
const most = 256 * 1024;
const mostChunks = 1024;

/**
 * Reads on while its reader is busy, up to a quarter of a mebibyte. What failed is told behind all that came before.
 *
 * In Node 22 and 24, a server that closes its connection while `fetch` waits for a reader ends the process
 * (nodejs/undici#5360). So no body waits for its first reader; nor for the last of it to be read, where its length is known.
 * @param read the next bytes, or undefined at the end
 * @param left how many bytes are still to come: `Infinity` where nobody knows
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
