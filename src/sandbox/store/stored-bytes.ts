import type { Bytes } from '../media/reading/bytes.js';
import type { Store } from './store.js';

/** A blob, for the media room. That room takes whatever goes wrong for the fault of the file, so the store's is kept apart. */
export interface StoredBytes extends Bytes {
  /** Throws what the store threw, if it did. */
  check(): void;
}

export function storedBytes(store: Store, { id, size }: { id: string; size: number }): StoredBytes {
  let failure: { error: unknown } | undefined;
  return {
    size,
    read(range) {
      const reader = store.readBlob(id, range).getReader();
      let givenUp = false;
      return new ReadableStream(
        {
          async pull(controller) {
            try {
              const { done, value } = await reader.read();
              if (done) controller.close();
              else controller.enqueue(value);
            } catch (error) {
              if (!givenUp) failure ??= { error };
              throw error;
            }
          },
          cancel(reason) {
            givenUp = true;
            return reader.cancel(reason);
          },
        },
        { highWaterMark: 0 },
      );
    },
    check() {
      if (failure) throw failure.error;
    },
  };
}
