import { imageSize } from 'image-size';
import { type Bytes, readPart } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';

/** The types that are verified against the content. */
const formats = new Map([
  ['image/jpeg', 'jpg'],
  ['image/jpg', 'jpg'],
  ['image/pjpeg', 'jpg'],
  ['image/png', 'png'],
  ['image/gif', 'gif'],
  ['image/bmp', 'bmp'],
  ['image/x-bmp', 'bmp'],
  ['image/x-ms-bmp', 'bmp'],
  ['image/webp', 'webp'],
]);

export interface ImageHeader {
  /** `jpg`, `png`, `gif`, `bmp`, `webp` and others. */
  format: string;
  /** In pixels, before the EXIF orientation is applied. */
  width: number;
  height: number;
}

/** How much of the file to read. In a JPEG, the size comes after the EXIF data and the color profile. */
const headBytes = [256 * 1024, 8 * 1024 * 1024];

/**
 * The format and the size of an image, from its header. Reads 256 KiB, or 8 MiB if that is not enough.
 * @returns undefined if the format is unknown
 * @throws UnreadableMedia if the content does not match the media type
 */
export async function readImageHeader(type: string, bytes: Bytes): Promise<ImageHeader | undefined> {
  const declared = formats.get(type);
  for (const length of headBytes) {
    const head = await readPart(bytes, 0, length);
    try {
      const { type: format = '', width, height } = imageSize(head);
      if (declared !== undefined && format !== declared) break;
      if (width > 0 && height > 0) return { format, width, height };
    } catch {} // image-size throws if it needs more bytes, and also for an unknown format
    if (head.byteLength === bytes.size) break;
  }
  if (declared !== undefined) throw new UnreadableMedia(`the file is not a readable ${type} file`);
  return undefined;
}
