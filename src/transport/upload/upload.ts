import { TransferError } from '../../protocol/errors.js';
import { type AnswerOrigin, decode } from '../../protocol/schemas/decode.js';
import { type Connection, type Decode, routeUrl, type SearchParams } from '../calls/connection.js';
import { type Meter, meter, type OnProgress } from '../calls/progress.js';
import { type Tell, withRetries } from '../calls/retry.js';
import { openAnswer } from '../http/answer.js';
import { platform } from '../http/platform.js';
import { operationOf } from '../http/redaction.js';
import { watch } from '../http/watch.js';
import { type Part, sizeOf } from './multipart.js';
import { type Content, contentsOf, type UploadSource } from './source.js';
import { canUseXhr, sendForm } from './upload-form.js';
import { sendStream, type UploadAnswer } from './upload-stream.js';

export interface Upload<T> {
  segments: readonly string[];
  searchParams: SearchParams;
  /** Held already (`hold.ts`). However the upload ends, they are released. */
  sources: readonly UploadSource[];
  /** What to call a source, and what type to give it. */
  describe: (content: Content) => { name: string; type: string };
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
  const { segments, searchParams, sources, describe, onProgress, signal, read } = options;
  const url = routeUrl(connection, segments, searchParams);
  const contents = contentsOf(sources);
  try {
    const parts = contents.map((content) => ({ ...describe(content), content }));
    const progress = meter(onProgress, sizeOf(parts));
    const resend = contents.every(({ again }) => again) ? 'when asked' : 'never';
    connection.accessToken();
    signal?.throwIfAborted();
    return await withRetries(connection, { method: 'POST', url, resend, signal }, async (tell) => {
      progress.restart();
      const { result, origin } = await send(connection, url, parts, progress, tell, signal);
      progress.end();
      return read(result, (schema, value, path) => decode(schema, value, path, origin));
    });
  } finally {
    for (const content of contents) content.release();
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
  const { fetch, idleTimeout, now } = connection;
  const token = connection.accessToken();
  const operation = operationOf('POST', url);
  const browser = platform() === 'browser';
  // a browser's fetch does not tell how far an upload is, so there is nothing to watch
  const limit = browser && !canUseXhr(connection) ? false : idleTimeout;
  const watched = watch({ signal, limit, code: 'idle_timeout', operation });
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  try {
    const sending = { operation, url, headers, parts, fetch, watched, progress, tell };
    const answer: UploadAnswer = await (browser ? sendForm(sending) : sendStream(sending));
    const secrets = [token];
    const result = openAnswer(answer, { now, secrets });
    if (answer.sentOnly !== undefined) {
      const what = `${operation} was answered with ${answer.status} before all of it was sent`;
      throw new TransferError('truncated', `${what}: what the server has is not the whole`, answer.sentOnly);
    }
    return { result, origin: { operation, status: answer.status, secrets } };
  } finally {
    watched.stop();
  }
}
