import { TransferError } from '../../protocol/errors.js';
import { decode, type ResponseOrigin } from '../../protocol/schemas/decode.js';
import { type Attempt, withRetries } from '../calls/attempts.js';
import { type Connection, type Decode, routeUrl, type SearchParams } from '../calls/connection.js';
import { type Meter, meter, type OnProgress } from '../calls/progress.js';
import { platform } from '../http/platform.js';
import { operationOf } from '../http/redaction.js';
import { type Parser, parseText } from '../http/response.js';
import { readEnvelope } from '../http/response-envelope.js';
import { type Watch, watch } from '../http/watch.js';
import { type Fields, type Part, sizeOf } from './multipart.js';
import { type Content, contentsOf, type UploadSource } from './source.js';
import { canUseXhr, sendForm } from './upload-form.js';
import { sendStream, type UploadResponse } from './upload-stream.js';

export interface Upload<T> {
  /** The method that was called, such as `files.upload`. */
  name: string;
  segments: readonly string[];
  searchParams?: SearchParams | undefined;
  /** Text fields of the form, which are sent before the files. */
  fields?: Fields | undefined;
  /** Already acquired (`acquire-source.ts`). They are always released at the end. */
  sources: readonly UploadSource[];
  /** Returns the file name and the media type of a source. */
  describe: (content: Content) => { name: string; type: string };
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds for the whole upload, including retries. @default no limit */
  timeout?: number | false | undefined;
  /** Creates what parses a response. @default `JSON.parse` */
  createParser?: (() => Parser) | undefined;
  /** Parses a response whose text differs from that of the other calls. @default `createParser` */
  parse?: ((text: string) => unknown) | undefined;
  /** Converts the `result` in the envelope to the return value. */
  read: (result: unknown, decode: Decode, origin: ResponseOrigin) => T;
}

/**
 * Sends files in one request, each as a part named `file` (wire document section 3.2). It is retried only if the
 * server refused it with `Retry-After` and all sources can be read again.
 */
export async function upload<T>(connection: Connection, options: Upload<T>): Promise<T> {
  const { name, segments, searchParams, fields = {}, sources, describe, onProgress, timeout = false } = options;
  const { createParser, read } = options;
  const parse = options.parse ?? (createParser && ((text: string) => parseText(createParser(), text)));
  const url = routeUrl(connection, segments, searchParams);
  const contents = contentsOf(sources);
  let overall: Watch | undefined;
  try {
    const parts = contents.map((content) => ({ ...describe(content), content }));
    const progress = meter(onProgress, sizeOf(parts));
    const operation = operationOf('POST', url);
    const resend = contents.every(({ replayable }) => replayable) ? 'if refused' : 'never';
    overall = watch({ signal: options.signal, limit: timeout, code: 'timeout', operation });
    const { signal } = overall;
    const call = { name, method: 'POST', url, signal, callerSignal: options.signal };
    return await withRetries(connection, { ...call, resend }, async (attempt) => {
      progress.restart();
      const { result, origin } = await send(connection, { url, fields, parts, progress, attempt, signal, parse });
      await progress.end({ operation, signal, limit: connection.timeout });
      return read(result, (schema, value, path) => decode(schema, value, path, origin), origin);
    });
  } finally {
    overall?.stop();
    for (const content of contents) content.release();
  }
}

interface Sent {
  url: URL;
  fields: Fields;
  parts: readonly Part[];
  progress: Meter;
  attempt: Attempt;
  signal: AbortSignal;
  parse: ((text: string) => unknown) | undefined;
}

async function send(
  connection: Connection,
  { url, fields, parts, progress, attempt, signal, parse }: Sent,
): Promise<{ result: unknown; origin: ResponseOrigin }> {
  const { fetch, idleTimeout, now } = connection;
  const operation = operationOf('POST', url);
  const browser = platform() === 'browser';
  // `fetch` in browsers reports no progress, so an idle timeout is not possible
  const limit = browser && !canUseXhr(connection) ? false : idleTimeout;
  const watched = watch({ signal, limit, code: 'idle_timeout', operation });
  let received: UploadResponse | undefined;
  try {
    const authorization = await attempt.authorization(watched);
    const headers = { ...connection.headers, ...authorization, accept: 'application/json' };
    const sending = { operation, url, headers, fields, parts, fetch, watched, progress, attempt };
    received = await (browser ? sendForm(sending) : sendStream(sending));
    const { secrets } = attempt;
    const result = readEnvelope(received, { now, secrets, parse });
    if (received.sentOnly !== undefined) {
      const what = `${operation} returned ${received.status} before the whole body was sent`;
      throw new TransferError('truncated', `${what}: the stored file is incomplete`, received.sentOnly);
    }
    return { result, origin: { operation, status: received.status, secrets } };
  } catch (error) {
    if (!received) watched.end(error); // the request may still be running, for example if a hook has thrown
    throw error;
  } finally {
    watched.stop();
  }
}
