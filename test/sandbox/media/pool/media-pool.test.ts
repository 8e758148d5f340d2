import { afterEach, describe, expect, it } from 'vitest';
import { RefusedArchive } from '../../../../src/sandbox/media/archives/refused-archive.js';
import { JobLimitExceeded } from '../../../../src/sandbox/media/job-limit-exceeded.js';
import { type MediaWork, mediaWorkInPlace } from '../../../../src/sandbox/media/media-work.js';
import { mediaPool, type PoolLimits } from '../../../../src/sandbox/media/pool/media-pool.js';
import type { Bytes } from '../../../../src/sandbox/media/reading/bytes.js';
import { UnreadableMedia } from '../../../../src/sandbox/media/reading/unreadable-media.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { makeExif, makeJpeg, makePng, quarters } from '../../../fixtures/make-image.js';
import { makePdf } from '../../../fixtures/make-pdf.js';
import { makeMp3, makeVideo, makeWav } from '../../../fixtures/make-sound.js';
import { makeZip } from '../../../fixtures/make-zip.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function pool(limits?: Partial<PoolLimits>): MediaWork {
  const made = mediaPool(limits);
  cleanUps.push(() => made.close());
  return made;
}

/** A file whose reads never end. */
const stuck: Bytes = { size: 10_000_000, read: () => new ReadableStream<Uint8Array>() };

/** A file whose reads never end after the first 256 KiB. */
const stuckBehindHead: Bytes = {
  size: stuck.size,
  read: (range) =>
    range.start === 0 ? bytesOf(new Uint8Array(256 * 1024), 256 * 1024).read(range) : stuck.read(range),
};

const photo = () => makeJpeg(400, 300, quarters(400, 300), makeExif(6));

it.each([
  ['a photo', 'image/jpeg', 'image', photo],
  ['a PNG', 'image/png', 'image', () => makePng(40, 24, quarters(40, 24))],
  ['an image of an unknown format', 'image/x-portrait', 'image', () => ascii('pixels')],
  ['a WAV file', 'audio/wav', 'audio', () => makeWav(3)],
  ['an MP3 file of more than 256 KiB', 'audio/mpeg', 'audio', () => makeMp3(3000, { TIT2: 'Long' })],
  ['a video', 'video/mp4', 'video', () => makeVideo(320, 240)],
  ['a PDF', 'application/pdf', 'document', () => makePdf('/Title (Hello)')],
  ['a zip', 'application/zip', 'archive', () => makeZip([{ name: 'a', content: ascii('hello') }])],
  ['a text file', 'text/plain', 'document', () => ascii('hello')],
] as const)('reads the same in a worker thread as in the calling thread: %s', async (_what, type, mediaType, make) => {
  const file = await make();
  const inPlace = await mediaWorkInPlace().readMeta(type, mediaType, bytesOf(file));
  expect(await pool().readMeta(type, mediaType, bytesOf(file))).toEqual(inPlace);
});

it('rejects with the error and the message of the worker thread', async () => {
  const reading = pool().readMeta('image/png', 'image', bytesOf(ascii('not an image')));
  await expect(reading).rejects.toThrow(UnreadableMedia);
  await expect(reading).rejects.toThrow('the file is not a readable image/png file');
});

it('makes both thumbnails of an image in one job, and the same ones as in the calling thread', async () => {
  const made = await pool().makeRenditions('thumbnails', 'image/jpeg', bytesOf(photo()));
  expect([...made.keys()]).toEqual(['thumb_120.jpg', 'thumb_320.jpg']);
  expect(made).toEqual(await mediaWorkInPlace().makeRenditions('thumbnails', 'image/jpeg', bytesOf(photo())));
});

it('makes no thumbnails of a file that is not an image', async () => {
  expect(await pool().makeRenditions('thumbnails', 'image/jpeg', bytesOf(ascii('no')))).toEqual(new Map());
});

it('rejects with the error of the store, and runs the next job', async () => {
  const work = pool();
  const failing = {
    size: 1_000_000,
    read: () => new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('disk')) }),
  };
  await expect(work.readMeta('audio/mpeg', 'audio', failing)).rejects.toThrow('disk');
  expect(await work.readMeta('audio/wav', 'audio', bytesOf(makeWav(3)))).toEqual({ duration: 3 });
});

describe('a job that exceeds its limits', () => {
  const next = async (work: MediaWork) => work.readMeta('audio/wav', 'audio', bytesOf(makeWav(3)));

  it('of time in a busy thread fails, and the next job runs in a new thread', async () => {
    const work = pool({ renditions: 1 });
    await expect(work.makeRenditions('thumbnails', 'image/jpeg', bytesOf(photo()))).rejects.toThrow(JobLimitExceeded);
    expect(await next(work)).toEqual({ duration: 3 });
  });

  it('of time while reading metadata rejects with UnreadableMedia', async () => {
    const work = pool({ meta: 500 });
    await expect(work.readMeta('application/zip', 'archive', stuckBehindHead)).rejects.toThrow(UnreadableMedia);
  });

  it('of time while unpacking rejects with RefusedArchive', async () => {
    const unpacking = pool({ unzip: 500 }).unzip(stuckBehindHead, { maxBytes: 1_000, maxEntries: 10 });
    await expect(unpacking.next()).rejects.toThrow(RefusedArchive);
  });

  it('of memory fails, and the next job runs in a new thread', async () => {
    const zip = makeZip(Array.from({ length: 30_000 }, (_, index) => ({ name: `${index}` })));
    const work = pool({ heapMb: 16 });
    const unpacking = work.unzip(bytesOf(zip, 1_000_000), { maxBytes: 1_000, maxEntries: 100_000 });
    await expect(unpacking.next()).rejects.toThrow('too much time or memory');
    expect(await next(work)).toEqual({ duration: 3 });
  });
});

describe('unzipping in a worker thread', () => {
  const limits = { maxBytes: 50_000_000, maxEntries: 5_000 };

  async function unpacked(work: MediaWork, zip: Uint8Array): Promise<string[]> {
    const files: string[] = [];
    for await (const { name, size, stream } of work.unzip(bytesOf(zip, 100_000), limits)) {
      files.push(`${name} ${size} ${(await new Response(stream).text()).slice(0, 20)}`);
    }
    return files;
  }

  const many = Array.from({ length: 1_003 }, (_, index) => ({
    name: `folder/${index}.txt`,
    content: ascii(`${index} `.repeat(index)),
  }));

  it.each([
    ['an empty archive', []],
    ['empty files', [{ name: 'a' }, { name: 'b' }]],
    ['many small files', many],
    [
      'a large file between small ones',
      [
        { name: 'a', content: ascii('a') },
        { name: 'b', content: new Uint8Array(3_000_000) },
        { name: 'c', content: ascii('c') },
      ],
    ],
    [
      'a file that is just too large to be unpacked synchronously',
      [{ name: 'a', content: new Uint8Array(256 * 1024 + 1) }],
    ],
  ])('yields the same files as in the calling thread: %s', async (_what, entries) => {
    const zip = makeZip(entries);
    const files = await unpacked(pool(), zip);
    expect(files).toEqual(await unpacked(mediaWorkInPlace(), zip));
    expect(files).toHaveLength(entries.length);
  });

  it.each([
    ['does not match its checksum', { crc: 1 }],
    ['is larger than declared', { size: 3 }],
    ['is smaller than declared', { size: 3000 }],
  ])('refuses an archive with a file that %s', async (_what, lie) => {
    const zip = makeZip([
      { name: 'good', content: ascii('good') },
      { name: 'bad', content: ascii('hello'), ...lie },
    ]);
    await expect(unpacked(pool(), zip)).rejects.toThrow(RefusedArchive);
  });

  it('can be stopped early, and the thread runs the next job', async () => {
    const work = pool();
    for await (const { name } of work.unzip(bytesOf(makeZip(many), 100_000), limits)) {
      expect(name).toBe('0.txt');
      break;
    }
    expect(await unpacked(work, makeZip([{ name: 'a', content: ascii('next') }]))).toEqual(['a 4 next']);
  });
});

it('cancels the running job when it is closed, and does not report the file as unreadable', async () => {
  const work = mediaPool();
  const reading = work.readMeta('application/zip', 'archive', stuckBehindHead);
  const failure = expect(reading).rejects.toThrow('the sandbox was closed');
  await new Promise((resolve) => setTimeout(resolve, 300));
  await work.close();
  await failure;
  await expect(work.readMeta('audio/wav', 'audio', bytesOf(makeWav(3)))).rejects.toThrow('the sandbox was closed');
});
