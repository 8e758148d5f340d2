import { type AnswerOrigin, decode } from '../protocol/decode.js';
import { openAnswer } from './answer.js';
import { type Connection, type Decode, routeUrl, type SearchParams } from './connection.js';
import { fetchApi } from './fetch.js';
import { multipart, type Part, sizeOf } from './multipart.js';
import { platform } from './platform.js';
import { type Meter, meter, type OnProgress } from './progress.js';
import { operationOf } from './redaction.js';
import { readAnswer } from './response.js';
import { type Tell, withRetries } from './retry.js';
import { watch } from './watch.js';

export interface Upload<T> {
  segments: readonly string[];
  searchParams: SearchParams;
  parts: readonly Part[];
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
  /** Makes the value to return of what stood in the envelope. */
  read: (result: unknown, decode: Decode) => T;
}

/**
 * Sends files in one request, each as a part named `file` (wire document section 3.2). It is sent again only when the
 * server refused it, said when to come back, and everything can be read once more.
 */
export async function upload<T>(connection: Connection, options: Upload<T>): Promise<T> {
  const { segments, searchParams, parts, onProgress, signal, read } = options;
  const url = routeUrl(connection, segments, searchParams);
  const progress = meter(onProgress, sizeOf(parts));
  const resend = parts.every(({ content }) => content.blob) ? 'when asked' : 'never';
  // whatever these throw, the source is untouched and can be used again
  connection.accessToken();
  signal?.throwIfAborted();
  try {
    return await withRetries(connection, { method: 'POST', url, resend, signal }, async (tell) => {
      progress.restart();
      const { result, origin } = await send(connection, url, parts, progress, tell, signal);
      progress.end();
      return read(result, (schema, value, path) => decode(schema, value, path, origin));
    });
  } finally {
    for (const { content } of parts) content.release();
  }
}

async function send(
  connection: Connection,
  url: URL,
  parts: readonly Part[],
  progress: Meter,
  tell: Tell,
  signal: AbortSignal | undefined,
): Promise<{ result: unknown; origin: AnswerOrigin }> {
  const token = connection.accessToken();
  const operation = operationOf('POST', url);
  const browser = platform() === 'browser';
  const watched = watch({
    signal,
    // a browser's fetch does not tell how far an upload is, so there is nothing to watch
    limit: browser ? false : connection.idleTimeout,
    code: 'idle_timeout',
    operation,
  });
  const body = multipart(parts, 'file');
  const chunks = body.chunks((bytes) => progress.add(bytes));
  let sourceError: unknown;
  const stream = () =>
    new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const { done, value } = await chunks.next();
            watched.alive();
            if (done) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            sourceError = error;
            throw error;
          }
        },
        cancel: async () => void (await chunks.return(undefined)),
      },
      { highWaterMark: 0 },
    );
  try {
    const form = browser ? await watched.run(formData(parts)) : undefined;
    tell.request();
    const response = await fetchApi({
      operation,
      method: 'POST',
      url,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(!browser && {
          'content-type': body.contentType,
          ...(body.length !== undefined && { 'content-length': String(body.length) }),
        }),
      },
      body: form?.body ?? stream(),
      fetch: connection.fetch,
      watched,
    });
    tell.response(response.status);
    const excess = response.ok ? 'refuse' : 'cut';
    const answer = await readAnswer(response, { operation, watched }, { limit: 1024 * 1024, excess });
    if (form && response.ok) progress.add(form.size); // the browser did not say before
    const { status } = answer;
    const secrets = [token];
    return { result: openAnswer(answer, { now: connection.now, secrets }), origin: { operation, status, secrets } };
  } catch (error) {
    throw sourceError ?? error;
  } finally {
    watched.stop();
    void chunks.return(undefined).catch(() => {}); // a source that hangs is not waited for
  }
}

/** In a browser no stream can safely be a request body, so each part becomes a Blob, which may lie on disk. */
async function formData(parts: readonly Part[]): Promise<{ body: FormData; size: number }> {
  const form = new FormData();
  let size = 0;
  for (const { name, type, content } of parts) {
    let blob = content.blob;
    if (!blob) {
      const chunks: Blob[] = [];
      for await (const chunk of content.read()) chunks.push(new Blob([chunk]));
      blob = new Blob(chunks);
    }
    size += blob.size;
    form.append('file', blob.type === type ? blob : blob.slice(0, blob.size, type), name);
  }
  return { body: form, size };
}
