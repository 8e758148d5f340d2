import type { Pixels } from './pixels.js';

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

/** Scales an opaque image down to a maximum edge length. Returns a smaller image unchanged. */
export function downscale(pixels: Pixels, edge: number): Pixels {
  const scale = edge / Math.max(pixels.width, pixels.height);
  if (scale >= 1) return pixels;
  const width = Math.max(1, Math.round(pixels.width * scale));
  const height = Math.max(1, Math.round(pixels.height * scale));
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = sourceRange(y, height, pixels.height);
    for (let x = 0; x < width; x++) {
      const [left, right] = sourceRange(x, width, pixels.width);
      data.set(average(pixels, left, right, top, bottom), (y * width + x) * 4);
    }
  }
  return { width, height, data };
}

/** The range of source pixels that are averaged into the target pixel at `position`. */
function sourceRange(position: number, small: number, large: number): [from: number, to: number] {
  const from = Math.floor((position * large) / small);
  return [from, Math.max(from + 1, Math.floor(((position + 1) * large) / small))];
}

function average({ width, data }: Pixels, left: number, right: number, top: number, bottom: number) {
  let [red, green, blue] = [0, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let offset = (y * width + left) * 4; offset < (y * width + right) * 4; offset += 4) {
      red += data[offset] ?? 0;
      green += data[offset + 1] ?? 0;
      blue += data[offset + 2] ?? 0;
    }
  }
  const count = (right - left) * (bottom - top);
  return [Math.round(red / count), Math.round(green / count), Math.round(blue / count), 255];
}

/** Rotates and mirrors an image for display (EXIF 2.32, tag 274). */
export function applyOrientation(pixels: Pixels, orientation: number): Pixels {
  if (orientation === 1) return pixels;
  const onItsSide = orientation >= 5;
  const width = onItsSide ? pixels.height : pixels.width;
  const height = onItsSide ? pixels.width : pixels.height;
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  const data = new Uint8Array(pixels.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [along, up] = onItsSide ? [y, x] : [x, y];
      const column = fromRight ? pixels.width - 1 - along : along;
      const row = fromBelow ? pixels.height - 1 - up : up;
      const source = (row * pixels.width + column) * 4;
      data.set(pixels.data.subarray(source, source + 4), (y * width + x) * 4);
    }
  }
  return { width, height, data };
}
