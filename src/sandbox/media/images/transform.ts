import type { Pixels } from './decoders/pixels.js';

/** Replaces transparency with a white background, because JPEG has no alpha channel. Changes `pixels` in place. */
export function flattenOnWhite(pixels: Pixels): Pixels {
  const { data } = pixels;
  for (let offset = 0; offset < data.length; offset += 4) {
    const opacity = data[offset + 3] ?? 255;
    if (opacity === 255) continue;
    for (let color = offset; color < offset + 3; color++) {
      data[color] = 255 + (((data[color] ?? 0) - 255) * opacity) / 255;
    }
    data[offset + 3] = 255;
  }
  return pixels;
}

/**
 * Scales an opaque image down to a maximum edge length. Each pixel is the average of the area that it covers, at any ratio: a pixel
 * of the original that is covered in part counts in part. Returns a smaller image unchanged.
 */
export function downscale(pixels: Pixels, edge: number): Pixels {
  const scale = edge / Math.max(pixels.width, pixels.height);
  if (scale >= 1) return pixels;
  const width = Math.max(1, Math.round(pixels.width * scale));
  const height = Math.max(1, Math.round(pixels.height * scale));
  const data = new Uint8Array(width * height * 4);
  const columns = coverage(pixels.width, width);
  const rows = coverage(pixels.height, height);
  const sums = new Float64Array(width * 3);
  const narrowed = { row: -1, colors: new Float64Array(width * 3) };
  for (const [y, { from, weights }] of rows.entries()) {
    sums.fill(0);
    for (const [index, weight] of weights.entries()) {
      const row = from + index;
      if (narrowed.row !== row) narrowRow(pixels, row, columns, narrowed.colors);
      narrowed.row = row;
      for (let color = 0; color < sums.length; color++) {
        sums[color] = (sums[color] ?? 0) + (narrowed.colors[color] ?? 0) * weight;
      }
    }
    for (let x = 0; x < width; x++) {
      const target = (y * width + x) * 4;
      for (let color = 0; color < 3; color++) data[target + color] = Math.round(sums[x * 3 + color] ?? 0);
      data[target + 3] = 255;
    }
  }
  return { width, height, data };
}

interface Coverage {
  /** The first pixel of the original that is covered. */
  from: number;
  /** The share of each covered pixel in the average. */
  weights: number[];
}

/** Which pixels of the original each pixel covers, in one dimension. */
function coverage(large: number, small: number): Coverage[] {
  const ratio = large / small;
  return Array.from({ length: small }, (_, position) => {
    const [start, end] = [position * ratio, Math.min((position + 1) * ratio, large)];
    const from = Math.floor(start);
    const to = Math.max(from + 1, Math.ceil(end - 1e-9));
    const weights = Array.from(
      { length: to - from },
      (_, index) => Math.min(from + index + 1, end) - Math.max(from + index, start),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { from, weights: weights.map((weight) => weight / total) };
  });
}

function narrowRow({ width, data }: Pixels, row: number, columns: Coverage[], colors: Float64Array): void {
  let target = 0;
  for (const { from, weights } of columns) {
    let [red, green, blue] = [0, 0, 0];
    let offset = (row * width + from) * 4;
    for (const weight of weights) {
      red += (data[offset] ?? 0) * weight;
      green += (data[offset + 1] ?? 0) * weight;
      blue += (data[offset + 2] ?? 0) * weight;
      offset += 4;
    }
    colors[target++] = red;
    colors[target++] = green;
    colors[target++] = blue;
  }
}

/** Rotates and mirrors an image for display (EXIF 2.32, tag 274). */
export function applyOrientation(pixels: Pixels, orientation: number): Pixels {
  if (orientation === 1) return pixels;
  const isTransposed = orientation >= 5;
  const width = isTransposed ? pixels.height : pixels.width;
  const height = isTransposed ? pixels.width : pixels.height;
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  const data = new Uint8Array(pixels.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [along, up] = isTransposed ? [y, x] : [x, y];
      const column = fromRight ? pixels.width - 1 - along : along;
      const row = fromBelow ? pixels.height - 1 - up : up;
      const source = (row * pixels.width + column) * 4;
      data.set(pixels.data.subarray(source, source + 4), (y * width + x) * 4);
    }
  }
  return { width, height, data };
}
