/** What a stream failed with while nobody read it. */
const failures = new WeakMap<object, unknown>();

/** The streams that an upload is reading. */
const taken = new WeakSet<object>();

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): void;
}

/**
 * Takes hold of a source before anything is waited for: its owner may change the bytes as soon as the call has returned,
 * and a stream of Node that fails while nobody listens ends the process.
 *
 * @returns the source, or a copy of its bytes
 */
export function hold<T>(source: T): T | Uint8Array<ArrayBuffer> {
  const stream = streamIn(source);
  // the listener stays, because a stream that is destroyed may fail once more
  if (isEmitter(stream)) stream.on('error', (error) => failures.set(stream, error));
  return isMemory(source) && !isLost(source) ? copyOf(source) : source;
}

/** Lets go of a source that nobody has begun to read. */
export function letGo(source: unknown): void {
  const stream = streamIn(source);
  if (typeof stream !== 'object' || stream === null || taken.has(stream)) return;
  void (async () => {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
    else if ('cancel' in stream && typeof stream.cancel === 'function') await stream.cancel();
    else if (Symbol.asyncIterator in stream)
      await (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.();
  })().catch(() => {}); // somebody else may be reading it
}

/** @returns whether nobody else has taken it */
export function take(stream: object): boolean {
  if (taken.has(stream)) return false;
  taken.add(stream);
  return true;
}

/** What a stream has failed with, if it has. */
export function failureOf(stream: object): { error: unknown } | undefined {
  if (failures.has(stream)) return { error: failures.get(stream) };
  return 'errored' in stream && stream.errored ? { error: stream.errored } : undefined;
}

/** The stream of `{ stream, size }`, the body of a Response, or else the source itself. */
export function streamIn(source: unknown): unknown {
  if (typeof source !== 'object' || source === null) return undefined;
  if ('headers' in source && 'status' in source && 'body' in source) return source.body;
  return 'stream' in source && typeof source.stream === 'object' ? source.stream : source;
}

function isEmitter(value: unknown): value is Emitter & object {
  return typeof value === 'object' && value !== null && 'on' in value && typeof value.on === 'function';
}

export type Memory = ArrayBufferView | ArrayBufferLike;

/** A buffer, shared or not, or a view of one, of this realm or another. */
export function isMemory(value: unknown): value is Memory {
  return ArrayBuffer.isView(value) || /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

/**
 * Whether the bytes are gone: the buffer was transferred, for example to a worker, or has shrunk. Such memory says that it
 * is empty, and only refuses to be used.
 */
export function isLost(memory: Memory): boolean {
  try {
    if (!ArrayBuffer.isView(memory)) new Uint8Array(memory);
    else if ('getInt8' in memory) new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    else Uint8Array.prototype.keys.call(memory as Uint8Array); // of all typed arrays, whatever the realm
    return false;
  } catch {
    return true;
  }
}

function copyOf(memory: Memory): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(memory) ? memory : new Uint8Array(memory);
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
