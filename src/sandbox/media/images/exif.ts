import { type Bytes, readPart } from '../reading/bytes.js';
import { readHeif } from './heif.js';
import { type ReadAt, readTiff, type TiffDirectory } from './tiff.js';
import { walkJpeg } from './walk-jpeg.js';

/** The tags of EXIF (EXIF 2.32 section 4.6), by the directory in which they are. */
export interface Exif {
  main: TiffDirectory;
  camera: TiffDirectory;
  gps: TiffDirectory;
}

const noTags: TiffDirectory = new Map();

/** Chunks beyond this number are not looked at. */
const maxParts = 1_000;

/**
 * The EXIF data of a JPEG, HEIC, AVIF, WebP, PNG, TIFF or camera RAW image. Returns no tags if the image has none or they are
 * unreadable.
 * @param format as in `readImageHeader`
 */
export async function readExif(format: string, bytes: Bytes): Promise<Exif> {
  const read = await locate(format, bytes);
  const tiff = read && (await readTiff(read));
  if (!tiff) return { main: noTags, camera: noTags, gps: noTags };
  return {
    main: tiff.main,
    camera: await tiff.directoryAt(tiff.main.get(0x8769)),
    gps: await tiff.directoryAt(tiff.main.get(0x8825)),
  };
}

/** The orientation, 1 to 8, that says how to rotate or mirror the image for display (EXIF 2.32 section 4.6.4, tag 274). */
export function orientationOf({ main }: Exif): number | undefined {
  const value = main.get(0x112);
  return typeof value === 'number' && value >= 1 && value <= 8 ? value : undefined;
}

async function locate(format: string, bytes: Bytes): Promise<ReadAt | undefined> {
  switch (format) {
    case 'jpg':
      return inJpeg(bytes, 0);
    case 'png':
      return inPng(bytes);
    case 'webp':
      return inWebp(bytes);
    case 'heic':
    case 'avif': {
      const exif = (await readHeif(bytes))?.exif;
      return exif && (await behindName(bytes, exif.offset, exif.length));
    }
    case 'tiff':
      return within(bytes, 0, bytes.size);
    case 'raf': {
      const head = await readPart(bytes, 84, 4);
      return head.byteLength === 4 ? inJpeg(bytes, uint32(head, 0)) : undefined;
    }
    default:
      return undefined;
  }
}

function within(bytes: Bytes, start: number, length: number): ReadAt {
  const end = Math.min(start + length, bytes.size);
  return (offset, count) => readPart(bytes, start + offset, Math.min(count, end - start - offset));
}

/** EXIF data, with or without the name that precedes it in a JPEG. */
async function behindName(bytes: Bytes, start: number, length: number): Promise<ReadAt> {
  const name = await readPart(bytes, start, 6);
  return textAt(name, 0, 6) === 'Exif\0\0' ? within(bytes, start + 6, length - 6) : within(bytes, start, length);
}

async function inJpeg(bytes: Bytes, at: number): Promise<ReadAt | undefined> {
  for await (const { marker, start, length } of walkJpeg(bytes, at)) {
    if (marker !== 0xe1 || textAt(await readPart(bytes, start, 6), 0, 6) !== 'Exif\0\0') continue;
    return within(bytes, start + 6, length - 6);
  }
  return undefined;
}

async function inPng(bytes: Bytes): Promise<ReadAt | undefined> {
  let at = 8;
  for (let part = 0; part < maxParts; part++) {
    const head = await readPart(bytes, at, 8);
    if (head.byteLength < 8) return undefined;
    const length = uint32(head, 0);
    if (textAt(head, 4, 8) === 'eXIf') return behindName(bytes, at + 8, length);
    at += 12 + length;
  }
  return undefined;
}

async function inWebp(bytes: Bytes): Promise<ReadAt | undefined> {
  let at = 12;
  for (let part = 0; part < maxParts; part++) {
    const head = await readPart(bytes, at, 8);
    if (head.byteLength < 8) return undefined;
    const length = new DataView(head.buffer, head.byteOffset).getUint32(4, true);
    if (textAt(head, 0, 4) === 'EXIF') return behindName(bytes, at + 8, length);
    at += 8 + length + (length % 2);
  }
  return undefined;
}

function uint32(bytes: Uint8Array<ArrayBuffer>, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
}

function textAt(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
