import type { Bytes } from '../reading/bytes.js';
import { decodeImage } from './decode-image.js';
import { orientationOf, readExif } from './exif.js';
import { readImageHeader } from './image-header.js';
import { encodeJpeg } from './jpeg.js';
import { applyOrientation, downscale, flattenOnWhite } from './transform.js';

const quality = 85;

/**
 * Makes a JPEG for each maximum edge length in pixels, with the EXIF orientation applied. Decodes the image once.
 * @returns an empty array if the image cannot be decoded
 */
export async function makeThumbnails(
  type: string,
  bytes: Bytes,
  edges: readonly number[],
): Promise<Uint8Array<ArrayBuffer>[]> {
  const decoded = await decodeImage(type, bytes);
  if (!decoded) return [];
  const opaque = flattenOnWhite(decoded);
  const orientation = orientationOf(await readExif(bytes));
  return edges.map((edge) => encodeJpeg(applyOrientation(downscale(opaque, edge), orientation), quality));
}

/** Makes a full-size JPEG. Returns `identity` if the original is a JPEG, and undefined if the image cannot be decoded. */
export async function makeJpeg(type: string, bytes: Bytes): Promise<Uint8Array<ArrayBuffer> | 'identity' | undefined> {
  const header = await readImageHeader(type, bytes).catch(() => undefined);
  if (header?.format === 'jpg') return 'identity';
  const pixels = await decodeImage(type, bytes);
  return pixels && encodeJpeg(flattenOnWhite(pixels), quality);
}
