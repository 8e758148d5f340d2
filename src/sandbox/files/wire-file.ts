import type { FileRecord } from '../store/records.js';
import type { VisibleFile } from './files.js';

export interface WireFile
  extends Pick<
    FileRecord,
    | 'id'
    | 'name'
    | 'extension'
    | 'size'
    | 'time_added'
    | 'media_type'
    | 'tags'
    | 'origin'
    | 'starred'
    | 'processing_status'
    | 'meta'
  > {
  public_url: string | null;
  shared: 0 | 1 | string;
}

// wire document section 3.2
/** Returns the file object of the API. */
export function wireFile({ file, shared }: VisibleFile, origin: string, withMeta: boolean): WireFile {
  return {
    id: file.id,
    public_url: file.public_code === null ? null : `${origin}/s/${file.public_code}`,
    name: file.name,
    extension: file.extension,
    size: file.size,
    time_added: file.time_added,
    media_type: file.media_type,
    tags: file.tags,
    origin: file.origin,
    starred: file.starred,
    shared,
    processing_status: file.processing_status,
    meta: withMeta ? file.meta : {},
  };
}
