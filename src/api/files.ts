import { checkFunction, checkSignal, invalid, kindOf } from '../protocol/checks.js';
import { decode } from '../protocol/decode.js';
import { ResponseError } from '../protocol/errors.js';
import { byId, type FileInfo, fileInfo, type UploadedFile, uploadedFile } from '../protocol/file.js';
import { type Rendition, renditions } from '../protocol/renditions.js';
import { type Connection, call, checkId, routeUrl } from '../transport/connection.js';
import { type ByteRange, download } from '../transport/download.js';
import type { OnProgress } from '../transport/progress.js';
import { contentOf, type UploadSource } from '../transport/source.js';
import { upload } from '../transport/upload.js';
import type { CallOptions } from './account.js';

export interface ListOptions extends CallOptions {
  /** Whether each file's `meta` is filled in. @default false */
  includeMeta?: boolean;
}

export interface UploadOptions extends CallOptions {
  /** The file's name, with its extension. @default the name of the File or Response, else `untitled` */
  name?: string;
  /** The media type. @default the type of the File or Response, else `application/octet-stream` */
  type?: string;
  /** Tags to put on the file. None may hold a comma, which separates them on the wire. */
  tags?: readonly string[];
  /** @default false */
  starred?: boolean;
  /**
   * Told at most every 100 ms, and once at the end. It counts bytes of the file that the platform took for sending,
   * which is ahead of the network by no more than the platform's own buffers.
   */
  onProgress?: OnProgress;
}

export interface DownloadOptions extends CallOptions {
  /** Part of the file. A server that ignores it is an error, so that no wrong bytes are taken for the right ones. */
  range?: ByteRange;
  /** Told at most every 100 ms, and once at the end. It counts bytes that the reader of the body has been given. */
  onProgress?: OnProgress;
}

export interface FilesResource {
  /**
   * All files, in the order the server gives. Scope: `file.read`.
   * Wire document section 3.2.
   */
  list(options?: ListOptions): Promise<FileInfo[]>;
  /**
   * One file. Scope: `file.read`.
   * @throws {NotFoundError} when there is none of this id, or it is somebody else's
   */
  get(id: string, options?: CallOptions): Promise<FileInfo>;
  /**
   * Uploads a file. Scope: `file.create`. A stream is sent as it is read, and never sent twice.
   * @throws {TransferError} when the source fails, or gives another number of bytes than it announced
   */
  upload(source: UploadSource, options?: UploadOptions): Promise<UploadedFile>;
  /**
   * The bytes of a file, or of one of its {@link renditions}. Scope: `file.read`. The response streams: read its body,
   * or call `.blob()` and the like.
   * @throws {NotFoundError} when the file has no such rendition
   * @throws {TransferError} while the body is read, when it breaks or ends early
   */
  download(id: string, rendition?: Rendition, options?: DownloadOptions): Promise<Response>;
  /**
   * An address that gives the bytes without a header, for `<img src>`, a media player or a download link. Scope: `file.read`.
   *
   * It holds the access token (wire document section 2.1): whoever sees it can do all that the token can. It ends up in
   * the browser's history, in server logs, and in `Referer` headers unless the page has `Referrer-Policy: no-referrer`.
   * Never publish it.
   */
  url(id: string, rendition?: Rendition): URL;
  /** Deletes a file for good. Scopes: `file.delete`, `file.read`. */
  delete(id: string, options?: CallOptions): Promise<void>;
}

export function filesResource(connection: Connection): FilesResource {
  return {
    async list({ includeMeta, signal } = {}) {
      const searchParams = { include_meta: checkFlag('includeMeta', includeMeta) };
      const result = await call(connection, {
        method: 'GET',
        segments: ['doc'],
        searchParams,
        signal: checkSignal(signal),
      });
      return Object.entries(decode(byId, result, 'result')).map(([id, file]) => decode(fileInfo, file, `result.${id}`));
    },

    async get(id, { signal } = {}) {
      const result = await call(connection, {
        method: 'GET',
        segments: ['doc', checkId(id)],
        signal: checkSignal(signal),
      });
      return decode(fileInfo, result, 'result');
    },

    async upload(source, { name, type, tags, starred, onProgress, signal } = {}) {
      const content = contentOf(source);
      const result = await upload(connection, {
        segments: ['doc', 'upload'],
        searchParams: { tags: checkTags(tags), starred: checkFlag('starred', starred) },
        parts: [
          {
            name: checkName(name) ?? (content.name || 'untitled'),
            type: checkType(type) ?? headerSafe(content.type) ?? 'application/octet-stream',
            content,
          },
        ],
        onProgress: onProgress && checkFunction('onProgress', onProgress),
        signal: checkSignal(signal),
      });
      const [file, ...others] = Object.values(decode(byId, result, 'result'));
      if (file === undefined || others.length > 0) {
        const found = file === undefined ? 'none' : others.length + 1;
        throw new ResponseError(
          'malformed_response',
          `malformed answer: result should hold one uploaded file, not ${found}`,
        );
      }
      return decode(uploadedFile, file, 'result');
    },

    async download(id, rendition = 'original', { range, onProgress, signal } = {}) {
      return download(connection, {
        segments: ['doc', checkId(id), checkRendition(rendition)],
        range: checkRange(range),
        onProgress: onProgress && checkFunction('onProgress', onProgress),
        signal: checkSignal(signal),
      });
    },

    url(id, rendition = 'original') {
      const segments = ['doc', checkId(id), checkRendition(rendition)];
      return routeUrl(connection, segments, { access_token: connection.accessToken() });
    },

    async delete(id, { signal } = {}) {
      await call(connection, { method: 'DELETE', segments: ['doc', checkId(id)], signal: checkSignal(signal) });
    },
  };
}

function checkFlag(name: string, value: boolean | undefined): 'true' | 'false' | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'boolean') throw invalid(name, `must be true or false, not ${kindOf(value)}`);
  return value ? 'true' : 'false';
}

function checkTags(tags: readonly string[] | undefined): string | undefined {
  if (tags === undefined) return undefined;
  if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string' || tag.trim() === '' || tag.includes(','))) {
    throw invalid('tags', 'must be an array of strings that are not empty and hold no comma');
  }
  return tags.length > 0 ? tags.join(',') : undefined;
}

function checkName(name: string | undefined): string | undefined {
  if (name === undefined || (typeof name === 'string' && name !== '')) return name;
  throw invalid('name', 'must be a file name, such as photo.jpg');
}

const mediaType = /^[\w.+-]+\/[\w.+-]+(\s*;[\x20-\x7e]*)?$/;

function checkType(type: string | undefined): string | undefined {
  if (type === undefined || (typeof type === 'string' && mediaType.test(type))) return type;
  throw invalid('type', 'must be a media type, such as image/jpeg');
}

function headerSafe(type: string | undefined): string | undefined {
  return type !== undefined && mediaType.test(type) ? type : undefined;
}

function checkRendition(rendition: Rendition): Rendition {
  if (renditions.includes(rendition)) return rendition;
  throw invalid('rendition', `must be one of ${renditions.join(', ')}`);
}

function checkRange(range: ByteRange | undefined): ByteRange | undefined {
  if (range === undefined) return undefined;
  const { start, end = start } = Object(range) as Partial<ByteRange>;
  if (
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(end) &&
    start !== undefined &&
    start >= 0 &&
    (end ?? 0) >= start
  ) {
    return range;
  }
  throw invalid('range', 'must be { start, end? }: whole numbers of bytes, both included, end not before start');
}
