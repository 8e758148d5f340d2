import { invalid, kindOf } from '../../protocol/checks.js';
import { byteReader, plainBytes } from '../http/byte-reader.js';

/** Reads the body of a Response of any library. */
export interface ResponseReader {
  /** The next bytes, or undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Cancels the body. Never rejects. */
  release(reason?: unknown): Promise<void>;
  /** Whether the body arrives in one piece, without progress. */
  isWhole: boolean;
}

/**
 * Some libraries have other streams (node-fetch). Bodies without streams (React Native) are read whole.
 *
 * @param body the body to read instead of `response.body`
 * @throws {ConfigurationError} `invalid_argument` if the body cannot be read
 */
export function responseReader(response: Response, body: unknown = response.body): ResponseReader {
  if (body === null || body === undefined) return wholeReader(response);
  let reader: ReturnType<typeof byteReader>;
  try {
    reader = byteReader(body);
  } catch {
    throw used();
  }
  if (!reader) throw unusable(`a Response with a readable body, not ${kindOf(body)}`);
  const { read, release } = reader;
  return {
    async read() {
      const chunk = await read();
      if (chunk === undefined) return undefined;
      const bytes = plainBytes(chunk);
      if (!bytes) throw unusable(`a Response with a body of bytes, not of ${kindOf(chunk)}`);
      return bytes;
    },
    release,
    isWhole: false,
  };
}

function wholeReader(response: Response): ResponseReader {
  if (typeof response.arrayBuffer !== 'function') throw unusable('a Response that has a body or arrayBuffer()');
  let isOver = false;
  return {
    async read() {
      if (isOver) return undefined;
      isOver = true;
      const buffer: unknown = await response.arrayBuffer();
      const isBuffer = Object.prototype.toString.call(buffer) === '[object ArrayBuffer]';
      const bytes = isBuffer ? new Uint8Array(buffer as ArrayBuffer) : plainBytes(buffer);
      if (!bytes) throw unusable('a Response whose arrayBuffer() resolves to an ArrayBuffer');
      return bytes.byteLength > 0 ? bytes : undefined;
    },
    async release() {},
    isWhole: true,
  };
}

function used() {
  return unusable('a Response whose body is unread: return a new Response for each call');
}

function unusable(wanted: string) {
  return invalid('fetch', `must resolve to ${wanted}`);
}
