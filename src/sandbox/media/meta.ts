import { isOfficeType } from './documents/is-office-type.js';
import type { MediaType } from './kinds/kinds.js';
import type { Bytes } from './reading/bytes.js';
import { essence } from './reading/values.js';

/** Archives that are zip files by another name, too. */
const zips = new Set([
  'application/zip',
  'application/java-archive',
  'application/vnd.android.package-archive',
  'application/x-xpinstall',
]);

type MetaReader = (type: string, bytes: Bytes) => Promise<Record<string, unknown>>;

/** The library for each kind of file is loaded on demand. */
const readers = {
  image: async (type, bytes) => (await import('./images/image-meta.js')).readImageMeta(type, bytes),
  audio: async (type, bytes) => (await import('./audio-video/audio-meta.js')).readAudioMeta(type, bytes),
  video: async (type, bytes) => (await import('./audio-video/video-meta.js')).readVideoMeta(type, bytes),
  zip: async (_type, bytes) => (await import('./archives/zip-meta.js')).readZipMeta(bytes),
  office: async (_type, bytes) => (await import('./documents/office-meta.js')).readOfficeMeta(bytes),
  pdf: async (_type, bytes) => (await import('./documents/pdf-meta.js')).readPdfMeta(bytes),
} satisfies Record<string, MetaReader>;

function readerOf(type: string, mediaType: MediaType): MetaReader | undefined {
  if (mediaType === 'image' || mediaType === 'audio' || mediaType === 'video') return readers[mediaType];
  if (zips.has(type)) return readers.zip;
  if (isOfficeType(type)) return readers.office;
  return type === 'application/pdf' ? readers.pdf : undefined;
}

/** Whether `readMeta` can read metadata from this kind of file. */
export function hasMeta(type: string, mediaType: MediaType): boolean {
  return readerOf(essence(type), mediaType) !== undefined;
}

/**
 * Reads the metadata of a file (wire document section 4). Sizes, durations and counts are numbers, `encrypted` and `flash` are
 * booleans, and all other fields are strings. Unknown fields are absent. Only parts of the file are held in memory.
 * @param type the type, as decided by `decideKind`
 * @throws UnreadableMedia if the content does not match the type
 */
export async function readMeta(type: string, mediaType: MediaType, bytes: Bytes): Promise<Record<string, unknown>> {
  const name = essence(type);
  return readerOf(name, mediaType)?.(name, bytes) ?? {};
}
