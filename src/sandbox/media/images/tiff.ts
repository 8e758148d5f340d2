/** The value of a tag: text, one or more numbers, or bytes. */
export type TiffValue = string | number | number[] | Uint8Array;

export type TiffDirectory = ReadonlyMap<number, TiffValue>;

/** Reads bytes of the TIFF structure. The offset counts from its first byte. Returns fewer bytes at the end. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

export interface Tiff {
  /** The first directory. */
  main: TiffDirectory;
  /** Reads the directory that a tag points to. Returns no tags if there is none or it is damaged. */
  directoryAt(offset: TiffValue | undefined): Promise<TiffDirectory>;
}

/** The bytes of a value of each type (TIFF 6.0 section 2). */
const sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** Far more than a camera writes. */
const maxTags = 2_000;

/** Longer values are thumbnails, notes of the manufacturer and image data. */
const maxValueBytes = 16 * 1024;

/**
 * Reads the directories of tags in which TIFF, EXIF and most camera RAW formats keep their metadata.
 * @returns undefined if it is not a TIFF structure
 */
export async function readTiff(read: ReadAt): Promise<Tiff | undefined> {
  const head = await read(0, 8);
  if (head.byteLength < 8) return undefined;
  const order = String.fromCharCode(head[0] ?? 0, head[1] ?? 0);
  if (order !== 'II' && order !== 'MM') return undefined;
  const little = order === 'II';
  const view = viewOf(head);
  // 42, or the number that a manufacturer uses instead: Olympus RO and RS, Panasonic U
  if (![42, 0x4f52, 0x5352, 0x55].includes(view.getUint16(2, little))) return undefined;
  const directoryAt = async (offset: TiffValue | undefined) =>
    typeof offset === 'number' && offset >= 8 ? readDirectory(read, offset, little) : new Map<number, TiffValue>();
  return { main: await directoryAt(view.getUint32(4, little)), directoryAt };
}

async function readDirectory(read: ReadAt, offset: number, little: boolean): Promise<TiffDirectory> {
  const tags = new Map<number, TiffValue>();
  const count = await read(offset, 2);
  if (count.byteLength < 2) return tags;
  const entries = await read(offset + 2, Math.min(viewOf(count).getUint16(0, little), maxTags) * 12);
  const view = viewOf(entries);
  for (let at = 0; at + 12 <= entries.byteLength; at += 12) {
    const type = view.getUint16(at + 2, little);
    const length = (sizes[type] ?? 0) * view.getUint32(at + 4, little);
    if (length === 0 || length > maxValueBytes) continue;
    const content =
      length <= 4 ? entries.subarray(at + 8, at + 8 + length) : await read(view.getUint32(at + 8, little), length);
    if (content.byteLength === length) tags.set(view.getUint16(at, little), decode(type, content, little));
  }
  return tags;
}

function decode(type: number, content: Uint8Array<ArrayBuffer>, little: boolean): TiffValue {
  if (type === 2) return asText(content);
  if (type === 1 || type === 6 || type === 7) return content;
  const view = viewOf(content);
  const size = sizes[type] ?? 1;
  const values = Array.from({ length: content.byteLength / size }, (_, index) => {
    const at = index * size;
    if (type === 3) return view.getUint16(at, little);
    if (type === 4) return view.getUint32(at, little);
    if (type === 5) return view.getUint32(at, little) / view.getUint32(at + 4, little);
    if (type === 8) return view.getInt16(at, little);
    if (type === 9) return view.getInt32(at, little);
    if (type === 10) return view.getInt32(at, little) / view.getInt32(at + 4, little);
    return type === 11 ? view.getFloat32(at, little) : view.getFloat64(at, little);
  });
  return values.length === 1 ? (values[0] ?? 0) : values;
}

/** Text is meant to be ASCII. Cameras and editors also write UTF-8 or Latin-1. */
function asText(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return new TextDecoder('latin1').decode(content);
  }
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
