import type { Bytes } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact, textOf } from '../reading/values.js';
import { type Exif, orientationOf, readExif } from './exif.js';
import { readImageHeader } from './image-header.js';
import type { TiffValue } from './tiff.js';

/** The types whose content is verified, and their formats. */
const verified = new Map([
  ['image/jpeg', ['jpg']],
  ['image/png', ['png']],
  ['image/apng', ['png']],
  ['image/gif', ['gif']],
  ['image/bmp', ['bmp']],
  ['image/webp', ['webp']],
  ['image/avif', ['avif']],
  ['image/heic', ['heic']],
  ['image/heif', ['heic', 'avif']],
  ['image/tiff', ['tiff']],
]);

/**
 * The metadata of an image (wire document section 4): its size from the header, and its EXIF data.
 * @throws UnreadableMedia if the content does not match the media type
 */
export async function readImageMeta(type: string, bytes: Bytes): Promise<Record<string, unknown>> {
  const header = await readImageHeader(bytes);
  const formats = verified.get(type);
  if (formats && !formats.includes(header?.format ?? '')) {
    throw new UnreadableMedia(`the file is not a readable ${type} file`);
  }
  if (!header) return {};
  const exif = await readExif(header.format, bytes);
  return compact({
    width: header.width || undefined,
    height: header.height || undefined,
    ...cameraMeta(exif),
    ...placeMeta(exif),
  });
}

function cameraMeta(exif: Exif) {
  const flash = numberIn(exif.camera.get(0x9209));
  const iso = numberIn(exif.camera.get(0x8827));
  const orientation = orientationOf(exif);
  return {
    orientation: orientation && String(orientation),
    iso: iso ? String(iso) : undefined,
    flash: flash === undefined ? undefined : (flash & 1) === 1, // the other bits describe the flash mode
    vendor: textOf(exif.main.get(0x10f)),
    model: textOf(exif.main.get(0x110)),
  };
}

function placeMeta({ gps }: Exif) {
  const altitude = numberIn(gps.get(6));
  return {
    ...angle('gps_latitude', gps.get(2), textOf(gps.get(1)) ?? 'N', 90),
    ...angle('gps_longitude', gps.get(4), textOf(gps.get(3)) ?? 'E', 180),
    gps_altitude: altitude === undefined ? undefined : String(isBelowSea(gps.get(5)) ? -altitude : altitude),
  };
}

/** Degrees, minutes and seconds as degrees. Left out if they are not on the globe. */
function angle(name: string, value: TiffValue | undefined, reference: string, most: number): Record<string, string> {
  const parts = Array.isArray(value) ? value : [];
  const [degrees = Number.NaN, minutes = 0, seconds = 0] = parts;
  const all = degrees + minutes / 60 + seconds / 3600;
  const direction = reference.toUpperCase();
  if (!(all >= 0 && all <= most) || !/^[NSEW]$/.test(direction)) return {};
  return { [name]: String(all), [`${name}_reference`]: direction };
}

function numberIn(value: TiffValue | undefined): number | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'number' && Number.isFinite(first) ? first : undefined;
}

/** GPSAltitudeRef is one byte. */
function isBelowSea(reference: TiffValue | undefined): boolean {
  return reference instanceof Uint8Array && reference[0] === 1;
}
