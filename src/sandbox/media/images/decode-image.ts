import { type Bytes, readAll } from '../reading/bytes.js';
import { decodeBmp } from './decode-bmp.js';
import { decodeGif } from './decode-gif.js';
import { decodePng } from './decode-png.js';
import { readImageHeader } from './image-header.js';
import { decodeJpeg } from './jpeg.js';
import type { Pixels } from './pixels.js';

/** A picture is decoded in memory, so its file has to fit there as well. */
const mostBytes = 32 * 1024 * 1024;

const decoders: Record<string, (file: Uint8Array<ArrayBuffer>) => Pixels | Promise<Pixels>> = {
  jpg: decodeJpeg,
  png: decodePng,
  gif: decodeGif,
  bmp: decodeBmp,
};

/** Nothing, when there is no decoder for it, it is too large, or it is damaged. */
export async function decodeImage(type: string, bytes: Bytes): Promise<Pixels | undefined> {
  try {
    const decode = decoders[(await readImageHeader(type, bytes))?.format ?? ''];
    const file = decode && (await readAll(bytes, mostBytes));
    return file && (await decode(file));
  } catch {
    return undefined; // decoders give up in many ways, and all of them mean that there is no picture to be had
  }
}
