import { NetworkError, TimeoutError } from '../../protocol/errors.js';
import { readBounded } from '../http/body.js';
import { fetchApi } from '../http/fetch.js';
import { discard, type HttpAnswer } from '../http/response.js';
import { escapeControls, type Part } from './multipart.js';
import { probe } from './source.js';
import { answerLimit, type Sending } from './upload-stream.js';
import { postByXhr } from './xhr.js';

/** Whether `XMLHttpRequest` can be used: not in a service worker, and not in place of an application's own `fetch`. */
export function canUseXhr({ fetch }: Pick<Sending, 'fetch'>): boolean {
  return fetch === undefined && typeof XMLHttpRequest !== 'undefined';
}

/** Sends an upload from a browser page, where no stream can safely be a request body: each part becomes a Blob. */
export async function sendForm(sending: Sending): Promise<HttpAnswer> {
  const { operation, url, headers, parts, fetch, watched, progress, attempt } = sending;
  const { body, size } = await watched.run(formData(parts, watched.alive));
  const sent = (loaded: number) => progress.add(loaded - progress.loaded);
  await attempt.request(watched);
  if (canUseXhr(sending)) {
    // what is told counts the framing too, which is taken off beforehand so that nothing is reported early
    const onSent = (loaded: number, total: number) => sent(Math.max(0, loaded - Math.max(0, total - size)));
    const limit = answerLimit;
    const answer = await postByXhr({ operation, url, headers, body, onSent, limit, watched }).catch((error) =>
      sourceOr(error, parts),
    );
    await attempt.response(answer, watched);
    if (answer.status < 300) sent(size);
    return answer;
  }
  const response = await fetchApi({ operation, method: 'POST', url, headers, body, fetch, watched });
  try {
    await attempt.response(response, watched);
    if (response.ok) sent(size); // this way the browser does not say before
  } catch (error) {
    discard(response); // what a hook or a listener throws ends the upload
    throw error;
  }
  return readBounded(response, { operation, watched }, { limit: answerLimit, excess: response.ok ? 'refuse' : 'cut' });
}

/** Browsers do not tell a file that cannot be read from a network that fails. */
async function sourceOr(error: unknown, parts: readonly Part[]): Promise<never> {
  if (error instanceof NetworkError || error instanceof TimeoutError) {
    for (const { content } of parts) if (content.blob) await probe(content.blob);
  }
  throw error;
}

/** A Blob may lie on disk, so a long stream does not fill the memory. */
async function formData(parts: readonly Part[], alive: () => void): Promise<{ body: FormData; size: number }> {
  const body = new FormData();
  let size = 0;
  for (const { name, type, content } of parts) {
    let blob = content.blob;
    if (blob)
      await probe(blob); // Firefox would wait for ever for a file that is gone
    else {
      const chunks: Blob[] = [];
      for await (const chunk of content.read()) {
        alive();
        chunks.push(new Blob([chunk]));
      }
      blob = new Blob(chunks);
    }
    size += blob.size;
    body.append('file', blob.type === type ? blob : blob.slice(0, blob.size, type), escapeControls(name));
  }
  return { body, size };
}
