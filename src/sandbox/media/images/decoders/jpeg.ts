import { decode, encode } from 'jpeg-js';
import { readSegments } from './jpeg-segments.js';
import { maxPixels, type Pixels } from './pixels.js';

/** @returns the pixels, and the ICC profile that says how to show their colors */
export function decodeJpeg(file: Uint8Array<ArrayBuffer>): Pixels {
  const { clean, channels, isRgb, profile } = readSegments(file);
  const pixels = decode(clean, {
    useTArray: true,
    ...(isRgb && { colorTransform: false }),
    tolerantDecoding: true, // else a restart interval that is longer than the rest of the image is an error
    maxResolutionInMP: maxPixels / 1_000_000,
    maxMemoryUsageInMB: 1024,
  });
  return { ...pixels, ...(channels === 3 && profile && { profile }) };
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
