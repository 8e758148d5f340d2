import { TextReader, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import { describe, expect, it } from 'vitest';
import { RefusedArchive } from '../../../../src/sandbox/media/archives/refused-archive.js';
import { unzip } from '../../../../src/sandbox/media/archives/unzip.js';
import { readMeta } from '../../../../src/sandbox/media/meta.js';
import { UnreadableMedia } from '../../../../src/sandbox/media/reading/unreadable-media.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { makeZip, type ZipEntry } from '../../../fixtures/make-zip.js';

const limits = { maxBytes: 10_000_000, maxEntries: 100 };

interface Unzipped {
  name: string;
  size: number;
  text: string;
}

async function unzipped(file: Uint8Array, options = limits): Promise<Unzipped[]> {
  const files: Unzipped[] = [];
  for await (const { name, size, stream } of unzip(bytesOf(file), options)) {
    files.push({ name, size, text: await new Response(stream).text() });
  }
  return files;
}

/** The files that were yielded before the archive was refused, and the reason. */
async function refused(file: Uint8Array, options = limits): Promise<{ yielded: string[]; reason: string }> {
  const yielded: string[] = [];
  try {
    for await (const { name, stream } of unzip(bytesOf(file), options)) {
      yielded.push(name);
      await new Response(stream).arrayBuffer();
    }
  } catch (error) {
    if (error instanceof RefusedArchive) return { yielded, reason: error.message };
    throw error;
  }
  throw new Error(`the archive was unpacked: ${yielded}`);
}

async function realZip(password?: string): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), {
    ...(password !== undefined && { password }),
    useWebWorkers: false,
  });
  await writer.add('letters/', undefined, { directory: true });
  await writer.add('letters/первое.txt', new TextReader('hello '.repeat(1000)));
  await writer.add('notes.txt', new TextReader('stored as it is'), { level: 0 });
  await writer.add('letters/empty', new Uint8ArrayReader(new Uint8Array()));
  return writer.close();
}

describe('metadata of a zip', () => {
  it('has the number of files and their compressed and uncompressed sizes', async () => {
    const meta = await readMeta('application/zip', 'archive', bytesOf(await realZip()));
    expect(meta).toEqual({ encrypted: false, bytesComp: expect.any(Number), bytesUncomp: 6015, numFiles: 3 });
    expect(meta.bytesComp).toBeGreaterThan(15);
    expect(meta.bytesComp).toBeLessThan(200);
  });

  it('says whether a file is encrypted', async () => {
    const meta = await readMeta('application/zip', 'archive', bytesOf(await realZip('secret')));
    expect(meta).toMatchObject({ encrypted: true, numFiles: 3 });
  });

  it('is read from the end of the file only', async () => {
    const large = makeZip([{ name: 'noise', content: crypto.getRandomValues(new Uint8Array(60_000)) }, ...many(30)]);
    const bytes = bytesOf(Buffer.concat([Buffer.alloc(5_000_000), large]), 64 * 1024);
    expect(await readMeta('application/zip', 'archive', bytes)).toMatchObject({ numFiles: 31 });
    expect(bytes.requested.total).toBeLessThan(1_000_000);
  });

  it('is read from an unsafe zip too', async () => {
    const file = makeZip([{ name: '../../etc/passwd', content: ascii('root') }]);
    expect(await readMeta('application/zip', 'archive', bytesOf(file))).toMatchObject({ numFiles: 1, bytesUncomp: 4 });
  });

  it('cannot be read from a file that is not a zip', async () => {
    await expect(readMeta('application/zip', 'archive', bytesOf(ascii('PK and then no zip')))).rejects.toThrow(
      UnreadableMedia,
    );
    const cut = (await realZip()).subarray(0, -30);
    await expect(readMeta('application/zip', 'archive', bytesOf(cut))).rejects.toThrow(UnreadableMedia);
    await expect(readMeta('application/zip', 'archive', bytesOf(new Uint8Array()))).rejects.toThrow(UnreadableMedia);
  });

  it('is empty for other types of archives', async () => {
    expect(await readMeta('application/x-7z-compressed', 'archive', bytesOf(ascii('7z')))).toEqual({});
  });
});

describe('unzipping', () => {
  it('yields the files without their directories, in the order of the archive', async () => {
    expect(await unzipped(await realZip())).toEqual([
      { name: 'первое.txt', size: 6000, text: 'hello '.repeat(1000) },
      { name: 'notes.txt', size: 15, text: 'stored as it is' },
      { name: 'empty', size: 0, text: '' },
    ]);
  });

  it('does not unpack an archive within the archive', async () => {
    const inner = makeZip([{ name: 'inner.txt', content: ascii('x') }]);
    const [file, ...others] = await unzipped(makeZip([{ name: 'inner.zip', content: inner }]));
    expect(file).toMatchObject({ name: 'inner.zip', size: inner.byteLength });
    expect(others).toEqual([]);
  });

  it('unpacks an archive that is exactly at the limits', async () => {
    const files = many(5);
    expect(await unzipped(makeZip(files), { maxBytes: 5 * 4, maxEntries: 5 })).toHaveLength(5);
  });

  it('skips a file that is not read', async () => {
    const names: string[] = [];
    for await (const { name } of unzip(bytesOf(await realZip()), limits)) names.push(name);
    expect(names).toEqual(['первое.txt', 'notes.txt', 'empty']);
  });

  it('continues after a file that was read in part', async () => {
    const seen: string[] = [];
    for await (const { name, stream } of unzip(bytesOf(await realZip()), limits)) {
      seen.push(name);
      const reader = stream.getReader();
      await reader.read();
      await reader.cancel();
    }
    expect(seen).toHaveLength(3);
  });

  it('keeps only a small part of a large file in memory', async () => {
    const content = new Uint8Array(100_000_000);
    const file = makeZip([{ name: 'large', content }]);
    const before = process.memoryUsage();
    let size = 0;
    let most = 0;
    for await (const { stream } of unzip(bytesOf(file), { maxBytes: 200_000_000, maxEntries: 1 })) {
      for await (const chunk of stream) {
        size += chunk.byteLength;
        most = Math.max(most, chunk.byteLength);
      }
    }
    expect(size).toBe(content.byteLength);
    expect(most).toBeLessThan(1_000_000);
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(60_000_000);
  });

  it('does not read files that are not requested', async () => {
    const content = crypto.getRandomValues(new Uint8Array(60_000));
    const bytes = bytesOf(makeZip(Array.from({ length: 50 }, (_, index) => ({ name: `${index}`, content }))));
    for await (const { stream } of unzip(bytes, limits)) {
      await stream.cancel();
      break;
    }
    expect(bytes.requested.total).toBeLessThan(500_000);
  });
});

describe('an archive is unpacked as unzip does', () => {
  const content = ascii('good');

  it.each<[string, string, string]>([
    ['backslashes as separators, as Windows programs write them', 'photos\\june\\beach.jpg', 'beach.jpg'],
    ['a name that starts with a dot segment', './a.txt', 'a.txt'],
    ['two slashes in a row', 'a//b.txt', 'b.txt'],
    ['a line feed, like the icons of folders on a Mac', 'Icon\r', 'Icon\r'],
  ])('with %s', async (_, name, expected) => {
    expect(await unzipped(makeZip([{ name, content }]))).toEqual([{ name: expected, size: 4, text: 'good' }]);
  });

  it('with a folder that ends in a backslash', async () => {
    expect(await unzipped(makeZip([{ name: 'photos\\' }, { name: 'photos\\a.txt', content }]))).toHaveLength(1);
  });

  it('with a file that zip read from its standard input', async () => {
    const files = await unzipped(makeZip([{ name: '-', content, mode: 0o010600 }]));
    expect(files).toEqual([{ name: '-', size: 4, text: 'good' }]);
  });

  it('with sizes that follow the content, because the archive was written to a pipe', async () => {
    const files = await unzipped(
      makeZip([
        { name: 'a.txt', content, isStreamed: true },
        { name: 'b.txt', content },
      ]),
    );
    expect(files.map(({ text }) => text)).toEqual(['good', 'good']);
  });

  it('with different flags in the local header', async () => {
    const file = Buffer.from(makeZip([{ name: 'a.txt', content }]));
    file.writeUInt16LE(0, 6);
    expect(await unzipped(file)).toHaveLength(1);
  });

  it('with other data before and behind it', async () => {
    const file = Buffer.concat([ascii('#!/bin/sh\n'), makeZip([{ name: 'a.txt', content }]), ascii('\n')]);
    expect(await unzipped(file)).toHaveLength(1);
  });
});

it.each([
  [9, 'Deflate64'],
  [12, 'bzip2'],
  [14, 'LZMA'],
  [77, 'method 77'],
])('an archive with compression method %i is refused with the name of the method, %s', async (method, name) => {
  expect(await refused(makeZip([{ name: 'a.txt', content: ascii('x'), method }]))).toEqual({
    yielded: [],
    reason: `"a.txt" is compressed with ${name}, which the sandbox cannot unpack: use Deflate`,
  });
});

it.each<[string, ZipEntry, string]>([
  ['a symbolic link', { name: 'link', mode: 0o120777 }, 'it has a symbolic link: "link"'],
  ['a device', { name: 'null', mode: 0o020666 }, 'it has a device: "null"'],
  [
    'a path outside of it',
    { name: '../up' },
    'it has an unsafe file name, "../up": names must not be empty, absolute or contain ".."',
  ],
  ['an encrypted file', { name: 'a', encrypted: true }, 'it is encrypted'],
])('an archive with %s is refused with the reason', async (_, entry, reason) => {
  expect(await refused(makeZip([entry]))).toEqual({ yielded: [], reason });
});

describe('an archive is refused before its first file is yielded', () => {
  const good = { name: 'good.txt', content: ascii('good') };
  const cases: [string, ZipEntry][] = [
    ['a name that starts with ..', { name: '../evil.txt' }],
    ['a name with .. in the middle', { name: 'a/../../evil.txt' }],
    ['an absolute name', { name: '/etc/passwd' }],
    ['a drive letter', { name: 'C:/evil.txt' }],
    ['a name with .. and a backslash', { name: '..\\evil.txt' }],
    ['a network share', { name: '\\\\server\\evil.txt' }],
    ['a NUL', { name: 'evil.txt\0.jpg' }],
    ['an empty name', { name: '' }],
    ['a symbolic link', { name: 'link', content: ascii('/etc/passwd'), mode: 0o120777 }],
    ['a device', { name: 'device', mode: 0o020666 }],
    ['an encrypted file', { name: 'secret.txt', content: ascii('x'), encrypted: true }],
    ['a file that shares the bytes of another file', { name: 'good.txt', content: ascii('good'), contentOf: 0 }],
    ['a file that declares a size of 4 GiB', { name: 'huge', size: 0xfffffff0 }],
  ];

  it.each(cases)('for %s', async (_, entry) => {
    expect(await unzipped(makeZip([good]))).toHaveLength(1);
    expect(await refused(makeZip([good, entry]))).toEqual({ yielded: [], reason: expect.any(String) });
  });

  it('for too many entries, including directories', async () => {
    const entries = [...many(3), { name: 'directory/' }];
    expect(await refused(makeZip(entries), { ...limits, maxEntries: 3 })).toEqual({
      yielded: [],
      reason: 'it has more than 3 entries',
    });
  });

  it('for a total size above the limit', async () => {
    expect(await refused(makeZip(many(5)), { ...limits, maxBytes: 19 })).toEqual({
      yielded: [],
      reason: 'it unpacks to more than 19 bytes',
    });
  });

  it('for a local header that differs from the central directory', async () => {
    const file = Buffer.from(makeZip([{ name: 'report.txt', content: ascii('x') }]));
    file.write('virus!.exe', 30);
    expect(await refused(file)).toMatchObject({ yielded: [] });
  });

  it('for not being a zip', async () => {
    expect(await refused(ascii('no zip'))).toMatchObject({ yielded: [] });
    expect(await refused(new Uint8Array())).toMatchObject({ yielded: [] });
  });
});

describe('an archive is refused while it is unpacked', () => {
  const good = { name: 'good.txt', content: ascii('good') };
  const large = new Uint8Array(5_000_000);

  it.each([
    ['is larger than declared', { name: 'bad', content: large, size: 1000 }],
    ['is smaller than declared', { name: 'bad', content: ascii('few'), size: 1000 }],
    ['does not match its checksum', { name: 'bad', content: ascii('bytes'), crc: 1 }],
  ])('when a file %s', async (_, entry) => {
    expect(await refused(makeZip([good, entry, good]))).toMatchObject({ yielded: ['good.txt', 'bad'] });
  });

  it('before a file yields more bytes than declared', async () => {
    const [first] = [makeZip([{ name: 'bad', content: large, size: 1000 }])];
    let size = 0;
    const read = async () => {
      for await (const { stream } of unzip(bytesOf(first), limits)) {
        for await (const chunk of stream) size += chunk.byteLength;
      }
    };
    await expect(read()).rejects.toThrow(RefusedArchive);
    expect(size).toBeLessThanOrEqual(1000);
  });

  it('when its content is damaged', async () => {
    const content = crypto.getRandomValues(new Uint8Array(20_000));
    const file = Buffer.from(makeZip([{ name: 'bad', content }]));
    file[10_000] = (file[10_000] ?? 0) ^ 255;
    expect(await refused(file)).toMatchObject({ yielded: ['bad'] });
  });
});

function many(count: number): ZipEntry[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${index}.txt`, content: ascii('four') }));
}
