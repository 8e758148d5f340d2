import { decode, encode } from 'jpeg-js';
import { mostPixels, type Pixels, UndecodablePicture } from './pixels.js';

/** A progressive JPEG can have any number of scans of a few bytes, each of which takes a walk over all pixels. */
const mostScans = 100;

export function decodeJpeg(file: Uint8Array<ArrayBuffer>): Pixels {
  let scans = 0;
  for (let at = file.indexOf(0xff); at >= 0 && at < file.length; at = file.indexOf(0xff, at + 1)) {
    if (file[at + 1] === 0xda) scans += 1;
  }
  if (scans > mostScans) throw new UndecodablePicture('the JPEG has too many scans');
  return decode(file, {
    useTArray: true,
    tolerantDecoding: false,
    maxResolutionInMP: mostPixels / 1_000_000,
    maxMemoryUsageInMB: 1024,
  });
}

/** @param quality 1 to 100 */
export function encodeJpeg(pixels: Pixels, quality: number): Uint8Array<ArrayBuffer> {
  return withBuffer(() => new Uint8Array(encode(pixels, quality).data));
}

/**
 * jpeg-js hands out what it encoded by `Buffer.from`, also where there is no Buffer. It works without a pause, so for
 * as long as it does a stand-in can be there without anybody noticing.
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
