/**
 * Metadata of a file's content. The fields depend on the media type. doctape's documentation specifies neither types nor units.
 * Numeric strings become numbers. A field that must be a number is left out if it is not one. Additional fields from the server
 * are kept, as in {@link Account}.
 */
export type FileMeta = {
  /** Documents, audio, video. */
  title?: string;
  /** Documents, video. */
  author?: string;
  /** Documents: a doctag.org tag. */
  doctag?: string;
  /** Images, video: pixels. */
  width?: number;
  /** Images, video: pixels. */
  height?: number;
  /** Images: the orientation. In the sandbox the EXIF value, from 1 to 8. */
  orientation?: number | string;
  /** Images: the ISO sensitivity, such as 400. */
  iso?: number;
  /** Images: whether the flash fired, or the EXIF value. */
  flash?: boolean | number | string;
  /** Images: the camera manufacturer. */
  vendor?: string;
  /** Images: the camera model. */
  model?: string;
  /** Images: the latitude. In the sandbox in degrees. See `gps_latitude_reference`. */
  gps_latitude?: number | string;
  /** Images: whether `gps_latitude` is north or south. */
  gps_latitude_reference?: 'N' | 'S' | (string & {});
  /** Images: the longitude. In the sandbox in degrees. See `gps_longitude_reference`. */
  gps_longitude?: number | string;
  /** Images: whether `gps_longitude` is east or west. */
  gps_longitude_reference?: 'E' | 'W' | (string & {});
  /** Images: the altitude. In the sandbox in metres above sea level. */
  gps_altitude?: number | string;
  /** Audio. */
  album?: string;
  /** Audio. */
  artist?: string;
  /** Audio. */
  year?: number | string;
  /** Audio. */
  genre?: string;
  /** Audio, video: seconds. */
  duration?: number;
  /** Video: degrees. */
  rotation?: number;
  /** Video: `hd` or `sd`. */
  definition?: string;
  /** Archives: whether the archive is encrypted. */
  encrypted?: boolean;
  /** Archives: the compressed size in bytes. */
  bytesComp?: number;
  /** Archives: the uncompressed size in bytes. */
  bytesUncomp?: number;
  /** Archives: the number of files. */
  numFiles?: number;
};

const numbers = new Set(['width', 'height', 'iso', 'duration', 'rotation', 'bytesComp', 'bytesUncomp', 'numFiles']);
const numbersOrText = new Set(['year', 'orientation', 'gps_latitude', 'gps_longitude', 'gps_altitude']);

/** Converts the metadata in place: a list can hold 100,000 files, most of them without any. */
export function readMeta(meta: Record<string, unknown>): FileMeta {
  for (const name of Object.keys(meta)) {
    const value = meta[name];
    const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
    if (name === '__proto__' || (numbers.has(name) && typeof number !== 'number')) delete meta[name];
    else if (numbers.has(name) || numbersOrText.has(name)) meta[name] = number;
  }
  return meta;
}
