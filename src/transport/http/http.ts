import ky from 'ky';
import { failure } from './failure.js';
import { withoutTraces } from './platform.js';
import { operationOf } from './redaction.js';
import { checkResponse, type Fetch, type HttpAnswer, readAnswer } from './response.js';
import { watch } from './watch.js';

/** A form, posted once. */
export interface FormRequest {
  url: URL;
  form: URLSearchParams;
  fetch: Fetch | undefined;
  /** Milliseconds, body included. */
  timeout: number;
  signal: AbortSignal | undefined;
  /** The most bytes to read of the answer. */
  limit: number;
}

/**
 * Everything that ky adds is off: its retries keep a copy of each body, its time limits end at the headers, and its
 * errors print the headers.
 */
const client = ky.create({ retry: 0, timeout: false, throwHttpErrors: false, redirect: 'manual' });

/** Posts a form to a token endpoint. A redirect is refused: it would carry the secret in the body to wherever it says. */
export async function postForm({ url, form, fetch, timeout, signal, limit }: FormRequest): Promise<HttpAnswer> {
  const operation = operationOf('POST', url);
  const watched = watch({ signal, limit: timeout, code: 'timeout', operation });
  try {
    const response = await watched.run(
      client.post(url, {
        headers: { accept: 'application/json' },
        body: form,
        ...(fetch && { fetch }),
        signal: watched.signal,
        ...withoutTraces(),
      }),
    );
    return await readAnswer(checkResponse(response), { operation, watched }, { limit });
  } catch (error) {
    throw failure(error, operation, watched.signal);
  } finally {
    watched.stop();
  }
}
