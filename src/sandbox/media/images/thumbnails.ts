import { type Bytes, readAll } from '../reading/bytes.js';
import { toStandardColors } from './color-profile.js';
import { decodeBmp } from './decoders/bmp.js';
import { decodeGif } from './decoders/gif.js';
import { decodeJpeg, encodeJpeg } from './decoders/jpeg.js';
import { assertDecodable, type Pixels } from './decoders/pixels.js';
import { decodePng } from './decoders/png.js';
import { orientationOf, readExif } from './exif.js';
import { type ImageHeader, readImageHeader } from './image-header.js';
import type { HeicDecode, ImagePeers, Sharp } from './image-peers.js';
import { applyOrientation, downscale, flattenOnWhite } from './transform.js';

const quality = 85;

/** The whole file is read into memory to be decoded. */
const maxBytes = 32 * 1024 * 1024;

const decoders: Record<string, (file: Uint8Array<ArrayBuffer>) => Pixels | Promise<Pixels>> = {
  jpg: decodeJpeg,
  png: decodePng,
  gif: decodeGif,
  bmp: decodeBmp,
};

/** The formats that sharp decodes: the first two faster than the decoders above. */
const sharpFormats = new Set(['jpg', 'png', 'webp', 'avif', 'tiff']);

/** sharp decodes most images in parts, so larger ones fit into memory. */
const maxSharpPixels = 64_000_000;

/**
 * Makes a JPEG for each maximum edge length in pixels, oriented for display. An image is never enlarged, except for SVG.
 * @returns an empty array if the image cannot be decoded
 */
export async function makeThumbnails(
  bytes: Bytes,
  edges: readonly number[],
  peers: ImagePeers,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const header = await readImageHeader(bytes);
  return header ? render(header, bytes, edges, peers) : [];
}

/** Makes a full-size JPEG. Returns `identity` if the original is a JPEG, and undefined if the image cannot be decoded. */
export async function makeJpeg(
  bytes: Bytes,
  peers: ImagePeers,
): Promise<Uint8Array<ArrayBuffer> | 'identity' | undefined> {
  const header = await readImageHeader(bytes);
  if (!header) return undefined;
  if (header.format === 'jpg') return 'identity';
  const [made] = await render(header, bytes, [undefined], peers);
  return made;
}

async function render(
  header: ImageHeader,
  bytes: Bytes,
  edges: readonly (number | undefined)[],
  { sharp, heicDecode, renderSvg }: ImagePeers,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const { format, width, height } = header;
  const decode = format === 'heic' && heicDecode ? heicDecoder(header, heicDecode) : decoders[format];
  const useSharp = sharp && sharpFormats.has(format) && !header.isPreview;
  const useSvg = format === 'svg' ? renderSvg : undefined;
  if (!useSharp && !useSvg && !decode) return [];
  const file = await readAll(bytes, maxBytes);
  if (!file) return [];
  try {
    if (useSharp) return await renderWithSharp(sharp, file, edges);
    const sizes = edges.map((edge) => (edge === undefined ? {} : { edge, density: svgDensity(edge, width, height) }));
    if (useSvg) return await useSvg(file, { pixels: maxSharpPixels, quality, sizes });
    const decoded = await decode?.(file);
    return decoded ? renderPixels(decoded, await orientationFor(format, bytes), edges) : [];
  } catch {
    return []; // each decoder throws other errors, and all of them mean that the image cannot be decoded
  }
}

function renderPixels(decoded: Pixels, orientation: number, edges: readonly (number | undefined)[]) {
  const opaque = flattenOnWhite(decoded);
  return edges.map((edge) => {
    const scaled = edge === undefined ? opaque : downscale(opaque, edge);
    const { profile } = decoded;
    const colored = profile ? toStandardColors({ ...scaled, data: scaled.data.slice(), profile }) : scaled;
    return encodeJpeg(applyOrientation(colored, orientation), quality);
  });
}

/** A HEIC image is rotated by its decoder, and may have the orientation in its EXIF data as well. */
async function orientationFor(format: string, bytes: Bytes): Promise<number> {
  return format === 'heic' ? 1 : (orientationOf(await readExif(format, bytes)) ?? 1);
}

function heicDecoder({ width, height }: ImageHeader, heicDecode: HeicDecode) {
  return async (file: Uint8Array<ArrayBuffer>): Promise<Pixels> => {
    assertDecodable(width, height);
    const decoded = await heicDecode({ buffer: file });
    return { width: decoded.width, height: decoded.height, data: new Uint8Array(decoded.data.buffer) };
  };
}

async function renderWithSharp(
  sharp: Sharp,
  file: Uint8Array<ArrayBuffer>,
  edges: readonly (number | undefined)[],
): Promise<Uint8Array<ArrayBuffer>[]> {
  const made: Uint8Array<ArrayBuffer>[] = [];
  for (const edge of edges) {
    let image = sharp(file, { limitInputPixels: maxSharpPixels, failOn: 'truncated' }).rotate();
    if (edge !== undefined)
      image = image.resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true });
    const jpeg = await image.flatten({ background: '#fff' }).jpeg({ quality }).timeout({ seconds: 50 }).toBuffer();
    made.push(new Uint8Array(jpeg)); // a copy: sharp's buffer can be a part of a larger one, which cannot be transferred
  }
  return made;
}

/** The resolution at which the longer edge has this number of pixels. At 72, one unit is one pixel. */
function svgDensity(edge: number, width: number, height: number): number {
  return Math.min(Math.max((72 * edge) / Math.max(width, height, 1), 1), 7_200);
}
