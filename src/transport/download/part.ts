import { announcedLength, decompressed } from '../http/body.js';
import type { Watch } from '../http/watch.js';
import { contentRange } from './range.js';
import { responseReader } from './response-reader.js';

/** One response of a download, with a time limit. A resumed download has several. */
export interface Part {
  response: Response;
  /** The expected number of bytes in the body, if known. */
  length: number | undefined;
  /** Whether nobody else has the buffers of the chunks. */
  ownsChunks: boolean;
  /** The next bytes, or undefined at the end. Rejects with the reason of the watch if that has ended. */
  read(): Promise<Uint8Array | undefined>;
  /** Cancels the body and closes the connection. Ignores whether the body has failed. */
  release(reason?: unknown): Promise<void>;
}

export function partOf(response: Response, watched: Watch): Part {
  const reader = responseReader(response, decompressed(response));
  const { signal } = watched;
  // not every body respects the signal of its fetch; releasing it ends a pending read
  const onAbort = () => void reader.release();
  signal.addEventListener('abort', onAbort, { once: true });
  watched.pause();
  return {
    response,
    length: expectedLength(response),
    ownsChunks: reader.ownsChunks,
    async read() {
      if (!reader.isWhole) watched.restart();
      try {
        const chunk = await (reader.isWhole ? watched.run(reader.read()) : reader.read());
        watched.pause(); // a slow reader is not a stalled transfer
        signal.throwIfAborted();
        return chunk;
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      }
    },
    async release(reason) {
      watched.stop();
      signal.removeEventListener('abort', onAbort); // Node.js keeps the signal of a request for a long time
      await reader.release(reason);
    },
  };
}

/** The expected length of the body. */
function expectedLength(response: Response): number | undefined {
  const range = response.status === 206 ? contentRange(response.headers) : undefined;
  return range ? range.end - range.start + 1 : announcedLength(response);
}
