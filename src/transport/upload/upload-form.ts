import { NetworkError, TimeoutError } from '../../protocol/errors.js';
import { readBounded } from '../http/body.js';
import { fetchApi } from '../http/fetch.js';
import { discard, type ReceivedResponse } from '../http/response.js';
import { escapeControls, type Fields, type Part } from './multipart.js';
import { probe } from './source.js';
import { responseLimit, type Sending } from './upload-stream.js';
import { postByXhr } from './xhr.js';

/** Whether to use `XMLHttpRequest`. Service workers do not have it, and it must not replace the `fetch` option. */
export function canUseXhr({ fetch }: Pick<Sending, 'fetch'>): boolean {
  return fetch === undefined && typeof XMLHttpRequest !== 'undefined';
}

/** Sends an upload in a browser, where request bodies cannot safely be streams: each part becomes a Blob. */
export async function sendForm(sending: Sending): Promise<ReceivedResponse> {
  const { operation, url, headers, fields, parts, fetch, watched, progress, attempt } = sending;
  const { body, size } = await watched.run(formData(fields, parts, watched.restart));
  const sent = (loaded: number) => progress.add(loaded - progress.loaded);
  await attempt.request(watched);
  if (canUseXhr(sending)) {
    // `loaded` includes the framing, which is subtracted first so that progress is not reported early
    const onSent = (loaded: number, total: number) => sent(Math.max(0, loaded - Math.max(0, total - size)));
    const limit = responseLimit;
    const received = await postByXhr({ operation, url, headers, body, onSent, limit, watched }).catch((error) =>
      rethrowSourceError(error, parts),
    );
    await attempt.response(received, watched);
    if (received.status < 300) sent(size);
    return received;
  }
  const response = await fetchApi({ operation, method: 'POST', url, headers, body, fetch, watched });
  try {
    await attempt.response(response, watched);
    if (response.ok) sent(size); // `fetch` in browsers reports no progress
  } catch (error) {
    discard(response); // a hook or a progress listener has thrown
    throw error;
  }
  return readBounded(
    response,
    { operation, watched, fetch },
    { limit: responseLimit, onExcess: response.ok ? 'reject' : 'truncate' },
  );
}

/** Browsers report an unreadable file as a network failure. */
async function rethrowSourceError(error: unknown, parts: readonly Part[]): Promise<never> {
  if (error instanceof NetworkError || error instanceof TimeoutError) {
    for (const { content } of parts) if (content.blob) await probe(content.blob);
  }
  throw error;
}

/** Browsers can keep Blobs on disk, so a long stream does not fill the memory. */
async function formData(
  fields: Fields,
  parts: readonly Part[],
  onChunk: () => void,
): Promise<{ body: FormData; size: number }> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  let size = 0;
  for (const { name, type, content } of parts) {
    let blob = content.blob;
    if (blob)
      await probe(blob); // Firefox waits forever for a file that was deleted or has become shorter
    else {
      const chunks: Blob[] = [];
      for await (const chunk of content.read()) {
        onChunk();
        chunks.push(new Blob([chunk]));
      }
      blob = new Blob(chunks);
    }
    size += blob.size;
    // always a slice: of a file that has grown, Firefox would send more bytes than it has announced, and lose the end of the form
    body.append('file', blob.slice(0, blob.size, type), escapeControls(name));
  }
  return { body, size };
}
