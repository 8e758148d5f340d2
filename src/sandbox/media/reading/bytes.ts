/** A stored file, of which any part can be read. */
export interface Bytes {
  size: number;
  /** The bytes from `start` to `end`, both included. */
  read(range: { start: number; end: number }): ReadableStream<Uint8Array>;
}

/** The chunks of a stream. In Safari and WebKitGTK 2.50, `for await` over a stream itself is a TypeError. */
export async function* chunksOf<T>(stream: ReadableStream<T>): AsyncGenerator<T, void, undefined> {
  const reader = stream.getReader();
  let finished = false;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
    finished = true;
  } finally {
    // like `for await`: a reader that leaves early gives the stream up
    if (!finished) await reader.cancel().catch(() => {}); // a stream that failed has said so already
  }
}

/** At most `length` bytes from `start`; fewer where the file ends. */
export async function readPart(bytes: Bytes, start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const end = Math.min(start + length, bytes.size) - 1;
  if (start < 0 || end < start) return new Uint8Array();
  const part = new Uint8Array(end - start + 1);
  let filled = 0;
  for await (const chunk of chunksOf(bytes.read({ start, end }))) {
    part.set(chunk, filled);
    filled += chunk.byteLength;
  }
  return part.subarray(0, filled);
}

/** The whole file, or nothing of it when it is larger than `limit` bytes. */
export async function readAll(bytes: Bytes, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return bytes.size > limit ? undefined : readPart(bytes, 0, bytes.size);
}
