const batchBytes = 512 * 1024;
const batchChunks = 512;

export interface BatchWriter {
  /** Adds a chunk. Waits only if two batches are full. */
  write(chunk: Uint8Array): Promise<void>;
  /** Waits until everything is written. */
  flush(): Promise<void>;
}

/**
 * Collects chunks and writes them in batches of 512 KiB, while the next batch is collected. This is a third faster than one write
 * per chunk (docs/performance.md). Bytes are only appended, so the file never has holes.
 * @param append appends chunks to the file and returns the number of bytes written, which may be fewer than all
 * @param written called with each chunk of which all bytes were written
 */
export function batchWriter(
  append: (chunks: Uint8Array[]) => Promise<number>,
  written: (chunk: Uint8Array) => void,
): BatchWriter {
  let collected: Uint8Array[] = [];
  let size = 0;
  let writing: Promise<void> = Promise.resolve();

  async function writeAll(chunks: Uint8Array[]): Promise<void> {
    for (let rest = chunks; rest.length > 0; ) rest = withoutBytes(rest, await append(rest));
    for (const chunk of chunks) written(chunk);
  }

  async function send(): Promise<void> {
    await writing;
    if (size === 0) return;
    writing = writeAll(collected);
    writing.catch(() => {}); // the next call awaits it and rejects
    collected = [];
    size = 0;
  }

  return {
    async write(chunk) {
      if (chunk.byteLength === 0) return;
      collected.push(chunk);
      size += chunk.byteLength;
      if (size >= batchBytes || collected.length >= batchChunks) await send();
    },
    async flush() {
      await send();
      await writing;
    },
  };
}

/** The chunks without their first bytes: a write to a full disk is partial. */
function withoutBytes(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  let index = 0;
  for (; index < chunks.length; index++) {
    const length = chunks[index]?.byteLength ?? 0;
    if (skip < length) break;
    skip -= length;
  }
  const [first, ...rest] = chunks.slice(index);
  return first ? [first.subarray(skip), ...rest] : [];
}
