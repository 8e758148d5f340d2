import type { FilesContext } from '../files/files-context.js';
import { hasRendition } from '../files/send.js';
import { readPart } from '../media/reading/bytes.js';
import { essence } from '../media/reading/values.js';
import type { FileRecord } from '../store/records.js';
import { storedBytes } from '../store/stored-bytes.js';

/** How a page shows a file: a rendition in an element of this kind, or text, or nothing but its name. */
export type Preview =
  | { kind: 'image' | 'audio' | 'video' | 'pdf'; rendition: string }
  | { kind: 'text'; text: string; isWhole: boolean }
  | { kind: 'waiting' | 'none' };

/** Types that browsers show. No other type is ever sent inline. SVG is safe in an image, where its scripts do not run. */
const shown: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['image', new Set('jpeg png gif webp avif bmp svg+xml'.split(' '))],
  ['audio', new Set('mpeg mp3 mp4 x-m4a aac ogg opus wav x-wav webm flac x-flac'.split(' '))],
  ['video', new Set('mp4 webm ogg quicktime'.split(' '))],
]);

/** The renditions of other types. */
const converted = { image: 'image.jpg', audio: 'audio.mp3', video: 'video_640.mp4' } as const;

/** Files whose content is text. HTML is shown as its source. */
const textual = /^text\/|^application\/(.+\+)?(json|xml|yaml|toml|javascript|typescript|x-sh|sql)$/;

const maxTextBytes = 256 * 1024;

export async function previewOf(context: FilesContext, file: FileRecord): Promise<Preview> {
  if (file.processing_status === 'processing') return { kind: 'waiting' };
  if (file.processing_status === 'failed') return { kind: 'none' };
  const { media_type } = file;
  const type = essence(file.type);
  if (media_type === 'image' || media_type === 'audio' || media_type === 'video') {
    const [, subtype = ''] = type.split('/');
    if (shown.get(media_type)?.has(subtype)) return { kind: media_type, rendition: 'original' };
    const rendition = converted[media_type];
    return (await hasRendition(context, file, rendition)) ? { kind: media_type, rendition } : { kind: 'none' };
  }
  if (textual.test(type)) return textOf(context, file);
  const rendition = 'document.pdf';
  return (await hasRendition(context, file, rendition)) ? { kind: 'pdf', rendition } : { kind: 'none' };
}

async function textOf({ store }: FilesContext, file: FileRecord): Promise<Preview> {
  const bytes = storedBytes(store, file);
  const start = await readPart(bytes, 0, maxTextBytes);
  bytes.check();
  const isWhole = file.size <= maxTextBytes;
  return { kind: 'text', text: decoded(start, isWhole), isWhole };
}

/** UTF-8, or UTF-16 with a byte order mark. A character that is cut off at the end is left out. */
function decoded(bytes: Uint8Array, isWhole: boolean): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes, { stream: !isWhole });
}
