import { ResponseError } from '../../protocol/errors.js';
import { parseUrl } from '../../protocol/urls.js';
import { platform, requireGlobals } from './platform.js';
import { discard, hasMethod, type ReceivedResponse, type RequestContext, readBy } from './response.js';

/** The body as a web stream. node-fetch has Node.js streams, and polyfills have none. */
export function bodyOf(response: Response): ReadableStream<Uint8Array<ArrayBuffer>> | null {
  const { body } = response;
  if (body === null || hasMethod(body, 'getReader')) return body;
  requireGlobals('ReadableStream');
  const chunks = chunksOf(response);
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        discard(response);
      },
    },
    { highWaterMark: 0 },
  );
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const body: unknown = response.body;
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) yield* response.body ?? [];
  else yield new TextEncoder().encode(await response.text()); // polyfills without streams: API responses are text
}

export interface Bounds {
  /** The maximum number of bytes to read. */
  limit: number;
  /** Whether a longer body is an error or is truncated. @default 'reject' */
  onExcess?: 'reject' | 'truncate';
}

/** Reads a response up to a limit. A redirect is refused, because it would forward the credentials. */
export function readBounded(
  response: Response,
  context: RequestContext,
  { limit, onExcess = 'reject' }: Bounds,
): Promise<ReceivedResponse> {
  return readBy(response, context, async () => {
    const reader = bodyOf(response)?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    let size = 0;
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      size += chunk.value.byteLength;
      if (size > limit) {
        void reader?.cancel().catch(() => {}); // the error below is more useful
        if (onExcess === 'truncate') return text;
        const message = `${context.operation} returned more than ${limit} bytes`;
        throw new ResponseError('malformed_response', message, response.status);
      }
      text += decoder.decode(chunk.value, { stream: true });
    }
    return text + decoder.decode();
  });
}

/** The length of a body in bytes, if the response has it and `fetch` does not change the body. */
export function announcedLength(response: Response): number | undefined {
  const length = response.headers.get('content-length') ?? '';
  return isUnchanged(response) && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/**
 * Browsers hide the content coding of another origin, and a service worker may copy the other headers to a response of its own
 * (coi-serviceworker). They check the length of what they receive, but not of what a service worker returns.
 */
function isUnchanged({ headers, type, url }: Response): boolean {
  if (isEncoded(headers)) return false;
  return platform() !== 'browser' || (type === 'basic' && parseUrl(url)?.origin === location.origin);
}

/** Whether a body is compressed. `fetch` decompresses it, so lengths and ranges do not match the bytes that arrive. */
export function isEncoded(headers: Headers): boolean {
  return codingsOf(headers).length > 0;
}

function codingsOf(headers: Headers): string[] {
  const codings = (headers.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return codings.filter((coding) => coding !== '' && coding !== 'identity');
}

// not a plain object: a server could send `constructor`
const formats = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'brotli'],
]);

/** Whether the body can be decompressed in every runtime. Browsers decompress every coding that they accept. */
export function isDecodable(headers: Headers): boolean {
  const [coding, ...more] = codingsOf(headers);
  return platform() === 'browser' || coding === undefined || (formats.has(coding) && more.length === 0);
}

/** The decompressed body. Deno does not decompress if the request has a `range` or `accept-encoding` header. */
export function decompressed({ headers, body }: Response): ReadableStream<Uint8Array> | null {
  const [coding = ''] = codingsOf(headers);
  const format = formats.get(coding);
  if (platform() !== 'deno' || format === undefined) return body;
  return body?.pipeThrough(new DecompressionStream(format as CompressionFormat)) ?? null;
}
