import { invalid } from '../../protocol/checks.js';
import type { Attempt } from '../calls/attempts.js';
import type { Meter } from '../calls/progress.js';
import { readBounded } from '../http/body.js';
import { isWebStream } from '../http/byte-reader.js';
import { fetchApi } from '../http/fetch.js';
import { platform } from '../http/platform.js';
import { type Asked, discard, type Fetch, type HttpAnswer } from '../http/response.js';
import { multipart, type Part } from './multipart.js';

/** One attempt to send an upload. */
export interface Sending extends Asked {
  url: URL;
  headers: Record<string, string>;
  parts: readonly Part[];
  fetch: Fetch | undefined;
  progress: Meter;
  attempt: Attempt;
}

/**
 * How many times `idleTimeout` an upload waits for its answer, once all of it is on its way: what the buffers of the system
 * hold still has to leave, and the server to store it, and neither can be seen.
 */
export const answerWaits: number = 3;

/** Bytes: the answer to an upload is small, and JSON. */
export const answerLimit: number = 1024 * 1024;

export interface UploadAnswer extends HttpAnswer {
  /** How many bytes of content had been sent, where the answer came before all were. */
  sentOnly?: number;
}

/** Sends an upload as it is read. */
export async function sendStream({
  operation,
  url,
  headers,
  parts,
  fetch,
  watched,
  progress,
  attempt,
}: Sending): Promise<UploadAnswer> {
  const { contentType, length, chunks: read } = multipart(parts, 'file');
  let sentAll = false;
  const chunks = read((bytes, all) => {
    progress.add(bytes);
    sentAll = all;
  });
  let sourceError: unknown;
  let cancelled = false;
  let asked = false; // for any of it
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          asked = true;
          const { done, value } = await chunks.next();
          watched.alive(sentAll ? answerWaits : 1);
          if (cancelled) return; // while it was read
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
    if (!asked && response.body && !isWebStream(response.body)) {
      throw invalid('fetch', 'cannot send a stream of the web: use that of the platform or of undici for uploads');
    }
    await attempt.response(response, watched);
    const excess = response.ok ? 'refuse' : 'cut';
    const answer = await readBounded(response, { operation, watched }, { limit: answerLimit, excess });
    if (sourceError) throw sourceError; // whatever the server made of what it got
    // a `fetch` that never asks for the body is one of somebody's tests
    return sentAll || !asked ? answer : { ...answer, sentOnly: progress.loaded };
  } catch (error) {
    if (response) discard(response); // such as when a hook throws
    throw sourceError ?? error;
  } finally {
    void chunks.return(undefined).catch(() => {}); // not waited for, because the source may hang
  }
}

/** workerd ignores the header: it takes the length from the stream, if the stream is of this kind. */
function withLength(body: ReadableStream<Uint8Array>, length: number): ReadableStream<Uint8Array> {
  const { FixedLengthStream } = globalThis as unknown as {
    FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
  };
  const { readable, writable } = new FixedLengthStream(length);
  void body.pipeTo(writable).catch(() => {}); // the reader of the other end is told as well
  return readable;
}
