/** A decoded image: four bytes per pixel, for red, green, blue and alpha. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
  /** The ICC profile of an image whose colors are not sRGB. */
  profile?: Uint8Array;
}

/** Enough for a camera with 24 megapixels. Decoded, such an image takes 100 MB. */
export const maxPixels = 25_000_000;

/** Thrown by the decoders. The message helps with debugging only: an image that cannot be decoded has no renditions. */
export class UndecodableImage extends Error {
  override readonly name = 'UndecodableImage';
}

/** Checks the size in the header before memory is allocated for the pixels. */
export function assertDecodable(width: number, height: number): void {
  if (!(width > 0 && height > 0)) throw new UndecodableImage('the image has no size');
  if (width * height > maxPixels) throw new UndecodableImage('the image has too many pixels');
}
