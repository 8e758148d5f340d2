import { assertDecodable, type Pixels, UndecodablePicture } from './pixels.js';

/**
 * An uncompressed BMP of 1, 4, 8, 24 or 32 bits a pixel (BITMAPINFOHEADER). The fourth byte of 32 bits is unused in
 * this format, so nothing of it is transparent.
 */
export function decodeBmp(file: Uint8Array<ArrayBuffer>): Pixels {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pixelOffset = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  const width = view.getInt32(18, true);
  const upsideUp = view.getInt32(22, true); // negative when the first row is the upper one
  const height = Math.abs(upsideUp);
  const depth = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  assertDecodable(width, height);
  if (headerBytes < 40 || compression !== 0 || ![1, 4, 8, 24, 32].includes(depth)) {
    throw new UndecodablePicture('the BMP is of a rare kind');
  }
  const rowBytes = Math.ceil((width * depth) / 32) * 4;
  if (pixelOffset + rowBytes * height > file.byteLength) throw new UndecodablePicture('the BMP ends too early');
  const palette = 14 + headerBytes;
  const data = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    const line = pixelOffset + rowBytes * (upsideUp < 0 ? row : height - 1 - row);
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
