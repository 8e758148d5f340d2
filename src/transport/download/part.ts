import { isEncoded, unpacked } from '../http/body.js';
import { platform } from '../http/platform.js';
import type { Watch } from '../http/watch.js';
import { contentRange } from './range.js';
import { responseReader } from './response-reader.js';

/** One answer with bytes, read under a watch. A download that is resumed has several. */
export interface Part {
  response: Response;
  /** Bytes the body must have, where they were announced. */
  length: number | undefined;
  /** The next bytes, or undefined at the end. Rejects with the reason of the watch once that has ended. */
  read(): Promise<Uint8Array | undefined>;
  /** Gives up the rest, and with it the connection. That the body has failed already is of no interest. */
  release(reason?: unknown): Promise<void>;
}

export function partOf(response: Response, watched: Watch): Part {
  const reader = responseReader(response, unpacked(response));
  const { signal } = watched;
  // not every body heeds the signal of its fetch; one that is released ends the read that waits
  const onAbort = () => void reader.release();
  signal.addEventListener('abort', onAbort, { once: true });
  watched.pause();
  return {
    response,
    length: announcedLength(response),
    async read() {
      if (!reader.isWhole) watched.alive();
      try {
        const chunk = await (reader.isWhole ? watched.run(reader.read()) : reader.read());
        watched.pause(); // a reader that takes its time is not a stalled transfer
        signal.throwIfAborted();
        return chunk;
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      }
    },
    async release(reason) {
      watched.stop();
      signal.removeEventListener('abort', onAbort); // Node keeps the signal of a request as long as it can
      await reader.release(reason);
    },
  };
}

/**
 * The length that the body must have. A page cannot know: it is not told whether the body was compressed, and the browser
 * checks the length itself.
 */
function announcedLength({ status, headers }: Response): number | undefined {
  const range = status === 206 ? contentRange(headers) : undefined;
  if (range) return range.end - range.start + 1;
  const length = headers.get('content-length') ?? '';
  const exact = platform() !== 'browser' && !isEncoded(headers);
  return exact && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
