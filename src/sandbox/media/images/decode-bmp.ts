import { assertDecodable, type Pixels, UndecodableImage } from './pixels.js';

/**
 * Decodes an uncompressed BMP with 1, 4, 8, 24 or 32 bits per pixel (BITMAPINFOHEADER). With 32 bits, the fourth byte is unused:
 * the format has no transparency.
 */
export function decodeBmp(file: Uint8Array<ArrayBuffer>): Pixels {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pixelOffset = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true); // negative if the rows are stored from top to bottom
  const height = Math.abs(signedHeight);
  const depth = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  assertDecodable(width, height);
  if (headerBytes < 40 || compression !== 0 || ![1, 4, 8, 24, 32].includes(depth)) {
    throw new UndecodableImage('the BMP has an unsupported header, compression or bit depth');
  }
  const rowBytes = Math.ceil((width * depth) / 32) * 4;
  if (pixelOffset + rowBytes * height > file.byteLength) throw new UndecodableImage('the BMP is truncated');
  const palette = 14 + headerBytes;
  const data = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    const line = pixelOffset + rowBytes * (signedHeight < 0 ? row : height - 1 - row);
    for (let column = 0; column < width; column++) {
      const bit = column * depth;
      let color = line + (bit >> 3);
      if (depth <= 8) {
        color = palette + 4 * (((file[color] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1));
      }
      const target = (row * width + column) * 4;
      data[target] = file[color + 2] ?? 0;
      data[target + 1] = file[color + 1] ?? 0;
      data[target + 2] = file[color] ?? 0;
      data[target + 3] = 255;
    }
  }
  return { width, height, data };
}
