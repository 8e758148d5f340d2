import { assertDecodable, type Pixels, UndecodableImage } from './pixels.js';

export interface BmpHeader {
  width: number;
  height: number;
  /** Whether the first row of the file is the top row. */
  isTopDown: boolean;
  /** Bits per pixel. */
  depth: number;
  compression: 'none' | 'rle8' | 'rle4' | 'unsupported';
  /** The bits of red, green, blue and alpha in a pixel of 16 or 32 bits. An alpha of 0 means that there is none. */
  masks: readonly [red: number, green: number, blue: number, alpha: number];
  /** The offset of the palette, and the bytes of each of its colors. */
  palette: { offset: number; colorBytes: number; colors: number };
  pixelOffset: number;
}

const noMasks = [0, 0, 0, 0] as const;
const masks555 = [0x7c00, 0x3e0, 0x1f, 0] as const;
const masks888 = [0xff0000, 0xff00, 0xff, 0] as const;

/**
 * Reads the header of a BMP. Its versions differ in length: 12 bytes for OS/2 1, 16 to 64 for OS/2 2, 40 for Windows 3, and 52 to 124
 * for later versions of Windows.
 * @returns undefined if it is not a BMP
 */
export function readBmpHeader(file: Uint8Array<ArrayBuffer>): BmpHeader | undefined {
  if (file.byteLength < 26 || file[0] !== 0x42 || file[1] !== 0x4d) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pixelOffset = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  if (headerBytes === 12) {
    const depth = view.getUint16(24, true);
    return {
      width: view.getUint16(18, true),
      height: view.getUint16(20, true),
      isTopDown: false,
      depth,
      compression: 'none',
      masks: masks888,
      palette: { offset: 26, colorBytes: 3, colors: paletteColors(depth, 0) },
      pixelOffset,
    };
  }
  if (headerBytes < 16 || headerBytes > 256 || file.byteLength < 14 + headerBytes) return undefined;
  /** A field of the header. A field that a short header does not have is 0. */
  const field = (offset: number) => (14 + headerBytes >= offset + 4 ? view.getUint32(offset, true) : 0);
  const depth = view.getUint16(28, true);
  const compression = field(30);
  const isOs2 = headerBytes === 16 || headerBytes === 64; // there, compression 3 and 4 are Huffman and RLE24
  const hasMasks = !isOs2 && (compression === 3 || compression === 6);
  const masksAfterHeader = hasMasks && headerBytes === 40;
  const maskBytes = masksAfterHeader ? (compression === 6 ? 16 : 12) : 0;
  const mask = (offset: number) => (file.byteLength >= offset + 4 ? view.getUint32(offset, true) : 0);
  const signedHeight = field(22) | 0;
  return {
    width: field(18) | 0,
    height: Math.abs(signedHeight),
    isTopDown: signedHeight < 0,
    depth,
    compression:
      compression === 0 || hasMasks
        ? 'none'
        : compression === 1 && depth === 8
          ? 'rle8'
          : compression === 2 && depth === 4
            ? 'rle4'
            : 'unsupported',
    masks: hasMasks
      ? [mask(54), mask(58), mask(62), compression === 6 || headerBytes >= 56 ? mask(66) : 0]
      : depth === 16
        ? masks555
        : depth === 32
          ? masks888
          : noMasks,
    palette: { offset: 14 + headerBytes + maskBytes, colorBytes: 4, colors: paletteColors(depth, field(46)) },
    pixelOffset,
  };
}

function paletteColors(depth: number, declared: number): number {
  if (depth > 8) return 0;
  return declared > 0 ? Math.min(declared, 2 ** depth) : 2 ** depth;
}

/** Decodes a BMP with a palette, RGB or bit fields, uncompressed or with RLE, of OS/2 and Windows. */
export function decodeBmp(file: Uint8Array<ArrayBuffer>): Pixels {
  const header = readBmpHeader(file);
  if (!header || header.compression === 'unsupported' || ![1, 2, 4, 8, 16, 24, 32].includes(header.depth)) {
    throw new UndecodableImage('the BMP has an unsupported header, compression or bit depth');
  }
  assertDecodable(header.width, header.height);
  const data = new Uint8Array(header.width * header.height * 4);
  if (header.compression === 'none') paintRows(file, header, data);
  else paintRuns(file, header, data);
  return { width: header.width, height: header.height, data };
}

function paintRows(file: Uint8Array<ArrayBuffer>, header: BmpHeader, data: Uint8Array): void {
  const { width, height, isTopDown, depth, pixelOffset } = header;
  const rowBytes = Math.ceil((width * depth) / 32) * 4;
  // the padding of the last row can be missing
  if (pixelOffset + rowBytes * (height - 1) + Math.ceil((width * depth) / 8) > file.byteLength)
    throw new UndecodableImage('the BMP is truncated');
  const paint = painter(file, header, data);
  for (let row = 0; row < height; row++) {
    const line = pixelOffset + rowBytes * row;
    const target = (isTopDown ? row : height - 1 - row) * width * 4;
    for (let column = 0; column < width; column++) paint(line, column, target + column * 4);
  }
}

/** Returns a function that writes one pixel of a row into the image. */
function painter(file: Uint8Array<ArrayBuffer>, { depth, masks, palette }: BmpHeader, data: Uint8Array) {
  if (depth <= 8) {
    return (line: number, column: number, target: number) => {
      const bit = column * depth;
      const entry = ((file[line + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
      paintEntry(file, palette, entry, data, target);
    };
  }
  if (depth === 24) {
    return (line: number, column: number, target: number) => {
      const source = line + column * 3;
      data[target] = file[source + 2] ?? 0;
      data[target + 1] = file[source + 1] ?? 0;
      data[target + 2] = file[source] ?? 0;
      data[target + 3] = 255;
    };
  }
  const bytes = depth / 8;
  const channels = masks.map(channelOf);
  const hasAlpha = masks[3] !== 0;
  return (line: number, column: number, target: number) => {
    let pixel = 0;
    for (let byte = bytes - 1; byte >= 0; byte--) pixel = pixel * 256 + (file[line + column * bytes + byte] ?? 0);
    for (const [index, channel] of channels.entries()) data[target + index] = channel(pixel);
    if (!hasAlpha) data[target + 3] = 255;
  };
}

/** Returns a function that extracts a channel from a pixel, as 0 to 255. */
function channelOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  let lowest = 1;
  while (Math.floor(mask / lowest) % 2 === 0) lowest *= 2;
  let most = 0;
  for (let rest = Math.floor(mask / lowest); rest % 2 === 1; rest = Math.floor(rest / 2)) most = most * 2 + 1;
  return (pixel) => Math.round(((Math.floor(pixel / lowest) % (most + 1)) * 255) / most);
}

function paintEntry(
  file: Uint8Array<ArrayBuffer>,
  { offset, colorBytes, colors }: BmpHeader['palette'],
  entry: number,
  data: Uint8Array,
  target: number,
): void {
  const color = offset + colorBytes * entry;
  const isKnown = entry < colors;
  data[target] = isKnown ? (file[color + 2] ?? 0) : 0;
  data[target + 1] = isKnown ? (file[color + 1] ?? 0) : 0;
  data[target + 2] = isKnown ? (file[color] ?? 0) : 0;
  data[target + 3] = 255;
}

/** Run-length encoding: pairs of a count and a value, and after a count of 0 an escape. Pixels that are skipped are the first color. */
function paintRuns(file: Uint8Array<ArrayBuffer>, header: BmpHeader, data: Uint8Array): void {
  const { width, height, palette, pixelOffset, compression } = header;
  const isNibbles = compression === 'rle4';
  let at = pixelOffset;
  let column = 0;
  let row = 0;
  for (let pixel = 0; pixel < width * height; pixel++) paintEntry(file, palette, 0, data, pixel * 4);
  const next = () => {
    const byte = file[at++];
    if (byte === undefined) throw new UndecodableImage('the BMP is truncated');
    return byte;
  };
  const put = (entry: number) => {
    if (column < width && row < height) {
      paintEntry(file, palette, entry, data, ((height - 1 - row) * width + column) * 4);
    }
    column += 1;
  };
  while (row < height) {
    const count = next();
    const value = next();
    if (count > 0) {
      for (let index = 0; index < count; index++) put(isNibbles ? (index % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      column = 0;
      row += 1;
    } else if (value === 1) return;
    else if (value === 2) {
      column += next();
      row += next();
    } else {
      const bytes = isNibbles ? Math.ceil(value / 2) : value;
      for (let index = 0; index < value; index++) {
        const byte = file[at + (isNibbles ? index >> 1 : index)];
        if (byte === undefined) throw new UndecodableImage('the BMP is truncated');
        put(isNibbles ? (index % 2 === 0 ? byte >> 4 : byte & 15) : byte);
      }
      at += bytes + (bytes % 2); // literal runs are padded to an even number of bytes
    }
  }
}
