import { openAnswer } from './answer.js';
import { fetchBytes, readAnswer } from './bytes.js';
import { type Connection, routeUrl, type SearchParams } from './connection.js';
import { multipart, type Part } from './multipart.js';
import { platform } from './platform.js';
import { meter, type OnProgress } from './progress.js';
import { redactedUrl } from './redaction.js';
import { watch } from './watch.js';

export interface Upload {
  segments: readonly string[];
  searchParams: SearchParams;
  parts: readonly Part[];
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/** Sends files in one request, each as a part named `file` (wire document section 3.2). Never sent twice. */
export async function upload(
  connection: Connection,
  { segments, searchParams, parts, onProgress, signal }: Upload,
): Promise<unknown> {
  const token = connection.accessToken();
  const url = routeUrl(connection, segments, searchParams);
  const browser = platform() === 'browser';
  const watched = watch({
    signal,
    // a browser's fetch does not tell how far an upload is, so there is nothing to watch
    limit: browser ? false : connection.idleTimeout,
    code: 'idle_timeout',
    operation: `POST ${redactedUrl(url)}`,
  });
  const body = multipart(parts, 'file');
  const progress = meter(onProgress, body.contentLength);
  let sourceError: unknown;
  const chunks = body.chunks((bytes) => progress.add(bytes));
  const stream = (): ReadableStream<Uint8Array> =>
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
    const response = await fetchBytes({
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
      body: browser ? await formData(parts) : stream(),
      fetch: connection.fetch,
      watched,
    });
    const answer = await readAnswer(response, 'POST', url, watched);
    const result = openAnswer(answer, { now: connection.now, secrets: [token] });
    progress.end();
    return result;
  } catch (error) {
    throw sourceError ?? error;
  } finally {
    watched.stop();
    // a source that is not read to its end is let go; one that hangs is not waited for
    void chunks.return(undefined).catch(() => {});
  }
}

/** In a browser no stream can safely be a request body, so each part becomes a Blob, which may lie on disk. */
async function formData(parts: readonly Part[]): Promise<FormData> {
  const form = new FormData();
  for (const { name, type, content } of parts) {
    let blob = content.blob;
    if (!blob) {
      const chunks: Blob[] = [];
      for await (const chunk of content.read()) chunks.push(new Blob([chunk]));
      blob = new Blob(chunks);
    }
    form.append('file', blob.type === type ? blob : blob.slice(0, blob.size, type), name);
  }
  return form;
}
