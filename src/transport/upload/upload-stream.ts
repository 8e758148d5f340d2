import { invalid } from '../../protocol/checks.js';
import type { Attempt } from '../calls/attempts.js';
import type { Meter } from '../calls/progress.js';
import { readBounded } from '../http/body.js';
import { isWebStream } from '../http/byte-reader.js';
import { fetchApi } from '../http/fetch.js';
import { platform } from '../http/platform.js';
import { discard, type ReceivedResponse, type RequestContext } from '../http/response.js';
import { type Fields, multipart, type Part } from './multipart.js';

/** One attempt to send an upload. */
export interface Sending extends RequestContext {
  url: URL;
  headers: Record<string, string>;
  fields: Fields;
  parts: readonly Part[];
  progress: Meter;
  attempt: Attempt;
}

/**
 * The multiple of `idleTimeout` that an upload waits for its response. After the last chunk, system buffers are still being sent
 * and the server stores the file, both without visible progress.
 */
export const responseTimeoutFactor: number = 3;

/** The maximum size of the response to an upload, in bytes. */
export const responseLimit: number = 1024 * 1024;

export interface UploadResponse extends ReceivedResponse {
  /** The bytes of content that were sent, if the response came before all of them. */
  sentOnly?: number;
}

/** Sends an upload as it is read. */
export async function sendStream({
  operation,
  url,
  headers,
  fields,
  parts,
  fetch,
  watched,
  progress,
  attempt,
}: Sending): Promise<UploadResponse> {
  const { contentType, length, chunks: read } = multipart(parts, 'file', fields);
  let sentAll = false;
  const chunks = read((bytes, all) => {
    progress.add(bytes);
    sentAll = all;
  });
  let sourceError: unknown;
  let cancelled = false;
  let bodyRead = false; // whether any of the body was read
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          bodyRead = true;
          const { done, value } = await chunks.next();
          watched.restart(sentAll ? responseTimeoutFactor : 1);
          if (cancelled) return; // during the read
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          sourceError = error;
          throw error;
        }
      },
      async cancel() {
        cancelled = true;
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  let response: Response | undefined;
  try {
    await attempt.request(watched);
    response = await fetchApi({
      operation,
      method: 'POST',
      url,
      headers: {
        ...headers,
        'content-type': contentType,
        ...(length !== undefined && { 'content-length': String(length) }),
      },
      body: length !== undefined && platform() === 'workerd' ? withLength(body, length) : body,
      fetch,
      watched,
    });
    if (!bodyRead && response.body && !isWebStream(response.body)) {
      throw invalid('fetch', 'cannot send a web stream: use the global `fetch` or undici for uploads');
    }
    await attempt.response(response, watched);
    const onExcess = response.ok ? 'reject' : 'truncate';
    const received = await readBounded(response, { operation, watched, fetch }, { limit: responseLimit, onExcess });
    if (sourceError) throw sourceError; // the response does not matter if the source failed
    // a `fetch` that never reads the body is a mock
    return sentAll || !bodyRead ? received : { ...received, sentOnly: progress.loaded };
  } catch (error) {
    if (response) discard(response); // for example, a hook has thrown
    throw sourceError ?? error;
  } finally {
    void chunks.return(undefined).catch(() => {}); // not waited for, because the source may hang
  }
}

/** workerd ignores `content-length`: it takes the length from a FixedLengthStream. */
function withLength(body: ReadableStream<Uint8Array>, length: number): ReadableStream<Uint8Array> {
  const { FixedLengthStream } = globalThis as unknown as {
    FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
  };
  const { readable, writable } = new FixedLengthStream(length);
  void body.pipeTo(writable).catch(() => {}); // the readable side reports the error
  return readable;
}
