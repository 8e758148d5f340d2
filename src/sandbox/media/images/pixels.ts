/** A decoded picture: four bytes a pixel, red, green, blue and how opaque it is. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** 25 million: what a camera of 24 megapixels takes. Decoded, they are 100 MB. */
export const mostPixels = 25_000_000;

/** Thrown while decoding; what it was matters to nobody, as there is no rendition of such a picture. */
export class UndecodablePicture extends Error {
  override readonly name = 'UndecodablePicture';
}

/** Asked with what a header says, before there is memory for it. */
export function assertDecodable(width: number, height: number): void {
  if (!(width > 0 && height > 0)) throw new UndecodablePicture('the picture has no size');
  if (width * height > mostPixels) throw new UndecodablePicture('the picture has too many pixels');
}
