import type { Bytes } from '../reading/bytes.js';
import { BytesTokenizer } from '../reading/tokenizer.js';

/** The boxes on the way to the tables of samples (ISO/IEC 14496-12). */
const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'moof', 'traf']);

/** A movie in fragments has a box for each. Only the first ones are checked, because only these are read. */
const maxBoxes = 1_000;

/** Tables are longer in movies of a hundred hours only. The rest of such a table is not checked. */
const maxTableBytes = 16 * 1024 * 1024;

/** The lowest bit rates of QuickTime have fewer, where each sample is one of the sound wave. */
const maxSamplesPerByte = 64;

/** The largest number in a table up to which mediabunny counts. */
const tables: Record<string, (table: DataView) => number> = {
  stts: (table) => numbers(table, 8, 8).reduce((sum, count) => sum + count, 0),
  ctts: (table) => numbers(table, 8, 8).reduce((sum, count) => sum + count, 0),
  // the number of a chunk, and how many samples it has
  stsc: (table) => [...numbers(table, 8, 12), ...numbers(table, 12, 12)].reduce((a, b) => Math.max(a, b), 0),
  trun: (table) => numbers(table, 4, Number.POSITIVE_INFINITY)[0] ?? 0,
};

/**
 * Whether an MP4 or QuickTime file declares no more samples than it can contain. mediabunny 1.61.0 counts up to any number that a
 * damaged file declares, which takes minutes for four billion samples. Returns true for any other file.
 */
export async function hasPlausibleTables(bytes: Bytes): Promise<boolean> {
  const tokenizer = new BytesTokenizer(bytes);
  const limit = maxSamplesPerByte * bytes.size;
  let boxes = 0;

  async function read(position: number, length: number): Promise<DataView> {
    const part = new Uint8Array(Math.max(0, Math.min(length, bytes.size - position)));
    await tokenizer.peekBuffer(part, { position });
    return new DataView(part.buffer);
  }

  async function isPlausible(start: number, end: number): Promise<boolean> {
    for (let at = start; at + 8 <= end && boxes < maxBoxes; boxes++) {
      const { type, size, content } = readHeader(await read(at, 16), end - at);
      if (size < content) return true; // mediabunny does not read on either
      if (containers.has(type) && !(await isPlausible(at + content, Math.min(at + size, bytes.size)))) return false;
      const countOf = tables[type];
      if (countOf && countOf(await read(at + content, Math.min(size - content, maxTableBytes))) > limit) return false;
      at += size;
    }
    return true;
  }

  return isPlausible(0, bytes.size);
}

/** The size of a box includes its header. 1 means that the size follows as 64 bits, 0 that the box is the last one. */
function readHeader(header: DataView, rest: number): { type: string; size: number; content: number } {
  const type = String.fromCharCode(...[4, 5, 6, 7].map((at) => header.getUint8(at)));
  const size = header.getUint32(0);
  if (size === 1 && header.byteLength === 16) return { type, size: Number(header.getBigUint64(8)), content: 16 };
  return { type, size: size === 0 ? rest : size, content: 8 };
}

function numbers(table: DataView, start: number, distance: number): number[] {
  const found: number[] = [];
  for (let at = start; at + 4 <= table.byteLength; at += distance) found.push(table.getUint32(at));
  return found;
}
