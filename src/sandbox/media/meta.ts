import type { Bytes } from './reading/bytes.js';
import { essence } from './reading/values.js';

const zips = new Set(['application/zip', 'application/x-zip-compressed', 'application/x-zip']);

type MetaReader = (type: string, bytes: Bytes) => Promise<Record<string, unknown>>;

/** The library for each kind of file is loaded on demand. */
const readers = {
  image: async (type, bytes) => (await import('./images/image-meta.js')).readImageMeta(type, bytes),
  audio: async (type, bytes) => (await import('./audio-video/audio-video-meta.js')).readAudioMeta(type, bytes),
  video: async (type, bytes) => (await import('./audio-video/audio-video-meta.js')).readVideoMeta(type, bytes),
  zip: async (_type, bytes) => (await import('./archives/zip-meta.js')).readZipMeta(bytes),
  pdf: async (_type, bytes) => (await import('./documents/pdf-meta.js')).readPdfMeta(bytes),
} satisfies Record<string, MetaReader>;

function readerOf(type: string, mediaType: string): MetaReader | undefined {
  if (mediaType === 'image' || mediaType === 'audio' || mediaType === 'video') return readers[mediaType];
  if (zips.has(type)) return readers.zip;
  return type === 'application/pdf' ? readers.pdf : undefined;
}

/** Whether `readMeta` can read metadata from this kind of file. */
export function hasMeta(type: string, mediaType: string): boolean {
  return readerOf(essence(type), mediaType) !== undefined;
}

/**
 * Reads the metadata of a file (wire document section 4). Sizes, durations and counts are numbers, `encrypted` and `flash` are
 * booleans, and all other fields are strings. Unknown fields are absent. Only parts of the file are held in memory.
 * @param type the media type of the upload
 * @param mediaType the media type of doctape: `image`, `audio`, `video`, `archive`, `document` or `unknown`
 * @throws UnreadableMedia if the content does not match the media type
 */
export async function readMeta(type: string, mediaType: string, bytes: Bytes): Promise<Record<string, unknown>> {
  const declared = essence(type);
  return readerOf(declared, mediaType)?.(declared, bytes) ?? {};
}
