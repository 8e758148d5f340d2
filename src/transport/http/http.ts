import ky from 'ky';
import { readBounded } from './body.js';
import { fetchApi } from './fetch.js';
import { requireGlobals, withoutTraces } from './platform.js';
import { operationOf } from './redaction.js';
import type { Fetch, ReceivedResponse } from './response.js';
import { watch } from './watch.js';

/** A form to post, without retries. */
export interface FormRequest {
  url: URL;
  form: URLSearchParams;
  fetch: Fetch | undefined;
  /** Milliseconds for the whole response, including its body. */
  timeout: number;
  signal: AbortSignal | undefined;
  /** The maximum number of bytes in the response. */
  limit: number;
}

/**
 * All features of ky are off: its retries keep a copy of each body, its timeout ends at the headers, and its errors print the
 * headers.
 */
const client = ky.create({ retry: 0, timeout: false, throwHttpErrors: false, redirect: 'manual' });

/** Posts a form to a token endpoint. A redirect is refused, because it would forward the secret in the body. */
export async function postForm({ url, form, fetch, timeout, signal, limit }: FormRequest): Promise<ReceivedResponse> {
  requireGlobals('Request', 'Headers', 'ReadableStream');
  const operation = operationOf('POST', url);
  const watched = watch({ signal, limit: timeout, code: 'timeout', operation });
  // ky passes a Request, which many libraries and wrappers do not support
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
    return await readBounded(response, { operation, watched, fetch }, { limit });
  } finally {
    watched.stop();
  }
}
