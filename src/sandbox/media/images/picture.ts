import type { Bytes } from '../reading/bytes.js';
import { decodeImage } from './decode-image.js';
import { orientationOf, readExif } from './exif.js';
import { readImageHeader } from './image-header.js';
import { encodeJpeg } from './jpeg.js';
import { onWhite, shrink, upright } from './shape.js';

const quality = 85;

/**
 * A JPEG for each edge, no side of which is longer than that many pixels, standing upright. Empty where there is no picture to be
 * had. The picture is decoded once.
 */
export async function makeThumbnails(
  type: string,
  bytes: Bytes,
  edges: readonly number[],
): Promise<Uint8Array<ArrayBuffer>[]> {
  const decoded = await decodeImage(type, bytes);
  if (!decoded) return [];
  const opaque = onWhite(decoded);
  const orientation = orientationOf(await readExif(bytes));
  return edges.map((edge) => encodeJpeg(upright(shrink(opaque, edge), orientation), quality));
}

/** A JPEG in full size; `identity` where it is one. */
export async function makeJpeg(type: string, bytes: Bytes): Promise<Uint8Array<ArrayBuffer> | 'identity' | undefined> {
  const header = await readImageHeader(type, bytes).catch(() => undefined);
  if (header?.format === 'jpg') return 'identity';
  const pixels = await decodeImage(type, bytes);
  return pixels && encodeJpeg(onWhite(pixels), quality);
}
