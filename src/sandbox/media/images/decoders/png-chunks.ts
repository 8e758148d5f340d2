import { chunksOf } from '../../reading/bytes.js';
import { assertDecodable, UndecodableImage } from './pixels.js';

/** The header of a PNG (W3C PNG, section 11.2.1). */
export interface PngHeader {
  width: number;
  height: number;
  /** Bits per channel. */
  depth: number;
  channels: number;
  indexed: boolean;
  interlaced: boolean;
}

export interface PngChunks {
  header: PngHeader;
  palette: Uint8Array;
  transparency: Uint8Array;
  data: Uint8Array<ArrayBuffer>[];
}

/** The number of channels and the valid bit depths of each color type. */
const colorTypes: Record<number, [channels: number, depths: number[]]> = {
  0: [1, [1, 2, 4, 8, 16]],
  2: [3, [8, 16]],
  3: [1, [1, 2, 4, 8]],
  4: [2, [8, 16]],
  6: [4, [8, 16]],
};

/** Reads the chunks that are needed to decode the pixels. Skips text and profiles, which can be compression bombs too. */
export function readChunks(file: Uint8Array<ArrayBuffer>): PngChunks {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks: Omit<PngChunks, 'header'> = { palette: new Uint8Array(), transparency: new Uint8Array(), data: [] };
  let header: PngHeader | undefined;
  for (let offset = 8; offset + 12 <= file.byteLength; ) {
    const length = view.getUint32(offset);
    const type = String.fromCharCode(...file.subarray(offset + 4, offset + 8));
    const content = file.subarray(offset + 8, offset + 8 + length);
    if (content.byteLength < length) break;
    if (type === 'IHDR') header = readHeader(content);
    if (type === 'PLTE') chunks.palette = content;
    if (type === 'tRNS') chunks.transparency = content;
    if (type === 'IDAT') chunks.data.push(content);
    offset += 12 + length;
  }
  if (!header) throw new UndecodableImage('the PNG has no header');
  return { header, ...chunks };
}

function readHeader(content: Uint8Array<ArrayBuffer>): PngHeader {
  if (content.byteLength !== 13) throw new UndecodableImage('the PNG header does not have 13 bytes');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  assertDecodable(width, height);
  const depth = view.getUint8(8);
  const colorType = view.getUint8(9);
  const [channels = 0, depths = []] = colorTypes[colorType] ?? [];
  if (!depths.includes(depth)) throw new UndecodableImage('the PNG has an invalid color type or bit depth');
  return { width, height, depth, channels, indexed: colorType === 3, interlaced: view.getUint8(12) === 1 };
}

/**
 * Inflates exactly `length` bytes, and ignores the rest of the data.
 * @throws UndecodableImage if there are fewer bytes
 */
export async function inflate(data: Uint8Array<ArrayBuffer>[], length: number): Promise<Uint8Array<ArrayBuffer>> {
  const inflated = new Uint8Array(length);
  let filled = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const chunk of data) controller.enqueue(chunk);
      controller.close();
    },
  }).pipeThrough(new DecompressionStream('deflate'));
  for await (const chunk of chunksOf(stream)) {
    inflated.set(chunk.subarray(0, length - filled), filled);
    filled += chunk.byteLength;
    if (filled >= length) return inflated;
  }
  throw new UndecodableImage('the PNG is truncated');
}
