import type { Schema } from './decode.js';
import { type FileMeta, readMeta } from './meta.js';
import {
  filled,
  flag,
  object,
  optional,
  text,
  texts,
  wireNumber,
  wireObject,
  wireSeconds,
  wireUrl,
} from './wire-object.js';

/** What kind of file it is: one of these, or what a newer server says. `doc` on the wire is `document` here. */
export type MediaType = 'document' | 'image' | 'audio' | 'video' | 'archive' | 'unknown' | (string & {});

/** A file (wire document section 3.2). Fields that the server adds are kept, as in {@link Account}. */
export type FileInfo = {
  /** What every call about the file takes. A UUID, at doctape. */
  id: string;
  /** The address anyone can open, or null when the file is private. */
  public_url: string | null;
  /** The name without its extension. */
  name: string;
  /** The extension without its dot; may be empty. */
  extension: string;
  /** Bytes. */
  size: number;
  /** When it was added, to the second. */
  time_added: Date;
  /** What kind of content it has. */
  media_type: MediaType;
  /** Plain words are tags, `+name` is a share with a person, `#name` a tape. */
  tags: string[];
  /** How it came: `webupload`, `dropbox`, `mail`, `mobile`, or the name of a tape. */
  origin: string;
  /** Whether the user has put a star on it. */
  starred: boolean;
  /** 0: the user's own; 1: shared with them; anything else: the id of who shares it through a tape. */
  shared: 0 | 1 | (string & {});
  /** How far the conversion to the other renditions is. The original is there whatever it says. */
  processing_status: 'ok' | 'failed' | 'processing' | (string & {});
  /** What is known about the content; empty in a list, unless `includeMeta` asked for it. */
  meta: FileMeta;
};

interface WireFile extends Record<string, unknown> {
  meta?: Record<string, unknown> | null;
  size: number | string;
  time_added: number | string;
}

/** A list can hold 100,000 files, so each is checked field by field and touched only where it differs from ours. */
export const fileInfo: Schema<FileInfo> = wireObject<WireFile, FileInfo>(
  {
    id: filled,
    public_url: optional(text),
    name: text,
    extension: optional(text),
    size: wireNumber,
    time_added: wireSeconds,
    media_type: optional(text),
    tags: optional(texts),
    origin: optional(text),
    starred: optional(flag),
    shared: optional({ expected: '0, 1 or string', test: (value) => value === 0 || value === 1 || text.test(value) }),
    processing_status: optional(text),
    meta: optional(object),
  },
  (wire) => {
    const file: Record<string, unknown> = { ...wire };
    file.size = Number(wire.size);
    file.time_added = new Date(Number(wire.time_added) * 1000);
    file.public_url ||= null;
    file.extension ??= '';
    if (file.media_type === 'doc') file.media_type = 'document';
    file.media_type ??= 'unknown';
    file.tags ??= [];
    file.origin ??= '';
    file.starred ??= false;
    file.shared ??= 0;
    file.processing_status ??= 'ok';
    file.meta = readMeta(wire.meta ?? {});
    return file as FileInfo; // every field was checked above or has just been set
  },
);

/** What an upload is answered with (wire document section 3.2). Fields that the server adds are kept, as in {@link Account}. */
export type UploadedFile = {
  /** The id that the file has got. */
  id: string;
  /** The name with its extension, as uploaded. */
  name: string;
  /** Bytes. */
  size: number;
};

export const uploadedFile: Schema<UploadedFile> = wireObject<
  { id: string; name: string; size: number | string },
  UploadedFile
>({ id: filled, name: text, size: wireNumber }, (wire) => ({ ...wire, size: Number(wire.size) }));

/** A map keyed by id, as the API sends its collections. Checked only for being one: its values are checked one by one. */
export const byId: Schema<Record<string, unknown>> = wireObject({});

/** The answer of clone: the id of the copy (wire document section 3.2). */
export const clonedFile: Schema<{ id: string }> = wireObject({ id: filled });

/** The answer of publish. Which key tells the state is undecided, and nobody needs it. */
export const publishedFile: Schema<{ public_url: string }> = wireObject({ public_url: wireUrl });
