import type { Bytes } from './reading/bytes.js';
import { essence } from './reading/values.js';

const zips = new Set(['application/zip', 'application/x-zip-compressed', 'application/x-zip']);

/**
 * What a file tells about itself (wire document section 4): numbers for sizes, durations and counts, booleans for
 * `encrypted` and `flash`, text otherwise. A field that is not known is absent. However large a file is, only parts
 * of it are held in memory. The library that a kind of file needs is loaded with the first such file.
 * @param type the media type it was uploaded with
 * @param mediaType doctape's own: `image`, `audio`, `video`, `archive`, `document` or `unknown`
 * @throws UnreadableMedia when it is not what its type says
 */
export async function readMeta(type: string, mediaType: string, bytes: Bytes): Promise<Record<string, unknown>> {
  const claimed = essence(type);
  if (mediaType === 'image') return (await import('./images/image-meta.js')).readImageMeta(claimed, bytes);
  if (mediaType === 'audio') return (await import('./audio-video/timed-media.js')).readAudioMeta(claimed, bytes);
  if (mediaType === 'video') return (await import('./audio-video/timed-media.js')).readVideoMeta(claimed, bytes);
  if (zips.has(claimed)) return (await import('./archives/zip-meta.js')).readZipMeta(bytes);
  if (claimed === 'application/pdf') return (await import('./documents/pdf-meta.js')).readPdfMeta(bytes);
  return {};
}
