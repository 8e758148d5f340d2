import type { Context } from 'hono';
import * as z from 'zod/mini';
import { Failure } from './failure.js';

/** The body of a request. In Firefox, a request that a service worker received has no `body`, only `blob()`. */
export async function bodyReader(request: Request): Promise<ReadableStreamDefaultReader<Uint8Array> | undefined> {
  const body = 'body' in request ? request.body : (await (request as Request).blob()).stream();
  return body?.getReader();
}

/** Reads the body of a request as text. Works without a Content-Length. */
export async function textBody(c: Context, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  const reader = await bodyReader(c.req.raw);
  let text = '';
  let size = 0;
  const read = () =>
    reader?.read().catch(() => {
      throw new Failure(400, 'the body was cut off');
    });
  for (let chunk = await read(); chunk && !chunk.done; chunk = await read()) {
    size += chunk.value.byteLength;
    if (size > limit) throw new Failure(413, `the body is larger than ${limit} bytes`);
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text + decoder.decode();
}

export async function formBody(c: Context): Promise<URLSearchParams> {
  return new URLSearchParams(await textBody(c, 64 * 1024));
}

/** Reads and validates a JSON body. An empty body is treated as an empty object, because old clients send none. */
export async function jsonBody<T>(c: Context, schema: z.ZodMiniType<T>): Promise<T> {
  const text = await textBody(c, 1024 * 1024);
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw new Failure(400, 'the body is not JSON');
  }
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  throw new Failure(400, `${parsed.error.issues[0]?.path.join('.') || 'the body'} has the wrong type`);
}

/** The origin of the URL of a `Request`. Such a URL is normalized and has no credentials, so it need not be parsed. */
export function originOf(url: string): string {
  return url.slice(0, url.indexOf('/', url.indexOf('://') + 3));
}
