import type { UnzippedFile } from '../archives/unzip.js';
import type { Piece } from './messages.js';

/** Passes unpacked pieces from a thread to their reader. A batch waits until the previous one was read. */
export interface PieceChannel {
  /** Resolves when the batch was read: with `true` if the reader wants more, with `false` if the reader was canceled. */
  put(batch: Piece[]): Promise<boolean>;
  finish(error?: unknown): Promise<void>;
  pieces: ReadableStreamDefaultReader<Piece[]>;
}

export function pieceChannel(): PieceChannel {
  const { readable, writable } = new TransformStream<Piece[], Piece[]>();
  const writer = writable.getWriter();
  writer.closed.catch(() => {}); // `write` rejects too
  return {
    put: (batch) =>
      writer.write(batch).then(
        () => true,
        () => false,
      ),
    finish: (error) => (error === undefined ? writer.close() : writer.abort(error)).catch(() => {}), // the reader was canceled
    pieces: readable.getReader(),
  };
}

/** Joins the pieces to files. Read each file before you request the next. */
export async function* filesOf(
  batches: ReadableStreamDefaultReader<Piece[]>,
): AsyncGenerator<UnzippedFile, void, undefined> {
  let batch: Piece[] = [];
  let at = 0;
  async function peek(): Promise<Piece | undefined> {
    while (at >= batch.length) {
      const { done, value } = await batches.read();
      if (done) return undefined;
      batch = value;
      at = 0;
    }
    return batch[at];
  }
  for (let piece = await peek(); piece; piece = await peek()) {
    at += 1;
    if (piece.kind === 'chunk') continue; // of a file that was not read to its end
    const { name, size } = piece;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        async pull(controller) {
          const next = await peek();
          if (next?.kind !== 'chunk') return controller.close();
          at += 1;
          controller.enqueue(next.chunk);
        },
      },
      { highWaterMark: 0 },
    );
    yield { name, size, stream };
  }
}
