/** The errors of streams that failed before they were read. */
const failures = new WeakMap<object, unknown>();

/** The streams that are being uploaded. */
const inUse = new WeakSet<object>();

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): void;
}

/**
 * Secures a source before the first `await`: the application may change the bytes as soon as the call has returned, and a
 * Node.js stream that fails without an error listener ends the process.
 *
 * @returns the source, or a copy of its bytes
 */
export function acquireSource<T>(source: T): T | Uint8Array<ArrayBuffer> {
  if (isPromise(source)) void source.then(acquireSource, () => {}); // the call reports it when it is the turn of this source
  for (const stream of emittersIn(source)) {
    // the listener is not removed, because a destroyed stream can fail again
    stream.on('error', (error) => failures.set(stream, error));
  }
  return isAnyBuffer(source) && !isDetached(source) ? copyOf(source) : source;
}

/** A source of a call with many sources may be a promise. */
export type Later<T> = T | PromiseLike<T>;

/** Secures the sources in an array, a FileList or a Set. Those of an iterator are secured when it returns them. */
export function acquireEach<T>(sources: Iterable<T> | AsyncIterable<T>): unknown {
  const isCollection = typeof sources === 'object' && sources && Symbol.iterator in sources && !isAnyBuffer(sources);
  if (isCollection && ('length' in sources || 'size' in sources)) return Array.from(sources, acquireSource);
  return acquireSource(sources); // it may be a Node.js stream, which is refused
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof Object(value).then === 'function';
}

/** Releases a source that is not being read. */
export function releaseSource(source: unknown): void {
  if (isPromise(source)) return void source.then(releaseSource, () => {});
  const stream = streamIn(source);
  if (typeof stream !== 'object' || stream === null || inUse.has(stream)) return;
  void (async () => {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
    else if ('cancel' in stream && typeof stream.cancel === 'function') await stream.cancel();
    else if (Symbol.asyncIterator in stream)
      await (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.();
  })().catch(() => {}); // the stream may be locked
}

/** Marks a stream as being uploaded. @returns false if it already was */
export function markInUse(stream: object): boolean {
  if (inUse.has(stream)) return false;
  inUse.add(stream);
  return true;
}

/** The error of a stream that has failed. */
export function failureOf(stream: object): { error: unknown } | undefined {
  if (failures.has(stream)) return { error: failures.get(stream) };
  return 'errored' in stream && stream.errored ? { error: stream.errored } : undefined;
}

/** The stream of `{ stream, size }`, the body of a Response, or else the source itself. */
export function streamIn(source: unknown): unknown {
  if (typeof source !== 'object' || source === null) return undefined;
  if ('headers' in source && 'status' in source && 'body' in source) return source.body;
  return 'stream' in source && 'size' in source && typeof source.stream === 'object' ? source.stream : source;
}

/**
 * The Node.js streams in a source, also in one that will be refused: an array, or `{ stream }` without a size. The iterator of a
 * Node.js stream refers to its stream too.
 */
function emittersIn(source: unknown): (Emitter & object)[] {
  const parts: unknown[] = Array.isArray(source) ? source : [source];
  return parts.flatMap((part) => {
    if (typeof part !== 'object' || part === null) return [];
    const { stream, body }: { stream?: unknown; body?: unknown } = part;
    return [part, stream, body].filter(isEmitter);
  });
}

function isEmitter(value: unknown): value is Emitter & object {
  return typeof value === 'object' && value !== null && 'on' in value && typeof value.on === 'function';
}

export type AnyBuffer = ArrayBufferView | ArrayBufferLike;

/** Whether a value is a buffer, shared or not, or a view of one, of this realm or another. */
export function isAnyBuffer(value: unknown): value is AnyBuffer {
  return ArrayBuffer.isView(value) || /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

/**
 * Whether the buffer was transferred, for example to a worker, or has shrunk. Such a buffer looks empty, and throws only when it
 * is used.
 */
export function isDetached(memory: AnyBuffer): boolean {
  try {
    if (!ArrayBuffer.isView(memory)) new Uint8Array(memory);
    else if ('getInt8' in memory) new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    else Uint8Array.prototype.keys.call(memory as Uint8Array); // works for every typed array of any realm
    return false;
  } catch {
    return true;
  }
}

function copyOf(memory: AnyBuffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(memory) ? memory : new Uint8Array(memory);
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
