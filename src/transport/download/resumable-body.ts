import { DoctapeError, TransferError } from '../../protocol/errors.js';
import type { Attempts } from '../calls/attempts.js';
import { meter, type OnProgress } from '../calls/progress.js';
import type { Watch } from '../http/watch.js';
import type { Part } from './part.js';
import { readAhead } from './read-ahead.js';
import type { RequestRest } from './rest.js';
import { whenDropped } from './unread.js';

export interface ResumableBody {
  /** The method and the redacted URL, for messages. */
  operation: string;
  attempts: Attempts;
  /** Limits the whole download, with all its parts. */
  whole: Watch;
  onProgress: OnProgress | undefined;
  /** Undefined if the download cannot be resumed. */
  rest: RequestRest | undefined;
  /** Called with the error of the body. */
  onFailure: (error: unknown) => void;
}

/** Combines all parts of a download into one body, and checks its length. */
export function resumableBody(
  first: Part,
  { operation, attempts, whole, onProgress, rest, onFailure }: ResumableBody,
): ReadableStream<Uint8Array> {
  let part = first;
  let total = first.length;
  let loadedBefore = 0;
  let failed = false;
  let cancelled = false;
  const progress = meter(onProgress, total);

  const transferError = (code: 'interrupted' | 'truncated', what: string) => {
    const of = total === undefined ? '' : ` of ${total}`;
    return new TransferError(code, `${operation} ${what} after ${progress.loaded}${of} bytes`, progress.loaded);
  };

  /** The next bytes, or undefined when all have arrived. */
  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      let problem: unknown;
      try {
        const chunk = await part.read();
        whole.signal.throwIfAborted(); // a cancelled body seems to end
        if (chunk || total === undefined || progress.loaded === total) return chunk;
        problem = transferError('truncated', 'ended');
      } catch (error) {
        whole.signal.throwIfAborted();
        if (progress.loaded === total) return undefined; // only the end of the connection failed
        problem = error instanceof DoctapeError ? error : transferError('interrupted', 'was interrupted');
      }
      if (!(await resume(problem))) return undefined;
    }
  }

  /** @returns whether there is more */
  async function resume(problem: unknown): Promise<boolean> {
    void part.release(); // not awaited: it can hang
    if (!rest) throw problem;
    if (progress.loaded > loadedBefore) attempts.refill();
    loadedBefore = progress.loaded;
    await attempts.failed(problem);
    const more = await rest(progress.loaded);
    if (!more) return false;
    part = more;
    if (part.length !== undefined) total ??= progress.loaded + part.length;
    return true;
  }

  function giveUp(reason: unknown): Promise<void> {
    whole.stop();
    const released = part.release(reason);
    whole.end(reason); // ends a wait or a request for the rest
    return released;
  }

  /** Like `next()`, and counts the bytes. An error closes the connection at once, and reaches the reader after earlier chunks. */
  async function nextCounted(): Promise<Uint8Array | undefined> {
    try {
      const chunk = await next();
      if (!chunk) return undefined;
      if (total !== undefined && progress.loaded + chunk.byteLength > total) {
        const message = `${operation} returned more than the expected ${total} bytes`;
        throw new TransferError('changed', message, progress.loaded);
      }
      progress.add(chunk.byteLength);
      return chunk;
    } catch (error) {
      failed = !whole.signal.aborted; // an abort is reported at once, before earlier chunks
      void giveUp(error);
      throw await ended(error);
    }
  }

  /** @returns the error to throw. A cancelled body is not a failure. */
  async function ended(error: unknown): Promise<unknown> {
    return cancelled ? error : attempts.end(error);
  }

  const left = () => (total === undefined ? Number.POSITIVE_INFINITY : total - progress.loaded);
  const read = readAhead(nextCounted, left);

  /** The source of the stream. It has no reference to the stream, so that an unused stream can be garbage-collected. */
  const source: BodySource = {
    async next() {
      try {
        const chunk = await read();
        if (!failed) whole.signal.throwIfAborted(); // drops the chunks that were read ahead
        if (chunk) return chunk;
        whole.stop();
        void part.release();
        await progress.end();
        return undefined;
      } catch (thrown) {
        const error = await ended(thrown);
        onFailure(error);
        throw error;
      }
    },
    giveUp(reason) {
      cancelled = true;
      return giveUp(reason);
    },
  };
  return streamOf(source);
}

interface BodySource {
  next(): Promise<Uint8Array | undefined>;
  giveUp(reason: unknown): Promise<void>;
}

function streamOf(source: BodySource): ReadableStream<Uint8Array> {
  let forget: (() => void) | undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let chunk: Uint8Array | undefined;
        try {
          chunk = await source.next();
        } catch (error) {
          forget?.();
          throw error;
        }
        if (chunk) return controller.enqueue(chunk);
        forget?.();
        controller.close();
      },
      cancel(reason) {
        forget?.();
        return source.giveUp(reason);
      },
    },
    { highWaterMark: 0 },
  );
  forget = whenDropped(stream, () => void source.giveUp(undefined));
  return stream;
}
