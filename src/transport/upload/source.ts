import { invalid, kindOf } from '../../protocol/checks.js';
import { DoctapeError, TransferError } from '../../protocol/errors.js';
import { isEncoded } from '../http/content-coding.js';
import { systemCode } from '../http/failure.js';
import { platform } from '../http/platform.js';

/** What can be uploaded. Streams are read as the network takes them and never gathered in memory. */
export type UploadSource =
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | { stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>; size: number };

/** A source, whatever its kind. */
export interface Content {
  name: string | undefined;
  type: string | undefined;
  /** Bytes, where known beforehand. */
  size: number | undefined;
  /** The bytes; to be called once. */
  read(): AsyncGenerator<Uint8Array<ArrayBuffer>>;
  /** Lets go of a source that is not wanted to its end. */
  release(): void;
  /** The content as a Blob, when it is one anyway. */
  blob: Blob | undefined;
}

/** Fewer, larger reads: 512 KiB at a time is a third faster than 64 KiB. */
const readSize = 512 * 1024;

/** @throws {ConfigurationError} `invalid_argument` when the source is none, or has been read already */
export function contentOf(source: UploadSource): Content {
  if (source instanceof Blob) {
    const name = 'name' in source && typeof source.name === 'string' ? source.name : undefined;
    return blobContent(source, name);
  }
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return blobContent(new Blob([source as Uint8Array<ArrayBuffer>]), undefined);
  }
  if (source instanceof Response) {
    if (!source.ok) throw invalid('source', `is a Response that failed (${source.status})`);
    if (source.bodyUsed) throw used('the body of this Response');
    if (!source.body) throw invalid('source', 'is a Response without a body');
    const length =
      platform() === 'browser' || isEncoded(source.headers) ? '' : (source.headers.get('content-length') ?? '');
    return {
      ...streamContent(source.body, /^\d{1,15}$/.test(length) ? Number(length) : undefined),
      name: nameOfResponse(source),
      type: source.headers.get('content-type') ?? undefined,
    };
  }
  if (isStream(source)) return streamContent(source, undefined);
  if (typeof source === 'object' && source !== null && 'stream' in source && 'size' in source) {
    if (!isStream(source.stream)) throw invalid('source.stream', 'must be a ReadableStream or an AsyncIterable');
    if (!Number.isSafeInteger(source.size) || source.size < 0) {
      throw invalid('source.size', 'must be the number of bytes in the stream');
    }
    return streamContent(source.stream, source.size);
  }
  if (typeof source === 'string') {
    throw invalid('source', 'must not be a string: for a path open the file, for text pass new Blob([text])');
  }
  throw invalid('source', `must be a File, Blob, buffer, stream, Response or { stream, size }, not ${kindOf(source)}`);
}

function isStream(value: unknown): value is ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  return (
    value instanceof ReadableStream || (typeof value === 'object' && value !== null && Symbol.asyncIterator in value)
  );
}

function used(what: string) {
  return invalid('source', `cannot be read: ${what} has been read already`);
}

function blobContent(blob: Blob, name: string | undefined): Content {
  return { name, type: blob.type || undefined, size: blob.size, read: () => readBlob(blob), release() {}, blob };
}

async function* readBlob(blob: Blob): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let start = 0; start < blob.size; start += readSize) {
    let buffer: ArrayBuffer;
    try {
      buffer = await blob.slice(start, start + readSize).arrayBuffer();
    } catch (error) {
      throw sourceFailed(error, start);
    }
    yield new Uint8Array(buffer);
  }
}

function streamContent(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  size: number | undefined,
): Content {
  const opened = stream instanceof ReadableStream ? openStream(stream) : openIterable(stream);
  return {
    name: undefined,
    type: undefined,
    size,
    read: () => readChunks(opened.chunks, size),
    release: opened.release,
    blob: undefined,
  };
}

interface Opened {
  chunks: AsyncIterable<Uint8Array>;
  release: () => void;
}

function openStream(stream: ReadableStream<Uint8Array>): Opened {
  try {
    new Response(stream); // nothing else tells whether a stream has been read from
  } catch {
    throw used('this stream');
  }
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  async function* chunks() {
    reader = stream.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
  }
  function release(): void {
    // not through the generator, which would wait for a read that may never end
    void (reader ?? stream)
      .cancel()
      .catch(() => {})
      .finally(() => reader?.releaseLock());
  }
  return { chunks: chunks(), release };
}

/** An iterable, and among them the streams of Node, which say when they are over and can be told to end. */
interface NodeLikeStream extends AsyncIterable<Uint8Array> {
  readableEnded?: boolean;
  destroyed?: boolean;
  destroy?: () => void;
}

function openIterable(stream: NodeLikeStream): Opened {
  if (stream.readableEnded || stream.destroyed) throw used('this stream');
  let iterator: AsyncIterator<Uint8Array> | undefined;
  const start = () => {
    iterator ??= stream[Symbol.asyncIterator]();
    return iterator;
  };
  return {
    chunks: { [Symbol.asyncIterator]: start },
    release() {
      try {
        if (typeof stream.destroy === 'function') stream.destroy();
        else void Promise.resolve(start().return?.()).catch(() => {});
      } catch {
        // the upload is over: how its source takes that changes nothing
      }
    },
  };
}

async function* readChunks(
  chunks: AsyncIterable<Uint8Array>,
  size: number | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let loaded = 0;
  try {
    for await (const chunk of chunks) {
      if (!isBytes(chunk)) throw invalid('source', `must give Uint8Array chunks, not ${kindOf(chunk)}`);
      loaded += chunk.byteLength;
      if (size !== undefined && loaded > size) {
        throw new TransferError('truncated', `the source gives more than the ${size} bytes it announced`, size);
      }
      // in pieces, because what moves is seen when a piece is asked for
      for (let at = 0; at < chunk.byteLength; at += readSize) {
        yield chunk.subarray(at, at + readSize) as Uint8Array<ArrayBuffer>;
      }
    }
  } catch (error) {
    throw sourceFailed(error, loaded);
  }
  if (size !== undefined && loaded < size) {
    throw new TransferError('truncated', `the source ended after ${loaded} of the ${size} bytes it announced`, loaded);
  }
}

/** Also those of another realm, as in tests that put a page of their own around a program. */
function isBytes(chunk: unknown): chunk is Uint8Array {
  return ArrayBuffer.isView(chunk) && Object.prototype.toString.call(chunk) === '[object Uint8Array]';
}

/** Reads the first byte of a Blob, which may stand for a file that is gone by now. */
export async function probe(blob: Blob): Promise<void> {
  try {
    await blob.slice(0, 1).arrayBuffer();
  } catch (error) {
    throw sourceFailed(error, 0);
  }
}

function sourceFailed(error: unknown, loaded: number): unknown {
  if (error instanceof DoctapeError) return error;
  const reason = systemCode(error) ?? (error instanceof Error ? error.name : kindOf(error));
  return new TransferError('interrupted', `the source failed after ${loaded} bytes (${reason})`, loaded);
}

/** The file name of a download (RFC 6266), else the last segment of its URL. */
function nameOfResponse(response: Response): string | undefined {
  const disposition = response.headers.get('content-disposition') ?? '';
  const extended = /filename\*=UTF-8''([^;\s]+)/i.exec(disposition)?.[1];
  const quoted = /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1]?.replace(/\\(.)/g, '$1');
  const plain = /filename=([^";\s]+)/i.exec(disposition)?.[1];
  const last = URL.canParse(response.url) ? new URL(response.url).pathname.split('/').at(-1) : undefined;
  return decoded(extended) ?? quoted ?? plain ?? decoded(last) ?? undefined;
}

function decoded(value: string | undefined): string | undefined {
  if (!value) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // not percent-encoded after all
  }
}
