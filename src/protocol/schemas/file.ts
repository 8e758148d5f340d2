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

/** The kind of a file: one of these, or another string from a newer server. `doc` on the wire is `document` here. */
export type MediaType = 'document' | 'image' | 'audio' | 'video' | 'archive' | 'unknown' | (string & {});

// wire document section 3.2
/** A file. Additional fields from the server are kept, as in {@link Account}. */
export type FileInfo = {
  /** The id, which all methods for a single file take. doctape used UUIDs. */
  id: string;
  /** The public URL, or null if the file is private. */
  public_url: string | null;
  /** The name without its extension. */
  name: string;
  /** The extension without the dot. May be empty. */
  extension: string;
  /** The size in bytes. */
  size: number;
  /** When the file was added, in whole seconds. */
  time_added: Date;
  /** The kind of content. */
  media_type: MediaType;
  /** The tags. `+name` shares the file with a user, `#name` adds it to a tape, and any other text is a plain tag. */
  tags: string[];
  /** How the file was added: `webupload`, `dropbox`, `mail`, `mobile`, or the name of a tape. */
  origin: string;
  /** Whether the user has starred the file. */
  starred: boolean;
  /** 0 if the user owns the file, 1 if it is shared with the user, or the id of the user who shares it through a tape. */
  shared: 0 | 1 | (string & {});
  /** The state of the conversion to the other renditions. The original is always available. */
  processing_status: 'ok' | 'failed' | 'processing' | (string & {});
  /** Metadata of the content. Empty in a list, unless `includeMeta` is true. */
  meta: FileMeta;
};

const isText = (value: unknown) => typeof value === 'string';

interface WireFile extends Record<string, unknown> {
  meta?: Record<string, unknown> | null;
  size: number | string;
  time_added: number | string;
}

/** A list can hold 100,000 files, so each file is checked field by field, and only the fields that differ are converted. */
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
    shared: optional({ expected: 'string, 0 or 1', test: (value) => value === 0 || value === 1 || text.test(value) }),
    processing_status: optional(text),
    meta: optional(object),
  },
  (wire) => {
    const file: Record<string, unknown> = wire;
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
  (wire) =>
    isText(wire.id) &&
    wire.id !== '' &&
    (wire.public_url === null || isText(wire.public_url)) &&
    isText(wire.name) &&
    isText(wire.extension) &&
    typeof wire.size === 'number' &&
    wire.size >= 0 &&
    wire.size < Number.POSITIVE_INFINITY &&
    typeof wire.time_added === 'number' &&
    wire.time_added >= 0 &&
    wire.time_added <= 8.64e12 &&
    isText(wire.media_type) &&
    texts.test(wire.tags) &&
    isText(wire.origin) &&
    typeof wire.starred === 'boolean' &&
    (wire.shared === 0 || wire.shared === 1 || isText(wire.shared)) &&
    isText(wire.processing_status) &&
    object.test(wire.meta),
);

/** The response to an upload. Additional fields from the server are kept, as in {@link Account}. */
export type UploadedFile = {
  /** The id of the new file. */
  id: string;
  /** The name with its extension, as uploaded. */
  name: string;
  /** The size in bytes. */
  size: number;
};

export const uploadedFile: Schema<UploadedFile> = wireObject<
  { id: string; name: string; size: number | string },
  UploadedFile
>({ id: filled, name: text, size: wireNumber }, (wire) => ({ ...wire, size: Number(wire.size) }));

/** A map keyed by id, as the API sends its collections. Only checked to be an object: its values are checked one by one. */
export const byId: Schema<Record<string, unknown>> = wireObject({});

/** The response to a clone request: the id of the copy (wire document section 3.2). */
export const clonedFile: Schema<{ id: string }> = wireObject({ id: filled });

/** The response to a publish request. The sources disagree on the key of the state, which is not used. */
export const publishedFile: Schema<{ public_url: string }> = wireObject({ public_url: wireUrl });
