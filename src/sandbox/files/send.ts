import { create } from 'content-disposition';
import type { Context } from 'hono';
import { Failure } from '../core/failure.js';
import { type MadeRendition, recipeOf } from '../media/rendition.js';
import { type FileRecord, keyOf } from '../store/records.js';
import { renditionBlob, renditionSize } from '../store/rendition-blobs.js';
import { type BlobRange, UnavailableBlobError } from '../store/store.js';
import { storedBytes } from '../store/stored-bytes.js';
import { joinName } from './file-name.js';
import type { FilesContext } from './files-context.js';

/** Content to send. Its bytes must not change while its entity tag stays the same. */
interface Sendable {
  tag: string;
  type: string;
  size: number;
  headers?: Record<string, string>;
  read: (range: BlobRange) => ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;
}

/** The types of renditions that can be the original itself, or were made by another program. */
const renditionTypes: Record<string, string> = {
  'image.jpg': 'image/jpeg',
  'document.pdf': 'application/pdf',
  'audio.mp3': 'audio/mpeg',
  'video_640.mp4': 'video/mp4',
  'video_1280.mp4': 'video/mp4',
  'poster_640.jpg': 'image/jpeg',
  'poster_1280.jpg': 'image/jpeg',
  'thumb_120.jpg': 'image/jpeg',
  'thumb_320.jpg': 'image/jpeg',
};

/**
 * Sends the original of a file or one of its renditions. Responds with the documented 404 if there is no such rendition.
 * @param how the media type of the original, and whether a browser saves the file or shows it
 */
export async function sendRendition(
  c: Context,
  context: FilesContext,
  file: FileRecord,
  rendition: string,
  { type = file.type, disposition = 'attachment' }: { type?: string; disposition?: 'attachment' | 'inline' } = {},
): Promise<Response> {
  if (rendition === 'original') return sendOriginal(c, context, file, type, disposition);
  if (file.processing_status !== 'ok') throw new Failure(404);
  const name = rendition === 'poster_1280.mp4' ? 'poster_1280.jpg' : rendition; // the documentation has both spellings
  const converted = renditionSize(file, name);
  if (converted !== undefined) return sendConverted(c, context, file, name, converted);
  // before If-None-Match is evaluated: a rendition that does not exist must be a 404, not a 304
  const made = await findRendition(context, file, name);
  if (made === 'identity') return sendOriginal(c, context, file, renditionTypes[name] ?? file.type, disposition);
  if (!made) throw new Failure(404);
  return sendBytes(c, { tag: `"${file.id}/${name}"`, ...made });
}

/** Sends bytes that are in memory. */
export function sendBytes(c: Context, { tag, type, bytes }: { tag: string } & MadeRendition): Response {
  return send(c, { tag, type, size: bytes.byteLength, read: ({ start, end }) => bytes.subarray(start, end + 1) });
}

/** Whether a file has a rendition. */
export async function hasRendition(context: FilesContext, file: FileRecord, name: string): Promise<boolean> {
  return renditionSize(file, name) !== undefined || (await findRendition(context, file, name)) !== undefined;
}

/** Makes a rendition, or finds it in the cache. Undefined if the file has no such rendition. */
async function findRendition(
  { store, media, renditions }: FilesContext,
  file: FileRecord,
  name: string,
): Promise<MadeRendition | 'identity' | undefined> {
  const { id, owner, type, media_type } = file;
  const recipe = recipeOf(media_type, name);
  if (!recipe) return undefined;
  try {
    return await renditions.get(id, name, recipe, async () => {
      const bytes = storedBytes(store, file);
      const made = await media.makeRenditions(recipe, type, bytes);
      bytes.check();
      return made;
    });
  } catch (error) {
    if (await store.get('files', keyOf(owner, id))) throw error;
    throw new Failure(404); // the file was deleted in the meantime
  }
}

const caching = 'private, no-cache';

/** Whether `If-None-Match` contains the entity tag (RFC 9110 section 13.1.2). */
function isKnown(c: Context, tag: string): boolean {
  const known = c.req.header('if-none-match');
  return known === '*' || known?.split(/\s*,\s*/).some((other) => other.replace(/^W\//, '') === tag) === true;
}

function sendOriginal(
  c: Context,
  context: FilesContext,
  file: FileRecord,
  type: string,
  disposition: 'attachment' | 'inline',
): Promise<Response> {
  return sendBlob(c, context, file, file.id, {
    tag: `"${file.id}"`,
    type,
    size: file.size,
    headers: { 'Content-Disposition': create(joinName(file), { type: disposition }) },
  });
}

function sendConverted(
  c: Context,
  context: FilesContext,
  file: FileRecord,
  name: string,
  size: number,
): Promise<Response> {
  return sendBlob(c, context, file, renditionBlob(file.id, name), {
    tag: `"${file.id}/${name}"`,
    type: renditionTypes[name] ?? 'application/octet-stream',
    size,
  });
}

async function sendBlob(
  c: Context,
  { store }: FilesContext,
  { owner, id }: FileRecord,
  blob: string,
  content: Omit<Sendable, 'read'>,
): Promise<Response> {
  try {
    return send(c, { ...content, read: (range) => store.readBlob(blob, range) });
  } catch (error) {
    if (!(error instanceof UnavailableBlobError) || (await store.get('files', keyOf(owner, id)))) throw error;
    throw new Failure(404); // the file was deleted in the meantime
  }
}

// wire document section 7, choice 30
/** Sends all of the content or a single range of it (RFC 9110 sections 13 and 14). */
function send(c: Context, { tag, type, size, headers: more, read }: Sendable): Response {
  const headers: Record<string, string> = {
    ...(!c.get('noRanges') && { 'Accept-Ranges': 'bytes' }),
    'Cache-Control': caching,
    'Content-Type': type,
    ETag: tag,
    ...more,
  };
  if (isKnown(c, tag)) return c.body(null, 304, headers);

  // RFC 9110 section 14.2: only GET has ranges
  const ignoresRange = c.req.method === 'HEAD' || c.get('noRanges');
  const range = readRange(ignoresRange ? undefined : c.req.header('range'), c.req.header('if-range'), tag, size);
  const { start, end } = range ?? { start: 0, end: size - 1 };
  headers['Content-Length'] = String(end - start + 1);
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${size}`;
  const status = range ? 206 : 200;
  if (end < start || c.req.method === 'HEAD') return c.body(null, status, headers);
  return c.body(read({ start, end }), status, headers);
}

/**
 * Returns undefined if all of the content must be sent: without a range, with several, with another unit than bytes, or if
 * `If-Range` has another entity tag.
 */
function readRange(
  range: string | undefined,
  ifRange: string | undefined,
  tag: string,
  size: number,
): BlobRange | undefined {
  if (ifRange !== undefined && ifRange !== tag) return undefined;
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  // RFC 9110 section 14.1.1: such a range is invalid, and an invalid range is ignored
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start > end) throw new Failure(416, undefined, { 'Content-Range': `bytes */${size}` });
  return { start, end };
}
