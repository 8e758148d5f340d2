import type { UnzippedFile } from '../archives/unzip.js';
import type { Piece } from './messages.js';

/** From the thread to whoever unpacks: a batch waits until the one before has been taken. */
export interface PieceChannel {
  /** Resolves when the batch has been taken, with `false` when nobody wants more. */
  put(batch: Piece[]): Promise<boolean>;
  finish(error?: unknown): Promise<void>;
  pieces: ReadableStreamDefaultReader<Piece[]>;
}

export function pieceChannel(): PieceChannel {
  const { readable, writable } = new TransformStream<Piece[], Piece[]>();
  const writer = writable.getWriter();
  writer.closed.catch(() => {}); // `write` says so as well
  return {
    put: (batch) =>
      writer.write(batch).then(
        () => true,
        () => false,
      ),
    finish: (error) => (error === undefined ? writer.close() : writer.abort(error)).catch(() => {}), // nobody reads any more
    pieces: readable.getReader(),
  };
}

/** The files that the pieces make up, each to be read before the next is asked for. */
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
    if (piece.kind === 'chunk') continue; // of a file that nobody read to its end
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
