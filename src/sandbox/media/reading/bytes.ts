/** A stored file with random access. */
export interface Bytes {
  size: number;
  /** Streams the bytes from `start` to `end`, both inclusive. */
  read(range: { start: number; end: number }): ReadableStream<Uint8Array>;
}

/** Iterates over a stream. Streams are not async iterable in Safari and WebKitGTK 2.50. */
export async function* chunksOf<T>(stream: ReadableStream<T>): AsyncGenerator<T, void, undefined> {
  const reader = stream.getReader();
  let finished = false;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
    finished = true;
  } finally {
    // like `for await`, cancel the stream if the loop ends early
    if (!finished) await reader.cancel().catch(() => {}); // `read` has thrown the error already
  }
}

/** Reads at most `length` bytes from `start`: fewer at the end of the file. */
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

/** Reads the whole file. Returns undefined if it is larger than `limit` bytes. */
export async function readAll(bytes: Bytes, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return bytes.size > limit ? undefined : readPart(bytes, 0, bytes.size);
}

export const noBytes: Bytes = {
  size: 0,
  read: () => new ReadableStream({ start: (controller) => controller.close() }),
};

/** A part of a file that is in memory, such as the cover of a song, as a file of its own. */
export function bytesInMemory(content: Uint8Array<ArrayBuffer>): Bytes {
  return {
    size: content.byteLength,
    read: ({ start, end }) =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(content.slice(start, end + 1)); // a copy: the reader may transfer it
          controller.close();
        },
      }),
  };
}
