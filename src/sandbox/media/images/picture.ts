import type { Bytes } from '../reading/bytes.js';
import { decodeImage } from './decode-image.js';
import { orientationOf, readExif } from './exif.js';
import { readImageHeader } from './image-header.js';
import { encodeJpeg } from './jpeg.js';
import { onWhite, shrink, upright } from './shape.js';

const quality = 85;

/**
 * A JPEG of which no edge is longer than `edge` pixels, standing upright; nothing, where there is no picture to be had.
 */
export async function makeThumbnail(
  type: string,
  bytes: Bytes,
  edge: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const pixels = await decodeImage(type, bytes);
  if (!pixels) return undefined;
  return encodeJpeg(upright(shrink(onWhite(pixels), edge), orientationOf(await readExif(bytes))), quality);
}

/** A JPEG in full size; `identity` where it is one. */
export async function makeJpeg(type: string, bytes: Bytes): Promise<Uint8Array<ArrayBuffer> | 'identity' | undefined> {
  const header = await readImageHeader(type, bytes).catch(() => undefined);
  if (header?.format === 'jpg') return 'identity';
  const pixels = await decodeImage(type, bytes);
  return pixels && encodeJpeg(onWhite(pixels), quality);
}
