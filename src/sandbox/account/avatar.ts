import { fingerprint } from '../core/fingerprint.js';

/** A JPEG of a pattern that is derived from the user name. */
export async function avatar(username: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const { encodeJpeg } = await import('../media/images/jpeg.js');
  const digest = await fingerprint(username);
  const nibble = (at: number) => Number.parseInt(digest[at % digest.length] ?? '0', 16);
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
  return encodeJpeg({ data: pixels, width: size, height: size }, 90);
}
