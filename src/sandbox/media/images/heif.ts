import { type Bytes, readPart } from '../reading/bytes.js';

/** An image in an ISO base media file: HEIC or AVIF (ISO/IEC 23008-12). */
export interface Heif {
  format: 'heic' | 'avif';
  /** In pixels, before the rotation is applied. */
  width: number;
  height: number;
  /** Where the EXIF data is in the file, without its own header. */
  exif: { offset: number; length: number } | undefined;
}

interface Box {
  type: string;
  /** The offset of the content in the bytes that were searched. */
  start: number;
  end: number;
}

/** The box with the metadata is read into memory. It has a few bytes for each tile of the image. */
const maxMetaBytes = 4 * 1024 * 1024;

const avifBrands = new Set(['avif', 'avis']);
const heicBrands = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']);

/** @returns undefined if it is not a HEIC or AVIF image */
export async function readHeif(bytes: Bytes): Promise<Heif | undefined> {
  let format: Heif['format'] | undefined;
  for (let at = 0, boxes = 0; at + 8 <= bytes.size && boxes < 100; boxes++) {
    const head = await readPart(bytes, at, 16);
    const view = viewOf(head);
    const type = textAt(view, 4);
    const declared = view.getUint32(0);
    const length = declared === 1 && head.byteLength === 16 ? Number(view.getBigUint64(8)) : declared;
    const end = declared === 0 ? bytes.size : at + length;
    if (end < at + 8) return undefined;
    if (type === 'ftyp') format = formatOf(await readPart(bytes, at + 8, Math.min(length - 8, 256)));
    if (!format) return undefined; // the brand must come first
    if (type === 'meta') {
      if (end - at > maxMetaBytes) return undefined;
      const meta = viewOf(await readPart(bytes, at, end - at));
      return describe(meta, format, at);
    }
    at = end;
  }
  return undefined;
}

function formatOf(brands: Uint8Array<ArrayBuffer>): Heif['format'] | undefined {
  const view = viewOf(brands);
  const names = Array.from({ length: brands.byteLength >> 2 }, (_, index) => textAt(view, index * 4));
  names.splice(1, 1); // the version, which is not a brand
  if (names.some((name) => avifBrands.has(name))) return 'avif';
  return names.some((name) => heicBrands.has(name)) ? 'heic' : undefined;
}

function describe(meta: DataView, format: Heif['format'], metaOffset: number): Heif | undefined {
  try {
    const boxes = childrenOf(meta, 12, meta.byteLength); // the box header, and four bytes of version and flags
    const primary = primaryItem(meta, boxes);
    const size = sizeOf(meta, boxes, primary);
    if (!size) return undefined;
    const exifItem = itemsOf(meta, boxes).find(({ type }) => type === 'Exif');
    const exif = exifItem && locationOf(meta, boxes, exifItem.id, metaOffset);
    return { format, ...size, exif };
  } catch (error) {
    if (error instanceof RangeError) return undefined; // DataView throws it if a box is truncated
    throw error;
  }
}

function childrenOf(view: DataView, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at + 8 <= end; ) {
    const declared = view.getUint32(at);
    const length = declared === 0 ? end - at : declared === 1 ? Number(view.getBigUint64(at + 8)) : declared;
    if (length < 8 || at + length > end) break;
    boxes.push({ type: textAt(view, at + 4), start: at + (declared === 1 ? 16 : 8), end: at + length });
    at += length;
  }
  return boxes;
}

function boxOf(boxes: Box[], type: string): Box | undefined {
  return boxes.find((box) => box.type === type);
}

function primaryItem(view: DataView, boxes: Box[]): number | undefined {
  const box = boxOf(boxes, 'pitm');
  if (!box) return undefined;
  return view.getUint8(box.start) === 0 ? view.getUint16(box.start + 4) : view.getUint32(box.start + 4);
}

function itemsOf(view: DataView, boxes: Box[]): { id: number; type: string }[] {
  const box = boxOf(boxes, 'iinf');
  if (!box) return [];
  const first = box.start + (view.getUint8(box.start) === 0 ? 6 : 8);
  return childrenOf(view, first, box.end)
    .filter(({ type }) => type === 'infe')
    .map(({ start }) => {
      const isWide = view.getUint8(start) >= 3;
      return {
        id: isWide ? view.getUint32(start + 4) : view.getUint16(start + 4),
        type: textAt(view, start + (isWide ? 10 : 8)),
      };
    });
}

/** The size of the primary item. Tiles and thumbnails have sizes of their own. */
function sizeOf(view: DataView, boxes: Box[], item: number | undefined): { width: number; height: number } | undefined {
  const iprp = boxOf(boxes, 'iprp');
  const parts = iprp ? childrenOf(view, iprp.start, iprp.end) : [];
  const ipco = boxOf(parts, 'ipco');
  if (!ipco) return undefined;
  const properties = childrenOf(view, ipco.start, ipco.end);
  for (const ipma of parts.filter(({ type }) => type === 'ipma')) {
    for (const index of propertiesOf(view, ipma, item)) {
      const property = properties[index - 1];
      if (property?.type !== 'ispe') continue;
      return { width: view.getUint32(property.start + 4), height: view.getUint32(property.start + 8) };
    }
  }
  return undefined;
}

function propertiesOf(view: DataView, { start }: Box, item: number | undefined): number[] {
  const isWideId = view.getUint8(start) >= 1;
  const isWideIndex = (view.getUint8(start + 3) & 1) === 1;
  const count = view.getUint32(start + 4);
  let at = start + 8;
  for (let entry = 0; entry < count; entry++) {
    const id = isWideId ? view.getUint32(at) : view.getUint16(at);
    at += isWideId ? 4 : 2;
    const associations = view.getUint8(at++);
    const indexes: number[] = [];
    for (let association = 0; association < associations; association++) {
      indexes.push(isWideIndex ? view.getUint16(at) & 0x7fff : view.getUint8(at) & 0x7f);
      at += isWideIndex ? 2 : 1;
    }
    if (id === item) return indexes;
  }
  return [];
}

/** Where the first extent of an item is, after the header of its EXIF data. */
function locationOf(view: DataView, boxes: Box[], item: number, metaOffset: number): Heif['exif'] {
  const iloc = boxOf(boxes, 'iloc');
  if (!iloc) return undefined;
  let at = iloc.start;
  const version = view.getUint8(at);
  const sizes = view.getUint16(at + 4);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexBytes = version > 0 ? sizes & 15 : 0;
  const number = (bytes: number): number => {
    let value = 0;
    for (let index = 0; index < bytes; index++) value = value * 256 + view.getUint8(at++);
    return value;
  };
  at += 6;
  const count = number(version < 2 ? 2 : 4);
  for (let entry = 0; entry < count; entry++) {
    const id = number(version < 2 ? 2 : 4);
    const isInIdat = version > 0 && (number(2) & 15) === 1;
    number(2); // the data reference
    const base = number(baseBytes);
    const extents = number(2);
    if (id !== item) {
      at += extents * (indexBytes + offsetBytes + lengthBytes);
      continue;
    }
    number(indexBytes);
    const offset = base + number(offsetBytes);
    const idat = boxOf(boxes, 'idat');
    const start = isInIdat ? metaOffset + (idat?.start ?? 0) + offset : offset;
    // the first four bytes say how many bytes are between them and the TIFF header: none, or "Exif\0\0"
    return { offset: start + 4, length: number(lengthBytes) - 4 };
  }
  return undefined;
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textAt(view: DataView, offset: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(offset + index)));
}
