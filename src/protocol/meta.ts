/**
 * What is known about a file's content (wire document section 4). Which fields there are depends on its media type; the
 * documentation gives neither types nor units. Digits become numbers; where only a number makes sense, anything else is left
 * out. Fields that the server adds are kept.
 */
export interface FileMeta {
  /** Documents, audio, video. */
  title?: string;
  /** Documents, video. */
  author?: string;
  /** Documents: a tag as doctag.org had it. */
  doctag?: string;
  /** Images, video: pixels. */
  width?: number;
  height?: number;
  /** Images: as in EXIF. */
  orientation?: number | string;
  iso?: number;
  flash?: boolean | number | string;
  vendor?: string;
  model?: string;
  gps_latitude?: number | string;
  gps_latitude_reference?: 'N' | 'S' | (string & {});
  gps_longitude?: number | string;
  gps_longitude_reference?: 'E' | 'W' | (string & {});
  gps_altitude?: number | string;
  /** Audio. */
  album?: string;
  artist?: string;
  year?: number | string;
  genre?: string;
  /** Audio, video: seconds. */
  duration?: number;
  /** Video: degrees. */
  rotation?: number;
  /** Video: `hd` or `sd`. */
  definition?: string;
  /** Archives. */
  encrypted?: boolean;
  /** Archives: bytes packed and unpacked, and how many files. */
  bytesComp?: number;
  bytesUncomp?: number;
  numFiles?: number;
}

const numbers = new Set(['width', 'height', 'iso', 'duration', 'rotation', 'bytesComp', 'bytesUncomp', 'numFiles']);
const numbersOrText = new Set(['year', 'orientation', 'gps_latitude', 'gps_longitude', 'gps_altitude']);

export function readMeta(wire: Record<string, unknown>): FileMeta {
  const meta: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wire)) {
    const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
    if (numbers.has(name)) {
      if (typeof number === 'number') meta[name] = number;
    } else if (name !== '__proto__') meta[name] = numbersOrText.has(name) ? number : value;
  }
  return meta;
}
