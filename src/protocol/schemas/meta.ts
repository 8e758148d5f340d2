/**
 * What is known about a file's content (wire document section 4). Which fields there are depends on its media type; the
 * documentation gives neither types nor units. Digits become numbers; where only a number makes sense, anything else is left
 * out. Fields that the server adds are kept, as in {@link Account}.
 */
export type FileMeta = {
  /** Documents, audio, video. */
  title?: string;
  /** Documents, video. */
  author?: string;
  /** Documents: a tag as doctag.org had it. */
  doctag?: string;
  /** Images, video: pixels. */
  width?: number;
  /** Images, video: pixels. */
  height?: number;
  /** Images: which way up it was taken, from 1 to 8 where it is as in EXIF. */
  orientation?: number | string;
  /** Images: the sensitivity it was taken with, such as 400. */
  iso?: number;
  /** Images: whether the flash fired, or EXIF's number for how. */
  flash?: boolean | number | string;
  /** Images: who made the camera. */
  vendor?: string;
  /** Images: which camera it was. */
  model?: string;
  /** Images: where it was taken, in degrees if it is as the sandbox has it, north or south as `gps_latitude_reference` says. */
  gps_latitude?: number | string;
  /** Images: the half of the earth that `gps_latitude` is in. */
  gps_latitude_reference?: 'N' | 'S' | (string & {});
  /** Images: where it was taken, in degrees likewise, east or west as `gps_longitude_reference` says. */
  gps_longitude?: number | string;
  /** Images: the half of the earth that `gps_longitude` is in. */
  gps_longitude_reference?: 'E' | 'W' | (string & {});
  /** Images: how high it was taken, in metres above the sea if it is as the sandbox has it. */
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
  /** Archives. */
  encrypted?: boolean;
  /** Archives: bytes as they are packed. */
  bytesComp?: number;
  /** Archives: bytes once unpacked. */
  bytesUncomp?: number;
  /** Archives: how many files are in it. */
  numFiles?: number;
};

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
