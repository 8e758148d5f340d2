import * as z from 'zod/mini';
import { count, type Schema, wireCount, wireMoment } from './decode.js';
import { type FileMeta, readMeta } from './meta.js';

export type MediaType = 'document' | 'image' | 'audio' | 'video' | 'archive' | 'unknown' | (string & {});

/** A file (wire document section 3.2). Fields that the server adds are kept. */
export interface FileInfo {
  id: string;
  /** The address anyone can open, or null when the file is private. */
  public_url: string | null;
  /** The name without its extension. */
  name: string;
  /** The extension without its dot; may be empty. */
  extension: string;
  /** Bytes. */
  size: number;
  time_added: Date;
  media_type: MediaType;
  /** Plain words are tags, `+name` is a share with a person, `#name` a tape. */
  tags: string[];
  /** How it came: `webupload`, `dropbox`, `mail`, `mobile`, or the name of a tape. */
  origin: string;
  starred: boolean;
  /** 0: the user's own; 1: shared with them; anything else: the id of who shares it through a tape. */
  shared: 0 | 1 | (string & {});
  processing_status: 'ok' | 'failed' | 'processing' | (string & {});
  /** What is known about the content; empty in a list, unless `includeMeta` asked for it. */
  meta: FileMeta;
  [field: string]: unknown;
}

/**
 * Checks first and reshapes once, because a list can hold 100,000 files: a codec on every field takes twice as long.
 */
export const fileInfo: Schema<FileInfo> = z.pipe(
  z.looseObject({
    id: z.string().check(z.minLength(1)),
    public_url: z.nullish(z.string()),
    name: z.string(),
    extension: z.nullish(z.string()),
    size: wireCount,
    time_added: wireMoment,
    media_type: z.nullish(z.string()),
    tags: z.nullish(z.array(z.string())),
    origin: z.nullish(z.string()),
    starred: z.nullish(z.boolean()),
    shared: z.nullish(z.union([z.literal(0), z.literal(1), z.string()])),
    processing_status: z.nullish(z.string()),
    meta: z.nullish(z.looseObject({})),
  }),
  z.transform((file) => ({
    ...file,
    public_url: file.public_url || null,
    extension: file.extension ?? '',
    size: Number(file.size),
    time_added: new Date(Number(file.time_added) * 1000),
    media_type: file.media_type === 'doc' ? 'document' : (file.media_type ?? 'unknown'),
    tags: file.tags ?? [],
    origin: file.origin ?? '',
    starred: file.starred ?? false,
    shared: file.shared ?? 0,
    processing_status: file.processing_status ?? 'ok',
    meta: readMeta(file.meta ?? {}),
  })),
);

/** What an upload is answered with. */
export interface UploadedFile {
  id: string;
  /** The name with its extension, as uploaded. */
  name: string;
  /** Bytes. */
  size: number;
  [field: string]: unknown;
}

export const uploadedFile: Schema<UploadedFile> = z.looseObject({
  id: z.string().check(z.minLength(1)),
  name: z.string(),
  size: count,
});

/** A map keyed by id, as the API sends its collections. Checked only for being one: its values are checked one by one. */
export const byId: Schema<Record<string, unknown>> = z.looseObject({});

/** Such a map with as many values as were asked for. */
export function mapOfSize(size: number): Schema<Record<string, unknown>> {
  return byId.check(z.refine((map) => Object.keys(map).length === size));
}

/** The answer of clone: the id of the copy (wire document section 3.2). */
export const clonedFile: Schema<{ id: string }> = z.object({ id: z.string().check(z.minLength(1)) });

/** The answer of publish. Which key tells the state is undecided, and nobody needs it. */
export const publishedFile: Schema<{ public_url: string }> = z.object({ public_url: z.url() });
