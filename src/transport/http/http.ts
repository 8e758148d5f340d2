import ky from 'ky';
import { readBounded } from './body.js';
import { fetchApi } from './fetch.js';
import { needs, withoutTraces } from './platform.js';
import { operationOf } from './redaction.js';
import type { Fetch, HttpAnswer } from './response.js';
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
  needs('Request', 'Headers', 'ReadableStream');
  const operation = operationOf('POST', url);
  const watched = watch({ signal, limit: timeout, code: 'timeout', operation });
  // ky hands over a Request, which the `fetch` of a library and many wrappers cannot read
  const unwrapped = async (input: string | URL | Request) => {
    const request = new Request(input);
    return fetchApi({
      operation,
      method: request.method,
      url: new URL(request.url),
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
      fetch,
      watched,
    });
  };
  try {
    const response = await watched.run(
      client.post(url, {
        headers: { accept: 'application/json' },
        body: form,
        fetch: unwrapped,
        signal: watched.signal,
        ...withoutTraces(),
      }),
    );
    return await readBounded(response, { operation, watched }, { limit });
  } finally {
    watched.stop();
  }
}
