import { ResponseError } from '../../protocol/errors.js';
import { needs, platform } from './platform.js';
import { type Asked, discard, type HttpAnswer, hasMethod, readBy } from './response.js';

/** The body as a stream, whatever the library has: node-fetch has a stream of Node, polyfills have none. */
export function bodyOf(response: Response): ReadableStream<Uint8Array<ArrayBuffer>> | null {
  const { body } = response;
  if (body === null || hasMethod(body, 'getReader')) return body;
  needs('ReadableStream');
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
  else yield new TextEncoder().encode(await response.text()); // only what is read as text has no stream here
}

export interface Bounds {
  /** The most bytes to read. */
  limit: number;
  /** What happens to more bytes: an error, or nothing. @default 'refuse' */
  excess?: 'refuse' | 'cut';
}

/** A response that is small enough to be read whole. A redirect is refused: it would take the credentials along. */
export function readBounded(
  response: Response,
  asked: Asked,
  { limit, excess = 'refuse' }: Bounds,
): Promise<HttpAnswer> {
  return readBy(response, asked, async () => {
    const reader = bodyOf(response)?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    let size = 0;
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      size += chunk.value.byteLength;
      if (size > limit) {
        void reader?.cancel().catch(() => {}); // what is thrown next says it all
        if (excess === 'cut') return text;
        const message = `${asked.operation} was answered with more than ${limit} bytes`;
        throw new ResponseError('malformed_response', message, response.status);
      }
      text += decoder.decode(chunk.value, { stream: true });
    }
    return text + decoder.decode();
  });
}

/** Whether a body arrives in another form than its lengths and ranges count: `fetch` unpacks what is compressed. */
export function isEncoded(headers: Headers): boolean {
  return codingsOf(headers).length > 0;
}

function codingsOf(headers: Headers): string[] {
  const codings = (headers.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return codings.filter((coding) => coding !== '' && coding !== 'identity');
}

// no plain object: a server may send `constructor`
const formats = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'brotli'],
]);

/** Whether every runtime, or we for it, can unpack it. Browsers can whatever they take. */
export function isUnpackable(headers: Headers): boolean {
  const [coding, ...more] = codingsOf(headers);
  return platform() === 'browser' || coding === undefined || (formats.has(coding) && more.length === 0);
}

/** The body unpacked. Deno leaves that to whoever asks for a range or a coding; the others do it always. */
export function unpacked({ headers, body }: Response): ReadableStream<Uint8Array> | null {
  const [coding = ''] = codingsOf(headers);
  const format = formats.get(coding);
  if (platform() !== 'deno' || format === undefined) return body;
  return body?.pipeThrough(new DecompressionStream(format as CompressionFormat)) ?? null;
}
