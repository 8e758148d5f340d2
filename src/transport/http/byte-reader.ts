/** Reads a stream of any kind: of the web, of Node, of a polyfill or another realm, and any other async iterable. */
export interface ByteReader {
  /** The next chunk, or undefined at the end. What a chunk is depends on the stream: see {@link plainBytes}. */
  read(): Promise<unknown>;
  /** Gives up the rest. Never rejects: a stream that has failed already has nothing to give up. */
  release(reason?: unknown): Promise<void>;
}

/** @returns undefined for what is not a stream. Throws what the stream throws if somebody else is reading it. */
export function byteReader(stream: ReadableStream<unknown> | AsyncIterable<unknown>): ByteReader;
export function byteReader(stream: unknown): ByteReader | undefined;
export function byteReader(stream: unknown): ByteReader | undefined {
  if (isWebStream(stream)) return webReader(stream);
  return isIterable(stream) ? iterableReader(stream) : undefined;
}

export function isWebStream(value: unknown): value is ReadableStream<unknown> {
  return typeof value === 'object' && value !== null && 'getReader' in value && typeof value.getReader === 'function';
}

/** Every async iterable. The streams of Node are among them, and can be told to end. */
interface Iterable extends AsyncIterable<unknown> {
  destroy?: () => void;
}

export function isIterable(value: unknown): value is Iterable {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function webReader(stream: ReadableStream<unknown>): ByteReader {
  const reader = stream.getReader();
  return {
    async read() {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    async release(reason) {
      await reader.cancel(reason).catch(() => {});
      reader.releaseLock();
    },
  };
}

function iterableReader(stream: Iterable): ByteReader {
  const iterator = stream[Symbol.asyncIterator]();
  let isOver = false;
  return {
    async read() {
      try {
        const { done, value } = await iterator.next();
        isOver = done === true;
        return isOver ? undefined : value;
      } catch (error) {
        isOver = true;
        throw error;
      }
    },
    async release() {
      try {
        if (typeof stream.destroy === 'function') stream.destroy();
        else if (!isOver) await iterator.return?.();
      } catch {
        // nobody wants the rest, so it does not matter how the stream takes that
      }
    },
  };
}

/**
 * A chunk as bytes that every platform takes. Browsers refuse shared and resizable memory, so that is copied.
 * @returns undefined for what is not a Uint8Array, of this realm or another
 */
export function plainBytes(chunk: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (!ArrayBuffer.isView(chunk) || Object.prototype.toString.call(chunk) !== '[object Uint8Array]') return undefined;
  const bytes = chunk as Uint8Array;
  return isPlain(bytes) ? bytes : bytes.slice();
}

function isPlain(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return !('resizable' in buffer ? buffer.resizable : 'growable' in buffer || !('slice' in buffer));
}
