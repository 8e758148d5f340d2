import type { Renditions } from './rendition.js';

/**
 * Draws a JPEG with a pattern. Its name is its size.
 * @param seed at least 18 hexadecimal digits, which determine the pattern
 * @param size the width and height in pixels
 */
export async function drawAvatar(seed: string, size: number): Promise<Renditions> {
  const { encodeJpeg } = await import('./images/decoders/jpeg.js');
  const nibble = (at: number) => Number.parseInt(seed[at % seed.length] ?? '0', 16);
  const ink = [80 + nibble(0) * 8, 80 + nibble(1) * 8, 80 + nibble(2) * 8];
  const pixels = new Uint8Array(size * size * 4).fill(245);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [column, row] = [Math.floor((x * 7) / size), Math.floor((y * 7) / size)];
      const mirrored = Math.min(column, 6 - column); // the pattern is symmetrical, like a face
      const inside = column > 0 && column < 6 && row > 0 && row < 6;
      if (inside && nibble(3 + mirrored * 5 + row) % 2 === 0) pixels.set(ink, (y * size + x) * 4);
    }
  }
  const bytes = encodeJpeg({ data: pixels, width: size, height: size }, 90);
  return new Map([[String(size), { bytes, type: 'image/jpeg' }]]);
}
