import { type Bytes, readAll } from '../reading/bytes.js';
import { decodeBmp } from './decode-bmp.js';
import { decodeGif } from './decode-gif.js';
import { decodePng } from './decode-png.js';
import { readImageHeader } from './image-header.js';
import { decodeJpeg } from './jpeg.js';
import type { Pixels } from './pixels.js';

/** The whole file is read into memory to be decoded. */
const maxBytes = 32 * 1024 * 1024;

const decoders: Record<string, (file: Uint8Array<ArrayBuffer>) => Pixels | Promise<Pixels>> = {
  jpg: decodeJpeg,
  png: decodePng,
  gif: decodeGif,
  bmp: decodeBmp,
};

/** Returns undefined if the image has an unsupported format, is too large or is damaged. */
export async function decodeImage(type: string, bytes: Bytes): Promise<Pixels | undefined> {
  try {
    const decode = decoders[(await readImageHeader(type, bytes))?.format ?? ''];
    const file = decode && (await readAll(bytes, maxBytes));
    return file && (await decode(file));
  } catch {
    return undefined; // each decoder throws other errors, and all of them mean that the image cannot be decoded
  }
}
