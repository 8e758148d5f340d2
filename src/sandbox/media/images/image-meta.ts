import type { Bytes } from '../reading/bytes.js';
import { compact, numberOf, textOf } from '../reading/values.js';
import { type Exif, orientationOf, readExif } from './exif.js';
import { readImageHeader } from './image-header.js';

/**
 * The metadata of an image (wire document section 4): its size from the header, and the EXIF data of a JPEG.
 * @throws UnreadableMedia if the content does not match the media type
 */
export async function readImageMeta(type: string, bytes: Bytes): Promise<Record<string, unknown>> {
  const header = await readImageHeader(type, bytes);
  if (!header) return {};
  const exif = header.format === 'jpg' ? await readExif(bytes) : {};
  return compact({ width: header.width, height: header.height, ...cameraMeta(exif), ...placeMeta(exif) });
}

function cameraMeta(exif: Exif) {
  const flash = numberOf(exif.Flash);
  return {
    orientation: exif.Orientation === undefined ? undefined : String(orientationOf(exif)),
    iso: textOf(Array.isArray(exif.ISO) ? exif.ISO[0] : exif.ISO),
    flash: flash === undefined ? undefined : (flash & 1) === 1, // the other bits describe the flash mode
    vendor: textOf(exif.Make),
    model: textOf(exif.Model),
  };
}

function placeMeta(exif: Exif) {
  const latitude = numberOf(exif.latitude); // computed by exifr, in degrees: negative in the south
  const longitude = numberOf(exif.longitude);
  const altitude = numberOf(exif.GPSAltitude);
  return {
    ...(latitude !== undefined && {
      gps_latitude: String(Math.abs(latitude)),
      gps_latitude_reference: latitude < 0 ? 'S' : 'N',
    }),
    ...(longitude !== undefined && {
      gps_longitude: String(Math.abs(longitude)),
      gps_longitude_reference: longitude < 0 ? 'W' : 'E',
    }),
    gps_altitude: altitude === undefined ? undefined : String(isBelowSea(exif.GPSAltitudeRef) ? -altitude : altitude),
  };
}

/** exifr returns GPSAltitudeRef as an array with one byte. */
function isBelowSea(reference: unknown): boolean {
  return (reference instanceof Uint8Array ? reference[0] : reference) === 1;
}
