import type { Context } from 'hono';
import { Failure } from '../core/failure.js';
import type { FilesContext } from '../files/files-context.js';
import { sendRendition } from '../files/send.js';
import type { FileRecord } from '../store/records.js';
import { previewOf } from './preview.js';

/** Sends what an element of `previewElement` loads. Its type is one that browsers show, and its scripts do not run. */
export async function sendPreview(c: Context, context: FilesContext, file: FileRecord): Promise<Response> {
  const preview = await previewOf(context, file);
  if (!('rendition' in preview)) throw new Failure(404);
  c.header('X-Content-Type-Options', 'nosniff');
  c.header('Referrer-Policy', 'no-referrer');
  // PDF viewers of browsers do not run in a sandbox
  if (preview.kind !== 'pdf') {
    c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  }
  return sendRendition(c, context, file, preview.rendition, { disposition: 'inline' });
}
