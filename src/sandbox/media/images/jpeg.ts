import { decode, encode } from 'jpeg-js';
import { maxPixels, type Pixels, UndecodableImage } from './pixels.js';

/** A progressive JPEG can have any number of tiny scans, and the decoder visits all pixels for each of them. */
const maxScans = 100;

export function decodeJpeg(file: Uint8Array<ArrayBuffer>): Pixels {
  let scans = 0;
  for (let at = file.indexOf(0xff); at >= 0 && at < file.length; at = file.indexOf(0xff, at + 1)) {
    if (file[at + 1] === 0xda) scans += 1;
  }
  if (scans > maxScans) throw new UndecodableImage('the JPEG has too many scans');
  return decode(file, {
    useTArray: true,
    tolerantDecoding: false,
    maxResolutionInMP: maxPixels / 1_000_000,
    maxMemoryUsageInMB: 1024,
  });
}

/** @param quality 1 to 100 */
export function encodeJpeg(pixels: Pixels, quality: number): Uint8Array<ArrayBuffer> {
  return withBuffer(() => new Uint8Array(encode(pixels, quality).data));
}

/**
 * jpeg-js returns its result with `Buffer.from`, even where `Buffer` does not exist. The encoder is synchronous, so a temporary
 * global `Buffer` is not visible to other code.
 */
function withBuffer<T>(work: () => T): T {
  if ('Buffer' in globalThis) return work();
  Object.defineProperty(globalThis, 'Buffer', { value: Uint8Array, configurable: true });
  try {
    return work();
  } finally {
    Reflect.deleteProperty(globalThis, 'Buffer');
  }
}
