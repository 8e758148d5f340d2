// the lite build does not import modules of Node
import { parse } from 'exifr/dist/lite.esm.mjs';
import { type Bytes, readPart } from '../reading/bytes.js';

/** EXIF tags by name, with their raw values. */
export type Exif = Readonly<Record<string, unknown>>;

const options = { tiff: true, exif: true, gps: true, translateValues: false, reviveValues: false };

/** EXIF data has at most 64 KiB and is near the start of the file. */
const headBytes = 256 * 1024;

/** The EXIF data of a JPEG. Returns no tags if the image has none or they are unreadable. */
export async function readExif(bytes: Bytes): Promise<Exif> {
  const head = await readPart(bytes, 0, headBytes);
  const tags = await parse(head, options).catch(() => undefined);
  return typeof tags === 'object' && tags !== null ? { ...tags } : {};
}

/** The orientation, 1 to 8, that says how to rotate or mirror the image for display (EXIF 2.32 section 4.6.4, tag 274). */
export function orientationOf({ Orientation: value }: Exif): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 8 ? value : 1;
}
