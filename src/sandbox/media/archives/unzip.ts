import type { Entry, FileEntry } from '@zip.js/zip.js';
import { type Bytes, readPart } from '../reading/bytes.js';
import { RefusedArchive } from './refused-archive.js';

export interface UnzipLimits {
  /** The total size of all unpacked files. */
  maxBytes: number;
  /** The number of files and directories. */
  maxEntries: number;
}

export interface UnzippedFile {
  /** The file name without its directories. */
  name: string;
  /** The size that the archive declares. The stream fails if the content has another size. */
  size: number;
  stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Unpacks small files synchronously. For each file, zip.js creates four streams and a decompressor of the runtime. For a small
 * file, that takes twenty times as long as unpacking its content.
 */
export interface Inflater {
  /** Throws if the unpacked content is larger than `size` bytes. */
  inflate(packed: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer>;
  crc32(bytes: Uint8Array): number;
}

const smallBytes = 256 * 1024;

/**
 * Yields the files of a zip one by one. Read each file before you request the next. Memory use does not depend on the size of the
 * archive. All entries are checked before the first file is yielded. An archive within the archive is not unpacked.
 * @param inflater unpacks files of up to 256 KiB
 * @throws RefusedArchive if the archive is not unpacked. A file's stream fails with it too, if the content does not match the
 * declared size or checksum. In that case, discard all files of the archive.
 */
export async function* unzip(
  bytes: Bytes,
  limits: UnzipLimits,
  inflater?: Inflater,
): AsyncGenerator<UnzippedFile, void, undefined> {
  const { openZip } = await import('./open-zip.js'); // loads zip.js on demand
  const zip = openZip(bytes);
  try {
    const files = await check(
      zip.entries({ filenameValidation: 'strict', normalizeFilename: withSlashes }),
      limits,
    ).catch(refuse);
    for (const file of files) {
      const content = inflater && (await smallContent(bytes, file, inflater));
      const stream = content ? streamOf(content) : contentOf(file);
      yield { name: baseName(file.filename), size: file.uncompressedSize, stream };
      if (!stream.locked) await stream.cancel(); // the caller skipped this file
    }
  } finally {
    await zip.close();
  }
}

/** Checks all entries, and returns those that are files. */
async function check(entries: AsyncIterable<Entry>, { maxBytes, maxEntries }: UnzipLimits): Promise<FileEntry[]> {
  const files: FileEntry[] = [];
  let count = 0;
  let size = 0;
  for await (const entry of entries) {
    count += 1;
    if (count > maxEntries) throw new RefusedArchive(`it has more than ${maxEntries} entries`);
    if (entry.encrypted) throw new RefusedArchive('it is encrypted');
    const fileType = (entry.externalFileAttributes >>> 16) & typeMask;
    if (fileType === linkType) throw new RefusedArchive(`it has a symbolic link: ${quoted(entry.filename)}`);
    if (!plainTypes.has(fileType)) throw new RefusedArchive(`it has a device: ${quoted(entry.filename)}`);
    // zip.js looks at the name before its backslashes are turned into slashes
    if (entry.directory || entry.filename.endsWith('/')) continue;
    if (!supportedMethods.has(entry.compressionMethod)) {
      const method = methods.get(entry.compressionMethod) ?? `method ${entry.compressionMethod}`;
      throw new RefusedArchive(
        `${quoted(entry.filename)} is compressed with ${method}, which the sandbox cannot unpack: use Deflate`,
      );
    }
    size += entry.uncompressedSize;
    if (size > maxBytes) throw new RefusedArchive(`it unpacks to more than ${maxBytes} bytes`);
    files.push(entry);
  }
  for (const file of files) {
    // reads the local header, and rejects entries whose bytes overlap: overlapping entries make a small zip bomb
    await file.getData(new WritableStream(), {
      checkOverlappingEntryOnly: true,
      checkLocalDirectory: false,
      checkLocalFilename: true,
    });
    if (file.warnings?.some(({ reason }) => mismatches.has(reason)))
      throw new RefusedArchive(`${quoted(file.filename)} is described in two ways`);
  }
  return files;
}

/** What must not differ between the two descriptions of a file, as zip.js calls it. Flags may: unzip ignores them, too. */
const mismatches = new Set([
  'mismatched local file header (filename)',
  'mismatched local file header (compression method)',
  'mismatched local file header (crc32 or sizes)',
]);

/**
 * Turns the backslashes of Windows programs into slashes, and removes empty and `.` parts, as unzip does. zip.js then rejects
 * absolute names, drive letters and `..`.
 */
function withSlashes(name: string): string {
  const path = name.replaceAll('\\', '/');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const start = path.startsWith('/') ? '/' : '';
  return parts.length === 0 ? '' : `${start}${parts.join('/')}${path.endsWith('/') ? '/' : ''}`;
}

/** The Unix file types that are allowed: not set, regular file, directory, and a pipe, which is what `zip` read from. */
const plainTypes = new Set([0, 0o100000, 0o040000, 0o010000]);
const linkType = 0o120000;
const typeMask = 0o170000;

const supportedMethods = new Set([0, 8]);
/** Other compression methods (APPNOTE.TXT section 4.4.5). */
const methods = new Map([
  [1, 'Shrink'],
  [6, 'Implode'],
  [9, 'Deflate64'],
  [12, 'bzip2'],
  [14, 'LZMA'],
  [93, 'Zstandard'],
  [95, 'xz'],
  [98, 'PPMd'],
]);

/** A file name for a message. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The content of a small file. Returns undefined if the file is large or uses a compression method other than deflate. */
async function smallContent(
  bytes: Bytes,
  { localDirectory, compressionMethod, compressedSize, uncompressedSize, signature }: FileEntry,
  { inflate, crc32 }: Inflater,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const isKnown = compressionMethod === 0 || compressionMethod === 8;
  if (!localDirectory || !isKnown || compressedSize > smallBytes || uncompressedSize > smallBytes) return undefined;
  const packed = await readPart(bytes, localDirectory.dataOffset, compressedSize);
  if (packed.byteLength < compressedSize) throw new RefusedArchive('it is truncated');
  let content: Uint8Array<ArrayBuffer>;
  try {
    content = compressionMethod === 0 ? packed : inflate(packed, uncompressedSize);
  } catch {
    throw new RefusedArchive('a file in it is damaged or larger than declared');
  }
  if (content.byteLength !== uncompressedSize) throw new RefusedArchive('a file in it does not have its declared size');
  if (crc32(content) !== signature) throw new RefusedArchive('a file in it does not have its declared checksum');
  return content;
}

function streamOf(content: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      if (content.byteLength > 0) controller.enqueue(content);
      controller.close();
    },
  });
}

/** The content of a file. Reads on demand. The stream fails at its end if the size or the checksum does not match. */
function contentOf(file: FileEntry): ReadableStream<Uint8Array<ArrayBuffer>> {
  let content:
    | { reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>; extracted: Promise<unknown> }
    | undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        content ??= extract(file);
        const { done, value } = await content.reader.read().catch(refuse);
        if (done) {
          await content.extracted.catch(refuse);
          controller.close();
          return;
        }
        controller.enqueue(value);
      },
      async cancel(reason) {
        await content?.reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function extract(file: FileEntry) {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const extracted = file.getData(writable, { checkCrc32: true, checkLocalDirectory: false });
  // zip.js does not end the stream if it fails before it writes. If it fails later, the stream has failed already.
  extracted.catch((error) => writable.abort(error).catch(() => {}));
  return { reader: readable.getReader(), extracted };
}

/** What to say for the errors of zip.js that need more words. */
const reasons = new Map([
  ['End of central directory not found', 'it is not a zip archive, or its end is missing'],
  ['File format is not recognized', 'it is not a zip archive'],
  ['Split zip file', 'it is one part of a split archive: join the parts'],
  ['Ambiguous archive', 'programs would find different files in it'],
]);

/** Turns an error of zip.js into a RefusedArchive. */
function refuse(error: unknown): never {
  if (error instanceof RefusedArchive) throw error;
  const { message, filename }: { message?: unknown; filename?: unknown } = Object(error);
  if (typeof filename === 'string') {
    throw new RefusedArchive(
      `it has an unsafe file name, ${quoted(filename)}: names must not be empty, absolute or contain ".."`,
    );
  }
  throw new RefusedArchive(reasons.get(String(message)) ?? String(message));
}
