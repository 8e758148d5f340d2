/** Reads a web stream, a Node.js stream, a stream of a polyfill or another realm, or any other async iterable. */
export interface ByteReader {
  /** The next chunk, or undefined at the end. Chunks can have any type: see {@link plainBytes}. */
  read(): Promise<unknown>;
  /** Cancels the stream. Never rejects, not even if the stream has failed. */
  release(reason?: unknown): Promise<void>;
}

/** @returns undefined if the value is not a stream. Throws the error of the stream if it is locked. */
export function byteReader(stream: ReadableStream<unknown> | AsyncIterable<unknown>): ByteReader;
export function byteReader(stream: unknown): ByteReader | undefined;
export function byteReader(stream: unknown): ByteReader | undefined {
  if (isWebStream(stream)) return webReader(stream);
  return isIterable(stream) ? iterableReader(stream) : undefined;
}

export function isWebStream(value: unknown): value is ReadableStream<unknown> {
  return typeof value === 'object' && value !== null && 'getReader' in value && typeof value.getReader === 'function';
}

/** An async iterable. Node.js streams also have `destroy()`. */
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
  let isDone = false;
  return {
    async read() {
      try {
        const { done, value } = await iterator.next();
        isDone = done === true;
        return isDone ? undefined : value;
      } catch (error) {
        isDone = true;
        throw error;
      }
    },
    async release() {
      try {
        if (typeof stream.destroy === 'function') stream.destroy();
        else if (!isDone) await iterator.return?.();
      } catch {
        // the rest is not needed, so its errors do not matter
      }
    },
  };
}

/**
 * A chunk as bytes that every platform accepts. Browsers refuse shared and resizable buffers, so those are copied.
 * @returns undefined if the chunk is not a Uint8Array, of this realm or another
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
