import type { Bytes } from './reading/bytes.js';
import { essence } from './reading/values.js';

const zips = new Set(['application/zip', 'application/x-zip-compressed', 'application/x-zip']);

type MetaReader = (type: string, bytes: Bytes) => Promise<Record<string, unknown>>;

/** The library that a kind of file needs is loaded with the first such file. */
const readers = {
  image: async (type, bytes) => (await import('./images/image-meta.js')).readImageMeta(type, bytes),
  audio: async (type, bytes) => (await import('./audio-video/timed-media.js')).readAudioMeta(type, bytes),
  video: async (type, bytes) => (await import('./audio-video/timed-media.js')).readVideoMeta(type, bytes),
  zip: async (_type, bytes) => (await import('./archives/zip-meta.js')).readZipMeta(bytes),
  pdf: async (_type, bytes) => (await import('./documents/pdf-meta.js')).readPdfMeta(bytes),
} satisfies Record<string, MetaReader>;

function readerOf(type: string, mediaType: string): MetaReader | undefined {
  if (mediaType === 'image' || mediaType === 'audio' || mediaType === 'video') return readers[mediaType];
  if (zips.has(type)) return readers.zip;
  return type === 'application/pdf' ? readers.pdf : undefined;
}

/** Whether there is something to be read in such a file. */
export function hasMeta(type: string, mediaType: string): boolean {
  return readerOf(essence(type), mediaType) !== undefined;
}

/**
 * What a file tells about itself (wire document section 4): numbers for sizes, durations and counts, booleans for
 * `encrypted` and `flash`, text otherwise. A field that is not known is absent. However large a file is, only parts
 * of it are held in memory.
 * @param type the media type it was uploaded with
 * @param mediaType doctape's own: `image`, `audio`, `video`, `archive`, `document` or `unknown`
 * @throws UnreadableMedia when it is not what its type says
 */
export async function readMeta(type: string, mediaType: string, bytes: Bytes): Promise<Record<string, unknown>> {
  const claimed = essence(type);
  return readerOf(claimed, mediaType)?.(claimed, bytes) ?? {};
}
