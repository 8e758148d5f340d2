import { invalid, kindOf } from '../../protocol/checks.js';
import { DoctapeError, TransferError } from '../../protocol/errors.js';
import { checkOptions } from '../../protocol/options.js';
import { announcedLength } from '../http/body.js';
import { type ByteReader, byteReader, isIterable, isWebStream, plainBytes } from '../http/byte-reader.js';
import { systemCode } from '../http/failure.js';
import { type AnyBuffer, failureOf, isAnyBuffer, isDetached, markInUse, releaseSource } from './acquire-source.js';
import { bytesIn, isBlob, nativeBlob } from './blob.js';
import { nameOfResponse } from './response-name.js';
import { unsupportedSource } from './unsupported-source.js';

/** A source of an upload. Streams are sent while they are read, except in browsers, which collect them in a `Blob` first. */
export type UploadSource =
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | { stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>; size: number };

/** The content of a source. */
export interface Content {
  name: string | undefined;
  type: string | undefined;
  /** The size in bytes, if known. */
  size: number | undefined;
  /** Whether the content can be read again. */
  replayable: boolean;
  read(): AsyncGenerator<Uint8Array<ArrayBuffer>>;
  /** Releases the source if it is not read to the end. */
  release(): void;
  /** The content as a Blob of this realm, if the source is a Blob. */
  blob: Blob | undefined;
}

/** The most that is sent at once, and so the step of the progress. 512 KiB at a time is a third faster than 64 KiB. */
const chunkSize = 512 * 1024;

/** The most that is read of a Blob at once. */
const readSize = 2 * chunkSize;

/**
 * Opens all sources of an upload. If one of them cannot be uploaded, all are released.
 *
 * @throws {ConfigurationError} `invalid_argument` if a source cannot be uploaded, or is already being read
 * @throws {TransferError} `interrupted` if a source has already failed
 */
export function contentsOf(sources: readonly UploadSource[]): Content[] {
  const contents: Content[] = [];
  try {
    for (const source of sources) contents.push(contentOf(source));
    return contents;
  } catch (error) {
    for (const content of contents) content.release();
    for (const source of sources.slice(contents.length)) releaseSource(source);
    throw error;
  }
}

function contentOf(source: UploadSource): Content {
  if (typeof source !== 'object' || source === null) throw unsupportedSource(source);
  if (isAnyBuffer(source)) return bufferContent(source);
  if (isBlob(source)) return blobContent(source);
  if (isResponse(source)) return responseContent(source);
  if (isStream(source)) return streamContent(source, undefined);
  if (!('stream' in source && 'size' in source)) throw unsupportedSource(source);
  const { stream, size } = checkOptions<{ stream: unknown; size: number }>('source', source, { stream: 1, size: 1 });
  if (!isStream(stream)) throw invalid('source.stream', 'must be a ReadableStream or an AsyncIterable');
  if (!Number.isSafeInteger(size) || size < 0) {
    throw invalid('source.size', 'must be the number of bytes in the stream');
  }
  return streamContent(stream, size);
}

function isStream(value: unknown): value is ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  return isWebStream(value) || isIterable(value);
}

/** A Response of this realm, another realm or a library. */
function isResponse(value: object): value is Response {
  return 'status' in value && 'headers' in value && 'arrayBuffer' in value;
}

function bufferContent(memory: AnyBuffer): Content {
  if (isDetached(memory)) {
    throw invalid('source', 'has no bytes: its buffer was transferred, for example to a worker, or has shrunk');
  }
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(memory) ? memory : new Uint8Array(memory);
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return content(
    byteLength,
    () =>
      checkSize(
        singleReader(async () => bytes),
        byteLength,
      ),
    { replayable: true },
  );
}

function blobContent(given: Blob): Content {
  const blob = nativeBlob(given);
  const { size, type } = given;
  const name = 'name' in given && typeof given.name === 'string' ? given.name : undefined;
  return content(size, () => readBlob(blob ?? given, size), {
    name,
    type: type || undefined,
    replayable: true,
    blob,
  });
}

function responseContent(response: Response): Content {
  const { status, headers, bodyUsed } = response;
  // undefined for libraries without streams
  const body: unknown = response.body;
  if (!response.ok) throw invalid('source', `is a failed Response (${status})`);
  if (bodyUsed) throw alreadyRead('the body of this Response');
  if (body === null) throw invalid('source', 'is a Response without a body');
  const size = announcedLength(response);
  const given = { name: nameOfResponse(response), type: headers.get('content-type') ?? undefined };
  if (isStream(body)) return { ...streamContent(body, size), ...given };
  const reader = singleReader(async () => new Uint8Array(await response.arrayBuffer()));
  return content(size, () => checkSize(reader, size), given);
}

function streamContent(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  size: number | undefined,
): Content {
  const reader = open(stream);
  return content(size, () => checkSize(reader, size), { release: () => void reader.release() });
}

function content(size: number | undefined, read: Content['read'], more: Partial<Content>): Content {
  return { name: undefined, type: undefined, size, replayable: false, read, release() {}, blob: undefined, ...more };
}

/** Locks the stream at once, so that nothing else can read it. */
function open(stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): ByteReader {
  const failure = failureOf(stream);
  if (failure) throw sourceFailed(failure.error, 0);
  checkNodeStream(stream);
  if ('_disturbed' in stream && stream._disturbed === true) throw alreadyRead('this stream'); // web-streams-polyfill
  try {
    // the only way to find out whether a stream has been read
    if (typeof ReadableStream === 'function' && stream instanceof ReadableStream) new Response(stream);
    return byteReader(stream);
  } catch (error) {
    if (isWebStream(stream)) throw alreadyRead('this stream');
    throw sourceFailed(error, 0);
  }
}

/** The properties of Node.js streams. Older versions lack some. */
interface NodeStream {
  [Symbol.asyncIterator]?: unknown;
  destroy?: unknown;
  destroyed?: boolean;
  readableEnded?: boolean;
  readableEncoding?: string | null;
}

function checkNodeStream(stream: object & NodeStream): void {
  if (typeof stream.destroy !== 'function') return;
  if (stream.readableEnded) throw alreadyRead('this stream');
  if (stream.destroyed) throw invalid('source', 'cannot be read: this stream was destroyed before it was read');
  if (stream.readableEncoding) {
    throw invalid('source', 'is a stream of text: create it without an encoding');
  }
  if (!markInUse(stream)) throw invalid('source', 'is already being uploaded: a stream can be read only once');
}

function alreadyRead(what: string) {
  return invalid('source', `cannot be read: ${what} has already been read, or is being read`);
}

function singleReader(bytes: () => Promise<Uint8Array>): ByteReader {
  let isDone = false;
  return {
    async read() {
      if (isDone) return undefined;
      isDone = true;
      return bytes();
    },
    async release() {},
  };
}

async function* readBlob(blob: SequentialBlob, size: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = blob.reader?.() ?? sliceReader(blob);
  try {
    yield* checkSize(reader, size);
  } finally {
    await reader.release(); // it may have an open file
  }
}

/** A file of `openFile()` is faster to read in sequence than slice by slice. */
interface SequentialBlob extends Blob {
  reader?: () => ByteReader;
}

function sliceReader(blob: Blob): ByteReader {
  let start = 0;
  return {
    async read() {
      if (start >= blob.size) return undefined;
      const bytes = await bytesIn(blob.slice(start, start + readSize));
      start += readSize;
      return bytes;
    },
    async release() {},
  };
}

/** Reads to the end, and compares the number of bytes with the expected size. */
async function* checkSize(reader: ByteReader, size: number | undefined): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let loaded = 0;
  for (;;) {
    let chunk: unknown;
    try {
      chunk = await reader.read();
    } catch (error) {
      throw sourceFailed(error, loaded);
    }
    if (chunk === undefined) break;
    const bytes = plainBytes(chunk);
    if (!bytes) throw invalid('source', `must return Uint8Array chunks, not ${kindOf(chunk)}`);
    if (bytes.byteLength === 0 && isDetached(bytes)) {
      throw new TransferError('truncated', 'the source returned a chunk whose buffer was transferred', loaded);
    }
    loaded += bytes.byteLength;
    if (size !== undefined && loaded > size) {
      throw new TransferError('truncated', `the source has more than the expected ${size} bytes`, size);
    }
    // in pieces, because progress is reported for each piece
    for (let at = 0; at < bytes.byteLength; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
  }
  if (size !== undefined && loaded < size) {
    throw new TransferError('truncated', `the source ended after ${loaded} of the expected ${size} bytes`, loaded);
  }
}

/**
 * Reads the last byte of a Blob, because its file may have been deleted, or may be shorter now. Chromium reports the size of a
 * deleted file as 0, and fails only if the whole file is read.
 */
export async function probe(blob: Blob): Promise<void> {
  const { size } = blob;
  let last: Uint8Array;
  try {
    last = await bytesIn(size > 0 ? blob.slice(size - 1) : blob);
  } catch (error) {
    throw sourceFailed(error, 0);
  }
  if (size > 0 && last.byteLength === 0) {
    throw new TransferError('truncated', `the source no longer has ${size} bytes`, 0);
  }
}

function sourceFailed(error: unknown, loaded: number): unknown {
  if (error instanceof DoctapeError) return error;
  const reason = systemCode(error) ?? (error instanceof Error ? error.name : kindOf(error));
  return new TransferError('interrupted', `the source failed after ${loaded} bytes (${reason})`, loaded);
}
