import { imageSize } from 'image-size';
import { type Bytes, readPart } from '../reading/bytes.js';
import { readBmpHeader } from './decoders/bmp.js';
import { readHeif } from './heif.js';
import { readTiff, type TiffDirectory } from './tiff.js';
import { readJpegSize } from './walk-jpeg.js';

export interface ImageHeader {
  /** `jpg`, `png`, `gif`, `bmp`, `webp`, `heic`, `avif`, `tiff`, `raf`, `svg` and others. */
  format: string;
  /** In pixels, before the EXIF orientation is applied. 0 if they are unknown. */
  width: number;
  height: number;
  /** Whether the image that a decoder finds first is a smaller one: in a camera RAW file. */
  isPreview?: boolean;
}

/** How much of the file to read: some formats have the size behind other data. */
const headBytes = [256 * 1024, 8 * 1024 * 1024];

/**
 * The format and the size of an image, from its header. Reads 256 KiB, or 8 MiB if that is not enough.
 * @returns undefined if the format is unknown or the header is damaged
 */
export async function readImageHeader(bytes: Bytes): Promise<ImageHeader | undefined> {
  const start = await readPart(bytes, 0, 256);
  // image-size 2.1 stops at harmless damage of a JPEG
  if (start[0] === 0xff && start[1] === 0xd8 && start[2] !== undefined) {
    const size = await readJpegSize(bytes);
    return size && checked('jpg', size.width, size.height);
  }
  // it reads a BMP of OS/2 wrong, and may return the size of a tile or a thumbnail of a HEIC or TIFF image
  const bmp = readBmpHeader(start);
  if (bmp) return checked('bmp', bmp.width, bmp.height);
  const heif = await readHeif(bytes);
  if (heif) return checked(heif.format, heif.width, heif.height);
  const tiff = await readTiff((offset, length) => readPart(bytes, offset, length));
  if (tiff) {
    const { width, height } = await largestOf(tiff.main, tiff.directoryAt);
    return { format: 'tiff', width, height, isPreview: tiff.main.get(0x100) !== width };
  }
  if (String.fromCharCode(...start.subarray(0, 15)) === 'FUJIFILMCCD-RAW')
    return { format: 'raf', width: 0, height: 0 };
  for (const length of headBytes) {
    const head = await readPart(bytes, 0, length);
    try {
      const { type: format = '', width, height } = imageSize(head);
      if (width > 0 && height > 0) return { format, width, height };
    } catch {} // image-size throws if it needs more bytes, and also for an unknown format
    if (head.byteLength === bytes.size) break;
  }
  return undefined;
}

function checked(format: string, width: number, height: number): ImageHeader | undefined {
  return width > 0 && height > 0 ? { format, width, height } : undefined;
}

/** A camera RAW image has its picture in a directory below the first, which describes a thumbnail. */
async function largestOf(
  main: TiffDirectory,
  directoryAt: (offset: number) => Promise<TiffDirectory>,
): Promise<{ width: number; height: number }> {
  const below = main.get(0x14a);
  const offsets = typeof below === 'number' ? [below] : Array.isArray(below) ? below.slice(0, 16) : [];
  const directories = [main, ...(await Promise.all(offsets.map(directoryAt)))];
  const sizes = directories.map((directory) => {
    const [width, height] = [directory.get(0x100), directory.get(0x101)];
    return typeof width === 'number' && typeof height === 'number' ? { width, height } : { width: 0, height: 0 };
  });
  return sizes.reduce((most, size) => (size.width * size.height > most.width * most.height ? size : most));
}
