import { imageSize } from 'image-size';
import { type Bytes, readPart } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';

/** The formats whose first bytes say what they are. A file that claims one of them has to be it. */
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
  /** Pixels, as they are stored. */
  width: number;
  height: number;
}

/** Where a JPEG says its size is behind its EXIF data and colour profile. */
const headBytes = [256 * 1024, 8 * 1024 * 1024];

/**
 * What the head of an image says about it. Reads 256 KiB, and 8 MiB when that was not enough.
 * @returns nothing, when its format is none that can be recognised
 * @throws UnreadableMedia when it is not the format that its type names
 */
export async function readImageHeader(type: string, bytes: Bytes): Promise<ImageHeader | undefined> {
  const claimed = formats.get(type);
  for (const length of headBytes) {
    const head = await readPart(bytes, 0, length);
    try {
      const { type: format = '', width, height } = imageSize(head);
      if (claimed !== undefined && format !== claimed) break;
      if (width > 0 && height > 0) return { format, width, height };
    } catch {} // it says so by throwing, whatever was wrong
    if (head.byteLength === bytes.size) break;
  }
  if (claimed !== undefined) throw new UnreadableMedia(`this is no readable ${type}`);
  return undefined;
}
