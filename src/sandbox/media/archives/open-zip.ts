import type { CreateReadableOptions, Entry, GetEntriesOptions } from '@zip.js/zip.js';
import { ZipReader } from '@zip.js/zip.js/lib/zip-core-reader.js';
import { type Bytes, noBytes, readPart } from '../reading/bytes.js';

/** The central directory is at the end of the file and is read into memory at once. 16 MiB are about 200,000 entries. */
const maxDirectoryBytes = 16 * 1024 * 1024;

export interface OpenZip {
  entries(options?: GetEntriesOptions): AsyncIterable<Entry>;
  close(): Promise<void>;
}

/** Opens a zip file. Reads only the byte ranges that are needed. */
export function openZip(bytes: Bytes): OpenZip {
  const part = (start: number, end: number) => (end > start ? bytes : noBytes).read({ start, end: end - 1 });
  const source = {
    size: bytes.size,
    get readable() {
      return part(0, bytes.size);
    },
    async readUint8Array(start: number, length: number) {
      if (length > maxDirectoryBytes) throw new Error('the list of its entries is larger than 16 MiB');
      return readPart(bytes, start, length);
    },
    createReadable({ offset = 0, size = Number.POSITIVE_INFINITY }: CreateReadableOptions = {}) {
      return part(offset, Math.min(offset + size, bytes.size));
    },
  };
  const reader = new ZipReader(source, { useWebWorkers: false });
  return {
    entries: (options) => reader.getEntriesGenerator(options),
    close: () => reader.close(),
  };
}
