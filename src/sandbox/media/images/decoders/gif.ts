import { decompressFrame, parseGIF } from 'gifuct-js';
import { assertDecodable, type Pixels, UndecodableImage } from './pixels.js';

/** Decodes the first frame of a GIF (GIF89a), at its position on the logical screen. */
export function decodeGif(file: Uint8Array<ArrayBuffer>): Pixels {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  assertDecodable(width, height);
  const parsed = parseGIF(cutAfterFirstFrame(file, view).buffer);
  const [frame] = parsed.frames.filter((block) => 'image' in block && block.image !== undefined);
  if (!frame || !('image' in frame)) throw new UndecodableImage('the GIF has no frame');
  const { dims, patch } = decompressFrame(frame, parsed.gct, true);
  const data = new Uint8Array(width * height * 4);
  for (let row = 0; row < Math.min(dims.height, height - dims.top); row++) {
    const start = row * dims.width * 4;
    const visible = Math.max(0, Math.min(dims.width, width - dims.left)) * 4;
    data.set(patch.subarray(start, start + visible), ((dims.top + row) * width + dims.left) * 4);
  }
  return { width, height, data };
}

/**
 * The file up to the end of its first frame. Other frames would only take memory. The checks are needed because the parser
 * accepts a truncated file and a frame that is larger than the screen.
 */
function cutAfterFirstFrame(file: Uint8Array<ArrayBuffer>, view: DataView): Uint8Array<ArrayBuffer> {
  let offset = 13 + colorTableBytes(view.getUint8(10));
  const skipSubBlocks = () => {
    for (let length = view.getUint8(offset++); length > 0; length = view.getUint8(offset++)) offset += length;
  };
  while (view.getUint8(offset) === 0x21) {
    offset += 2;
    skipSubBlocks();
  }
  if (view.getUint8(offset) !== 0x2c) throw new UndecodableImage('the GIF has no frame');
  assertDecodable(view.getUint16(offset + 5, true), view.getUint16(offset + 7, true));
  offset += 10 + colorTableBytes(view.getUint8(offset + 9)) + 1; // one byte more: the LZW minimum code size
  skipSubBlocks();
  const cut = new Uint8Array(offset + 1);
  cut.set(file.subarray(0, offset));
  cut[offset] = 0x3b;
  return cut;
}

function colorTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}
