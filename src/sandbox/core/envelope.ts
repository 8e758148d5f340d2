import type { Context } from 'hono';
import type { SandboxEnv } from './context.js';
import type { Failure } from './failure.js';
import { peerOf } from './peer.js';
import { textResponse } from './response-text.js';

const json = { 'content-type': 'application/json' };

// wire document section 3.0

/** The envelope of a success up to its result. */
function startOf(c: Context<SandboxEnv>): string {
  return c.env.quirks.has('no-error-key') ? '{"result":' : '{"error":null,"result":';
}

/** A response with the envelope of a success. Headers that were set by `c.header` are not sent. */
export function success(c: Context<SandboxEnv>, result: unknown): Response {
  return textResponse(c, `${startOf(c)}${JSON.stringify(result)}}`, 200, json);
}

/**
 * A response with the envelope of a success whose result is an object. It is streamed while its entries are read from the store, because
 * they may not fit into memory, and so that a long list does not keep the others waiting.
 * @param entries yields several at once
 */
export function streamSuccess(
  c: Context<SandboxEnv>,
  entries: AsyncGenerator<readonly (readonly [key: string, value: unknown])[]>,
): Response {
  const encoder = new TextEncoder();
  let text = `${startOf(c)}{`;
  let separator = '';
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        while (text.length < 64 * 1024) {
          const { done, value } = await entries.next();
          if (done) {
            controller.enqueue(encoder.encode(`${text}}}`));
            controller.close();
            return;
          }
          for (const [key, entry] of value) {
            text += `${separator}${JSON.stringify(key)}:${JSON.stringify(entry)}`;
            separator = ',';
          }
        }
        controller.enqueue(encoder.encode(text));
        text = '';
        await peerOf(c)?.otherRequests?.(); // the system accepts all that is sent to a fast client, so nothing else would wait
      },
      async cancel() {
        await entries.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return c.body(body, 200, json);
}

/** A response with the envelope of an error. */
export function failureResponse(c: Context, { status, message, headers }: Failure): Response {
  const text = JSON.stringify({ error: { code: status, message }, result: null });
  // handlers may have set headers before they failed
  return textResponse(c, text, status, Object.fromEntries(c.body(null, status, { ...json, ...headers }).headers));
}
