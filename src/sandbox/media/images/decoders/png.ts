import { type Pixels, UndecodableImage } from './pixels.js';
import { inflate, type PngChunks, type PngHeader, readChunks } from './png-chunks.js';

/** The offset of the first pixel of a pass, and the distance between its pixels. */
type Pass = [left: number, top: number, across: number, down: number];

const inOnePass: Pass[] = [[0, 0, 1, 1]];
/** Adam7 (W3C PNG, section 8.1). */
const inSevenPasses: Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/**
 * Decodes a PNG of any color type. The small npm libraries inflate all of the data, whatever size the header declares, and decode
 * some color types wrong. This decoder inflates only as many bytes as the header has pixels for.
 */
export async function decodePng(file: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  const chunks = readChunks(file);
  const { width, height, depth, channels, interlaced } = chunks.header;
  const passes = (interlaced ? inSevenPasses : inOnePass)
    .map((pass) => measure(chunks.header, pass))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const length = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
  const scanlines = await inflate(chunks.data, length);
  const data = new Uint8Array(width * height * 4);
  const paint = painter(chunks, data);
  const pixelBytes = Math.max(1, (channels * depth) / 8);
  let offset = 0;
  for (const { pass, columns, rows, rowBytes } of passes) {
    const [left, top, across, down] = pass;
    let above = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++) {
      const line = scanlines.subarray(offset + 1, offset + 1 + rowBytes);
      unfilter(scanlines[offset] ?? 0, line, above, pixelBytes);
      const start = (top + row * down) * width + left;
      for (let column = 0; column < columns; column++) paint(line, column, (start + column * across) * 4);
      above = line;
      offset += 1 + rowBytes;
    }
  }
  return { width, height, data };
}

function measure({ width, height, channels, depth }: PngHeader, pass: Pass) {
  const [left, top, across, down] = pass;
  const columns = Math.ceil((width - left) / across);
  return {
    pass,
    columns,
    rows: Math.ceil((height - top) / down),
    rowBytes: Math.ceil((columns * channels * depth) / 8),
  };
}

/** Reverses a filter: each byte is stored as its difference from a predicted value (W3C PNG, section 9). */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  if (filter > 4) throw new UndecodableImage('the PNG has an invalid filter type');
  if (filter === 0) return;
  for (let index = 0; index < line.length; index++) {
    const a = index < pixelBytes ? 0 : (line[index - pixelBytes] ?? 0);
    const b = above[index] ?? 0;
    let predicted = a;
    if (filter === 2) predicted = b;
    if (filter === 3) predicted = (a + b) >> 1;
    if (filter === 4) predicted = paeth(a, b, index < pixelBytes ? 0 : (above[index - pixelBytes] ?? 0));
    line[index] = (line[index] ?? 0) + predicted;
  }
}

function paeth(a: number, b: number, c: number): number {
  const estimate = a + b - c;
  const toA = Math.abs(estimate - a);
  const toB = Math.abs(estimate - b);
  const toC = Math.abs(estimate - c);
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}

/** Returns a function that writes one pixel of a scanline into the image. */
function painter({ header, palette, transparency }: PngChunks, data: Uint8Array) {
  const { depth, channels, indexed } = header;
  const colors = channels < 3 ? 1 : 3;
  const hasAlpha = channels === 2 || channels === 4;
  const most = 2 ** depth - 1;
  const sampleOf = (line: Uint8Array, index: number) => {
    if (depth === 8) return line[index] ?? 0;
    if (depth === 16) return ((line[index * 2] ?? 0) << 8) | (line[index * 2 + 1] ?? 0);
    const bit = index * depth;
    return ((line[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & most;
  };
  const transparentColor =
    !hasAlpha && transparency.length >= colors * 2
      ? Array.from(
          { length: colors },
          (_, color) => ((transparency[color * 2] ?? 0) << 8) | (transparency[color * 2 + 1] ?? 0),
        )
      : undefined;

  if (indexed) {
    return (line: Uint8Array, column: number, target: number) => {
      const entry = sampleOf(line, column);
      for (let color = 0; color < 3; color++) data[target + color] = palette[entry * 3 + color] ?? 0;
      data[target + 3] = transparency[entry] ?? 255;
    };
  }
  return (line: Uint8Array, column: number, target: number) => {
    const first = column * channels;
    for (let color = 0; color < 3; color++) {
      data[target + color] = (sampleOf(line, first + (colors === 1 ? 0 : color)) * 255) / most;
    }
    data[target + 3] = 255;
    if (hasAlpha) data[target + 3] = (sampleOf(line, first + colors) * 255) / most;
    if (transparentColor?.every((value, color) => sampleOf(line, first + color) === value)) data[target + 3] = 0;
  };
}
