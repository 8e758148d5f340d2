import type { Entry, FileEntry } from '@zip.js/zip.js';
import { type Bytes, readPart } from '../reading/bytes.js';
import { RefusedArchive } from './refused-archive.js';

export interface UnzipLimits {
  /** What all files may have together, unpacked. */
  maxBytes: number;
  /** How many files and directories there may be. */
  maxEntries: number;
}

export interface UnzippedFile {
  /** Without the directories it lies in. */
  name: string;
  /** What the archive says; the stream fails when it turns out otherwise. */
  size: number;
  stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Unpacks small files at once. zip.js makes four streams and an inflater of the runtime for each file, which for a small one
 * takes twenty times as long as its bytes.
 */
export interface Inflater {
  /** Fails when there are more than `size` bytes. */
  inflate(packed: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer>;
  crc32(bytes: Uint8Array): number;
}

const smallBytes = 256 * 1024;

/**
 * Gives the files of a zip one after the other, each to be read before the next is asked for. Memory stays flat. All
 * entries are checked before the first file is given; an archive in the archive is a file like any other.
 * @param inflater where there is one, files of up to 256 KiB are unpacked by it
 * @throws RefusedArchive, also out of a file's stream, when what it holds is not what the archive says: then keep nothing of it
 */
export async function* unzip(
  bytes: Bytes,
  limits: UnzipLimits,
  inflater?: Inflater,
): AsyncGenerator<UnzippedFile, void, undefined> {
  const { openZip } = await import('./open-zip.js'); // with zip.js, which is not loaded before it is needed
  const zip = openZip(bytes);
  try {
    const files = await check(zip.entries({ filenameValidation: 'strict' }), limits).catch(refuse);
    for (const file of files) {
      const content = inflater && (await smallContent(bytes, file, inflater));
      const stream = content ? streamOf(content) : contentOf(file);
      yield { name: baseName(file.filename), size: file.uncompressedSize, stream };
      if (!stream.locked) await stream.cancel(); // nobody wanted it
    }
  } finally {
    await zip.close();
  }
}

/** The files among the entries, when there is nothing to be said against any entry. */
async function check(entries: AsyncIterable<Entry>, { maxBytes, maxEntries }: UnzipLimits): Promise<FileEntry[]> {
  const files: FileEntry[] = [];
  let count = 0;
  let size = 0;
  for await (const entry of entries) {
    count += 1;
    if (count > maxEntries) throw new RefusedArchive(`it has more than ${maxEntries} entries`);
    if (hasTrick(entry.filename)) throw new RefusedArchive('a name in it leads out of its folder');
    if (entry.encrypted) throw new RefusedArchive('it is encrypted');
    if (!plainTypes.has((entry.externalFileAttributes >>> 16) & typeMask)) {
      throw new RefusedArchive('it has entries that are neither files nor directories');
    }
    if (entry.directory) continue;
    size += entry.uncompressedSize;
    if (size > maxBytes) throw new RefusedArchive(`it unpacks to more than ${maxBytes} bytes`);
    files.push(entry);
  }
  for (const file of files) {
    // reads the header in front of the file's content, and refuses two files that share bytes: a small bomb is made of
    // them
    await file.getData(new WritableStream(), { checkOverlappingEntryOnly: true, checkLocalDirectory: true });
  }
  return files;
}

/**
 * zip.js refuses names with `..`, absolute ones and drives; a backslash is a separator to some, and control characters
 * are no name.
 */
function hasTrick(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  return /[\\\u0000-\u001f\u007f]/.test(name);
}

/**
 * The type of a file as Unix keeps it: none was written, a file, a directory. What is left out are links and devices.
 */
const plainTypes = new Set([0, 0o100000, 0o040000]);
const typeMask = 0o170000;

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The content of a small file, in one piece; nothing, when it is a large one or is packed in another way than deflate. */
async function smallContent(
  bytes: Bytes,
  { localDirectory, compressionMethod, compressedSize, uncompressedSize, signature }: FileEntry,
  { inflate, crc32 }: Inflater,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const isKnown = compressionMethod === 0 || compressionMethod === 8;
  if (!localDirectory || !isKnown || compressedSize > smallBytes || uncompressedSize > smallBytes) return undefined;
  const packed = await readPart(bytes, localDirectory.dataOffset, compressedSize);
  if (packed.byteLength < compressedSize) throw new RefusedArchive('it ends too early');
  let content: Uint8Array<ArrayBuffer>;
  try {
    content = compressionMethod === 0 ? packed : inflate(packed, uncompressedSize);
  } catch {
    throw new RefusedArchive('a file in it is damaged, or larger than it says');
  }
  if (content.byteLength !== uncompressedSize) throw new RefusedArchive('a file in it is not of the size that it says');
  if (crc32(content) !== signature) throw new RefusedArchive('a file in it does not have the checksum that it says');
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

/**
 * The content of a file. Nothing is read before somebody asks, and it ends well only when size and checksum were right.
 */
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
  const extracted = file.getData(writable, { checkCrc32: true });
  extracted.catch(() => {}); // whoever reads is told; a reader who left does not want to know
  return { reader: readable.getReader(), extracted };
}

/** In the words of zip.js, unless it was refused here. */
function refuse(error: unknown): never {
  if (error instanceof RefusedArchive) throw error;
  throw new RefusedArchive(error instanceof Error ? error.message : 'it is damaged');
}
