// the lite build is the one that asks for no modules of Node
import { parse } from 'exifr/dist/lite.esm.mjs';
import { type Bytes, readPart } from '../reading/bytes.js';

/** What a camera wrote into a picture, under the names of EXIF, its numbers as they stand there. */
export type Exif = Readonly<Record<string, unknown>>;

const options = { tiff: true, exif: true, gps: true, translateValues: false, reviveValues: false };

/** EXIF data is 64 KiB at most and stands in the beginning. */
const headBytes = 256 * 1024;

/** The EXIF data of a JPEG. A picture without it, or with something unreadable in its place, has none. */
export async function readExif(bytes: Bytes): Promise<Exif> {
  const head = await readPart(bytes, 0, headBytes);
  const tags = await parse(head, options).catch(() => undefined);
  return typeof tags === 'object' && tags !== null ? { ...tags } : {};
}

/** 1 to 8: how the picture has to be turned to stand upright (EXIF 2.32 section 4.6.4, tag 274). */
export function orientationOf({ Orientation: value }: Exif): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 8 ? value : 1;
}
