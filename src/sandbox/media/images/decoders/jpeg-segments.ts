import { UndecodableImage } from './pixels.js';

export interface JpegSegments {
  /** The file with only the segments that are needed to decode its pixels, and with an end marker. */
  clean: Uint8Array<ArrayBuffer>;
  /** The number of color channels. */
  channels: number;
  /** Whether the three channels are red, green and blue, and not YCbCr. */
  isRgb: boolean;
  /** The ICC profile. Undefined if there is none or a part of it is missing. */
  profile: Uint8Array | undefined;
}

/** A progressive JPEG can have any number of tiny scans, and the decoder visits all pixels for each of them. */
const maxScans = 100;

const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** The segments that describe the pixels: frames, tables, restart intervals, JFIF and Adobe. */
const isNeeded = (marker: number) => isFrame(marker) || [0xc4, 0xdb, 0xdd, 0xe0, 0xee].includes(marker);

/**
 * Reads the segments of a JPEG as libjpeg does: skips bytes between segments, and accepts a file without an end marker. jpeg-js
 * stops at both, although they are common (eugeneware/jpeg-js#82).
 */
export function readSegments(file: Uint8Array<ArrayBuffer>): JpegSegments {
  const parts: Uint8Array[] = [file.subarray(0, 2)];
  const profileParts = new Map<number, Uint8Array>();
  let profileCount = 0;
  let scans = 0;
  let channels = 0;
  let channelIds = '';
  let hasJfif = false;
  let adobeTransform: number | undefined;
  let at = 2;
  for (;;) {
    while (at < file.length && !(file[at] === 0xff && isMarker(file[at + 1]))) at += 1;
    const marker = file[at + 1];
    if (marker === undefined || marker === 0xd9) break;
    const length = ((file[at + 2] ?? 0) << 8) | (file[at + 3] ?? 0);
    const segment = file.subarray(at, at + 2 + length);
    const content = segment.subarray(4);
    if (length < 2 || segment.length < 2 + length) break;
    let end = at + 2 + length;
    if (isFrame(marker)) {
      channels = content[5] ?? 0;
      channelIds = String.fromCharCode(...[0, 1, 2].map((channel) => content[6 + channel * 3] ?? 0));
    } else if (marker === 0xe0 && startsWith(content, 'JFIF\0')) hasJfif = true;
    else if (marker === 0xee && startsWith(content, 'Adobe')) adobeTransform = content[11];
    else if (marker === 0xe2 && startsWith(content, 'ICC_PROFILE\0')) {
      profileParts.set(content[12] ?? 0, content.subarray(14));
      profileCount = content[13] ?? 0;
    } else if (marker === 0xda) {
      scans += 1;
      if (scans > maxScans) throw new UndecodableImage('the JPEG has too many scans');
      end = endOfScan(file, end);
    }
    if (isNeeded(marker) || marker === 0xda) parts.push(file.subarray(at, end));
    at = end;
  }
  if (scans === 0) throw new UndecodableImage('the JPEG has no pixels');
  parts.push(new Uint8Array([0xff, 0xd9]));
  return {
    clean: concat(parts),
    channels,
    isRgb:
      channels === 3 && (adobeTransform === 0 || (adobeTransform === undefined && !hasJfif && channelIds === 'RGB')),
    profile:
      profileCount > 0 && profileParts.size === profileCount
        ? concat(Array.from({ length: profileCount }, (_, index) => profileParts.get(index + 1) ?? new Uint8Array()))
        : undefined,
  };
}

/** Whether a byte after 0xff begins a segment with a length, or is the end marker. */
function isMarker(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0xc0 && byte !== 0xff && byte !== 0xd8 && !isRestart(byte);
}

const isRestart = (byte: number) => byte >= 0xd0 && byte <= 0xd7;

function endOfScan(file: Uint8Array<ArrayBuffer>, from: number): number {
  for (let at = file.indexOf(0xff, from); at >= 0; at = file.indexOf(0xff, at + 1)) {
    if (isMarker(file[at + 1])) return at;
  }
  return file.length;
}

function startsWith(content: Uint8Array, text: string): boolean {
  return [...text].every((character, index) => content[index] === character.charCodeAt(0));
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
