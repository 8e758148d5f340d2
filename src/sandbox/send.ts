import { create } from 'content-disposition';
import type { Context } from 'hono';
import { Failure } from './answer.js';
import { joinName } from './media.js';
import type { FileRecord } from './records.js';
import type { BlobRange, Store } from './store.js';

/** Sends the bytes of a file, whole or a single range of them (RFC 9110 section 14, wire document section 7, choice 30). */
export function sendFile(c: Context, store: Store, file: FileRecord): Response {
  const tag = `"${file.id}"`; // the bytes behind an id never change
  const headers: Record<string, string> = {
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache',
    'Content-Disposition': create(joinName(file)),
    'Content-Type': file.type,
    ETag: tag,
  };
  const known = c.req.header('if-none-match');
  if (known === '*' || known?.split(/\s*,\s*/).includes(tag)) return c.body(null, 304, headers);

  const range = readRange(c.req.header('range'), c.req.header('if-range'), tag, file.size);
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  headers['Content-Length'] = String(end - start + 1);
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${file.size}`;
  const status = range ? 206 : 200;
  if (end < start || c.req.method === 'HEAD') return c.body(null, status, headers);
  return c.body(store.readBlob(file.id, { start, end }), status, headers);
}

/** Undefined for the whole file: no range, several, one in another unit, or one of another version. */
function readRange(
  range: string | undefined,
  ifRange: string | undefined,
  tag: string,
  size: number,
): BlobRange | undefined {
  if (ifRange !== undefined && ifRange !== tag) return undefined;
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined; // no range at all by the grammar
  if (start > end) throw new Failure(416, undefined, { 'Content-Range': `bytes */${size}` });
  return { start, end };
}
