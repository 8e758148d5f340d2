import { type Bytes, readPart } from '../reading/bytes.js';

export interface JpegSegment {
  marker: number;
  /** Where the content begins, behind the length. */
  start: number;
  length: number;
}

/** Segments beyond this number are not looked at. */
const maxSegments = 1_000;

/** How much of a file is searched for the next segment, if other bytes are between two. */
const gapBytes = 4_096;

/**
 * Yields the segments of a JPEG before its pixels. Skips bytes between segments, as libjpeg does, and fill bytes.
 * @param at the offset of the JPEG in the file
 */
export async function* walkJpeg(bytes: Bytes, at = 0): AsyncGenerator<JpegSegment, void, undefined> {
  let position = at + 2;
  for (let count = 0; count < maxSegments; count++) {
    const head = await readPart(bytes, position, gapBytes);
    let offset = 0;
    while (offset + 3 < head.length && !(head[offset] === 0xff && isSegment(head[offset + 1]))) offset += 1;
    const marker = head[offset + 1];
    const length = ((head[offset + 2] ?? 0) << 8) | (head[offset + 3] ?? 0);
    if (offset + 3 >= head.length || marker === undefined || marker === 0xda || marker === 0xd9) return;
    if (length < 2) return;
    yield { marker, start: position + offset + 4, length: length - 2 };
    position += offset + 2 + length;
  }
}

/** The size of the picture (ITU-T T.81 section B.2.2). */
export async function readJpegSize(bytes: Bytes): Promise<{ width: number; height: number } | undefined> {
  for await (const { marker, start } of walkJpeg(bytes)) {
    if (marker < 0xc0 || marker > 0xcf || marker === 0xc4 || marker === 0xc8 || marker === 0xcc) continue;
    const frame = await readPart(bytes, start, 5);
    if (frame.length < 5) return undefined;
    const view = new DataView(frame.buffer, frame.byteOffset);
    return { width: view.getUint16(3), height: view.getUint16(1) };
  }
  return undefined;
}

/** Whether a byte behind 0xff begins a segment, or the end of the image. Restart markers and others have no length. */
function isSegment(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0xc0 && byte !== 0xff && !(byte >= 0xd0 && byte <= 0xd8);
}
