import { DoctapeError, TransferError } from '../../protocol/errors.js';
import type { Attempts } from '../calls/attempts.js';
import { meter, type OnProgress, type ProgressLimits } from '../calls/progress.js';
import type { Watch } from '../http/watch.js';
import { onGarbageCollected } from './on-garbage-collected.js';
import type { Part } from './part.js';
import { readAhead } from './read-ahead.js';
import type { ResponseReader } from './response-reader.js';
import type { ResumeRequest } from './resume.js';

export interface ResumableBody {
  /** The method and the redacted URL, for messages. */
  operation: string;
  attempts: Attempts;
  /** Limits the whole download, with all its parts. */
  overall: Watch;
  onProgress: OnProgress | undefined;
  /** How long to wait for the last report of the progress. */
  lastReport: Omit<ProgressLimits, 'operation'>;
  /** Undefined if the download cannot be resumed. */
  requestRest: ResumeRequest | undefined;
  /** Called with the error of the body. */
  onFailure: (error: unknown) => void;
}

export interface Body {
  stream: ReadableStream<Uint8Array>;
  /** Locks the stream and returns a reader that does not go through it, which saves time. */
  take(): ResponseReader;
}

/** Combines all parts of a download into one body, and checks its length. */
export function resumableBody(
  first: Part,
  { operation, attempts, overall, onProgress, lastReport, requestRest, onFailure }: ResumableBody,
): Body {
  let part = first;
  let ownsChunks = first.ownsChunks;
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
        overall.signal.throwIfAborted(); // a cancelled body seems to end
        if (chunk || total === undefined || progress.loaded === total) return chunk;
        problem = transferError('truncated', 'ended');
      } catch (error) {
        overall.signal.throwIfAborted();
        if (progress.loaded === total) return undefined; // only the end of the connection failed
        problem = error instanceof DoctapeError ? error : transferError('interrupted', 'was interrupted');
      }
      if (!(await resume(problem))) return undefined;
    }
  }

  /** @returns whether there is more */
  async function resume(problem: unknown): Promise<boolean> {
    void part.release(); // not awaited: it can hang
    if (!requestRest) throw problem;
    if (progress.loaded > loadedBefore) attempts.resetFailures();
    loadedBefore = progress.loaded;
    await attempts.failed(problem);
    const more = await requestRest(progress.loaded);
    if (!more) return false;
    part = more;
    ownsChunks &&= part.ownsChunks;
    if (part.length !== undefined) total ??= progress.loaded + part.length;
    return true;
  }

  function cancel(reason: unknown): Promise<void> {
    overall.stop();
    const released = part.release(reason);
    overall.end(reason); // ends a wait or a request for the rest
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
      failed = !overall.signal.aborted; // an abort is reported at once, before earlier chunks
      void cancel(error);
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
        if (!failed) overall.signal.throwIfAborted(); // drops the chunks that were read ahead
        if (chunk) return chunk;
        overall.stop();
        void part.release();
        await progress.end({ operation, ...lastReport });
        return undefined;
      } catch (thrown) {
        const error = await ended(thrown);
        onFailure(error);
        throw error;
      }
    },
    cancel(reason) {
      cancelled = true;
      return cancel(reason);
    },
    ownsChunks: () => ownsChunks,
  };
  return bodyOf(source);
}

interface BodySource {
  next(): Promise<Uint8Array | undefined>;
  cancel(reason: unknown): Promise<void>;
  /** See {@link ResponseReader.ownsChunks}. */
  ownsChunks(): boolean;
}

/** Not in the scope of the source: its functions would then reference the stream. */
function bodyOf(source: BodySource): Body {
  const { stream, forget } = streamOf(source);
  return {
    stream,
    take() {
      const lock = stream.getReader(); // throws if another reader has the stream
      forget();
      return {
        read: () => source.next(),
        async release(reason) {
          await source.cancel(reason).catch(() => {});
          lock.releaseLock();
        },
        isWhole: false,
        get ownsChunks() {
          return source.ownsChunks();
        },
      };
    },
  };
}

function streamOf(source: BodySource): { stream: ReadableStream<Uint8Array>; forget: () => void } {
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    let chunk: Uint8Array | undefined;
    try {
      chunk = await source.next();
    } catch (error) {
      forget();
      throw error;
    }
    if (chunk) return controller.enqueue(chunk);
    forget();
    controller.close();
  };
  const cancel = (reason: unknown) => {
    forget();
    return source.cancel(reason);
  };
  // Not the stream itself: Chromium collects the object of a stream that is in use, and creates another when it is needed.
  const forget = onGarbageCollected(pull, () => void source.cancel(undefined));
  return { stream: new ReadableStream({ pull, cancel }, { highWaterMark: 0 }), forget };
}
