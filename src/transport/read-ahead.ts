/** Bytes. More than a connection and `fetch` can hold between them. */
const most = 512 * 1024;

/**
 * Reads on while its reader is busy, up to half a mebibyte. What failed is told behind all that came before.
 *
 * In Node 22 and 24, a server that closes its connection while `fetch` waits for a reader ends the process
 * (nodejs/undici#5360). So no body waits for its first reader, nor any for the last of it to be read.
 * @param read the next bytes, or undefined at the end
 * @param left how many bytes are still to come, where that is known: the last of them are read in any case
 */
export function readAhead(
  read: () => Promise<Uint8Array | undefined>,
  left: () => number | undefined,
): () => Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let end: { error?: unknown } | undefined;
  let reading: Promise<void> | undefined;

  async function readOne(): Promise<void> {
    try {
      const chunk = await read();
      if (chunk) {
        chunks.push(chunk);
        size += chunk.byteLength;
      } else end = {};
    } catch (error) {
      end = { error };
    }
    reading = undefined;
    readOn();
  }

  function readOn(): void {
    const hasRoom = chunks.length === 0 || size < most || (left() ?? most + 1) <= most;
    if (hasRoom && !reading && !end) reading = readOne();
  }

  readOn();
  return async () => {
    while (chunks.length === 0 && !end) await reading;
    const chunk = chunks.shift();
    if (chunk) {
      size -= chunk.byteLength;
      readOn();
    } else if (end && 'error' in end) throw end.error;
    return chunk;
  };
}
