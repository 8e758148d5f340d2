import { invalid, kindOf } from '../../protocol/checks.js';
import { byteReader, isWebStream, plainBytes } from '../http/byte-reader.js';
import { platform } from '../http/platform.js';

/** Reads the body of a Response of any library. */
export interface ResponseReader {
  /** The next bytes, or undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Cancels the body. Never rejects. */
  release(reason?: unknown): Promise<void>;
  /** Whether the body arrives in one piece, without progress. */
  readonly isWhole: boolean;
  /** Whether nobody else has the buffers of the chunks, so that the reader may detach them. */
  readonly ownsChunks: boolean;
}

/**
 * Some libraries have other streams (node-fetch). Bodies without streams (React Native) are read whole.
 *
 * @param body the body to read instead of `response.body`
 * @throws {ConfigurationError} `invalid_argument` if the body cannot be read
 */
export function responseReader(response: Response, body: unknown = response.body): ResponseReader {
  if (body === null || body === undefined) return wholeReader(response);
  const ownsChunks = isByteStream(body);
  let reader: ReturnType<typeof byteReader>;
  try {
    reader = byteReader(body);
  } catch {
    throw alreadyRead();
  }
  if (!reader) throw unusable(`a Response with a readable body, not ${kindOf(body)}`);
  const { read, release } = reader;
  return {
    async read() {
      const chunk = await read();
      if (chunk === undefined) return undefined;
      const bytes = plainBytes(chunk);
      if (!bytes) throw unusable(`a Response with a body of bytes, not of ${kindOf(chunk)}`);
      // it would keep all of its buffer in memory while it waits for the disk (aws/aws-sdk-js-v3#8286)
      const isSmallPiece = bytes.byteLength < bytes.buffer.byteLength / 2;
      return isSmallPiece ? bytes.slice() : bytes;
    },
    release,
    isWhole: false,
    ownsChunks,
  };
}

/** A byte stream takes each buffer away from the code that enqueues it. Other streams pass on buffers that others may still use. */
function isByteStream(body: unknown): boolean {
  if (platform() !== 'node' || !isWebStream(body)) return false;
  try {
    const reader: { releaseLock(): void } = body.getReader({ mode: 'byob' });
    reader.releaseLock();
    return Object.prototype.toString.call(reader) === '[object ReadableStreamBYOBReader]'; // a mock may ignore the mode
  } catch {
    return false;
  }
}

function wholeReader(response: Response): ResponseReader {
  if (typeof response.arrayBuffer !== 'function') throw unusable('a Response that has a body or arrayBuffer()');
  let isDone = false;
  return {
    async read() {
      if (isDone) return undefined;
      isDone = true;
      const buffer: unknown = await response.arrayBuffer();
      const isBuffer = Object.prototype.toString.call(buffer) === '[object ArrayBuffer]';
      const bytes = isBuffer ? new Uint8Array(buffer as ArrayBuffer) : plainBytes(buffer);
      if (!bytes) throw unusable('a Response whose arrayBuffer() resolves to an ArrayBuffer');
      return bytes.byteLength > 0 ? bytes : undefined;
    },
    async release() {},
    isWhole: true,
    ownsChunks: false,
  };
}

function alreadyRead() {
  return unusable('a Response whose body is unread: return a new Response for each call');
}

function unusable(wanted: string) {
  return invalid('fetch', `must resolve to ${wanted}`);
}
